"""What every system is given and must be: its input's shape, and what a classical one answers to."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ml.config import FeatureConfig

Planes = NDArray[np.floating]


@dataclass(frozen=True)
class Shape:
    """A plane of `rows` by `frames`, and the short-time features that it was made of.

    `frames` is what three seconds give; a network that pools over time takes other lengths too.
    """

    features: FeatureConfig
    rows: int
    frames: int


class Classical(Protocol):
    """A system that is fitted at once instead of trained by gradients."""

    def fit(self, planes: Planes, targets: NDArray[np.int64], seed: int) -> None:
        """Learn from planes (clips, rows, frames) and indices of emotions (clips,)."""

    def logits(self, planes: Planes) -> NDArray[np.float64]:
        """Return one row of logits a clip, (clips, classes)."""

    @property
    def parameters(self) -> int:
        """How many numbers were learnt."""


class Standardise(nn.Module):
    """Subtract each row's mean and divide by its standard deviation, both of the training clips.

    The papers' `StandardScaler` as a layer: what was learnt of the training clips is kept with the weights.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, rows: int, frames: int = 1) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(rows, frames))
        self.register_buffer("deviation", torch.ones(rows, frames))

    def adapt(self, planes: Tensor) -> None:
        """Learn from training planes (clips, rows, frames): by row, or by row and frame if built so."""
        over = (0,) if self.mean.shape[1] > 1 else (0, 2)
        self.mean.copy_(planes.mean(dim=over).view_as(self.mean))
        spread = planes.std(dim=over, unbiased=False).view_as(self.mean)
        self.deviation.copy_(torch.where(spread > 1e-6, spread, 1.0))  # a row that never varies stays 0

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, 1, rows, T) to the same shape."""
        return (x - self.mean) / self.deviation


def adapt(network: nn.Module, planes: Tensor) -> None:
    """Let every standardising layer of `network` learn from training planes (clips, rows, frames)."""
    for layer in network.modules():
        if isinstance(layer, Standardise):
            layer.adapt(planes)


def in_classes(scores: NDArray[np.float64], present: NDArray[np.int64], classes: int) -> NDArray[np.float64]:
    """Scores (n, k) of the k classes in `present` as logits (n, classes); the unknown ones are impossible."""
    logits = np.full((len(scores), classes), scores.min() - 20.0)
    logits[:, present] = scores
    return logits


IMPOSSIBLE = -3e4
"""The logit of what was never taught: probability 0 at any temperature up to 20; half precision holds it."""


@torch.no_grad()
def silence_untaught(network: nn.Module, taught: Collection[int], classes: int) -> None:
    """Let `network` never answer with a class that no training clip was of: its probability becomes 0.

    Raises:
        ValueError: the network does not end in a linear layer with one output for each class.
    """
    untaught = sorted(set(range(classes)) - set(taught))
    if not untaught:
        return
    outputs = [m for m in network.modules() if isinstance(m, nn.Linear) and m.out_features == classes]
    if not outputs or outputs[-1].bias is None:
        raise ValueError(f"no linear layer with {classes} outputs ends this network")
    outputs[-1].weight[untaught] = 0.0
    outputs[-1].bias[untaught] = IMPOSSIBLE
