"""Tonnetz: each frame's place in the space of fifths, minor thirds and major thirds (Harte et al. 2006)."""

import numpy as np
import torch
from torch import Tensor, nn

from ml import frontend
from ml.config import FeatureConfig
from ml.features.chroma import PITCH_CLASSES, unit_frames


class Tonnetz(nn.Module):
    """Chroma (B, 12, frames) → tonal centroids (B, 6, frames).

    It is `librosa.feature.tonnetz(chroma=chroma)` of our chroma, which comes from the short-time spectrum;
    librosa's default, chroma of the constant-Q transform, is made for music and far more costly.
    """

    basis: Tensor

    def __init__(self, cfg: FeatureConfig, sample_rate: int = frontend.SAMPLE_RATE) -> None:
        super().__init__()
        self.rows = 6
        steps = np.outer([7 / 6, 7 / 6, 3 / 2, 3 / 2, 2 / 3, 2 / 3], np.arange(PITCH_CLASSES))
        steps[::2] -= 0.5  # sine beside cosine
        radius = np.array([[1.0], [1.0], [1.0], [1.0], [0.5], [0.5]])
        self.register_buffer("basis", torch.from_numpy((radius * np.cos(np.pi * steps)).astype(np.float32)))

    def forward(self, chroma: Tensor) -> Tensor:
        """Return (B, 6, frames)."""
        return self.basis @ unit_frames(chroma, norm=1)
