"""RAVDESS: 24 actors, two sentences, eight emotions, two intensities (Livingstone & Russo 2018).

Names are seven two-digit codes: modality-channel-emotion-intensity-statement-repetition-actor. The songs, by
23 of the same actors in six of the emotions, are a corpus beside it that is read only on request.
"""

import functools
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import PurePath

from ml.corpora.manifest import Corpus, OddName, Spoken, spoken_by
from ml.labels import EMOTIONS

_EMOTIONS = {f"{code:02d}": emotion for code, emotion in enumerate(EMOTIONS, start=1)}
_INTENSITIES = {"01": "normal", "02": "strong"}
_STATEMENTS = {"01": "kids", "02": "dogs"}
_REPETITIONS = ("01", "02")
_ACTORS = {f"{actor:02d}": "male" if actor % 2 else "female" for actor in range(1, 25)}

# Luna-Jiménez et al. 2022: the folds that published speaker-independent figures on RAVDESS use.
_FOLDS = ((2, 5, 14, 15, 16), (3, 6, 7, 13, 18), (10, 11, 12, 19, 20), (8, 17, 21, 23, 24), (1, 4, 9, 22))


_SUNG = tuple(itertools.islice(_EMOTIONS, 6))
_SINGERS = tuple(actor for actor in _ACTORS if actor != "18")


def read_name(path: PurePath, *, channel: str = "01") -> Spoken:
    """Return what `03-01-05-02-01-01-12.wav` says; raise `OddName` for song, video and unknown codes."""
    codes = path.stem.split("-")
    if len(codes) != 7 or not all(len(code) == 2 and code.isdecimal() and code.isascii() for code in codes):
        raise OddName("not a RAVDESS name")
    modality, found, emotion, intensity, statement, repetition, actor = codes
    if modality != "03":
        raise OddName("not the audio-only version")
    if found != channel:
        raise OddName("song, not speech" if found == "02" else "speech, not song")
    if repetition not in _REPETITIONS:
        raise OddName(f"unknown repetition {repetition!r}")
    label = spoken_by(emotion, _EMOTIONS, "emotion")
    if (label, intensity) == ("neutral", "02"):
        raise OddName("neutral has no strong intensity")
    return Spoken(
        speaker=actor,
        sex=spoken_by(actor, _ACTORS, "actor"),
        label=label,
        emotion=_EMOTIONS[emotion],
        statement=spoken_by(statement, _STATEMENTS, "statement"),
        intensity=spoken_by(intensity, _INTENSITIES, "intensity"),
    )


def names() -> Iterator[str]:
    """Yield the 1,440 stems of the complete speech part."""
    return _names("01", _EMOTIONS, _ACTORS)


def song_names() -> Iterator[str]:
    """Yield the 1,012 stems of the complete song part."""
    return _names("02", _SUNG, _SINGERS)


def _names(channel: str, emotions: Iterable[str], actors: Iterable[str]) -> Iterator[str]:
    for codes in itertools.product(emotions, _INTENSITIES, _STATEMENTS, _REPETITIONS, actors):
        if codes[:2] != ("01", "02"):
            yield "-".join(("03", channel, *codes))


CORPUS = Corpus(
    name="ravdess",
    title="Ryerson Audio-Visual Database of Emotional Speech and Song (speech, audio only)",
    language="en",
    ages=(21, 33),
    licence="CC BY-NC-SA 4.0",
    commercial_use=False,
    citation=(
        "Livingstone SR, Russo FA (2018) The Ryerson Audio-Visual Database of Emotional Speech and Song "
        "(RAVDESS). PLoS ONE 13(5): e0196391. https://doi.org/10.1371/journal.pone.0196391"
    ),
    read_name=read_name,
    clips=1440,
    names=names,
    folds=tuple(frozenset(f"ravdess-{actor:02d}" for actor in fold) for fold in _FOLDS),
)

SONG = replace(
    CORPUS,
    name="ravdess_song",
    title="Ryerson Audio-Visual Database of Emotional Speech and Song (song, audio only)",
    read_name=functools.partial(read_name, channel="02"),
    clips=1012,
    names=song_names,
    cast="ravdess",
    by_request=True,
)
