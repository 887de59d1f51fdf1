"""One recording over time: window estimates laid on an even grid, and as much of it as is to be drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.session.stretches import Stretch, runs
from ml.labels import EMOTIONS

CELL_S = 1.0


@dataclass(frozen=True)
class Timeline:
    """``cell_s`` seconds per cell; in a cell, ``shares`` (n, 8) and ``unsure`` (n,) add up to 1 or to 0.

    Where they add up to 0 there was no speech to judge: a gap. The first cell begins at ``begin_s``.
    """

    cell_s: float
    duration_s: float
    shares: NDArray[np.float32]
    unsure: NDArray[np.float32]
    spans: NDArray[np.float32]
    begin_s: float = 0.0

    @property
    def starts(self) -> NDArray[np.float32]:
        cells = np.arange(len(self.unsure), dtype=np.float32)
        return np.asarray(self.begin_s + cells * self.cell_s, np.float32)

    @property
    def is_gap(self) -> NDArray[np.bool_]:
        heard: NDArray[np.bool_] = self.shares.sum(1) + self.unsure > 0
        return ~heard

    @property
    def unsure_stretches(self) -> list[Stretch]:
        """Where nothing but uncertainty is drawn."""
        return [
            (self.begin_s + start * self.cell_s, min(self.begin_s + end * self.cell_s, self.duration_s))
            for start, end in runs(self.unsure == 1)
        ]

    def between(self, begin_s: float, end_s: float) -> Timeline:
        """The cells that lie in this stretch, whole or in part; at least one."""
        first = min(max(0, math.floor((begin_s - self.begin_s) / self.cell_s)), len(self.unsure) - 1)
        after = max(first + 1, math.ceil((end_s - self.begin_s) / self.cell_s))
        return replace(
            self,
            begin_s=self.begin_s + first * self.cell_s,
            shares=self.shares[first:after],
            unsure=self.unsure[first:after],
        )

    def coarser(self, cells: int) -> Timeline:
        """The same in at most ``cells`` cells, each the mean of whole cells of this one."""
        group = math.ceil(len(self.unsure) / max(cells, 1))
        if group <= 1:
            return self
        shares, unsure = _grouped(self.shares, self.unsure, group)
        return replace(self, cell_s=self.cell_s * group, shares=shares, unsure=unsure)


def _grouped(
    shares: NDArray[np.float32], unsure: NDArray[np.float32], group: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    layers = np.column_stack([shares, unsure])
    padding = -len(layers) % group
    blocks = np.pad(layers, ((0, padding), (0, 0))).reshape(-1, group, layers.shape[1])
    heard = blocks.sum((1, 2))  # how many cells of the block had something to judge
    # A block that is mostly silence stays a gap: a lone second would otherwise look like the whole of it.
    mean = np.where((heard >= group / 2)[:, None], blocks.sum(1) / np.maximum(heard, 1)[:, None], 0)
    return mean[:, :-1].astype(np.float32), mean[:, -1].astype(np.float32)


def lay_out(
    *,
    starts: NDArray[Any],
    ends: NDArray[Any],
    probabilities: NDArray[Any],
    abstained: NDArray[Any],
    spans: NDArray[Any],
    duration_s: float,
) -> Timeline:
    """Cells of a second: each is given to the window whose middle is nearest, if that covers it at all.

    ``starts``, ``ends`` (n,) s, ascending; ``probabilities`` (n, 8); ``abstained`` (n,); ``spans`` (m, 2) s.
    """
    count = max(1, math.ceil(duration_s / CELL_S))
    shares = np.zeros((count, len(EMOTIONS)), np.float32)
    unsure = np.zeros(count, np.float32)
    if len(starts):
        times = (np.arange(count) + 0.5) * CELL_S
        times[-1] = min(times[-1], duration_s)
        middles = (np.asarray(starts, np.float64) + ends) / 2
        nearest = np.searchsorted((middles[1:] + middles[:-1]) / 2, times)
        covered = (starts[nearest] <= times) & (times <= ends[nearest])
        sure = covered & ~abstained[nearest]
        total = probabilities[nearest].sum(1, keepdims=True)
        shares[sure] = (probabilities[nearest] / np.where(total > 0, total, 1))[sure]
        unsure[covered & abstained[nearest]] = 1
    return Timeline(
        cell_s=CELL_S, duration_s=duration_s, shares=shares, unsure=unsure, spans=np.asarray(spans)
    )
