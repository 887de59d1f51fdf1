"""Events, medication, notes and the next visit: who may write them, and that nothing is ever edited away."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from patients.access import NotVisible, open_event, open_note, open_record
from patients.audit import Action
from patients.care import discharge, redate_session, void_session
from patients.course import (
    add_event,
    everything_of,
    notes_of,
    plan_visit,
    void_event,
    void_note,
    write_note,
)
from patients.errors import Refused
from patients.models import AuditEntry, CourseEvent, Patient
from tests.cast import Cast, make_session


def event(cast: Cast, label: str = "sertraline", days_ago: int = 3) -> CourseEvent:
    return add_event(
        by=cast.treats,
        patient=cast.patient,
        kind=CourseEvent.Kind.STARTED,
        on=timezone.localdate() - timedelta(days=days_ago),
        label=label,
        detail="50 mg",
    )


def test_everything_is_read_from_the_latest_on_what_was_voided_too(cast: Cast) -> None:
    late, early, wrong = event(cast, "late", 1), event(cast, "early", 9), event(cast, "wrong", 5)
    void_event(by=cast.treats, event=wrong, reason="another patient’s")
    assert list(everything_of(cast.patient)) == [late, wrong, early]


def test_the_audit_says_that_something_was_written_and_never_what(cast: Cast) -> None:
    written = event(cast)
    note = write_note(by=cast.treats, patient=cast.patient, text="Sister visited.")
    plan_visit(by=cast.treats, patient=cast.patient, at=timezone.now() + timedelta(days=7))
    entries = AuditEntry.objects.filter(patient=cast.patient)
    kept = {entry.action: entry for entry in entries}
    assert kept[Action.EVENT_ADDED].subject_id == str(written.pk)
    assert kept[Action.EVENT_ADDED].detail == {"kind": "started"}
    assert kept[Action.NOTE_WRITTEN].subject_id == str(note.pk)
    assert Action.VISIT_PLANNED in kept
    assert "sertraline" not in str([entry.detail for entry in entries])
    assert "Sister" not in str([entry.detail for entry in entries])


def test_what_is_voided_stays_with_who_when_and_why(cast: Cast) -> None:
    note = write_note(by=cast.treats, patient=cast.patient, text="Wrong patient.")
    with pytest.raises(Refused, match="Say why"):
        void_note(by=cast.treats, note=note, reason="  ")
    void_note(by=cast.treats, note=note, reason="not this patient")
    kept = notes_of(cast.patient).get()
    assert (kept.is_voided, kept.voided_by, kept.void_reason) == (True, cast.treats, "not this patient")
    assert kept.text == "Wrong patient."
    with pytest.raises(Refused, match="already"):
        void_note(by=cast.treats, note=note, reason="again")
    assert AuditEntry.objects.get(action=Action.NOTE_VOIDED).detail == {"reason": "not this patient"}


def test_the_clinicians_record_is_hidden_from_the_front_desk_and_from_other_teams(cast: Cast) -> None:
    written, note = event(cast), write_note(by=cast.treats, patient=cast.patient, text="Slept.")
    today = timezone.localdate()
    for stranger in (cast.in_team, cast.outsider):
        with pytest.raises(NotVisible):
            add_event(by=stranger, patient=cast.patient, on=today, label="x")
        with pytest.raises(NotVisible):
            write_note(by=stranger, patient=cast.patient, text="x")
        with pytest.raises(NotVisible):
            void_event(by=stranger, event=written, reason="x")
        with pytest.raises(NotVisible):
            void_note(by=stranger, note=note, reason="x")
        with pytest.raises(NotVisible):
            open_record(stranger, "R-0412")
        with pytest.raises(NotVisible):
            open_event(stranger, written.pk)
        with pytest.raises(NotVisible):
            open_note(stranger, note.pk)
    assert open_event(cast.treats, written.pk) == written
    assert open_note(cast.treats, note.pk) == note
    assert open_record(cast.treats, "R-0412") == cast.patient
    assert CourseEvent.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("on", {"on": date(2199, 1, 1)}),
        ("on", {"on": date(24, 1, 1)}),
        ("until", {"until": date(2001, 1, 1)}),
        ("label", {"label": "   "}),
        ("label", {"label": "x" * 81}),
        ("detail", {"detail": "x" * 301}),
        ("kind", {"kind": "miracle"}),
    ],
)
def test_slips_of_the_pen_are_refused_beside_their_field(
    cast: Cast, field: str, given: dict[str, object]
) -> None:
    facts: dict[str, object] = {"on": date(2020, 5, 1), "label": "moved house", **given}
    with pytest.raises(Refused) as refused:
        add_event(by=cast.treats, patient=cast.patient, **facts)  # type: ignore[arg-type]
    assert refused.value.field == field
    assert not CourseEvent.objects.exists()


def test_a_note_says_something_and_is_no_book(cast: Cast) -> None:
    for text in ("  ", "x" * 10_001):
        with pytest.raises(Refused) as refused:
            write_note(by=cast.treats, patient=cast.patient, text=text)
        assert refused.value.field == "text"


def test_the_front_desk_plans_visits(cast: Cast) -> None:
    at = timezone.now() + timedelta(days=3)
    plan_visit(by=cast.in_team, patient=cast.patient, at=at)
    plan_visit(by=cast.in_team, patient=cast.patient, at=at)
    assert Patient.objects.get().next_visit == at
    plan_visit(by=cast.in_team, patient=cast.patient, at=None)
    assert Patient.objects.get().next_visit is None
    for action in (Action.VISIT_PLANNED, Action.VISIT_CLEARED):
        assert AuditEntry.objects.filter(action=action, actor=cast.in_team).count() == 1
    with pytest.raises(NotVisible):
        plan_visit(by=cast.outsider, patient=cast.patient, at=at)


@pytest.mark.parametrize("days", [-1, 3 * 366])
def test_a_visit_is_ahead_and_not_years_ahead(cast: Cast, days: int) -> None:
    with pytest.raises(Refused) as refused:
        plan_visit(by=cast.treats, patient=cast.patient, at=timezone.now() + timedelta(days=days))
    assert refused.value.field == "at"


def test_after_a_discharge_nothing_is_added_but_mistakes_are_still_put_right(cast: Cast) -> None:
    written = event(cast)
    discharge(by=cast.treats, patient=cast.patient, reason="recovered")
    for code in ("add", "write", "plan"):
        with pytest.raises(Refused) as refused:
            if code == "add":
                event(cast)
            elif code == "write":
                write_note(by=cast.treats, patient=cast.patient, text="late")
            else:
                plan_visit(by=cast.treats, patient=cast.patient, at=timezone.now() + timedelta(days=1))
        assert refused.value.code == "discharged"
    assert void_event(by=cast.treats, event=written, reason="never taken").is_voided


def test_the_date_of_a_session_is_corrected_with_a_reason_and_both_dates_are_kept(cast: Cast) -> None:
    session = make_session(cast.treats, cast.patient)
    was, really = session.held_at, session.held_at - timedelta(days=30)
    redated = redate_session(by=cast.in_team, session=session, held_at=really, reason="typed the wrong month")
    assert redated.held_at == cast.patient.sessions.get().held_at == really
    detail = AuditEntry.objects.get(action=Action.SESSION_REDATED).detail
    assert detail == {
        "held_from": was.isoformat(),
        "held_to": really.isoformat(),
        "reason": "typed the wrong month",
    }


def test_what_no_correction_of_a_date_may_do(cast: Cast) -> None:
    session = make_session(cast.treats, cast.patient)
    really = session.held_at - timedelta(days=1)
    with pytest.raises(Refused, match="already"):
        redate_session(by=cast.treats, session=session, held_at=session.held_at, reason="none")
    with pytest.raises(Refused, match="future"):
        redate_session(
            by=cast.treats, session=session, held_at=timezone.now() + timedelta(days=2), reason="next week"
        )
    with pytest.raises(Refused, match="Say why"):
        redate_session(by=cast.treats, session=session, held_at=really, reason="")
    with pytest.raises(NotVisible):
        redate_session(by=cast.outsider, session=session, held_at=really, reason="x")
    void_session(by=cast.treats, session=session, reason="mix-up")
    with pytest.raises(Refused, match="voided"):
        redate_session(by=cast.treats, session=session, held_at=really, reason="x")
