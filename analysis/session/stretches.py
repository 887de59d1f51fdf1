"""Stretches of time in one recording: who spoke, where it was not sure, where the sound is distorted.

Arithmetic on what was kept of a recording; no database. Times in seconds, stretches as (start, end).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Stretch = tuple[float, float]

FULL_SCALE = 127  # of a peak, as int8
JOINED_S = 2.0  # distorted places that are closer together than this are one


@dataclass(frozen=True)
class Talk:
    """How long who spoke, in seconds. ``other`` is None where there is no second channel."""

    duration: float
    patient: float
    other: float | None = None
    both: float = 0.0

    @property
    def pause(self) -> float:
        """When nobody spoke."""
        return max(0.0, self.duration - self.patient - (self.other or 0.0) + self.both)

    def share(self, seconds: float) -> float:
        """Of the whole recording."""
        return seconds / self.duration if self.duration > 0 else 0.0


def talk_of(duration_s: float, spans: NDArray[Any], other: NDArray[Any] | None) -> Talk:
    """``spans``, ``other`` (n, 2): when the patient and when the other voice speaks."""
    mine = _length(_merged(spans, duration_s))
    if other is None:
        return Talk(duration_s, mine)
    theirs = _length(_merged(other, duration_s))
    either = _length(_merged(np.concatenate([np.reshape(spans, (-1, 2)), other]), duration_s))
    return Talk(duration_s, mine, theirs, both=max(0.0, mine + theirs - either))


def _merged(spans: NDArray[Any], duration_s: float) -> list[list[float]]:
    merged: list[list[float]] = []
    for start, end in sorted(np.clip(np.reshape(spans, (-1, 2)), 0, duration_s).tolist()):
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        elif end > start:
            merged.append([start, end])
    return merged


def _length(stretches: list[list[float]]) -> float:
    return sum(end - start for start, end in stretches)


def runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First place of each run of true ones, and the first after it."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]


def distorted(peaks: NDArray[np.int8], per_second: int) -> list[Stretch]:
    """Where the sound reaches full scale. ``peaks`` (n, 2): lowest and highest of each stretch."""
    at_full = np.asarray((np.abs(peaks.astype(np.int16)) >= FULL_SCALE).any(axis=1), np.bool_)
    joined: list[Stretch] = []
    for start, end in runs(at_full):
        first, last = start / per_second, end / per_second
        if joined and first - joined[-1][1] < JOINED_S:
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return joined


def window_runs(starts: NDArray[Any]) -> list[tuple[int, float, int, float]]:
    """Windows at even distances as (index, start, count, step): a few numbers instead of thousands.

    ``starts`` (n,) s, ascending. The client finds the window nearest to a place from these alone.
    """
    found: list[tuple[int, float, int, float]] = []
    steps = np.round(np.diff(np.asarray(starts, np.float64)), 3)
    index = 0
    while index < len(starts):
        after = index + 1
        while after < len(starts) and steps[after - 1] == steps[index]:
            after += 1
        step = float(steps[index]) if after - index > 1 else 0.0
        found.append((index, round(float(starts[index]), 3), after - index, step))
        index = after
    return found
