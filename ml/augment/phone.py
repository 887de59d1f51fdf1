"""The telephone: 300 to 3400 Hz, 8 kHz, eight companded bits (ITU-T G.712 and G.711)."""

import numpy as np
import scipy.signal
import soxr
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Levels = NDArray[np.floating]

BAND_HZ = (300.0, 3_400.0)
RATE = 8_000
MU = 255


def telephone(waveform: Floats, sample_rate: int = 16_000) -> Floats:
    """Return `waveform` as it leaves a telephone line, at its own rate and of its own length."""
    narrow = soxr.resample(waveform, sample_rate, RATE)
    band = scipy.signal.butter(6, BAND_HZ, btype="bandpass", fs=RATE, output="sos")
    coded = mu_law(np.clip(scipy.signal.sosfilt(band, narrow), -1, 1))
    heard: Floats = soxr.resample(coded, RATE, sample_rate).astype(np.float32)[: len(waveform)]
    return np.pad(heard, (0, len(waveform) - len(heard)))


def mu_law(waveform: Levels) -> Levels:
    """Return `waveform` in [-1, 1] after eight companded bits: fine steps near zero, coarse ones near one."""
    companded = np.sign(waveform) * np.log1p(MU * np.abs(waveform)) / np.log1p(MU)
    levels = np.round(companded * (MU // 2)) / (MU // 2)
    expanded: Levels = np.sign(levels) * np.expm1(np.abs(levels) * np.log1p(MU)) / MU
    return expanded
