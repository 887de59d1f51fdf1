"""A patient's trend, kept in this process from one request to the next while the patient does not change.

Opening a patient's page asks for the trend once for the page and once for each of its figures. It is kept by
the patient's revision, which every change counts up in its own transaction (``patients.audit.record``,
``analysis.queue``), so what is kept is never older than the patient that was just read. Only what the
caseload lends to a baseline may be older, until the next change. In memory alone, for the latest few.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

from analysis import jurisdiction
from analysis.trends.marks import Mark, marks_among
from analysis.trends.reading import trends_of
from analysis.trends.trend import Trend
from patients.course import everything_of
from patients.models import CourseEvent, Patient

MOST_KEPT = 16  # patients; one of a thousand sessions takes about 2 MB

Kept = TypeVar("Kept")


class Latest(Generic[Kept]):
    """What was made of a patient last. An older revision goes as soon as a newer one comes.

    Beside the revision the moment of enrolment tells whether it is the same patient: databases give numbers
    anew after a restore.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[object, tuple[object, Kept]] = OrderedDict()
        self._lock = Lock()

    def of(self, patient: Patient, make: Callable[[], Kept], *more: object) -> Kept:
        """What ``make`` makes of the patient as read; ``more`` is what else it depends on."""
        place, version = (patient.pk, *more), (patient.enrolled_at, patient.revision)
        with self._lock:
            kept = self._kept.get(place)
            if kept is not None and kept[0] == version:
                self._kept.move_to_end(place)
                return kept[1]
        made = make()
        with self._lock:
            self._kept[place] = (version, made)
            self._kept.move_to_end(place)
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return made


_trends: Latest[Trend] = Latest()
_events: Latest[tuple[CourseEvent, ...]] = Latest()


def kept_trend(patient: Patient, *, with_results: bool = True) -> Trend:
    """Of a patient that this request has read, through the door that lets it."""
    with_results = with_results and jurisdiction.shows_emotion()

    def make() -> Trend:
        one = Patient.objects.filter(pk=patient.pk)
        return trends_of(one, with_results=with_results).get(patient.pk, Trend(()))

    return _trends.of(patient, make, with_results)


def kept_marks(patient: Patient) -> tuple[Mark, ...]:
    """The marks on the time axis of the same patient."""
    return marks_among(kept_events(patient))


def kept_events(patient: Patient) -> tuple[CourseEvent, ...]:
    """Everything of the same patient, the latest first; what is written down or voided counts as a change."""
    return _events.of(patient, lambda: tuple(everything_of(Patient(pk=patient.pk))))
