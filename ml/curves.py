"""Who hears of each epoch: a progress bar, a line in a log, live curves for TensorBoard."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

Report = Callable[[int, int, dict[str, float]], None]


@dataclass
class ProgressLine:
    """Prints a line for an epoch, with the time that is left: for a log, and for several processes."""

    begun: int = 0
    started: float = 0.0

    def __call__(self, epoch: int, epochs: int, figures: dict[str, float]) -> None:
        """Print to stderr."""
        shown = " ".join(f"{name} {value:.3f}" for name, value in figures.items())
        print(f"epoch {epoch}/{epochs} {shown}{self._left(epoch, epochs)}", file=sys.stderr, flush=True)

    def _left(self, epoch: int, epochs: int) -> str:
        """Judged by the epochs after the first heard of: it begins with features to compute, or a state."""
        if epoch == 1 or not self.begun:
            self.begun, self.started = epoch, time.monotonic()
            return ""
        left = (time.monotonic() - self.started) / (epoch - self.begun) * (epochs - epoch)
        return f", about {left / 60:.1f} min left"


class ProgressBar:
    """Moves a bar on, for whoever looks at a terminal."""

    def __init__(self) -> None:
        self.bar: Any = None

    def __call__(self, epoch: int, epochs: int, figures: dict[str, float]) -> None:
        """Move the bar to `epoch`; a new run of epochs gets a new bar."""
        if self.bar is None or epoch <= self.bar.n or epochs != self.bar.total:
            self.bar = tqdm(total=epochs, initial=epoch - 1, unit="epoch")
        self.bar.update(epoch - self.bar.n)
        self.bar.set_postfix({name: f"{value:.3f}" for name, value in figures.items()})
        if epoch == epochs:
            self.bar.close()


@dataclass
class LiveCurves:
    """Writes every figure of every epoch of one run into `folder`, for `tensorboard --logdir` above it.

    A run that goes on after a kill, or is begun again, goes on in the same curves.
    """

    folder: Path
    writer: Any = None

    def __call__(self, epoch: int, epochs: int, figures: dict[str, float]) -> None:
        """Write, and flush: curves are looked at while they grow."""
        if self.writer is None:
            # Opened here, not at the start: this object is sent to the processes that train. What an earlier
            # run wrote of this epoch and later ones no longer counts.
            self.writer = SummaryWriter(str(self.folder), purge_step=epoch)
        for name, value in figures.items():
            self.writer.add_scalar(name, value, epoch)
        self.writer.flush()


@dataclass(frozen=True)
class Together:
    """Tells each of several."""

    reports: tuple[Report, ...]

    def __call__(self, epoch: int, epochs: int, figures: dict[str, float]) -> None:
        """Tell them in order."""
        for report in self.reports:
            report(epoch, epochs, figures)
