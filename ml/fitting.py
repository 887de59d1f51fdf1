"""One training run: clips in, trained network out; the same for every network in `ml.systems`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ml.config import ExperimentConfig
from ml.dataset import Clip, TrainingBatches, clean_batches
from ml.labels import LABELS
from ml.systems.catalogue import build
from ml.targets import hits

OnEpoch = Callable[[int, int, dict[str, float]], None]
"""Called after each epoch with its number from 1, the number of epochs, and figures. Raise to cancel."""


class Cancelled(Exception):
    """Raised by an `OnEpoch` to stop a training that is no longer wanted."""


def no_report(epoch: int, epochs: int, figures: dict[str, float]) -> None:
    """Say nothing."""


@dataclass
class Fitting:
    """Network, optimiser and schedule of a run."""

    network: nn.Module
    loss: nn.CrossEntropyLoss
    optimiser: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler
    gradient_clip: float

    def step(self, features: Tensor, targets: Tensor) -> tuple[float, int]:
        """Learn from one batch; return its loss and how many clips it got right."""
        logits = self.network(features)
        loss: Tensor = self.loss(logits, targets)
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), self.gradient_clip)
        self.optimiser.step()
        self.schedule.step()
        return float(loss.detach()), hits(logits, targets)


def class_weights(clips: Sequence[Clip]) -> Tensor:
    """Return weights (8,) inverse to each emotion's clips, mean 1 over the emotions present."""
    counts = np.bincount([clip.target for clip in clips], minlength=len(LABELS))
    weights = np.where(counts > 0, 1.0 / np.maximum(counts, 1), 0.0)
    return torch.tensor(weights / weights[counts > 0].mean(), dtype=torch.float32)


def _prepare(clips: Sequence[Clip], cfg: ExperimentConfig, steps: int) -> Fitting:
    network = build(cfg.model, cfg.features)
    decayed = [p for p in network.parameters() if p.ndim > 1]
    free = [p for p in network.parameters() if p.ndim <= 1]  # norms and biases: decay only harms them
    optimiser = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": cfg.train.weight_decay}, {"params": free, "weight_decay": 0.0}],
        lr=cfg.train.learning_rate,
    )
    return Fitting(
        network=network,
        loss=nn.CrossEntropyLoss(class_weights(clips), label_smoothing=cfg.train.label_smoothing),
        optimiser=optimiser,
        schedule=torch.optim.lr_scheduler.OneCycleLR(
            optimiser, cfg.train.learning_rate, total_steps=steps, pct_start=cfg.train.warm_up
        ),
        gradient_clip=cfg.train.gradient_clip,
    )


def fit(clips: Sequence[Clip], cfg: ExperimentConfig, seed: int, on_epoch: OnEpoch = no_report) -> nn.Module:
    """Train on `clips` for the whole schedule and return the network, in evaluation mode.

    No early stopping and no choice of checkpoint: nothing here looks at other clips. The same clips,
    configuration and seed give the same weights on the same machine (one thread).
    """
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    batches = TrainingBatches(clips, cfg, seed)
    fitting = _prepare(clips, cfg, steps=cfg.train.epochs * len(batches))
    for epoch in range(1, cfg.train.epochs + 1):
        fitting.network.train()
        results = [fitting.step(features, targets) for features, targets in batches]
        losses, right = zip(*results, strict=True)
        seen = min(len(clips), len(batches) * cfg.train.batch_size)
        on_epoch(epoch, cfg.train.epochs, {"loss": float(np.mean(losses)), "accuracy": sum(right) / seen})
    return fitting.network.eval()


@torch.inference_mode()
def logits_of(network: nn.Module, clips: Sequence[Clip], cfg: ExperimentConfig) -> NDArray[np.float64]:
    """Return the logits (clips, 8) of whole, unaltered clips."""
    network.eval()
    rows = [network(features).double().numpy() for features, _ in clean_batches(clips, cfg)]
    return np.concatenate(rows)
