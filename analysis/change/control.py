"""Control charts of one patient's days against their own baseline: EWMA and two-sided CUSUM.

Each day is first set against what was usual by then (``baseline``)::

    t = (x − m̃) / √(s̃² + Var(m̃))        z = Student's t → normal, by Wallace (1959)

so that a baseline of few days widens what a day is measured by. One day counts for ``MOST`` standard
deviations at most: nothing follows from one session alone. The baseline goes on learning, ``LAG`` days behind
(self-starting charts: Hawkins 1987; Hawkins & Olwell 1998, ch. 7), so that a change is not taken for usual
before it can be found, and is in the end, the later the longer the baseline was.

EWMA (Roberts 1959; Lucas & Saccucci 1990; Montgomery, Introduction to Statistical Quality Control, 9.2)::

    e_i = λ·z_i + (1 − λ)·e_{i−1}
    limits ±L·√((1 − b)·λ/(2 − λ)·(1 − (1 − λ)^{2i})·(1 + r(1 − λ))/(1 − r(1 − λ)) + b·(1 − (1 − λ)^i)²)

the last factor of the first term for days that correlate by r with the next (Schmid 1997), the second term
for b = Var(m̃)/(s̃² + Var(m̃)), the part that all days share because the baseline is an estimate.
CUSUM (Page 1954; Montgomery 9.1)::

    c⁺_i = max(0, c⁺_{i−1} + z_i − k)        c⁻_i = max(0, c⁻_{i−1} − z_i − k)        limit h

An alarm begins when both charts of a measure are beyond their limits on the same side and at least ``run``
days lie in the run, which began after the CUSUM last stood at zero. It lasts until the CUSUM is back at zero
or the EWMA within half of its limit: one run is one alarm. ``L`` and ``h`` are those of a patient who is
heard weekly; for another rhythm ``Limits.at`` moves them so that alarms stay as rare in a year. Those of the
default rule are set by simulation (``benches/simulate_change.py``) to less than one false alarm a year.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from analysis.change.baseline import NEEDED, Flags, Learnt, Prior, Reals, Whole, correlation, steps_of

MOST = 2.5
LAG = 4
WEEK = 7.0
BACK = 0.5
"""Of its limit: with the EWMA back within so much of it, a run is over."""


@dataclass(frozen=True)
class Limits:
    """The numbers of a rule: λ and L of the EWMA, k and h of the CUSUM, and days in a run at least."""

    smoothing: float = 0.25
    width: float = 1.36
    reference: float = 0.6
    decision: float = 2.0
    run: int = 3

    def at(self, rhythm: Rhythm) -> Limits:
        """The limits for a patient who is heard more or less often than once a week."""
        # Run lengths grow by 2kh and by L²/2 in the exponent (Siegmund 1985). Seven tenths of that were
        # enough in simulations, where close days correlate. One day must never reach the limit alone.
        more = 0.7 * math.log(WEEK / rhythm.gap_days)
        return replace(
            self,
            width=math.sqrt(max(self.width**2 + 2 * more, 1.0)),
            decision=max(self.decision + more / (2 * max(self.reference, 0.1)), MOST - self.reference),
        )


@dataclass(frozen=True)
class Rhythm:
    """How far a patient's days are apart: the median over the days that the baseline begins with."""

    gap_days: float = WEEK

    def __post_init__(self) -> None:
        object.__setattr__(self, "gap_days", min(max(self.gap_days, 1.0), 2 * WEEK))

    @property
    def correlation(self) -> float:
        return correlation(self.gap_days)


@dataclass(frozen=True)
class Chart:
    """All days of a series; each array (days, …). Before the baseline stands, ``z`` is NaN."""

    z: Reals
    usual_mean: Reals
    usual_spread: Reals
    ewma: Reals
    limit: Reals
    up: Reals
    down: Reals
    state: Whole  # 1 or −1 from the day on which an alarm begins until its run ends, else 0
    since: Whole  # index of the first day of the run that is under way, −1 outside alarms
    days: Whole  # days in that run so far


def normal_of_t(t: Reals, degrees: Reals) -> Reals:
    """Student's t as a normal deviate of the same probability, to 0.1 % (Wallace 1959)."""
    z: Reals = (
        np.sign(t)
        * (8 * degrees + 1)
        / (8 * degrees + 3)
        * np.sqrt(degrees * np.log1p(t**2 / np.maximum(degrees, 1e-9)))
    )
    return z


