"""The flagship: two blocks of 2-D convolutions beside a Transformer encoder, joined before one linear layer.

After "model parallelism" (BRAC) and the network that it re-describes (Zenkov 2020): two parallel blocks of
three convolutions, each with batch norm, ReLU, max-pool and dropout, and a max-pooled Transformer encoder of
four layers. Changed, each for a reason: the input is made level-free inside the network; positions are added
(the original's encoder could not tell order); time is pooled by attentive statistics instead of flattened, so
that any length from 1 s on is heard; and the two blocks differ. The *local* block has the original's small
square kernels, the *broad* block's kernels span all coefficients: identical blocks learn much the same twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from ml.config import FeatureConfig
from ml.systems.layers import (
    AttentiveStatistics,
    EncoderLayer,
    LevelFreeMel,
    LevelFreeMfcc,
    lay_channels_last,
    shrink_mask,
    sinusoids,
)


@dataclass(frozen=True)
class ParallelOptions:
    """Widths of the three branches; `frame_step` frames of 10 ms are averaged into one before all of them.

    `broad_residuals` convolutions along time are added to the broad block, each beside a way around it. The
    convolutions begin with steps of `first_stride` frames: the narrower the frames, the wider it should be.
    """

    local_channels: tuple[int, int, int] = (16, 32, 64)
    broad_channels: tuple[int, int, int] = (160, 192, 192)
    encoder_width: int = 64
    encoder_heads: int = 4
    encoder_hidden: int = 128
    encoder_layers: int = 4
    conv_dropout: float = 0.1
    encoder_dropout: float = 0.1
    dropout: float = 0.3
    frame_step: int = 1
    broad_residuals: int = 0
    first_stride: int = 2


class Convolution(nn.Sequential):
    """Conv2d, batch norm, ReLU, max-pool, dropout."""

    def __init__(
        self,
        channels: tuple[int, int],
        kernel: tuple[int, int],
        padding: tuple[int, int],
        pool: tuple[int, int],
        dropout: float,
        stride: tuple[int, int] = (1, 1),
    ) -> None:
        super().__init__(
            nn.Conv2d(*channels, kernel, stride, padding, bias=False),
            nn.BatchNorm2d(channels[1]),
            nn.MaxPool2d(pool),
            nn.ReLU(),  # commutes with the maximum: after it there is less to do
            nn.Dropout2d(dropout),
        )


class LocalBlock(nn.Module):
    """Small square kernels over coefficients and time, (N, 1, rows, T) → (N, T // step, C3 * rows // 8)."""

    def __init__(self, rows: int, options: ParallelOptions) -> None:
        super().__init__()
        first, second, third = options.local_channels
        dropout, stride = options.conv_dropout, options.first_stride
        self.layers = nn.Sequential(  # with a first stride of 2:
            Convolution(
                (1, first), (3, 3), (1, 1), (2, 2), dropout, stride=(1, stride)
            ),  # (N, C1, rows / 2, T / 4)
            Convolution((first, second), (3, 3), (1, 1), (2, 2), dropout),  # (N, C2, rows / 4, T / 8)
            Convolution((second, third), (3, 3), (1, 1), (2, 1), dropout),  # (N, C3, rows / 8, T / 8)
        )
        self.step = 4 * stride
        self.width = third * (rows // 8)

    def forward(self, x: Tensor, active: Tensor) -> Tensor:
        """Return one vector for each `step` frames; silence is left to the pooling."""
        maps: Tensor = self.layers(x)
        return maps.flatten(1, 2).transpose(1, 2)


class BroadBlock(nn.Module):
    """Kernels over all coefficients at once, then along time, (N, 1, rows, T) → (N, T // step, C3)."""

    def __init__(self, rows: int, options: ParallelOptions) -> None:
        super().__init__()
        first, second, third = options.broad_channels
        dropout, stride = options.conv_dropout, options.first_stride
        self.layers = nn.Sequential(  # with a first stride of 2:
            Convolution(
                (1, first), (rows, 7), (0, 3), (1, 2), dropout, stride=(1, stride)
            ),  # (N, C1, 1, T / 4)
            Convolution((first, second), (1, 5), (0, 2), (1, 2), dropout),  # (N, C2, 1, T / 8)
            Convolution((second, third), (1, 5), (0, 2), (1, 1), dropout),  # (N, C3, 1, T / 8)
        )
        self.residuals = nn.ModuleList(
            Convolution((third, third), (1, 5), (0, 2), (1, 1), dropout)
            for _ in range(options.broad_residuals)
        )
        self.step = 4 * stride
        self.width = third

    def forward(self, x: Tensor, active: Tensor) -> Tensor:
        """Return one vector for each `step` frames; silence is left to the pooling."""
        maps: Tensor = self.layers(x)
        for layer in self.residuals:
            maps = maps + layer(maps)
        return maps.squeeze(2).transpose(1, 2)


class EncoderBlock(nn.Module):
    """Max-pooled Transformer encoder, (N, 1, rows, T) → (N, T // 4, width)."""

    step = 4

    def __init__(self, rows: int, options: ParallelOptions) -> None:
        super().__init__()
        self.width = options.encoder_width
        self.pool = nn.MaxPool2d((1, self.step))
        self.project = nn.Linear(rows, self.width)
        self.layers = nn.ModuleList(
            EncoderLayer(self.width, options.encoder_heads, options.encoder_hidden, options.encoder_dropout)
            for _ in range(options.encoder_layers)
        )
        self.norm = nn.LayerNorm(self.width)

    def forward(self, x: Tensor, active: Tensor) -> Tensor:
        """Return one vector for each 40 ms; silence (where `active` (N, T) is 0) is not attended to."""
        steps = self.project(self.pool(x).squeeze(1).transpose(1, 2))  # (N, T // 4, width)
        steps = steps + sinusoids(steps)
        bias = (
            shrink_mask(active, self.step, steps.shape[1])[:, None, None] - 1.0
        ) * 1e4  # (N, 1, 1, T // 4)
        for layer in self.layers:
            steps = layer(steps, bias)
        normed: Tensor = self.norm(steps)
        return normed


class Parallel(nn.Module):
    """MFCCs (N, 1, rows, T), T >= 101 frames of 10 ms → logits (N, 8)."""

    def __init__(self, features: FeatureConfig, options: ParallelOptions, classes: int) -> None:
        super().__init__()
        rows = features.n_mfcc
        self.frame_step = options.frame_step
        self.level_free = (
            LevelFreeMfcc(features.n_mels) if features.kind == "mfcc" else LevelFreeMel(features)
        )
        self.local = LocalBlock(rows, options)
        self.broad = BroadBlock(rows, options)
        self.encoder = EncoderBlock(rows, options)
        widths = (self.local.width, self.broad.width, self.encoder.width)
        self.steps = (self.local.step, self.broad.step, self.encoder.step)
        self.pools = nn.ModuleList(AttentiveStatistics(width) for width in widths)
        self.head = nn.Sequential(
            nn.BatchNorm1d(2 * sum(widths)), nn.Dropout(options.dropout), nn.Linear(2 * sum(widths), classes)
        )
        lay_channels_last(self)

    @property
    def branches(self) -> Mapping[str, nn.Module]:
        """What may run beside one another, each on (N, 1, rows, T) and the mask (N, T)."""
        return {"local": self.local, "broad": self.broad, "encoder": self.encoder}

    def stem(self, mfcc: Tensor) -> tuple[Tensor, ...]:
        """Return what every branch is given: the level-free plane, and the mask of frames that hold sound."""
        if self.frame_step > 1:
            mfcc = functional.avg_pool2d(mfcc, (1, self.frame_step))
        plane, active = self.level_free(mfcc)
        return plane, active

    def join(self, outputs: list[Tensor], shared: tuple[Tensor, ...]) -> Tensor:
        """Pool each branch's steps (N, steps, width) over time and return logits."""
        _, active = shared
        pooled = [
            pool(steps, shrink_mask(active, step, steps.shape[1]))
            for pool, step, steps in zip(self.pools, self.steps, outputs, strict=True)
        ]
        logits: Tensor = self.head(torch.cat(pooled, dim=1))
        return logits

    def forward(self, mfcc: Tensor) -> Tensor:
        """Return logits; softmax of them, divided by the card's temperature, are the probabilities."""
        shared = self.stem(mfcc)
        return self.join([branch(*shared) for branch in self.branches.values()], shared)
