"""A patient's trend and events, kept in this process while the patient does not change (``analysis.kept``).

Opening a patient's page asks for the trend once for the page and once for each of its figures. Only what the
caseload lends to a baseline may be older than the patient that was just read, until the next change.
"""

from __future__ import annotations

from analysis import jurisdiction
from analysis.change.days import Days
from analysis.kept import Latest
from analysis.trends.marks import Mark, marks_among
from analysis.trends.reading import patient_trend
from analysis.trends.trend import Trend
from analysis.trends.watchable import days_in
from analysis.voice.measures import VoiceTrend
from patients.course import everything_of
from patients.models import CourseEvent, Patient

_trends: Latest[Trend] = Latest()
_days: Latest[Days] = Latest()
_events: Latest[tuple[CourseEvent, ...]] = Latest()


def kept_trend(patient: Patient, *, with_results: bool = True) -> Trend:
    """Of a patient that this request has read, through the door that lets it."""
    with_results = with_results and jurisdiction.shows_emotion()

    def make() -> Trend:
        return patient_trend(patient, with_results=with_results)

    def amend(trend: Trend, revision: int) -> Trend:
        return trend.amended(patient_trend(patient, with_results=with_results, since=revision))

    return _trends.of(patient, make, with_results, amend=amend)


def kept_days(patient: Patient, trend: Trend, voice: VoiceTrend) -> Days:
    """Of the same patient's trend and voice, as they are kept, the days that rules watch."""
    return _days.of(patient, lambda: days_in(trend, voice.readings), jurisdiction.mode())


def kept_marks(patient: Patient) -> tuple[Mark, ...]:
    """The marks on the time axis of the same patient."""
    return marks_among(kept_events(patient))


def kept_events(patient: Patient) -> tuple[CourseEvent, ...]:
    """Everything of the same patient, the latest first; what is written down or voided counts as a change."""
    return _events.of(patient, lambda: tuple(everything_of(Patient(pk=patient.pk))))
