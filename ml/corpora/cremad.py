"""CREMA-D: 91 actors, twelve sentences, six labels, and what raters heard in each clip (Cao et al. 2014).

Names are actor, sentence, emotion, level: 1001_IEO_SAD_HI. Raters' votes stand in `processedResults`, where
the download has it: counts of the raters who heard the voice alone become soft labels.
"""

import contextlib
import itertools
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path, PurePath

from ml.corpora.manifest import Corpus, OddName, ReadName, Spoken, Utterance, shares
from ml.corpora.rows import Row, rows
from ml.labels import Emotion

Shares = tuple[float, ...] | None

_NAME = re.compile(r"(?P<actor>1[0-9]{3})_(?P<sentence>[A-Z]{3})_(?P<emotion>[A-Z]{3})_(?P<level>[A-Z]{1,2})")
# In the order of the actors from 1001 on, by VideoDemographics.csv of the release.
_SEXES = "MFFFMFFFFFMFFMMMMFMFFMMFFMMFFFMMMMMMFMMMMMFMMFFMFMMFFFFFMFMFFMFMMMMMMMMFFFFFMFFMMFMFMMMMFMF"
_SENTENCES = frozenset({"IEO", "TIE", "IOM", "IWW", "TAI", "MTI", "IWL", "ITH", "DFA", "ITS", "TSI", "WSI"})
_LABELS = {
    "ANG": ("anger", Emotion.ANGRY),
    "DIS": ("disgust", Emotion.DISGUST),
    "FEA": ("fear", Emotion.FEARFUL),
    "HAP": ("happy", Emotion.HAPPY),
    "NEU": ("neutral", Emotion.NEUTRAL),
    "SAD": ("sad", Emotion.SAD),
}
# One clip of the release has lost a letter, which its label files still have.
_LOST_LETTER = {"1040_ITH_SAD_XX": "1040_ITH_SAD_X"}
_LEVELS = {"LO": "low", "MD": "medium", "HI": "high", "XX": None, "X": None}
_LISTS = ("SentenceFilenames.csv", "summaryTable.csv", "tabulatedVotes.csv")
_LETTERS = {label[0]: emotion for label, (_, emotion) in _LABELS.items()}


def read_name(path: PurePath) -> Spoken:
    """Return what `1001_IEO_SAD_HI.wav` says; raise `OddName` for unknown actors, sentences and words."""
    match = _NAME.fullmatch(path.stem)
    if match is None:
        raise OddName("not a CREMA-D name")
    actor, emotion, level = int(match["actor"]), match["emotion"], match["level"]
    if not 1001 <= actor <= 1091:
        raise OddName(f"unknown actor {actor}")
    if match["sentence"] not in _SENTENCES:
        raise OddName(f"unknown sentence {match['sentence']!r}")
    if emotion not in _LABELS or level not in _LEVELS:
        raise OddName(f"unknown emotion or level {emotion}_{level}")
    return Spoken(
        speaker=match["actor"],
        sex="female" if _SEXES[actor - 1001] == "F" else "male",
        label=_LABELS[emotion][0],
        emotion=_LABELS[emotion][1],
        statement=match["sentence"],
        intensity=_LEVELS[level],
    )


def annotated(roots: tuple[Path, ...]) -> ReadName:
    """Return a reader that adds the raters' votes: the counts or, failing them, the summary's majority."""
    votes = {**_votes(roots, "summaryTable.csv", _majority), **_votes(roots, "tabulatedVotes.csv", _counts)}

    def read(path: PurePath) -> Spoken:
        return replace(read_name(path), votes=votes.get(path.stem))

    return read


def _votes(roots: tuple[Path, ...], name: str, read_row: Callable[[Row], Shares]) -> dict[str, Shares]:
    found: dict[str, Shares] = {}
    for row in itertools.chain.from_iterable(rows(table) for root in roots for table in _tables(root, name)):
        # A row of another shape (a pointer of git-lfs in place of the table, say) tells nothing.
        with contextlib.suppress(KeyError, ValueError):
            if heard := read_row(row):
                found[row["filename"]] = heard
    return found


def told(roots: tuple[Path, ...], found: tuple[Utterance, ...]) -> Iterator[str]:
    """Yield the clips that the release's lists and raters' votes name, where a download has any of them."""
    present = {utterance.name for utterance in found}
    tables = itertools.chain.from_iterable(_tables(root, name) for root in roots for name in _LISTS)
    for row in itertools.chain.from_iterable(map(rows, tables)):
        name = row.get("filename", "")
        with contextlib.suppress(OddName):
            read_name(PurePath(name))
            yield name if name in present else _LOST_LETTER.get(name, name)


def _tables(root: Path, name: str) -> Iterator[Path]:
    """Yield the tables under `root`, or beside it where `root` is the release's folder AudioWAV itself."""
    yield from sorted(root.rglob(name))
    yield from sorted(root.parent.glob(f"processedResults/{name}"))


def _counts(row: Row) -> Shares:
    # Row numbers tell what the raters had: 1xxxxx the voice, 2xxxxx the face, 3xxxxx both.
    if not row[""].startswith("1"):
        return None
    return shares({emotion: _count(row[letter.lower()]) for letter, emotion in _LETTERS.items()})


def _count(cell: str) -> float:
    count = float(cell)
    if not 0 <= count < math.inf:
        raise ValueError(f"{cell} raters")
    return count


def _majority(row: Row) -> Shares:
    return shares({_LETTERS[letter]: 1.0 for letter in row["voicevote"].split(":")})


CORPUS = Corpus(
    name="cremad",
    title="Crowd-sourced Emotional Multimodal Actors Dataset",
    language="en",
    ages=(20, 74),
    licence="ODbL 1.0",
    commercial_use=True,
    citation=(
        "Cao H, Cooper DG, Keutmann MK, Gur RC, Nenkova A, Verma R (2014) CREMA-D: Crowd-Sourced Emotional "
        "Multimodal Actors Dataset. IEEE Transactions on Affective Computing 5(4), 377-390. "
        "https://doi.org/10.1109/TAFFC.2014.2336244"
    ),
    read_name=read_name,
    clips=7442,
    annotated=annotated,
    told=told,
)
