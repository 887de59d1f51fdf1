"""Do the latest sessions sound different from the earlier ones? One modest rule, stated in full.

The mean share of each emotion in the latest three sessions is set against its mean in all earlier ones. The
difference must be larger than two kinds of chance allow: that by which sessions differ anyway (a t-test on
the mean square successive difference, as in control charts for single values, so that a slow drift does not
hide behind itself), and that which the sessions' own intervals state (a z-test). The larger p-value counts,
eight times over for eight emotions (Bonferroni). Under five points nothing is called a change.

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
    """What the rule says of a patient. ``usual`` is None while there are too few sessions to compare."""

    sessions: int
    usual: Usual | None
    shifts: tuple[Shift, ...]

    @property
    def is_learning(self) -> bool:
        return self.usual is None


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
    observed = (np.diff(shares, axis=0) ** 2).sum(0) / (2 * (count - 1))
    # What the estimate from successive differences is worth, in independent sessions (von Neumann, 1941).
    degrees = 2 * (count - 1) ** 2 // (3 * count - 4)
    earlier, recent = shares[:-RECENT], shares[-RECENT:]
    difference = recent.mean(0) - earlier.mean(0)
    t, z = (
        difference / np.sqrt(np.maximum(variance, 1e-12) * (1 / len(earlier) + 1 / RECENT))
        for variance in (observed, stated)
    )
    p = [max(two_sided_p(a, degrees), math.erfc(abs(b) / math.sqrt(2))) for a, b in zip(t, z, strict=True)]
    return Comparison(sessions=count, usual=_usual(earlier, stated), shifts=_shifts(difference, np.array(p)))


def _usual(earlier: NDArray[np.float64], stated: NDArray[np.float64]) -> Usual:
    mean = earlier.mean(0)
    reach = USUAL_SPREAD * np.sqrt(np.maximum(earlier.var(0, ddof=1), stated))
    low, high = np.clip(mean - reach, 0, 1), np.clip(mean + reach, 0, 1)
    return Usual(mean.astype(np.float32), low.astype(np.float32), high.astype(np.float32))


def _shifts(difference: NDArray[np.float64], p: NDArray[np.float64]) -> tuple[Shift, ...]:
    """Reliable changes, the clearest first."""
    found: list[Shift] = []
    for place in np.argsort(p, kind="stable"):
        corrected = p[place] * len(EMOTIONS)
        sureness = next((name for name, limit in P_LIMITS if corrected <= limit), None)
        if sureness is not None and abs(difference[place]) >= SMALLEST_CHANGE:
            found.append(Shift(EMOTIONS[place], float(difference[place]), sureness))
    return tuple(found)
