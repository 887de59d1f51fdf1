"""The training loop of every network: epochs, validation, early stopping, and going on after a kill.

What a run needs to go on exactly where it was, it writes to its checkpoint after each epoch: weights,
optimiser, schedule, gradient scale, the random states of dropout and of the batches, and the best weights so
far.
"""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ml import metrics
from ml.config import TrainConfig
from ml.distributed import from_each, from_first, world
from ml.optimisation import Schedule, make_optimiser
from ml.placement import Placed, home_of
from ml.targets import hits

OnEpoch = Callable[[int, int, dict[str, float]], None]
"""Called after each epoch with its number from 1, the number of epochs, and figures. Raise to cancel."""

Validate = Callable[[nn.Module], dict[str, float]]
"""Returns the figures of the validation clips, among them "validation_loss"."""


class Batches(Protocol):
    """Shuffled training batches; iterated once per epoch, all randomness from these two generators."""

    rng: np.random.Generator
    generator: torch.Generator

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]: ...


def no_report(epoch: int, epochs: int, figures: dict[str, float]) -> None:
    """Say nothing."""


def judged(logits: NDArray[np.float64], targets: NDArray[np.int64]) -> dict[str, float]:
    """Return the figures of validation clips: loss, accuracy and UAR of logits (n, 8)."""
    loss = nn.functional.cross_entropy(torch.from_numpy(logits), torch.from_numpy(targets))
    predictions: NDArray[np.int64] = logits.argmax(axis=1)
    return {
        "validation_loss": float(loss),
        "validation_accuracy": metrics.accuracy(targets, predictions),
        "validation_uar": metrics.uar(targets, predictions),
    }


class Cancelled(Exception):
    """Raised by an `OnEpoch` to stop a training that is no longer wanted."""


class OtherRun(ValueError):
    """The checkpoint belongs to another run."""


def _moving_average(network: nn.Module, decay: float) -> AveragedModel:
    """Weights and running statistics, averaged with exponentially falling shares of the past."""
    ema = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
    return AveragedModel(network, multi_avg_fn=ema, use_buffers=True)


@dataclass
class Best:
    """The epoch with the lowest validation loss, and its weights."""

    loss: float = float("inf")
    epoch: int = 0
    weights: dict[str, Tensor] = field(default_factory=dict)


