"""Do a patient's sessions sound different from before? One modest rule, stated in full.

Two questions are asked of the share of each emotion: do the latest three sessions differ from all earlier
ones (a step), and do the latest sessions, twelve at most, run in one direction (a drift)? An answer must be
larger than two kinds of chance allow: that by which sessions differ anyway (a t-test on the mean square
successive difference, as in control charts for single values, which a slow drift does not inflate), and that
which the sessions' own intervals state (a z-test). The larger p-value counts, sixteen times over for two
questions to eight emotions (Bonferroni). Under five points nothing is called a change.

What the rule leaves out: sessions are taken as independent of each other, and it is not corrected for being
asked again after every session.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from ml.labels import EMOTIONS, Emotion

RECENT = 3
NEEDED = 7
LONGEST_DRIFT = 12
QUESTIONS = 2
SMALLEST_CHANGE = 0.05
HALF_WIDTHS = 1.96  # standard errors in half of a 95 % interval
USUAL_SPREAD = 2.0  # standard deviations around the mean that are called this patient's usual


class Sureness(StrEnum):
    """How far chance alone can be excluded: at most one such finding in 20 or in 100 stable patients."""

    FAIRLY_SURE = "fairly sure"
    SURE = "sure"


P_LIMITS = ((Sureness.SURE, 0.01), (Sureness.FAIRLY_SURE, 0.05))


@dataclass(frozen=True)
class Shares:
    """Shares of the eight emotions in one session, with their 95 % interval; each (8,)."""

    shares: NDArray[np.float32]
    low: NDArray[np.float32]
    high: NDArray[np.float32]


@dataclass(frozen=True)
class Shift:
    """One emotion that is heard more (``points`` > 0) or less than before."""

    emotion: Emotion
    points: float
    sureness: Sureness


@dataclass(frozen=True)
class Usual:
    """The range of this patient's earlier sessions: mean ± 2 standard deviations; each (8,)."""

    mean: NDArray[np.float32]
    low: NDArray[np.float32]
    high: NDArray[np.float32]


@dataclass(frozen=True)
class Comparison:
    """What the rule says of a patient. ``usual`` is None while there are too few sessions to compare.

    ``shifts`` answer one of the two questions, the one with the clearer answer: a step, or (``is_drift``)
    the change from the first to the last of ``drift_over`` sessions.
    """

    sessions: int
    usual: Usual | None
    shifts: tuple[Shift, ...]
    is_drift: bool = False

    @property
    def is_learning(self) -> bool:
        return self.usual is None

    @property
    def drift_over(self) -> int:
        return min(self.sessions, LONGEST_DRIFT)


def two_sided_p(t: float, degrees: int) -> float:
    """P(|T| > |t|) of Student's t with whole ``degrees`` of freedom (Abramowitz & Stegun 26.7.3, 26.7.4)."""
    theta = math.atan(abs(t) / math.sqrt(degrees))
    sine, cosine = math.sin(theta), math.cos(theta)
    is_odd = degrees % 2
    term, total = (cosine, 0.0) if is_odd else (1.0, 0.0)
    for step in range(2 + is_odd, degrees + 1, 2):
        total += term
        term *= cosine**2 * (step - 1) / step
    within = (theta + sine * total) * 2 / math.pi if is_odd else sine * total
    return max(0.0, 1.0 - within)


def compare(sessions: Sequence[Shares]) -> Comparison:
    """Compare the latest sessions with the earlier ones; ``sessions`` run from the oldest to the newest."""
    count = len(sessions)
    if count < NEEDED:
        return Comparison(sessions=count, usual=None, shifts=())
    shares = np.stack([session.shares for session in sessions]).astype(np.float64)
    half = np.stack([session.high - session.low for session in sessions]).astype(np.float64) / 2
    stated = ((half / HALF_WIDTHS) ** 2).mean(0)
    between = np.diff(shares, axis=0)
    # A step is not held against itself: the way across it says nothing of how sessions differ anyway.
    beside = np.delete(between, -RECENT, axis=0)
    step = _ask(_step(count), shares, beside, stated)
    drift = _ask(_drift(count), shares, between, stated)
    # The clearer answer, unless it is a change too small to be called one and the other is not.
    by_step, by_drift = _shifts(*step), _shifts(*drift)
    is_drift = bool(by_drift) and (not by_step or drift[1].min() < step[1].min())
    return Comparison(
        sessions=count,
        usual=_usual(shares[:-RECENT], stated),
        shifts=by_drift if is_drift else by_step,
        is_drift=is_drift,
    )


def _step(count: int) -> NDArray[np.float64]:
    """Weights of a difference: the mean of the latest sessions less the mean of the earlier ones."""
    earlier = count - RECENT
    return np.repeat([-1 / earlier, 1 / RECENT], [earlier, RECENT])


def _drift(count: int) -> NDArray[np.float64]:
    """Weights of a difference: the rise of the least-squares line from the first session to the last."""
    length = min(count, LONGEST_DRIFT)
    place = np.arange(length) - (length - 1) / 2
    rise = place / (place**2).sum() * (length - 1)
    return np.concatenate([np.zeros(count - length), rise])


def _ask(
    weights: NDArray[np.float64],
    shares: NDArray[np.float64],
    between: NDArray[np.float64],
    stated: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The weighted difference of ``shares`` (n, 8), and by what p-value chance explains it; each (8,).

    ``between`` (m, 8): differences of one session and the next; ``stated`` (8,): variance by the intervals.
    """
    count = len(between)
    observed = (between**2).sum(0) / (2 * count)
    # What the estimate from successive differences is worth, in independent sessions (von Neumann, 1941).
    degrees = 2 * count**2 // (3 * count - 1)
    difference = weights @ shares
    t, z = (
        difference / np.sqrt(np.maximum(variance, 1e-12) * (weights**2).sum())
        for variance in (observed, stated)
    )
    p = [max(two_sided_p(a, degrees), math.erfc(abs(b) / math.sqrt(2))) for a, b in zip(t, z, strict=True)]
    return difference, np.array(p)


def _usual(earlier: NDArray[np.float64], stated: NDArray[np.float64]) -> Usual:
    mean = earlier.mean(0)
    reach = USUAL_SPREAD * np.sqrt(np.maximum(earlier.var(0, ddof=1), stated))
    low, high = np.clip(mean - reach, 0, 1), np.clip(mean + reach, 0, 1)
    return Usual(mean.astype(np.float32), low.astype(np.float32), high.astype(np.float32))


def _shifts(difference: NDArray[np.float64], p: NDArray[np.float64]) -> tuple[Shift, ...]:
    """Reliable changes, the clearest first."""
    found: list[Shift] = []
    for place in np.argsort(p, kind="stable"):
        corrected = p[place] * len(EMOTIONS) * QUESTIONS
        sureness = next((name for name, limit in P_LIMITS if corrected <= limit), None)
        if sureness is not None and abs(difference[place]) >= SMALLEST_CHANGE:
            found.append(Shift(EMOTIONS[place], float(difference[place]), sureness))
    return tuple(found)
