"""IEMOCAP: ten actors in five sessions of two, acted scripts and improvisations (Busso et al. 2008).

Turns are files of their own, Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_M003.wav: the first letter
tells whose motion was captured, the last one who speaks. What they were heard as stands in
Session1/dialog/EmoEvaluation/Ses01F_impro01.txt, with each evaluator's own words, which become soft labels.
"""

import contextlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import NamedTuple

from ml.corpora.manifest import Corpus, OddName, ReadName, Spoken, Utterance, shares
from ml.labels import Emotion

_DIALOGUE = r"Ses0(?P<session>[1-5])[FM]_(?:impro|script)[0-9_]+[a-z]?"
_TURN = re.compile(_DIALOGUE + r"_(?P<actor>[FM])[A-Z]*[0-9]+")
_HEARD = re.compile(r"\[[0-9. -]+\]\s+(?P<turn>Ses\w+)\s+(?P<label>[a-z]{3})\s")
_EVALUATOR = re.compile(r"C-E[0-9]+:(?P<words>[^(]*)")

# Excitement counts as happy, as published four-class figures have it; frustration has no counterpart.
_LABELS: Mapping[str, tuple[str, Emotion | None]] = {
    "neu": ("neutral", Emotion.NEUTRAL),
    "hap": ("happiness", Emotion.HAPPY),
    "exc": ("excitement", Emotion.HAPPY),
    "sad": ("sadness", Emotion.SAD),
    "ang": ("anger", Emotion.ANGRY),
    "fea": ("fear", Emotion.FEARFUL),
    "dis": ("disgust", Emotion.DISGUST),
    "sur": ("surprise", Emotion.SURPRISED),
    "fru": ("frustration", None),
    "oth": ("other", None),
    "xxx": ("no agreement", None),
}
_WORDS = {
    "neutral": Emotion.NEUTRAL,
    "neutral state": Emotion.NEUTRAL,
    "happiness": Emotion.HAPPY,
    "excited": Emotion.HAPPY,
    "sadness": Emotion.SAD,
    "anger": Emotion.ANGRY,
    "fear": Emotion.FEARFUL,
    "disgust": Emotion.DISGUST,
    "surprise": Emotion.SURPRISED,
}


class _Heard(NamedTuple):
    label: str
    votes: tuple[float, ...] | None


def annotated(roots: tuple[Path, ...]) -> ReadName:
    """Return a reader that knows what the evaluators heard in each turn."""
    heard = dict(_turns(roots))

    def read(path: PurePath) -> Spoken:
        return read_turn(path, heard)

    return read


def told(roots: tuple[Path, ...], found: tuple[Utterance, ...]) -> Iterator[str]:
    """Yield the turns that somebody evaluated."""
    return (turn for turn, _ in _turns(roots) if _TURN.fullmatch(turn))


def _turns(roots: tuple[Path, ...]) -> Iterator[tuple[str, _Heard]]:
    for root in roots:
        for evaluation in sorted(root.rglob("EmoEvaluation/Ses*.txt")):
            with contextlib.suppress(OSError):  # unreadable, or a folder: it tells nothing
                yield from _evaluated(evaluation.read_text(encoding="utf-8", errors="replace"))


def _evaluated(text: str) -> Iterator[tuple[str, _Heard]]:
    """Yield the turns of one evaluation file; a block is a heading line and one line for each evaluator."""
    for block in re.split(r"\n(?=\[)", text):
        if heading := _HEARD.match(block):
            words = ";".join(found["words"] for found in _EVALUATOR.finditer(block)).lower().split(";")
            counts = Counter(_WORDS[word.strip()] for word in words if word.strip() in _WORDS)
            yield heading["turn"], _Heard(heading["label"], shares(counts))


def read_turn(path: PurePath, heard: Mapping[str, _Heard]) -> Spoken:
    """Return what is known of `Ses01F_impro01_M003.wav`; raise `OddName` for dialogues and strange names."""
    match = _TURN.fullmatch(path.stem)
    if match is None:
        whole = re.fullmatch(_DIALOGUE, path.stem)
        raise OddName("a whole dialogue, not a turn" if whole else "not an IEMOCAP name")
    if path.stem not in heard:
        raise OddName("its line in EmoEvaluation is missing")
    code, votes = heard[path.stem]
    if code not in _LABELS:
        raise OddName(f"unknown emotion {code!r}")
    label, emotion = _LABELS[code]
    return Spoken(
        speaker=f"{match['session']}{match['actor']}",
        sex="female" if match["actor"] == "F" else "male",
        label=label,
        emotion=emotion,
        statement=path.stem,
        votes=votes,
    )


def _unlabelled(path: PurePath) -> Spoken:
    return read_turn(path, {})


CORPUS = Corpus(
    name="iemocap",
    title="Interactive Emotional Dyadic Motion Capture database",
    language="en",
    licence="on request, for research",
    commercial_use=False,
    citation=(
        "Busso C, Bulut M, Lee CC, Kazemzadeh A, Mower E, Kim S, Chang JN, Lee S, Narayanan SS (2008) "
        "IEMOCAP: interactive emotional dyadic motion capture database. Lang. Resources & Eval. 42, 335-359"
    ),
    read_name=_unlabelled,
    clips=10_039,
    annotated=annotated,
    told=told,
    folds=tuple(frozenset({f"iemocap-{session}F", f"iemocap-{session}M"}) for session in range(1, 6)),
)
