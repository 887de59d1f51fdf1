"""Spectral contrast: how far the peaks of each octave rise above its valleys (Jiang et al. 2002)."""

import itertools
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from ml import frontend
from ml.config import FeatureConfig

OCTAVES = 6
LOWEST_HZ = 200.0
QUANTILE = 0.02
AMIN = 1e-10
TOP_DB = 80.0


class _Band(NamedTuple):
    start: int
    stop: int
    extremes: int


def bands(n_fft: int, sample_rate: int) -> tuple[_Band, ...]:
    """FFT bins of the band below 200 Hz and of six octaves above it, and how many bins are peaks and valleys.

    Raises:
        ValueError: an octave begins beyond half the sample rate, or holds no bin.
    """
    hertz = np.fft.rfftfreq(n_fft, 1 / sample_rate)
    edges = np.concatenate([[0.0], LOWEST_HZ * 2.0 ** np.arange(OCTAVES + 1)])
    found = []
    for octave, (low, high) in enumerate(itertools.pairwise(edges)):
        inside = np.flatnonzero((hertz >= low) & (hertz <= high))
        if not len(inside):
            raise ValueError(f"no FFT bin from {low:.0f} to {high:.0f} Hz for spectral contrast")
        # Neighbouring bands share a bin, which the lower one then gives up.
        start = int(inside[0]) - (octave > 0)
        stop = len(hertz) if octave == OCTAVES else int(inside[-1]) + 1
        extremes = max(1, round(QUANTILE * (stop - start)))
        found.append(_Band(start, stop - (octave < OCTAVES), extremes))
    return tuple(found)


class SpectralContrast(nn.Module):
    """Power (B, n_fft // 2 + 1, frames) → contrast of seven bands in dB (B, 7, frames).

    As in librosa, the decibels are of magnitudes and reach no further than 80 below the clip's loudest.
    """

    def __init__(self, cfg: FeatureConfig, sample_rate: int = frontend.SAMPLE_RATE) -> None:
        super().__init__()
        self.bands = bands(cfg.n_fft, sample_rate)
        self.rows = len(self.bands)

    def forward(self, power: Tensor) -> Tensor:
        """Return (B, 7, frames)."""
        pairs = [_peak_and_valley(power[:, band.start : band.stop], band.extremes) for band in self.bands]
        peaks, valleys = (torch.stack(planes, dim=1) for planes in zip(*pairs, strict=True))
        return _decibels(peaks) - _decibels(valleys)


def _peak_and_valley(power: Tensor, extremes: int) -> tuple[Tensor, Tensor]:
    if extremes == 1:
        return power.amax(dim=1).sqrt(), power.amin(dim=1).sqrt()
    ordered = _sorted(power)
    return ordered[:, -extremes:].sqrt().mean(dim=1), ordered[:, :extremes].sqrt().mean(dim=1)


def _sorted(power: Tensor) -> Tensor:
    # On the processor numpy's vectorised sort takes a tenth of the time of torch's sort or topk.
    if power.device.type == "cpu" and not power.requires_grad:
        return torch.from_numpy(np.sort(power.numpy(), axis=1))
    return power.sort(dim=1).values


def _decibels(magnitude: Tensor) -> Tensor:
    level = 10.0 * torch.log10(torch.clamp(magnitude, min=AMIN))
    return torch.maximum(level, level.amax(dim=(1, 2), keepdim=True) - TOP_DB)
