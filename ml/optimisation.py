"""Optimiser, schedule and loss by the names that a `TrainConfig` gives them."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim.lr_scheduler import ConstantLR, LRScheduler, OneCycleLR, ReduceLROnPlateau

from ml.config import TrainConfig
from ml.labels import LABELS
from ml.targets import RestrictedCrossEntropy

PLATEAU_FACTOR, PLATEAU_EPOCHS = 0.5, 3


def make_optimiser(network: nn.Module, cfg: TrainConfig) -> torch.optim.Optimizer:
    """Return the optimiser over the parameters that learn; norms and biases are free of weight decay."""
    learning = [p for p in network.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in learning if p.ndim > 1], "weight_decay": cfg.weight_decay},
        {"params": [p for p in learning if p.ndim <= 1], "weight_decay": 0.0},
    ]
    if cfg.optimiser == "sgd":
        return torch.optim.SGD(groups, lr=cfg.learning_rate, momentum=cfg.momentum)
    kind = torch.optim.AdamW if cfg.optimiser == "adamw" else torch.optim.Adam
    return kind(groups, lr=cfg.learning_rate)


class Schedule:
    """The learning rate over a run: stepped by batches (one cycle) or by epochs (plateau), as it is named."""

    def __init__(self, optimiser: torch.optim.Optimizer, cfg: TrainConfig, batches: int) -> None:
        self.inner: LRScheduler
        if cfg.schedule == "one_cycle":
            steps = cfg.epochs * batches
            # A rise of exactly one step has no length for torch, which then divides by it.
            rise = cfg.warm_up if cfg.warm_up * steps != 1 else float(np.nextafter(cfg.warm_up, 0))
            self.inner = OneCycleLR(optimiser, cfg.learning_rate, total_steps=steps, pct_start=rise)
        elif cfg.schedule == "plateau":
            self.inner = ReduceLROnPlateau(optimiser, factor=PLATEAU_FACTOR, patience=PLATEAU_EPOCHS)
        else:
            self.inner = ConstantLR(optimiser, factor=1.0)

    def after_batch(self) -> None:
        """Go on by one batch."""
        if isinstance(self.inner, OneCycleLR):
            self.inner.step()

    def after_epoch(self, loss: float) -> None:
        """Go on by one epoch; `loss` is that of the validation clips, or of training where there are none."""
        if isinstance(self.inner, ReduceLROnPlateau):
            self.inner.step(loss)


def class_weights(targets: Sequence[int] | NDArray[np.int64]) -> Tensor:
    """Return weights (8,) inverse to each emotion's clips, mean 1 over the emotions present."""
    counts = np.bincount(targets, minlength=len(LABELS))
    weights = np.where(counts > 0, 1.0 / np.maximum(counts, 1), 0.0)
    return torch.tensor(weights / weights[counts > 0].mean(), dtype=torch.float32)


def loss_of(targets: Sequence[int] | NDArray[np.int64], cfg: TrainConfig) -> nn.Module:
    """Return the loss for clips of these emotions: weighted, so that a rare emotion counts as much."""
    weights = class_weights(targets)
    if cfg.label_sets:
        return RestrictedCrossEntropy(weights, cfg.label_smoothing)
    return nn.CrossEntropyLoss(weights, label_smoothing=cfg.label_smoothing)
