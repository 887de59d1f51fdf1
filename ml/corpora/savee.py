"""SAVEE: four men, seven labels, 120 clips each (Haq & Jackson 2009).

Names are emotion and number; the speaker is the folder (DC/sa01.wav) or, in repackaged copies, a prefix
(DC_sa01.wav).
"""

import itertools
import re
from collections.abc import Iterator
from pathlib import PurePath

from ml.corpora.manifest import Corpus, OddName, Spoken
from ml.labels import Emotion

_NAME = re.compile(r"(?:(?P<speaker>[A-Z]{2})_)?(?P<emotion>[a-z]{1,2})(?P<number>[0-9]{2})")
_SPEAKERS = ("DC", "JE", "JK", "KL")
_LABELS = {
    "a": ("anger", Emotion.ANGRY),
    "d": ("disgust", Emotion.DISGUST),
    "f": ("fear", Emotion.FEARFUL),
    "h": ("happiness", Emotion.HAPPY),
    "n": ("neutral", Emotion.NEUTRAL),
    "sa": ("sadness", Emotion.SAD),
    "su": ("surprise", Emotion.SURPRISED),
}


def _sentences(emotion: str) -> range:
    return range(1, 31 if emotion == "n" else 16)


def read_name(path: PurePath) -> Spoken:
    """Return what `DC/sa01.wav` or `DC_sa01.wav` says; raise `OddName` for anything else."""
    match = _NAME.fullmatch(path.stem)
    if match is None:
        raise OddName("not a SAVEE name")
    emotion, speaker = match["emotion"], match["speaker"] or path.parent.name
    if speaker not in _SPEAKERS:
        raise OddName(f"unknown speaker {speaker!r}")
    if emotion not in _LABELS or int(match["number"]) not in _sentences(emotion):
        raise OddName(f"unknown sentence {emotion + match['number']!r}")
    return Spoken(
        speaker=speaker,
        sex="male",
        label=_LABELS[emotion][0],
        emotion=_LABELS[emotion][1],
        statement=emotion + match["number"],
        clip=f"{speaker}_{emotion}{match['number']}",
    )


def names() -> Iterator[str]:
    """Yield the 480 clips of the complete corpus."""
    for speaker, emotion in itertools.product(_SPEAKERS, _LABELS):
        for number in _sentences(emotion):
            yield f"{speaker}_{emotion}{number:02d}"


CORPUS = Corpus(
    name="savee",
    title="Surrey Audio-Visual Expressed Emotion",
    language="en",
    ages=(27, 31),
    licence="free for research, on registration",
    commercial_use=False,
    citation=(
        "Haq S, Jackson PJB (2009) Speaker-dependent audio-visual emotion recognition. Proc. AVSP 2009, "
        "53-58. http://kahlan.eps.surrey.ac.uk/savee"
    ),
    read_name=read_name,
    clips=480,
    names=names,
)
