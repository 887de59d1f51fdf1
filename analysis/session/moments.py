"""The moments that moved a recording's summary most: arithmetic on its windows, no database.

A moment is a stretch of neighbouring windows, all of them sure, of at most ``LONGEST_S``. What it weighs is
how far the shares would lie from where they are, had it not been said: the summary (`ml.aggregation`, the
windows' mean weighted by the speech in them) is taken again without its windows, and the distance is half the
sum of the absolute differences, the part of the whole that changes hands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.labels import EMOTIONS, Emotion

MOST = 3
LONGEST_S = 6.0
TOLERANCE_S = 1e-3  # times are kept as float32
LEAST_PULL = 1e-6

Reals = NDArray[np.float64]


@dataclass(frozen=True)
class Moment:
    """``start`` and ``end`` in seconds; ``pull`` and ``by`` as shares from 0 to 1, ``by`` with its sign."""

    start: float
    end: float
    emotion: Emotion
    """What it sounds most like."""
    pull: float
    """How far the shares would lie from where they are without it."""
    moved: Emotion
    """The emotion whose share it moved most."""
    by: float


def speech_in(starts: NDArray[Any], ends: NDArray[Any], spans: NDArray[Any]) -> Reals:
    """Seconds of speech in each window; ``spans`` (m, 2) in seconds, ascending and apart."""
    if not len(spans):
        return np.zeros(len(starts))
    times = np.asarray(spans, np.float64)
    lengths = times[:, 1] - times[:, 0]
    spoken = np.column_stack([np.cumsum(lengths) - lengths, np.cumsum(lengths)])
    until = np.interp(ends, times.ravel(), spoken.ravel()) - np.interp(starts, times.ravel(), spoken.ravel())
    return np.asarray(until, np.float64)


def telling_moments(
    *,
    starts: NDArray[Any],
    ends: NDArray[Any],
    probabilities: NDArray[Any],
    abstained: NDArray[Any],
    spans: NDArray[Any],
    most: int = MOST,
) -> tuple[Moment, ...]:
    """At most ``most`` moments that do not overlap, the one with the strongest pull first.

    ``starts``, ``ends`` (n,) s, ascending; ``probabilities`` (n, 8); ``abstained`` (n,); ``spans`` (m, 2) s.
    """
    sure = ~np.asarray(abstained, bool)
    weights = speech_in(starts, ends, spans) * sure
    weighted = np.asarray(probabilities, np.float64) * weights[:, None]
    if weights.sum() <= 0:
        return ()
    begins, finishes, sums, masses = _candidates(starts, ends, sure, weighted, weights)
    rest = weights.sum() - masses
    able = (rest > LEAST_PULL * weights.sum()) & (masses > 0)  # without it, something must be left
    begins, finishes, sums, masses, rest = (part[able] for part in (begins, finishes, sums, masses, rest))
    moved = weighted.sum(0) / weights.sum() - (weighted.sum(0) - sums) / rest[:, None]
    pulls = np.abs(moved).sum(1) / 2
    chosen: list[int] = []
    for place in np.argsort(-pulls, kind="stable"):
        if len(chosen) == most or pulls[place] < LEAST_PULL:
            break
        apart = (finishes[chosen] <= begins[place]) | (begins[chosen] >= finishes[place])
        if apart.all():
            chosen.append(int(place))
    return tuple(
        _moment(begins[place], finishes[place], sums[place], moved[place], pulls[place]) for place in chosen
    )


def _candidates(
    starts: NDArray[Any], ends: NDArray[Any], sure: NDArray[np.bool_], weighted: Reals, weights: Reals
) -> tuple[Reals, Reals, Reals, Reals]:
    """Every run of sure windows without a gap that is short enough: start, end, weighted sums, weight."""
    begin, finish = np.asarray(starts, np.float64), np.asarray(ends, np.float64)
    fitting = sure.copy()
    sums, masses = weighted.copy(), weights.copy()
    found = [(begin[fitting], finish[fitting], sums[fitting], masses[fitting])]
    for longer in range(1, len(begin)):
        last = finish[longer:]
        joined = begin[longer:] <= finish[longer - 1 : -1] + TOLERANCE_S
        short = last - begin[:-longer] <= LONGEST_S + TOLERANCE_S
        fitting = fitting[:-1] & sure[longer:] & joined & short
        sums, masses = sums[:-1] + weighted[longer:], masses[:-1] + weights[longer:]
        if not fitting.any():
            break
        found.append((begin[:-longer][fitting], last[fitting], sums[fitting], masses[fitting]))
    begins, finishes, totals, mass = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return begins, finishes, totals, mass


def _moment(start: float, end: float, sums: Reals, moved: Reals, pull: float) -> Moment:
    most = int(np.abs(moved).argmax())
    return Moment(
        start=float(start),
        end=float(end),
        emotion=EMOTIONS[int(sums.argmax())],
        pull=float(pull),
        moved=EMOTIONS[most],
        by=float(moved[most]),
    )