@dataclass
class _Side:
    """The CUSUM on one side: its sum, the day since which it has not been at zero, and days in it so far."""

    sign: int
    total: float = 0.0
    begun: int = -1
    days: int = 0

    def add(self, day: int, z: float, reference: float) -> None:
        self.total = max(0.0, self.total + self.sign * z - reference)
        if self.total == 0.0:
            self.clear()
            return
        self.days += 1
        if self.begun < 0:
            self.begun = day

    def clear(self) -> None:
        self.total, self.begun, self.days = 0.0, -1, 0

    def is_back(self, ewma: float, limit: float) -> bool:
        return self.total == 0.0 or self.sign * ewma < BACK * limit

    def is_beyond(self, ewma: float, limit: float, limits: Limits) -> bool:
        over = self.total > limits.decision and self.sign * ewma > limit
        return over and self.days >= limits.run


def _follow(z: Reals, limit: Reals, limits: Limits) -> Iterator[tuple[float, float, float, int, int, int]]:
    """Of one series, day after day: ``ewma``, ``up``, ``down``, ``state``, ``since`` and ``days``.

    In plain numbers: each day waits for the one before, and an array of one element costs twenty times more.
    """
    up, down = _Side(1), _Side(-1)
    ewma, state = 0.0, 0
    for day, (value, width) in enumerate(zip(z.tolist(), limit.tolist(), strict=True)):
        judged = not math.isnan(value)
        if judged:
            ewma = limits.smoothing * value + (1 - limits.smoothing) * ewma
            up.add(day, value, limits.reference)
            down.add(day, value, limits.reference)
        for side in (up, down):
            if state == side.sign and side.is_back(ewma, width):
                side.clear()
                state = 0
        for side in (up, down):
            if state == 0 and side.is_beyond(ewma, width, limits):
                state = side.sign
        run = up if state > 0 else down
        since, days = (run.begun, run.days) if state else (-1, 0)
        yield ewma if judged else math.nan, up.total, down.total, state, since, days


def _learnt_by(days: Reals, noise: Reals, judged: Flags) -> Learnt:
    """What has been learnt when each of ``days`` begins; the first axis is that of the days.

    The first ``NEEDED`` days are learnt at once; later ones when they are ``LAG`` days old.
    """
    seen, steps = np.isfinite(days), steps_of(days)

    def sums(of_day: Reals) -> Reals:
        arrived = np.zeros((len(days) + LAG + 1, *days.shape[1:]))
        arrived[1 : len(days) + 1] = np.where(seen & ~judged, of_day, 0.0)
        arrived[LAG + 1 :] += np.where(judged, of_day, 0.0)
        total: Reals = np.cumsum(arrived, axis=0)[: len(days)]
        return total

    return Learnt(
        days=sums(np.ones_like(days)),
        total=sums(days),
        noise=sums(noise),
        squares=sums(np.nan_to_num(steps**2 / 2)),
        pairs=sums(np.isfinite(steps).astype(np.float64)),
    )


def _limit(judged: Flags, shared: Reals, limits: Limits, r: float) -> Reals:
    """Of the EWMA on each day, as above."""
    weight, charted = limits.smoothing, np.cumsum(judged, axis=0)
    carried = r * (1 - weight)
    variance = weight / (2 - weight) * (1 - (1 - weight) ** (2 * charted))
    own = variance * (1 + carried) / (1 - carried)
    common = (1 - (1 - weight) ** charted) ** 2
    limit: Reals = limits.width * np.sqrt((1 - shared) * own + shared * common)
    return limit


def chart(days: Reals, noise: Reals, prior: Prior, limits: Limits, rhythm: Rhythm) -> Chart:
    """Chart ``days`` (n, …) with error variances ``noise`` (n, …), the oldest first."""
    if not len(days):
        empty, none = np.empty(days.shape), np.empty(days.shape, int)
        return Chart(empty, empty, empty, empty, empty, empty, empty, none, none, none)
    limits, r = limits.at(rhythm), rhythm.correlation
    seen = np.isfinite(days)
    judged = seen & (np.cumsum(seen, axis=0) > NEEDED)
    usual = _learnt_by(days, noise, judged).usual(prior, r)
    spread = np.sqrt(usual.variance_of(noise))
    t = (days - usual.mean) / np.sqrt(spread**2 + usual.mean_variance)
    z = np.where(judged, np.clip(normal_of_t(t, usual.degrees), -MOST, MOST), np.nan)
    limit = _limit(judged, usual.mean_variance / (spread**2 + usual.mean_variance), limits, r)
    series = zip(z.reshape(len(days), -1).T, limit.reshape(len(days), -1).T, strict=True)
    followed = np.array([list(_follow(one, bound, limits)) for one, bound in series]).reshape(
        -1, len(days), 6
    )
    ewma, up, down, state, since, run = followed.transpose(2, 1, 0).reshape(6, *days.shape)
    whole = (part.astype(int) for part in (state, since, run))
    return Chart(z, usual.mean, spread, ewma, limit, up, down, *whole)
