"""Has this patient's speech come to sound different from their usual? One rule, stated in full.

The rule that pages speak by is the default rule of alerts: the balance ``unsettled`` of ``days``, charted by
``control`` against the patient's own baseline of ``baseline``, all three in this package. A patient has
changed while a run is beyond the limits of EWMA and CUSUM. Which emotions carry it is asked afterwards, of
each emotion's centred log-ratio in the days of the run, against the days before: by Student's t, corrected
for eight emotions (Bonferroni), and no difference under five points is named. Where none passes, the one that
moved most with the run is named, and never called more than "fairly sure".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from analysis.change.baseline import NEEDED, Learnt, Prior, Reals
from analysis.change.control import Chart, Limits, chart
from analysis.change.days import HALF_WIDTHS, SETTLED, UNEASY, UNSETTLED, Days, select, standing
from analysis.change.pooling import Results
from ml.labels import EMOTIONS, LABELS, Emotion

__all__ = [
    "HALF_WIDTHS",
    "NEEDED",
    "Comparison",
    "Shares",
    "Shift",
    "Sureness",
    "Usual",
    "compare",
    "two_sided_p",
]

SMALLEST_CHANGE = 0.05
USUAL_SPREAD = 2.0  # standard deviations around the mean that are called this patient's usual
DEFAULT = Limits()
"""The default rule's numbers; they were set by ``benches/simulate_change.py``."""


class Sureness(StrEnum):
    """How far chance alone can be excluded for one emotion: at most 1 in 20, or 1 in 100."""

    FAIRLY_SURE = "fairly sure"
    SURE = "sure"


P_LIMITS = ((Sureness.SURE, 0.01), (Sureness.FAIRLY_SURE, 0.05))


@dataclass(frozen=True, slots=True)
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
    """The range of this patient's sessions outside the run: mean ± 2 standard deviations; each (8,)."""

    mean: NDArray[np.float32]
    low: NDArray[np.float32]
    high: NDArray[np.float32]


@dataclass(frozen=True)
class Comparison:
    """What the rule says of a patient. ``usual`` is None while the baseline is learnt.

    ``since`` is the first day of the run that is beyond the limits, ``run`` how many days it has, and
    ``recent`` which sessions lie in it, by their place; all are empty where nothing has changed.
    """

    days: int
    usual: Usual | None
    shifts: tuple[Shift, ...]
    since: date | None = None
    run: int = 0
    recent: tuple[int, ...] = ()

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


def compare(days: Days, heard: Results, prior: Prior | None = None, limits: Limits = DEFAULT) -> Comparison:
    """Judge a patient's ``days``, of which ``heard`` are the sessions, by the rule that pages speak by."""
    if len(days) < NEEDED:
        return Comparison(days=len(days), usual=None, shifts=())
    watched = select(days, [UNSETTLED])
    charted = chart(watched.values, watched.noise, prior or standing([UNSETTLED]), limits, days.rhythm)
    state = int(charted.state[-1, 0])
    begun = int(charted.since[-1, 0]) if state else len(days)
    before = [place for members in days.members[:begun] for place in members]
    recent = tuple(place for members in days.members[begun:] for place in members)
    return Comparison(
        days=len(days),
        usual=_usual(heard, before),
        shifts=_shifts(days, heard, charted, begun, state) if state else (),
        since=days.dates[begun] if state else None,
        run=int(charted.days[-1, 0]),
        recent=recent,
    )


def _usual(heard: Results, before: Sequence[int]) -> Usual:
    shares = heard.shares[list(before)]
    stated = (((heard.high - heard.low)[list(before)] / 2 / HALF_WIDTHS) ** 2).mean(0)
    mean = shares.mean(0)
    observed = shares.var(0, ddof=1) if len(shares) > 1 else stated
    reach = USUAL_SPREAD * np.sqrt(np.maximum(observed, stated))
    low, high = np.clip(mean - reach, 0, 1), np.clip(mean + reach, 0, 1)
    return Usual(mean.astype(np.float32), low.astype(np.float32), high.astype(np.float32))


def _shifts(days: Days, heard: Results, charted: Chart, begun: int, state: int) -> tuple[Shift, ...]:
    """The emotions that carry the run, the clearest first."""
    before = [place for members in days.members[:begun] for place in members]
    within = [place for members in days.members[begun:] for place in members]
    points = heard.shares[within].mean(0) - heard.shares[before].mean(0)
    corrected = _p_of_emotions(days, begun) * len(EMOTIONS)
    found: list[Shift] = []
    for place in np.argsort(corrected, kind="stable"):
        sureness = next((name for name, limit in P_LIMITS if corrected[place] <= limit), None)
        if sureness is not None and abs(points[place]) >= SMALLEST_CHANGE:
            found.append(Shift(EMOTIONS[place], float(points[place]), sureness))
    if any(_carries(shift.emotion, shift.points, state) for shift in found):
        return tuple(found)
    with_run = [e for e in range(len(EMOTIONS)) if _carries(EMOTIONS[e], float(points[e]), state)]
    most = max(with_run or range(len(EMOTIONS)), key=lambda place: abs(points[place]))
    return (Shift(EMOTIONS[most], float(points[most]), Sureness.FAIRLY_SURE), *found)


def _carries(emotion: Emotion, points: float, state: int) -> bool:
    """Whether an emotion moved the way that ``unsettled`` did."""
    side = 1 if emotion in UNEASY else -1 if emotion in SETTLED else 0
    return side * points * state > 0


def _p_of_emotions(days: Days, begun: int) -> Reals:
    """By what p-value chance explains each emotion's difference of the run's days to those before; (8,)."""
    emotions = select(days, LABELS)
    prior, r = standing(LABELS), days.rhythm.correlation
    usual = Learnt.of(emotions.values[:begun], emotions.noise[:begun]).usual(prior, r)
    run = emotions.values[begun:]
    spread = usual.variance_of(emotions.noise[begun:].mean(0))
    error = spread / len(run) * (1 + r) / (1 - r) + usual.mean_variance
    t = (run.mean(0) - usual.mean) / np.sqrt(error)
    return np.array([two_sided_p(a, int(d)) for a, d in zip(t, usual.degrees, strict=True)])