class Training:
    """One run over `batches`. `forward` is the network, or what stands for it: DDP, or placed branches."""

    def __init__(
        self,
        network: nn.Module,
        batches: Batches,
        loss: nn.Module,
        cfg: TrainConfig,
        *,
        forward: nn.Module | None = None,
        validate: Validate | None = None,
        checkpoint: Path | None = None,
        on_epoch: OnEpoch = no_report,
    ) -> None:
        self.network, self.batches, self.cfg = network, batches, cfg
        self.forward = forward or network
        self.device = home_of(self.forward)
        self.loss = loss.to(self.device)
        self.optimiser = make_optimiser(network, cfg)
        self.schedule = Schedule(self.optimiser, cfg, len(batches))
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=cfg.precision == "float16")
        self.validate, self.checkpoint, self.on_epoch = validate, checkpoint, on_epoch
        self.average = _moving_average(network, cfg.average) if cfg.average else None
        self.epoch = 0
        self.best = Best()
        self.curves: list[dict[str, float]] = []

    def run(self) -> nn.Module:
        """Train to the end, or until validation no longer improves; return the network in evaluation mode."""
        if self.checkpoint is not None and self.checkpoint.exists():
            self._restore(self.checkpoint)
        while self.epoch < self.cfg.epochs and not self._out_of_patience():
            self.epoch += 1
            figures = self._learn()
            if self.validate is not None:
                figures |= from_first(self.validate(self._heard_through()))
                self._keep_best(figures["validation_loss"])
            self.schedule.after_epoch(figures.get("validation_loss", figures["loss"]))
            self.curves.append(figures)
            if self.checkpoint is not None:
                self._save(self.checkpoint)
            self.on_epoch(self.epoch, self.cfg.epochs, figures)
        if self.average is not None:
            self.network.load_state_dict(self.average.module.state_dict())
        if self.best.weights:
            self.network.load_state_dict(self.best.weights)
        return self.network.eval()

    def _heard_through(self) -> nn.Module:
        """What validation clips go through: of a network in several places only what knows these."""
        return self.forward if isinstance(self.forward, Placed) else self.network

    def _learn(self) -> dict[str, float]:
        self.network.train()
        losses, right, seen = [], 0, 0
        for features, targets in self.batches:
            loss, more = self._step(features.to(self.device), targets.to(self.device))
            losses.append(loss)
            right, seen = right + more, seen + len(targets)
        return {"loss": float(np.mean(losses)), "accuracy": right / seen}

    def _step(self, features: Tensor, targets: Tensor) -> tuple[float, int]:
        """Learn from one batch; return its loss and how many clips it got right."""
        with torch.autocast(
            self.device.type,
            dtype=torch.float16 if self.cfg.precision == "float16" else torch.bfloat16,
            enabled=self.cfg.precision != "float32",
        ):
            logits = self.forward(features)
            loss: Tensor = self.loss(logits.float(), targets)
        self.optimiser.zero_grad()
        self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        self.scaler.unscale_(self.optimiser)
        nn.utils.clip_grad_norm_(self.network.parameters(), self.cfg.gradient_clip)
        self.scaler.step(self.optimiser)
        self.scaler.update()
        self.schedule.after_batch()
        if self.average is not None:
            self.average.update_parameters(self.network)
        return float(loss.detach()), hits(logits, targets)

    def _keep_best(self, loss: float) -> None:
        if loss < self.best.loss:
            weights = {name: tensor.detach().clone() for name, tensor in self.network.state_dict().items()}
            self.best = Best(loss, self.epoch, weights)

    def _out_of_patience(self) -> bool:
        waited = self.epoch - self.best.epoch
        return self.validate is not None and 0 < self.cfg.patience <= waited

    def _identity(self) -> str:
        return repr((self.cfg, sorted((n, tuple(t.shape)) for n, t in self.network.state_dict().items())))

    def _save(self, file: Path) -> None:
        """Write the state beside `file`, then put it in its place: a kill leaves the old or the new one."""
        random = from_each(self._random())
        if world().rank > 0:
            return
        state = {
            "identity": self._identity(),
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.inner.state_dict(),
            "scaler": self.scaler.state_dict(),
            "random": random,
            "average": self.average.state_dict() if self.average is not None else {},
            "best": vars(self.best),
            "progress": json.dumps({"epoch": self.epoch, "curves": self.curves}),
        }
        draft = file.with_name(file.name + ".draft")
        file.parent.mkdir(parents=True, exist_ok=True)
        torch.save(state, draft)
        os.replace(draft, file)

    def _restore(self, file: Path) -> None:
        state: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
        if state["identity"] != self._identity():
            raise OtherRun(f"{file} is the checkpoint of another network or schedule; remove it first")
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.inner.load_state_dict(state["schedule"])
        self.scaler.load_state_dict(state["scaler"])
        self._set_random(state["random"][world().rank])
        if self.average is not None:
            self.average.load_state_dict(state["average"])
        self.best = Best(**state["best"])
        progress = json.loads(state["progress"])
        self.epoch, self.curves = progress["epoch"], progress["curves"]

    def _random(self) -> dict[str, Any]:
        """The state of all that draws: dropout, and this process's batches."""
        return {
            "dropout": torch.get_rng_state(),
            "dropout_cuda": torch.cuda.get_rng_state_all() if self.device.type == "cuda" else [],
            "masks": self.batches.generator.get_state(),
            "order": json.dumps(self.batches.rng.bit_generator.state),
        }

    def _set_random(self, state: dict[str, Any]) -> None:
        torch.set_rng_state(state["dropout"])
        if state["dropout_cuda"]:
            torch.cuda.set_rng_state_all(state["dropout_cuda"])
        self.batches.generator.set_state(state["masks"])
        self.batches.rng.bit_generator.state = json.loads(state["order"])
