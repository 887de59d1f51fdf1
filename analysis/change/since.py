"""What is different since the last visit: three differences at most, each reliable or not. No database.

Rule. The days since the visit are set against the visit and the five days before it. A difference is reliable
when it is larger than chance explains (reliable change: Jacobson & Truax 1991), where chance is how far this
patient's days differ anyway, by ``baseline``, and by what their sessions' intervals state::

    t = (mean since − mean before) / √( s̃²·(1/n_since + 1/n_before) )

s̃² is already raised for days that correlate. The p-value is corrected for every measure that was looked at
(Bonferroni), since the three largest are told. Shares are compared as shares, acoustic measures as they are
charted. The interval told beside a difference is the 95 % interval of that difference alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np

from analysis.change.baseline import DEGREES, Learnt, Prior, Reals, standing_prior
from analysis.change.comparison import two_sided_p
from analysis.change.days import HALF_WIDTHS, IN_DECIBELS, SHARE_MEASURES, Days, select, standing
from analysis.change.pooling import Results, pool
from ml.labels import EMOTIONS, LABELS

BEFORE = 6
"""Days before that the newer ones are set against, the visit's included."""
TOLD = 3
MOST_EMOTIONS = 2
LEVEL = 0.05
LOG_RATIO_VARIANCE = 0.08
"""Of a day's log share, where a patient has few days of their own."""


@dataclass(frozen=True)
class Delta:
    """One measure's difference with its 95 % interval: shares as shares, others in the measure's own unit."""

    measure: str
    before: float
    since: float
    low: float
    high: float
    is_reliable: bool
    clearness: float

    @property
    def difference(self) -> float:
        return self.since - self.before

    @property
    def is_share(self) -> bool:
        return self.measure in SHARE_MEASURES


@dataclass(frozen=True)
class SinceVisit:
    """``deltas`` are those told, the clearest first; ``looked_at`` how many measures were."""

    visit: date
    days_since: int
    days_before: int
    looked_at: int
    deltas: tuple[Delta, ...]

    def told(self) -> dict[str, Any]:
        """For JSON; ``since_told`` reads it again."""
        return asdict(self) | {"visit": self.visit.isoformat(), "deltas": list(map(asdict, self.deltas))}


def since_told(told: dict[str, Any]) -> SinceVisit:
    deltas = tuple(Delta(**delta) for delta in told["deltas"])
    return SinceVisit(**told | {"visit": date.fromisoformat(told["visit"]), "deltas": deltas})


@lru_cache(maxsize=128)  # p is always the same, and degrees are few
def critical(p: float, degrees: int) -> float:
    """The t that two-sided p-value ``p`` belongs to, by bisection."""
    low, high = 0.0, 1e3
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if two_sided_p(middle, degrees) > p else (low, middle)
    return (low + high) / 2


def share_days(days: Days, heard: Results) -> tuple[Reals, Reals]:
    """Shares by day (days, 8) and their error variances; NaN on days with acoustic measures alone."""
    shares, noise = np.full((len(days), len(EMOTIONS)), np.nan), np.zeros((len(days), len(EMOTIONS)))
    told = [place for place, members in enumerate(days.members) if members]
    if told:
        pooled = pool(heard, np.array([days.members[place][0] for place in told]))
        shares[told] = pooled.shares
        noise[told] = ((pooled.high - pooled.low) / 2 / HALF_WIDTHS) ** 2
    return shares, noise


def since_visit(days: Days, heard: Results, visit: date, *, told: int = TOLD) -> SinceVisit | None:
    """At most ``told`` differences; None where there is nothing before or nothing since."""
    is_since = np.array([day > visit for day in days.dates], bool)
    if not is_since.any() or is_since.all():
        return None
    acoustic = tuple(name for name in days.measures if name not in SHARE_MEASURES)
    shares, share_noise = share_days(days, heard)
    watched = select(days, acoustic)
    values = np.column_stack([shares, watched.values])
    noise = np.column_stack([share_noise, watched.noise])
    measures = (*LABELS, *acoustic)
    prior = _prior(shares, acoustic)
    differences = _differences(values, noise, is_since, prior, days.rhythm.correlation)
    looked_at = sum(one is not None for one in differences)
    deltas = [
        _delta(name, found, looked_at)
        for name, found in zip(measures, differences, strict=True)
        if found is not None
    ]
    return SinceVisit(
        visit, int(is_since.sum()), min(BEFORE, int((~is_since).sum())), looked_at, _told(deltas, told)
    )


def _prior(shares: Reals, acoustic: Sequence[str]) -> Prior:
    """For shares the variance that ``LOG_RATIO_VARIANCE`` gives a share of that size."""
    mean = np.nan_to_num(np.nanmean(shares, axis=0)) if np.isfinite(shares).any() else np.zeros(len(EMOTIONS))
    known = standing(acoustic)
    within = np.concatenate([LOG_RATIO_VARIANCE * (mean * (1 - mean)) ** 2 + 1e-6, known.within])
    return standing_prior(np.zeros_like(within), np.full_like(within, 1e6), within)


@dataclass(frozen=True)
class _Difference:
    before: float
    since: float
    error: float
    degrees: int


def _differences(
    values: Reals, noise: Reals, is_since: np.ndarray, prior: Prior, r: float
) -> list[_Difference | None]:
    usual = Learnt.of(values[~is_since], noise[~is_since]).usual(prior, r)
    found: list[_Difference | None] = []
    for column in range(values.shape[1]):
        seen = np.isfinite(values[:, column])
        before, since = np.flatnonzero(seen & ~is_since)[-BEFORE:], np.flatnonzero(seen & is_since)
        if not len(before) or not len(since):
            found.append(None)
            continue
        spread = [
            max(
                usual.day_variance[column] + noise[places, column].mean() - usual.noise[column],
                float(noise[places, column].mean()),
            )
            / len(places)
            for places in (before, since)
        ]
        error = np.sqrt(sum(spread))
        found.append(
            _Difference(
                before=float(values[before, column].mean()),
                since=float(values[since, column].mean()),
                error=float(max(error, 1e-9)),
                degrees=max(int(usual.degrees[column]), int(DEGREES[0])),
            )
        )
    return found


def _delta(measure: str, found: _Difference, looked_at: int) -> Delta:
    difference = found.since - found.before
    t = difference / found.error
    reach = critical(LEVEL, found.degrees) * found.error
    before, since, low, high = found.before, found.since, difference - reach, difference + reach
    if measure not in SHARE_MEASURES and measure not in IN_DECIBELS:
        before, since = float(np.exp(before)), float(np.exp(since))
        low, high = before * float(np.expm1(low)), before * float(np.expm1(high))
    return Delta(
        measure=measure,
        before=before,
        since=since,
        low=low,
        high=high,
        is_reliable=two_sided_p(t, found.degrees) * looked_at <= LEVEL,
        clearness=abs(t),
    )


def _told(deltas: list[Delta], most: int) -> tuple[Delta, ...]:
    """The clearest, reliable ones first; not emotions alone where there is something else."""
    ranked = sorted(deltas, key=lambda delta: (not delta.is_reliable, -delta.clearness))
    has_others = any(not delta.is_share for delta in ranked)
    chosen: list[Delta] = []
    for delta in ranked:
        emotions = sum(one.is_share for one in chosen)
        if len(chosen) < most and not (delta.is_share and has_others and emotions == MOST_EMOTIONS):
            chosen.append(delta)
    return tuple(chosen)
