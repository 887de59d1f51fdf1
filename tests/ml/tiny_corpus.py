"""A corpus small enough to train on in seconds: RAVDESS's names, and tones that tell the emotions apart."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from ml.corpora.catalogue import scan_folder
from ml.corpora.manifest import Utterance

RATE = 16_000
EMOTIONS = (1, 3, 4, 5)  # neutral, happy, sad, angry
ACTORS = (1, 2, 3, 4)


def write_tiny_corpus(
    folder: Path, actors: Sequence[int] = ACTORS, emotions: Sequence[int] = EMOTIONS, seconds: float = 1.2
) -> tuple[Utterance, ...]:
    """Write two clips of each actor and emotion into `folder`/ravdess, and return what is read from there."""
    rng = np.random.default_rng(0)
    (folder / "ravdess").mkdir(parents=True, exist_ok=True)
    for actor in actors:
        for emotion in emotions:
            for repetition in (1, 2):
                name = f"03-01-{emotion:02d}-01-01-{repetition:02d}-{actor:02d}.wav"
                soundfile.write(folder / "ravdess" / name, _tone(emotion, actor, seconds, rng), RATE)
    return scan_folder(folder, ["ravdess"])["ravdess"].utterances


def _tone(emotion: int, actor: int, seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Harmonics whose pitch, movement and loudness the emotion decides, after a little silence."""
    time = np.arange(int(seconds * RATE)) / RATE
    pitch = 80.0 * emotion + 4.0 * actor
    phase = 2 * np.pi * (pitch * time + emotion * np.sin(2 * np.pi * emotion * time))
    voice = sum(np.sin(order * phase) / order for order in range(1, 6))
    noise = 0.01 * rng.standard_normal(len(time))
    silence = np.zeros(int(0.6 * RATE))  # the first paper cuts half a second
    return np.concatenate([silence, 0.02 * emotion * voice + noise]).astype(np.float32)
