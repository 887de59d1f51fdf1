"""Rooms: reverberation of a chosen length, without any recorded response."""

import numpy as np
import scipy.signal
from numpy.typing import NDArray

Floats = NDArray[np.float32]

DECAY = np.log(1000.0)
"""Amplitude falls by 60 dB, a factor of 1000, in one RT60."""


def room_response(
    rt60: float, rng: np.random.Generator, sample_rate: int = 16_000, direct_db: float = 0.0
) -> Floats:
    """Return the impulse response of a room with this reverberation time in seconds, (samples,).

    The direct sound, then Gaussian noise that decays exponentially (Polack 1988): the late field of a diffuse
    room, without early reflections. `direct_db` is the energy of the direct sound over that of the rest.
    """
    time = np.arange(1, round(rt60 * sample_rate) + 1) / sample_rate
    tail = rng.standard_normal(len(time)) * np.exp(-DECAY * time / rt60)
    tail *= 10 ** (-direct_db / 20) / np.linalg.norm(tail)
    return np.concatenate([[1.0], tail]).astype(np.float32)


def reverberate(waveform: Floats, response: Floats) -> Floats:
    """Return `waveform` as heard in the room, at its own level and of its own length (the tail is cut)."""
    heard = scipy.signal.fftconvolve(waveform, response)[: len(waveform)]
    level = np.sqrt(np.mean(np.square(waveform, dtype=np.float64)))
    loudness = np.sqrt(np.mean(np.square(heard, dtype=np.float64)))
    return (heard * (level / loudness if loudness > 0 else 1.0)).astype(np.float32)
