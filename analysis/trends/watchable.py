"""Reads: the days of patients with everything that a rule can watch, shares and acoustic measures.

And what is different in them since the last visit, as the caseload and the patient's page both tell it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from django.db.models import QuerySet
from django.utils.timezone import localtime

from analysis import jurisdiction
from analysis.change.baseline import Prior, prior_of
from analysis.change.days import (
    HALF_WIDTHS,
    IN_DECIBELS,
    SHARE_MEASURES,
    Days,
    charted,
    select,
    standing,
    with_acoustics,
)
from analysis.change.since import SinceVisit, since_visit
from analysis.trends.reading import trends_of
from analysis.trends.trend import Trend
from analysis.voice.measures import Reading, Values, measures_of
from ml.acoustics.measures import MEASURES
from patients.models import Patient

WATCHABLE: tuple[str, ...] = (*SHARE_MEASURES, *MEASURES)


def watchable_here() -> tuple[str, ...]:
    """Of what can be watched, what may be where this clinic works."""
    if jurisdiction.shows_emotion():
        return WATCHABLE
    return tuple(MEASURES) if jurisdiction.measures_voices() else ()


def days_of(patients: QuerySet[Patient]) -> dict[int, Days]:
    """By patient id; four queries, however many patients."""
    trends = trends_of(patients, with_results=True)
    acoustics = measures_of(patients)
    return {pk: days_in(trends.get(pk, Trend(())), acoustics.get(pk, [])) for pk in {*trends, *acoustics}}


def days_in(trend: Trend, readings: Sequence[Reading]) -> Days:
    """Like with like: where sessions are compared, acoustic measures of those alone are."""
    compared = {point.session_id for point, _ in trend.compared}
    by_day: dict[date, list[Values]] = defaultdict(list)
    for session_id, held_at, values in readings:
        if not compared or session_id in compared:
            by_day[localtime(held_at).date()].append(values)
    return with_acoustics(trend.days, {day: _of_day(values) for day, values in by_day.items()})


def last_visit(trend: Trend, before: date) -> date | None:
    """The newest day before ``before`` with a session that was held in person or is signed."""
    visits = (point.on for point in reversed(trend.points) if point.is_visit)
    return next((day for day in visits if day < before), None)


def since_last_visit(trend: Trend, days: Days) -> SinceVisit | None:
    """``days`` as ``days_in`` gives them; None where there is no visit, or nothing on either side of it."""
    visit = last_visit(trend, days.dates[-1]) if len(days) else None
    return since_visit(days, trend.compared_results, visit) if visit else None


def _of_day(sessions: list[Values]) -> Mapping[str, tuple[float, float]]:
    """The mean of a day's sessions as charted, weighted by their seconds, with its error variance."""
    means: dict[str, tuple[float, float]] = {}
    for name in {name for values in sessions for name in values}:
        kept = [values[name] for values in sessions if name in values]
        whole = sum(one.seconds for one in kept) or 1.0
        weights = [one.seconds / whole if len(kept) > 1 else 1.0 for one in kept]
        value = sum(weight * one.value for weight, one in zip(weights, kept, strict=True))
        error = sum(
            (weight * (one.high - one.low) / 2 / HALF_WIDTHS) ** 2
            for weight, one in zip(weights, kept, strict=True)
        )
        scale = 1.0 if name in IN_DECIBELS else max(value, 1e-6) ** 2
        means[name] = charted(name, value), error / scale
    return means


def prior_in(caseload: Mapping[int, Days], measures: tuple[str, ...]) -> Prior:
    """What these patients say of ``measures`` together, for those who have few days of their own."""
    known = [
        (select(days, measures).values, days.rhythm.correlation)
        for days in caseload.values()
        if len(days) >= 3
    ]
    return prior_of(known, standing(measures))
