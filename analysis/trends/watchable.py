"""Reads: the days of patients with everything that a rule can watch, shares and acoustic measures.

And what is different in them since the last visit, as the caseload and the patient's page both tell it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
from django.db.models import QuerySet
from django.utils.timezone import get_current_timezone

from analysis import jurisdiction
from analysis.change.baseline import Prior, prior_of
from analysis.change.days import (
    SHARE_MEASURES,
    Days,
    days_of_acoustics,
    select,
    standing,
    with_acoustics,
)
from analysis.change.since import SinceVisit, since_visit
from analysis.trends.reading import trends_of
from analysis.trends.trend import Trend
from analysis.voice.measures import Reading, measures_of, tables_of
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
    kept = [reading for reading in readings if not compared or reading[0] in compared]
    zone = get_current_timezone()
    dates = [held_at.astimezone(zone).date() for _, held_at, _ in kept]
    tables = tables_of(kept)
    there = sorted((key, place) for place, key in enumerate(MEASURES) if np.isfinite(tables[:, place]).any())
    columns = [place for _, place in there]
    acoustic = days_of_acoustics(dates, [key for key, _ in there], tables[:, columns])
    return with_acoustics(trend.days, acoustic)


def last_visit(trend: Trend, before: date) -> date | None:
    """The newest day before ``before`` with a session that was held in person or is signed."""
    visits = (point.on for point in reversed(trend.points) if point.is_visit)
    return next((day for day in visits if day < before), None)


def since_last_visit(trend: Trend, days: Days) -> SinceVisit | None:
    """``days`` as ``days_in`` gives them; None where there is no visit, or nothing on either side of it."""
    visit = last_visit(trend, days.dates[-1]) if len(days) else None
    return since_visit(days, trend.compared_results, visit) if visit else None


def prior_in(caseload: Mapping[int, Days], measures: tuple[str, ...]) -> Prior:
    """What these patients say of ``measures`` together, for those who have few days of their own."""
    known = [
        (select(days, measures).values, days.rhythm.correlation)
        for days in caseload.values()
        if len(days) >= 3
    ]
    return prior_of(known, standing(measures))
