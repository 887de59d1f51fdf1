"""Tempo and pitch, together as on tape or each for itself by a phase vocoder."""

import math

import numpy as np
import soxr
import torch
from numpy.typing import NDArray

from ml.torchaudio_guard import torchaudio

Floats = NDArray[np.float32]

N_FFT, HOP = 1024, 256
"""64 ms at 16 kHz, so that a low voice's harmonics lie in bins of their own."""


def change_speed(waveform: Floats, speed: float) -> Floats:
    """Return `waveform` played `speed` times as fast: tempo and pitch move together, as on tape."""
    stretched: Floats = soxr.resample(waveform, in_rate=speed * 16_000, out_rate=16_000).astype(np.float32)
    return stretched


def stretch_time(waveform: Floats, speed: float) -> Floats:
    """Return `waveform` spoken `speed` times as fast at the same pitch, (round(samples / speed),)."""
    window = torch.hann_window(N_FFT)
    spectrum = torch.stft(
        torch.from_numpy(waveform), N_FFT, HOP, window=window, pad_mode="constant", return_complex=True
    )
    advance = torch.linspace(0, math.pi * HOP, N_FFT // 2 + 1)[:, None]  # of each bin's phase in one hop
    stretched = torchaudio.functional.phase_vocoder(spectrum, speed, advance)
    made: Floats = torch.istft(
        stretched, N_FFT, HOP, window=window, length=round(len(waveform) / speed)
    ).numpy()
    return made


def shift_pitch(waveform: Floats, semitones: float) -> Floats:
    """Return `waveform` of the same length, its pitch (and its formants) moved by so many semitones."""
    ratio = 2.0 ** (semitones / 12)
    shifted = change_speed(stretch_time(waveform, 1 / ratio), ratio)[: len(waveform)]
    return np.pad(shifted, (0, len(waveform) - len(shifted)))
