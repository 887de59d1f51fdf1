"""Two periods compared: do a patient's days sound different in B than in A? One rule, stated in full.

The unit is a day: sessions of one day are pooled (``analysis.change.pooling``), since they are no independent
witnesses. A period's share is the mean of its days, weighted by clear speech. The difference of two such
means must be larger than two kinds of chance allow: that by which days differ anyway (a t-test on the spread
within both periods together), and that which the days' own intervals state (a z-test); the wider interval
counts. Intervals are made so wide that all eight hold at once in 95 of 100 comparisons (Bonferroni). A
difference is called reliable where its interval keeps to one side of zero and it is at least five points.

What the rule leaves out: days are taken as independent of each other, though moods last; and it is not
corrected for having looked at the chart before choosing the periods, or for comparing more than once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from statistics import NormalDist

import numpy as np

from analysis.change.comparison import HALF_WIDTHS, SMALLEST_CHANGE, two_sided_p
from analysis.change.pooling import Reals, pool, weigh
from analysis.trends.excerpts import within
from analysis.trends.grouping import Grouping, group
from analysis.trends.trend import Heard, Kind, Trend, results_of
from ml.labels import EMOTIONS, Emotion

NEEDED_DAYS = 3
ERRORS = 0.05


class NotJudged(StrEnum):
    """Why there is no comparison."""

    EMPTY = "empty"
    UNLIKE = "unlike"
    TOO_FEW = "too_few"


@dataclass(frozen=True)
class Period:
    """Days from ``since`` to ``until``, both included."""

    since: date
    until: date

    def overlaps(self, other: Period) -> bool:
        return self.since <= other.until and other.since <= self.until


@dataclass(frozen=True)
class Side:
    """What was heard in one period: its days that are compared, and how many sessions were left out."""

    period: Period
    days: int
    sessions: int
    left_out: int
    heard: Heard | None


@dataclass(frozen=True)
class Contrast:
    """One emotion in B less A, with an interval that holds for all eight emotions at once."""

    emotion: Emotion
    before: float
    after: float
    difference: float
    low: float
    high: float

    @property
    def is_reliable(self) -> bool:
        return (self.low > 0 or self.high < 0) and abs(self.difference) >= SMALLEST_CHANGE


@dataclass(frozen=True)
class Compared:
    """``contrasts`` are in the order of the emotions; none where ``not_judged`` says why."""

    a: Side
    b: Side
    contrasts: tuple[Contrast, ...]
    not_judged: NotJudged | None = None

    @property
    def reliable(self) -> tuple[Contrast, ...]:
        """The largest first."""
        found = [contrast for contrast in self.contrasts if contrast.is_reliable]
        return tuple(sorted(found, key=lambda contrast: -abs(contrast.difference)))


def compare_periods(trend: Trend, a: Period, b: Period) -> Compared:
    """Period B against period A, like with like: by one model and over one band."""
    days = [_days(trend, period) for period in (a, b)]
    kinds = [Counter(heard.kind for heard in side) for side in days]
    shared = [kind for kind in kinds[0] if kinds[1][kind]]
    kind = max(shared, key=lambda one: (min(kinds[0][one], kinds[1][one]), one.model_number), default=None)
    alike = [[heard for heard in side if kind in (None, heard.kind)] for side in days]
    side_a, side_b = (_side(trend, period, heard, kind) for period, heard in zip((a, b), alike, strict=True))
    if not days[0] or not days[1]:
        return Compared(side_a, side_b, contrasts=(), not_judged=NotJudged.EMPTY)
    if kind is None:
        return Compared(side_a, side_b, contrasts=(), not_judged=NotJudged.UNLIKE)
    if min(len(side) for side in alike) < NEEDED_DAYS:
        return Compared(side_a, side_b, contrasts=(), not_judged=NotJudged.TOO_FEW)
    return Compared(side_a, side_b, contrasts=contrasts(*alike))


def _days(trend: Trend, period: Period) -> list[Heard]:
    days = group(within(trend.points, period.since, period.until), Grouping.DAY)
    return [day.heard for day in days if day.heard and day.counts]


def _side(trend: Trend, period: Period, days: Sequence[Heard], kind: Kind | None) -> Side:
    sessions = within(trend.points, period.since, period.until)
    alike = [point for point in sessions if point.heard and kind in (None, point.heard.kind)]
    return Side(
        period=period,
        days=len(days),
        sessions=len(alike),
        left_out=len(sessions) - len(alike),
        heard=_mean(days) if days and (kind or len({day.kind for day in days}) == 1) else None,
    )


def _mean(days: Sequence[Heard]) -> Heard:
    pooled = pool(results_of(days), np.zeros(1, np.intp))
    return Heard(
        shares=pooled.shares[0].astype(np.float32),
        low=pooled.low[0].astype(np.float32),
        high=pooled.high[0].astype(np.float32),
        speech_s=float(pooled.speech_s[0]),
        duration_s=float(pooled.duration_s[0]),
        abstained_share=float(pooled.abstained_share[0]),
        quality=(),
        model_number=days[0].model_number,
    )


def contrasts(a: Sequence[Heard], b: Sequence[Heard]) -> tuple[Contrast, ...]:
    """The days of two periods, at least two in each, one emotion after the other."""
    sides = [_Days.of(side) for side in (a, b)]
    before, after = (side.mean for side in sides)
    degrees = len(a) + len(b) - 2
    within_both = sum(side.squares for side in sides) / degrees
    observed = within_both * sum((side.weights**2).sum() for side in sides)
    stated = sum((side.weights[:, None] ** 2 * side.stated).sum(0) for side in sides)
    tail = ERRORS / len(EMOTIONS)
    reach = np.maximum(
        t_quantile(tail, degrees) * np.sqrt(observed),
        NormalDist().inv_cdf(1 - tail / 2) * np.sqrt(stated),
    )
    return tuple(
        Contrast(
            emotion=emotion,
            before=float(before[place]),
            after=float(after[place]),
            difference=float(after[place] - before[place]),
            low=float(after[place] - before[place] - reach[place]),
            high=float(after[place] - before[place] + reach[place]),
        )
        for place, emotion in enumerate(EMOTIONS)
    )


@dataclass(frozen=True)
class _Days:
    """n days: what each counts (n,), their mean, the squares of their distances from the plain mean (8,), and
    the variance that each one's interval states (n, 8)."""

    weights: Reals
    mean: Reals
    squares: Reals
    stated: Reals

    @classmethod
    def of(cls, days: Sequence[Heard]) -> _Days:
        results = results_of(days)
        weights = weigh(results, np.zeros(1, np.intp))
        return cls(
            weights=weights,
            mean=weights @ results.shares,
            squares=((results.shares - results.shares.mean(0)) ** 2).sum(0),
            stated=((results.high - results.low) / 2 / HALF_WIDTHS) ** 2,
        )


def t_quantile(tails: float, degrees: int) -> float:
    """The t that Student's distribution exceeds, on either side, with probability ``tails``; by halving."""
    low, high = 0.0, 1e4
    while high - low > 1e-6 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if two_sided_p(middle, degrees) > tails else (low, middle)
    return high
