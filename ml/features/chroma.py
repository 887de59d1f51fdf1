"""Chroma: how much of each frame's power lies in each of the twelve pitch classes."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ml import frontend
from ml.config import FeatureConfig

PITCH_CLASSES = 12
A0_HZ = 440.0 / 16
_CENTRE_OCTAVE, _OCTAVE_WIDTH = 5.0, 2.0


def chroma_filterbank(n_fft: int, sample_rate: int) -> NDArray[np.float32]:
    """Weights from FFT bins to pitch classes from C on, (12, n_fft // 2 + 1).

    Ellis's Gaussian bumps (2007), each bin's weights of unit length, the octaves around the fifth weighing
    most: librosa's `filters.chroma` at concert pitch (tuning 0). Speech keeps to no tuning; an estimated one,
    which librosa applies unless told otherwise, would make a window depend on the whole recording.
    """
    hertz = np.linspace(0, sample_rate, n_fft, endpoint=False)[1:]
    semitones = PITCH_CLASSES * np.log2(hertz / A0_HZ)
    # The bin at 0 Hz has no pitch: it is put one and a half octaves below the first, and so made broad.
    semitones = np.concatenate([[semitones[0] - 1.5 * PITCH_CLASSES], semitones])
    widths = np.append(np.maximum(np.diff(semitones), 1.0), 1.0)
    half = PITCH_CLASSES / 2
    distance = semitones[None, :] - np.arange(PITCH_CLASSES)[:, None]
    distance = np.remainder(distance + half, PITCH_CLASSES) - half
    weights = np.exp(-0.5 * (2 * distance / widths) ** 2)
    weights /= np.linalg.norm(weights, axis=0)
    weights *= np.exp(-0.5 * ((semitones / PITCH_CLASSES - _CENTRE_OCTAVE) / _OCTAVE_WIDTH) ** 2)
    from_c = np.roll(weights, -3, axis=0)
    return np.ascontiguousarray(from_c[:, : n_fft // 2 + 1]).astype(np.float32)


class Chroma(nn.Module):
    """Power (B, n_fft // 2 + 1, frames) → pitch classes (B, 12, frames), each frame's largest 1."""

    filters: Tensor

    def __init__(self, cfg: FeatureConfig, sample_rate: int = frontend.SAMPLE_RATE) -> None:
        super().__init__()
        self.rows = PITCH_CLASSES
        self.register_buffer("filters", torch.from_numpy(chroma_filterbank(cfg.n_fft, sample_rate)))

    def forward(self, power: Tensor) -> Tensor:
        """Return (B, 12, frames)."""
        return unit_frames(self.filters @ power, norm=torch.inf)


def unit_frames(plane: Tensor, norm: float) -> Tensor:
    """Divide each frame of (B, rows, frames) by its norm; frames of silence stay as they are."""
    length: Tensor = torch.linalg.vector_norm(plane, ord=norm, dim=1, keepdim=True)
    return plane / torch.where(length >= torch.finfo(plane.dtype).tiny, length, 1.0)
