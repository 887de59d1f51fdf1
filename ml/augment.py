"""Augmentation of training clips, on waveforms (numpy, once) and on log-mel planes (torch, every epoch)."""

from dataclasses import dataclass

import numpy as np
import soxr
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ml.config import AugmentConfig

Floats = NDArray[np.float32]


def add_white_noise(waveform: Floats, snr_db: float, rng: np.random.Generator) -> Floats:
    """Return `waveform` (samples,) under white Gaussian noise, `snr_db` below its mean power."""
    power = float(np.mean(np.square(waveform, dtype=np.float64)))
    noise = rng.standard_normal(len(waveform), dtype=np.float32)
    return waveform + noise * np.float32(np.sqrt(power / 10 ** (snr_db / 10)))


def change_speed(waveform: Floats, speed: float) -> Floats:
    """Return `waveform` played `speed` times as fast: tempo and pitch move together, as on tape."""
    stretched: Floats = soxr.resample(waveform, in_rate=speed * 16_000, out_rate=16_000).astype(np.float32)
    return stretched


def variants(waveform: Floats, cfg: AugmentConfig, rng: np.random.Generator) -> list[Floats]:
    """Return the clip's noisy copies, then its slower and faster ones."""
    snrs = rng.uniform(cfg.snr_low_db, cfg.snr_high_db, size=cfg.noisy_copies)
    noisy = [add_white_noise(waveform, float(snr), rng) for snr in snrs]
    return [*noisy, *(change_speed(waveform, speed) for speed in cfg.speeds)]


@dataclass(frozen=True)
class _Mask:
    count: int
    width: int
    axis: int


class SpecAugment(nn.Module):
    """Replace bands and gaps of a log-mel plane by the clip's mean level (Park et al., Interspeech 2019)."""

    def __init__(self, cfg: AugmentConfig) -> None:
        super().__init__()
        self.masks = (
            _Mask(cfg.band_masks, cfg.band_width, axis=1),
            _Mask(cfg.gap_masks, cfg.gap_width, axis=2),
        )

    def forward(self, log_mel: Tensor, fill: Tensor, generator: torch.Generator) -> Tensor:
        """Return a masked copy of `log_mel` (B, n_mels, frames); `fill` is each clip's level, (B,)."""
        hidden = torch.zeros_like(log_mel, dtype=torch.bool)
        for mask in self.masks:
            for _ in range(mask.count):
                hidden |= self._stripe(log_mel, mask, generator)
        return torch.where(hidden, fill[:, None, None], log_mel)

    @staticmethod
    def _stripe(log_mel: Tensor, mask: _Mask, generator: torch.Generator) -> Tensor:
        batch, size = len(log_mel), log_mel.shape[mask.axis]
        width = torch.randint(0, mask.width + 1, (batch, 1), generator=generator)
        start = (torch.rand(batch, 1, generator=generator) * (size - width)).long()
        place = torch.arange(size)[None]
        covered = (place >= start) & (place < start + width)
        return covered[:, :, None] if mask.axis == 1 else covered[:, None, :]
