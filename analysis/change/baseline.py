"""What is usual for one patient, learnt from their own days and, while those are few, from the caseload too.

A day is the average of its sessions. The mean and the variance of a patient's days are estimated by empirical
Bayes: ``Learnt.of`` takes in days, ``Learnt.usual`` weighs them against a ``Prior`` that ``prior_of``
estimates from all patients whom the clinic knows.

Mean (Efron & Morris 1975; Morris 1983), of n days with mean m and variance s² of a day::

    w = B / (B + s²/n · (1 + r)/(1 − r))        m̃ = w·m + (1 − w)·M        Var(m̃) = (1 − w)·B

with M and B the mean and the variance of the patients' means in the caseload, and r the correlation of a day
with the next, by which n days say less than n independent ones would. It is not estimated, which seven days
do not allow, but assumed, on the large side: 0.6·exp(−g/10) for days g days apart, 0.3 for a week.

Variance (Smyth 2004, eq. 6), of d degrees of freedom::

    s̃² = (d₀·s₀² + d·s²) / (d₀ + d)

with s₀² and d₀ how large the variances in the caseload are and how far they agree. s² is half the mean square
of successive differences (von Neumann 1941), over 1 − r: unlike the usual estimator, a slow change within the
days that are learnt does not inflate it.

Measurement: every value comes with its error variance v, by its session's interval. s² holds the average of
those; for a day with another v, the difference is added, and no day is taken to be surer than its own v.

Time is the first axis everywhere; what follows (measures, or patients and measures) is carried through.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Reals: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]
Whole: TypeAlias = NDArray[np.int_]

NEEDED = 7
"""Days with enough speech before anything is judged: what "learning baseline, 3 of 7" counts."""
CORRELATION, CORRELATION_DAYS = 0.6, 10.0
"""Of two days, falling by e over so many days: moods last, and so does what the model makes of a voice."""
LEAST_PATIENTS = 3
"""With three days each, before a caseload says anything of a measure."""
DEGREES = (6.0, 60.0)
"""Bounds of d₀: patients never agree so little, or so well, that own days count for all or nothing."""


@dataclass(frozen=True)
class Prior:
    """What the caseload says of each measure; all (measures,)."""

    mean: Reals
    between: Reals
    within: Reals
    degrees: Reals
    patients: int


@dataclass(frozen=True)
class Usual:
    """A patient's usual day: ``mean``, its error variance, the variance of a day, and what that is worth."""

    mean: Reals
    mean_variance: Reals
    day_variance: Reals
    noise: Reals
    degrees: Reals

    def variance_of(self, noise: Reals) -> Reals:
        """Of a day whose measurement has the error variance ``noise``, beside this patient's own days."""
        spread: Reals = np.maximum(self.day_variance + noise - self.noise, np.maximum(noise, 1e-9))
        return spread


def steps_of(days: Reals) -> Reals:
    """From the last day before on which the same was measured (n, …); NaN where there is none."""
    seen = np.isfinite(days)
    places = np.arange(len(days)).reshape(-1, *[1] * (days.ndim - 1))
    latest = np.maximum.accumulate(np.where(seen, places, -1), axis=0)
    before = np.concatenate([np.full_like(latest[:1], -1), latest[:-1]])
    steps: Reals = days - np.take_along_axis(days, np.maximum(before, 0), 0)
    return np.where(seen & (before >= 0), steps, np.nan)


@dataclass
class Learnt:
    """Sums over the days learnt so far, for each measure of one patient or of many at once."""

    days: Reals
    total: Reals
    noise: Reals
    squares: Reals
    pairs: Reals

    @classmethod
    def of(cls, days: Reals, noise: Reals) -> Learnt:
        """All of ``days`` (n, …) with their error variances; what is missing (NaN) is passed over."""
        seen, steps = np.isfinite(days), steps_of(days)
        return cls(
            days=seen.sum(0).astype(np.float64),
            total=np.where(seen, days, 0.0).sum(0),
            noise=np.where(seen, noise, 0.0).sum(0),
            squares=np.nan_to_num(steps**2 / 2).sum(0),
            pairs=np.isfinite(steps).sum(0).astype(np.float64),
        )

    def usual(self, prior: Prior, r: float) -> Usual:
        """Own days and the caseload, each by what it is worth; ``r``: correlation of neighbouring days."""
        days, pairs = np.maximum(self.days, 1e-9), np.maximum(self.pairs, 1e-9)
        own = self.squares / pairs / (1 - r)
        worth = _worth(self.pairs)
        degrees = prior.degrees + worth
        day_variance = (prior.degrees * prior.within + worth * own) / degrees
        error = day_variance / days * (1 + r) / (1 - r)
        weight = prior.between / (prior.between + error)
        return Usual(
            mean=weight * self.total / days + (1 - weight) * prior.mean,
            mean_variance=(1 - weight) * prior.between,
            day_variance=day_variance,
            noise=self.noise / days,
            degrees=degrees,
        )


