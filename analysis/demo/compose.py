"""Sessions out of clips: runs of sentences in one emotion, pauses between them, the faint noise of a room."""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from analysis.demo.plan import PlannedSession
from ml.labels import Emotion

CLIPS = Path(__file__).parent / "clips"
SAMPLE_RATE = 16_000
LETTERS: Mapping[str, Emotion] = {
    "W": Emotion.ANGRY,
    "E": Emotion.DISGUST,
    "A": Emotion.FEARFUL,
    "F": Emotion.HAPPY,
    "T": Emotion.SAD,
    "N": Emotion.NEUTRAL,
}
RUN = 3  # sentences in one emotion before it may change: people do not change it with every sentence
PAUSE_S = (0.3, 1.4)
ROOM_DB, STREET_DB = -68.0, -22.0  # noise, relative to full scale
QUIET_DB = -26.0
SPEECH_GAIN = 0.5  # the corpus is scaled to full scale, and noise must find room above it
LEFT_BYTES = 40  # of a file whose copy broke off at once

Waveform = NDArray[np.float32]


def compose(session: PlannedSession, voice: str) -> bytes:
    """The session's recording as a FLAC file."""
    rng = np.random.default_rng(session.seed)
    waveform = _spoken(session, voice, rng)
    match session.sound:
        case "quiet":
            waveform = waveform * np.float32(10 ** (QUIET_DB / 20))
        case "silent":
            return _encoded(np.zeros_like(waveform))
        case "telephone":
            waveform = soxr.resample(soxr.resample(waveform, SAMPLE_RATE, 8_000), 8_000, SAMPLE_RATE)
    noise_db = STREET_DB if session.sound == "noisy" else ROOM_DB
    encoded = _encoded(waveform + _noise(len(waveform), noise_db, rng))
    return encoded[:LEFT_BYTES] if session.sound == "damaged" else encoded


def _spoken(session: PlannedSession, voice: str, rng: np.random.Generator) -> Waveform:
    """Sentences until every emotion has its share of the speech, in runs whose order is left to chance."""
    runs: list[list[Waveform]] = []
    for emotion, share in session.mix.items():
        runs += _runs(_voice(voice)[emotion], share * session.speech_s, rng)
    parts: list[Waveform] = [_silence(1.0)]
    for position in rng.permutation(len(runs)):
        for sentence in runs[position]:
            parts += [sentence, _silence(rng.uniform(*PAUSE_S))]
    # Who hardly speaks is silent for long: such a session is no shorter than any other.
    missing_s = 40.0 - sum(map(len, parts)) / SAMPLE_RATE
    return np.concatenate([*parts, _silence(max(0.5, missing_s))])


def _runs(sentences: list[Waveform], seconds: float, rng: np.random.Generator) -> list[list[Waveform]]:
    """``seconds`` of speech to within half a sentence; none is repeated before all were used."""
    chosen: list[Waveform] = []
    spoken_s = 0.0
    while True:
        for position in rng.permutation(len(sentences)):
            length_s = len(sentences[position]) / SAMPLE_RATE
            if spoken_s + length_s / 2 > seconds:
                return [chosen[start : start + RUN] for start in range(0, len(chosen), RUN)]
            chosen.append(sentences[position])
            spoken_s += length_s


@lru_cache
def _voice(actor: str) -> dict[Emotion, list[Waveform]]:
    """The actor's sentences by the emotion that their corpus says they play."""
    sentences: dict[Emotion, list[Waveform]] = {}
    for path in sorted(CLIPS.glob(f"{actor}*.ogg")):
        waveform, _rate = soundfile.read(path, dtype="float32")
        sentences.setdefault(LETTERS[path.stem[5]], []).append(SPEECH_GAIN * waveform)
    return sentences


def _silence(seconds: float) -> Waveform:
    return np.zeros(round(seconds * SAMPLE_RATE), np.float32)


def _noise(samples: int, level_db: float, rng: np.random.Generator) -> Waveform:
    noise = rng.standard_normal(samples // 2 + 1, dtype=np.float32)
    # Half the rate, so no energy above 4 kHz: rooms hum rather than hiss, and a telephone stays one.
    hum: Waveform = soxr.resample(noise, SAMPLE_RATE / 2, SAMPLE_RATE)[:samples]
    return hum * np.float32(10 ** (level_db / 20))


def _encoded(waveform: Waveform) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, np.clip(waveform, -1, 1), SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    return file.getvalue()
