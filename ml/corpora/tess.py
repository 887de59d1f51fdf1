"""TESS: two actresses, 200 words in one carrier phrase, seven labels (Pichora-Fuller & Dupuis 2020).

Names are actress, word, emotion: OAF_back_angry. Some downloads hold the corpus twice, a folder in a folder.
"""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path, PurePath

from ml.corpora.manifest import Corpus, OddName, Spoken, Utterance, spoken_by
from ml.labels import Emotion

_NAME = re.compile(r"(?P<speaker>[A-Z]+)_(?P<word>[A-Za-z]+)_(?P<emotion>[A-Za-z]+)")
# One clip of the release has lost a letter.
_LOST_LETTER = {"OAF_bite_neutral": "OA_bite_neutral"}
_SPEAKERS = {"OAF": "older", "YAF": "younger", "OA": "older"}
_EMOTIONS = {
    "angry": Emotion.ANGRY,
    "disgust": Emotion.DISGUST,
    "fear": Emotion.FEARFUL,
    "happy": Emotion.HAPPY,
    "neutral": Emotion.NEUTRAL,
    "ps": Emotion.SURPRISED,
    "sad": Emotion.SAD,
}


def _label(emotion: str) -> str:
    return "pleasant surprise" if emotion == "ps" else emotion


def read_name(path: PurePath) -> Spoken:
    """Return what `YAF_dog_ps.wav` says (ps: pleasant surprise); raise `OddName` for anything else."""
    match = _NAME.fullmatch(path.stem)
    if match is None:
        raise OddName("not a TESS name")
    label = match["emotion"].lower()
    spoken_by(label, _EMOTIONS, "emotion")
    return Spoken(
        speaker=spoken_by(match["speaker"], _SPEAKERS, "actress"),
        sex="female",
        label=_label(label),
        emotion=_EMOTIONS[label],
        statement=match["word"].lower(),
    )


def told(roots: tuple[Path, ...], found: tuple[Utterance, ...]) -> Iterator[str]:
    """Yield every clip of each word that is found at all: both actresses say each in all seven ways."""
    said = {(u.speaker, u.statement, u.label) for u in found}
    words = sorted({u.statement for u in found})
    for actress, word, emotion in itertools.product(("OAF", "YAF"), words, _EMOTIONS):
        if (f"tess-{_SPEAKERS[actress]}", word, _label(emotion)) not in said:
            name = f"{actress}_{word}_{emotion}"
            yield _LOST_LETTER.get(name, name)


CORPUS = Corpus(
    name="tess",
    title="Toronto Emotional Speech Set",
    language="en",
    ages=(26, 64),
    licence="CC BY-NC-ND 4.0",
    commercial_use=False,
    citation=(
        "Pichora-Fuller MK, Dupuis K (2020) Toronto emotional speech set (TESS). Borealis. "
        "https://doi.org/10.5683/SP2/E8H2MF"
    ),
    read_name=read_name,
    clips=2800,
    told=told,
)
