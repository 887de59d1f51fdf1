"""Sessions as days: what control charts are drawn of. Day averages of log-ratio shares and acoustic measures.

Shares of one whole cannot move alone, so they are compared as log-ratios (Aitchison 1986; Greenacre 2020 on
amalgamations). The default rule watches one balance, since every further measure costs either false alarms
or changes that are missed::

    unsettled = ln(sad + angry + fearful + disgusted + surprised) − ln(neutral + calm + happy)

It is not a scale from well to ill: sadder, tenser and livelier speech all raise it. Which emotions carry a
change is asked afterwards. Each emotion alone is its centred log-ratio, ln share − mean of ln over the eight.
Shares under ``FLOOR`` are raised to it and the others made smaller in proportion (multiplicative replacement:
Martín-Fernández, Barceló-Vidal & Pawlowsky-Glahn 2003).

Error variances come from the sessions' 95 % intervals by the delta method. The eight intervals do not say how
errors go together; they are taken to do so as in a Dirichlet distribution as wide as the eight intervals
together, so that n = (1 − Σs²)/Σv and Var(unsettled) = 1/(n·u·(1 − u)), u being the unsettled share. Acoustic
measures are positive and vary in proportion, so their logarithm is charted, unless they are decibels already.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby, pairwise

import numpy as np

from analysis.change.baseline import NEEDED, Prior, Reals, standing_prior
from analysis.change.control import WEEK, Rhythm
from analysis.change.pooling import Results, pool
from ml.labels import EMOTIONS, LABELS, Emotion, index_of

UNSETTLED = "unsettled"
UNEASY = (Emotion.SAD, Emotion.ANGRY, Emotion.FEARFUL, Emotion.DISGUST, Emotion.SURPRISED)
SETTLED = (Emotion.NEUTRAL, Emotion.CALM, Emotion.HAPPY)
FLOOR = 0.005
HALF_WIDTHS = 1.96  # standard errors in half of a 95 % interval
SHARE_MEASURES = (UNSETTLED, *LABELS)
IN_DECIBELS = frozenset({"harmonicity", "energy_variability"})

# Until a caseload says otherwise: mean, variance between patients, variance of a day. Where patients differ
# by an unknown scale, the second is so large that only own days count for the mean.
_STANDING = {UNSETTLED: (0.0, 0.5, 0.06)} | dict.fromkeys(LABELS, (0.0, 0.5, 0.08))
_STANDING_ACOUSTIC = {True: (0.0, 1e4, 1.0), False: (0.0, 1e2, 0.02)}


@dataclass(frozen=True)
class Days:
    """``values`` and error variances ``noise`` (days, measures), NaN where a measure is missing.

    ``members`` says for each day which of the sessions fell on it, by their place.
    """

    dates: tuple[date, ...]
    measures: tuple[str, ...]
    values: Reals
    noise: Reals
    members: tuple[tuple[int, ...], ...]

    def __len__(self) -> int:
        return len(self.dates)

    @property
    def rhythm(self) -> Rhythm:
        """Of the days that the baseline begins with, so that later days never change what was judged."""
        first = self.dates[:NEEDED]
        gaps = [(later - earlier).days for earlier, later in pairwise(first)]
        return Rhythm(float(np.median(gaps)) if gaps else WEEK)

    def column(self, measure: str) -> Reals:
        return self.values[:, self.measures.index(measure)]


def replaced(shares: Reals) -> Reals:
    """``shares`` (…, 8) without anything under ``FLOOR``, still summing to 1."""
    low = shares < FLOOR
    left = 1 - FLOOR * low.sum(-1, keepdims=True)
    others = np.where(low, 0.0, shares)
    scaled: Reals = np.where(low, FLOOR, others * left / others.sum(-1, keepdims=True))
    return scaled


def log_ratios(shares: Reals, low: Reals, high: Reals) -> tuple[Reals, Reals]:
    """``unsettled`` and the centred log-ratios of ``shares`` (n, 8), with error variances; each (n, 9)."""
    whole = replaced(shares)
    logs = np.log(whole)
    centred = logs - logs.mean(-1, keepdims=True)
    errors = ((high - low) / 2 / HALF_WIDTHS) ** 2
    relative = errors / whole**2
    own = (1 - 1 / len(EMOTIONS)) ** 2 - 1 / len(EMOTIONS) ** 2
    of_centred = own * relative + relative.sum(-1, keepdims=True) / len(EMOTIONS) ** 2
    uneasy = whole[:, [index_of(emotion) for emotion in UNEASY]].sum(-1)
    balance = np.log(uneasy) - np.log1p(-uneasy)
    worth = (1 - (whole**2).sum(-1)) / np.maximum(errors.sum(-1), 1e-9)
    of_balance = 1 / (uneasy * (1 - uneasy) * worth)
    return np.column_stack([balance, centred]), np.column_stack([of_balance, of_centred])


def days_of_shares(dates: Sequence[date], heard: Results) -> Days:
    """Sessions, the oldest first, as days; a day's sessions count by their clear speech."""
    if not dates:
        empty = np.empty((0, len(SHARE_MEASURES)))
        return Days((), SHARE_MEASURES, empty, empty, ())
    by_day = [(day, tuple(places)) for day, places in groupby(range(len(dates)), key=dates.__getitem__)]
    unique, members = zip(*by_day, strict=True)
    pooled = pool(heard, np.array([places[0] for places in members]))
    values, noise = log_ratios(pooled.shares, pooled.low, pooled.high)
    return Days(unique, SHARE_MEASURES, values, noise, members)


