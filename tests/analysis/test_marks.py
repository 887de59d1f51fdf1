"""Life events and medication on the axis of time: numbered from the earliest on, without what was voided."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from analysis.trends.kept import kept_marks
from patients.course import add_event, void_event
from patients.models import CourseEvent, Patient
from tests.cast import Cast


def event(cast: Cast, label: str, days_ago: int) -> CourseEvent:
    on = timezone.localdate() - timedelta(days=days_ago)
    return add_event(
        by=cast.treats, patient=cast.patient, kind=CourseEvent.Kind.STARTED, on=on, label=label, detail=""
    )


def test_what_stands_is_marked_from_the_earliest_on(cast: Cast) -> None:
    event(cast, "late", 1)
    event(cast, "early", 9)
    wrong = event(cast, "wrong", 5)
    assert [mark.label for mark in kept_marks(Patient.objects.get(pk=cast.patient.pk))] == [
        "early",
        "wrong",
        "late",
    ]
    void_event(by=cast.treats, event=wrong, reason="another patient’s")
    marks = kept_marks(Patient.objects.get(pk=cast.patient.pk))
    assert [(mark.number, mark.label) for mark in marks] == [(1, "early"), (2, "late")]
