"""Masks on a log-mel plane, drawn anew in every epoch."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ml.config import AugmentConfig


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