def days_of_acoustics(dates: Sequence[date], measures: Sequence[str], table: Reals) -> Days:
    """Sessions' acoustic measures, the oldest first, as days; NaN where a day has no such measure.

    ``table`` (sessions, measures, 4) has the value, its 95 % interval and the seconds that it rests on, by
    which a day's sessions are weighted; NaN where a session has no such measure.
    """
    by_day = [(day, next(places)) for day, places in groupby(range(len(dates)), key=dates.__getitem__)]
    starts = np.array([first for _, first in by_day], np.intp)
    value, low, high, seconds = np.moveaxis(np.nan_to_num(table), 2, 0)
    seconds = np.where(np.isfinite(table[:, :, 0]), np.maximum(seconds, 1e-9), 0.0)
    if not len(starts):
        return Days((), tuple(measures), value, value, ())
    whole = np.add.reduceat(seconds, starts)
    whole[whole == 0] = np.nan
    weights = seconds / np.repeat(whole, np.diff([*starts, len(dates)]), axis=0)
    mean = np.add.reduceat(np.nan_to_num(weights) * value, starts) + 0 * whole
    errors = (np.nan_to_num(weights) * (high - low) / 2 / HALF_WIDTHS) ** 2
    noise = np.add.reduceat(errors, starts)
    in_decibels = np.isin(measures, list(IN_DECIBELS))
    positive = np.maximum(mean, 1e-6)
    return Days(
        tuple(day for day, _ in by_day),
        tuple(measures),
        np.where(in_decibels, mean, np.log(positive)),
        np.where(in_decibels, noise, noise / positive**2),
        ((),) * len(starts),
    )


def charted(measure: str, value: float) -> float:
    """An acoustic measure as it is charted."""
    return value if measure in IN_DECIBELS else float(np.log(max(value, 1e-6)))


def with_acoustics(days: Days, acoustic: Days) -> Days:
    """The same days with the measures of ``acoustic`` beside their own.

    A day with acoustic measures alone, on which too little was clear for shares, has NaN for those.
    """
    dates = tuple(sorted({*days.dates, *acoustic.dates}))
    places = {day: place for place, day in enumerate(dates)}
    values = np.full((len(dates), len(days.measures) + len(acoustic.measures)), np.nan)
    noise = np.zeros_like(values)
    members: list[tuple[int, ...]] = [()] * len(dates)
    for part, columns in ((days, slice(len(days.measures))), (acoustic, slice(len(days.measures), None))):
        rows = [places[day] for day in part.dates]
        values[rows, columns], noise[rows, columns] = part.values, part.noise
    for day, of_day in zip(days.dates, days.members, strict=True):
        members[places[day]] = of_day
    return Days(dates, (*days.measures, *acoustic.measures), values, noise, tuple(members))


def select(days: Days, measures: Sequence[str]) -> Days:
    """The given measures in their order; one that was never measured is NaN throughout."""
    values, noise = np.full((len(days), len(measures)), np.nan), np.zeros((len(days), len(measures)))
    for column, measure in enumerate(measures):
        if measure in days.measures:
            place = days.measures.index(measure)
            values[:, column], noise[:, column] = days.values[:, place], days.noise[:, place]
    return Days(days.dates, tuple(measures), values, noise, days.members)


def standing(measures: Sequence[str]) -> Prior:
    """What is taken for true of ``measures`` where the caseload is too small to say."""
    facts = [_STANDING.get(name, _STANDING_ACOUSTIC[name in IN_DECIBELS]) for name in measures]
    mean, between, within = np.array(facts, np.float64).reshape(len(measures), 3).T
    return standing_prior(mean, between, within)
