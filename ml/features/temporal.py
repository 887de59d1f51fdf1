"""What needs no spectrum: zero crossings, loudness, and the slope of any plane."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ml import frontend
from ml.config import FeatureConfig

SILENT = 1e-10
DELTA_FRAMES = 9


class ZeroCrossingRate(nn.Module):
    """Waveform (B, samples) → share of neighbouring samples of n_fft that differ in sign (B, 1, frames)."""

    def __init__(self, cfg: FeatureConfig, sample_rate: int = frontend.SAMPLE_RATE) -> None:
        super().__init__()
        self.rows = 1
        self.length, self.hop = cfg.n_fft, cfg.hop_length

    def forward(self, waveform: Tensor) -> Tensor:
        """Return (B, 1, 1 + samples // hop_length); frames are centred, the edges repeat."""
        padded = functional.pad(waveform.unsqueeze(1), (self.length // 2,) * 2, mode="replicate")
        negative = padded < -SILENT
        crossings = (negative[:, :, 1:] != negative[:, :, :-1]).cumsum(dim=2, dtype=torch.int32)
        counted = functional.pad(crossings, (1, 0))  # crossings before each sample
        # The first sample of a frame has no neighbour in it: length - 1 pairs, divided by length even so.
        first, last = counted[:, :, : 1 - self.length : self.hop], counted[:, :, self.length - 1 :: self.hop]
        return (last - first).to(waveform.dtype) / self.length


class Rms(nn.Module):
    """Waveform (B, samples) → root mean square of n_fft samples (B, 1, frames)."""

    def __init__(self, cfg: FeatureConfig, sample_rate: int = frontend.SAMPLE_RATE) -> None:
        super().__init__()
        self.rows = 1
        self.length, self.hop = cfg.n_fft, cfg.hop_length

    def forward(self, waveform: Tensor) -> Tensor:
        """Return (B, 1, 1 + samples // hop_length); frames are centred, beyond the edges is silence."""
        squares = functional.pad(waveform.square().unsqueeze(1), (self.length // 2,) * 2)
        return functional.avg_pool1d(squares, self.length, self.hop).sqrt()


class Delta(nn.Module):
    """Any plane (B, rows, frames) → its first or second derivative over nine frames, of the same shape.

    A polynomial of that order is fitted to each nine frames (Savitzky & Golay 1964). Its highest derivative
    is a constant, so the four frames at either edge take the value of the nearest complete fit.
    """

    kernel: Tensor

    def __init__(self, rows: int, order: int) -> None:
        super().__init__()
        self.rows = rows
        places = np.arange(DELTA_FRAMES) - DELTA_FRAMES // 2
        fit = np.linalg.pinv(np.vander(places, order + 1))
        self.register_buffer("kernel", torch.from_numpy((order * fit[0]).astype(np.float32)).view(1, 1, -1))

    def forward(self, plane: Tensor) -> Tensor:
        """Return the shape of `plane`.

        Raises:
            ValueError: fewer than nine frames.
        """
        batch, rows, frames = plane.shape
        if frames < DELTA_FRAMES:
            raise ValueError(f"a delta needs {DELTA_FRAMES} frames, not {frames}")
        slopes = functional.conv1d(plane.reshape(batch * rows, 1, frames), self.kernel)
        return functional.pad(slopes, (DELTA_FRAMES // 2,) * 2, mode="replicate").view(batch, rows, frames)
