"""Additive white Gaussian noise at a chosen signal-to-noise ratio."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def add_white_noise(waveform: Floats, snr_db: float, rng: np.random.Generator) -> Floats:
    """Return `waveform` (samples,) under white Gaussian noise, `snr_db` below its mean power."""
    power = float(np.mean(np.square(waveform, dtype=np.float64)))
    noise = rng.standard_normal(len(waveform), dtype=np.float32)
    return waveform + noise * np.float32(np.sqrt(power / 10 ** (snr_db / 10)))
