"""A patient's trend, kept in this process from one request to the next while the patient does not change.

Opening a patient's page asks for the trend once for the page and once for each of its figures. It is kept by
the patient's revision, which every change counts up in its own transaction (``patients.audit.record``,
``analysis.queue``), so what is kept is never older than the patient that was just read. Only what the
caseload lends to a baseline may be older, until the next change. In memory alone, for the latest few.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from analysis import jurisdiction
from analysis.marks import Mark, marks_among
from analysis.trends import Trend, trends_of
from patients.course import everything_of
from patients.models import CourseEvent, Patient

MOST_KEPT = 16  # patients; one of a thousand sessions takes about 2 MB


def kept_trend(patient: Patient, *, with_results: bool = True) -> Trend:
    """Of a patient that this request has read, through the door that lets it."""
    with_results = with_results and jurisdiction.shows_emotion()
    return _trend(patient.pk, patient.enrolled_at, patient.revision, with_results)


def kept_marks(patient: Patient) -> tuple[Mark, ...]:
    """The marks on the time axis of the same patient."""
    return marks_among(kept_events(patient))


def kept_events(patient: Patient) -> tuple[CourseEvent, ...]:
    """Everything of the same patient, the latest first; what is written down or voided counts as a change."""
    return _events(patient.pk, patient.enrolled_at, patient.revision)


@lru_cache(maxsize=MOST_KEPT)
def _events(pk: int, _enrolled_at: datetime, _revision: int) -> tuple[CourseEvent, ...]:
    return tuple(everything_of(Patient(pk=pk)))


@lru_cache(maxsize=MOST_KEPT)
def _trend(pk: int, _enrolled_at: datetime, _revision: int, with_results: bool) -> Trend:
    """The moment of enrolment is asked for because databases give numbers anew after a restore."""
    return trends_of(Patient.objects.filter(pk=pk), with_results=with_results).get(pk, Trend(()))