def correlation(gap_days: float) -> float:
    """Of a day with the next, ``gap_days`` later."""
    return CORRELATION * math.exp(-max(gap_days, 0.0) / CORRELATION_DAYS)


def standing_prior(mean: Reals, between: Reals, within: Reals) -> Prior:
    """What is taken for true where the caseload is too small to say: wide between patients, and weak."""
    return Prior(mean, between, within, np.full_like(mean, DEGREES[0]), 0)


def prior_of(caseload: Sequence[tuple[Reals, float]], standing: Prior) -> Prior:
    """Estimate M, B, s₀² and d₀ of each measure from the patients' days.

    ``caseload`` holds for each patient an array (days, measures), NaN where a measure is missing, and the
    correlation of neighbouring days. A measure that fewer than ``LEAST_PATIENTS`` patients have on three days
    keeps what ``standing`` says.
    """
    parts = [_of_patient(days, r) for days, r in caseload if len(days)]
    if not parts:
        return standing
    mean, variance, pairs, error = (np.stack(part) for part in zip(*parts, strict=True))
    known = pairs >= 2
    count = known.sum(0)
    enough = count >= LEAST_PATIENTS
    typical, scale, degrees = _spread_of_variances(np.where(known, variance, np.nan), pairs, known, count)
    centre = _mean(np.where(known, mean, np.nan), count)
    spread = _mean(np.where(known, (mean - centre) ** 2, np.nan), np.maximum(count - 1, 1))
    chance = typical * _mean(np.where(known, error, np.nan), count)
    # Few patients may seem not to differ: they do at least by half of what one differs from day to day.
    between = np.maximum(spread - chance, typical / 2)
    return Prior(
        mean=np.where(enough, centre, standing.mean),
        between=np.where(enough, between, standing.between),
        within=np.where(enough, scale, standing.within),
        degrees=np.where(enough, degrees, standing.degrees),
        patients=len(parts),
    )


def _of_patient(days: Reals, r: float) -> tuple[Reals, Reals, Reals, Reals]:
    """Mean, variance of a day, pairs that it rests on, and the mean's error variance in days' variances."""
    seen = np.isfinite(days)
    count = np.maximum(seen.sum(0), 1)
    mean = np.where(seen, days, 0.0).sum(0) / count
    steps = np.diff(days, axis=0)
    both = np.isfinite(steps)
    pairs = both.sum(0).astype(np.float64)
    variance = np.where(both, steps**2 / 2, 0.0).sum(0) / np.maximum(pairs, 1) / (1 - r)
    return mean, variance, pairs, (1 + r) / (1 - r) / count


def _worth(pairs: Reals) -> Reals:
    """Degrees of freedom of half the mean square of so many successive differences (von Neumann 1941)."""
    return np.where(pairs > 0, 2 * pairs**2 / np.maximum(3 * pairs - 1, 1), 0.0)


def _spread_of_variances(
    variance: Reals, pairs: Reals, known: Flags, count: Whole
) -> tuple[Reals, Reals, Reals]:
    """The mean of s², then s₀² and d₀: Var(s²)/E(s²)² = c + (1 + c)·2/d, where c = 2/(d₀ − 4)."""
    mean = np.maximum(_mean(variance, count), 1e-9)
    sampling = _mean(np.where(known, 2 / np.maximum(_worth(pairs), 1), np.nan), count)
    relative = _mean((variance - mean) ** 2, np.maximum(count - 1, 1)) / mean**2
    true = np.maximum((relative - sampling) / (1 + sampling), 1e-6)
    degrees = np.clip(4 + 2 / true, *DEGREES)
    return mean, mean * (degrees - 2) / degrees, degrees


def _mean(values: Reals, count: Whole) -> Reals:
    mean: Reals = np.nansum(values, axis=0) / np.maximum(count, 1)
    return mean
