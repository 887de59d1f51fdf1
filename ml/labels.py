"""The eight emotions, their order everywhere (RAVDESS's own), and where each lies on the affect plane."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple


class Emotion(StrEnum):
    """What a voice can sound like; declaration order is the order of every probability vector."""

    NEUTRAL = "neutral"
    CALM = "calm"
    HAPPY = "happy"
    SAD = "sad"
    ANGRY = "angry"
    FEARFUL = "fearful"
    DISGUST = "disgust"
    SURPRISED = "surprised"


class Affect(NamedTuple):
    """Valence and arousal, each from -1 to 1."""

    valence: float
    arousal: float


EMOTIONS: tuple[Emotion, ...] = tuple(Emotion)
LABELS: tuple[str, ...] = tuple(emotion.value for emotion in EMOTIONS)

# Places on Russell's circumplex (1980), rounded by hand for display only: no clip was rated on these
# axes and no network is trained on them.
AFFECT: Mapping[Emotion, Affect] = MappingProxyType(
    {
        Emotion.NEUTRAL: Affect(0.0, 0.0),
        Emotion.CALM: Affect(0.5, -0.5),
        Emotion.HAPPY: Affect(0.8, 0.5),
        Emotion.SAD: Affect(-0.7, -0.4),
        Emotion.ANGRY: Affect(-0.6, 0.8),
        Emotion.FEARFUL: Affect(-0.7, 0.6),
        Emotion.DISGUST: Affect(-0.7, 0.2),
        Emotion.SURPRISED: Affect(0.3, 0.8),
    }
)

_INDEX: Mapping[Emotion, int] = MappingProxyType({emotion: i for i, emotion in enumerate(EMOTIONS)})


def index_of(emotion: Emotion) -> int:
    """Return the place of `emotion` in every probability vector."""
    return _INDEX[emotion]
