"""1-D CNN on MFCCs, after "Applications of Deep Learning Techniques in SER" (Southampton).

Convolutions along time with batch norm, max-pool and 20 % dropout, then dense ReLU and the output. The paper
gives no widths; flattening became a mean and a maximum over time, so that the length is free.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ml.systems.interface import Shape, Standardise
from ml.systems.layers import temporal_convolutions


@dataclass(frozen=True)
class Cnn1dOptions:
    """Widths and kernel."""

    channels: tuple[int, ...] = (64, 128, 128)
    kernel: int = 5
    dense: int = 128
    dropout: float = 0.2


class Cnn1d(nn.Module):
    """Plane (N, 1, rows, T) → logits (N, classes)."""

    def __init__(self, shape: Shape, options: Cnn1dOptions, classes: int) -> None:
        super().__init__()
        self.scale = Standardise(shape.rows)
        self.layers = temporal_convolutions(shape.rows, options.channels, options.kernel, options.dropout)
        self.head = nn.Sequential(
            nn.Linear(2 * options.channels[-1], options.dense), nn.ReLU(), nn.Dropout(options.dropout),
            nn.Linear(options.dense, classes),
        )  # fmt: skip

    def forward(self, plane: Tensor) -> Tensor:
        """Return logits."""
        maps = self.layers(self.scale(plane).squeeze(1))  # (N, C, T / 8)
        logits: Tensor = self.head(torch.cat([maps.mean(dim=2), maps.amax(dim=2)], dim=1))
        return logits
