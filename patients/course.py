"""What happens beside the sessions: life events, medication, notes, and when the patient comes next.

Events and notes are the clinicians' own record: a role that sees no results neither reads nor writes them,
since a note may repeat a result. Appointments are the front desk's work, so the whole team plans visits.
Nothing is edited: what was wrong is voided with a reason, and stays listed.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.access import NotVisible, lock_patient
from patients.audit import Action, record
from patients.care import stated
from patients.errors import Refused
from patients.models import Clinician, CourseEvent, Note, Patient

LONGEST_NOTE = 10_000
EARLIEST = date(1900, 1, 1)
# An appointment that is just beginning may still be typed in; one years ahead is a slip of the pen.
VISIT_SLACK = timedelta(hours=1)
FARTHEST_VISIT = timedelta(days=2 * 366)

AnyWritten = TypeVar("AnyWritten", CourseEvent, Note)


def everything_of(patient: Patient) -> QuerySet[CourseEvent]:
    """Events and medication with who wrote and who voided them, the latest first."""
    return patient.course_events.select_related("written_by", "voided_by").order_by("-on", "-written_at")


def notes_of(patient: Patient) -> QuerySet[Note]:
    """Notes with who wrote and who voided them, the latest first."""
    return patient.clinical_notes.select_related("written_by", "voided_by")


def _lock(by: Clinician, patient: Patient) -> Patient:
    """The patient, held, for someone who may write in the clinicians' record."""
    patient = lock_patient(by, patient)
    if not by.sees_results:
        raise NotVisible
    return patient


def _check_under_care(patient: Patient) -> None:
    if patient.is_discharged:
        raise Refused("discharged", _("This patient is discharged. Readmit them before adding anything."))


def _check(written: CourseEvent | Note) -> None:
    try:
        written.full_clean()
    except ValidationError as error:
        field, sentences = next(iter(error.message_dict.items()))
        raise Refused("invalid", sentences[0], field=field) from error


@transaction.atomic
def add_event(
    *,
    by: Clinician,
    patient: Patient,
    on: date,
    label: str,
    kind: CourseEvent.Kind | str = CourseEvent.Kind.LIFE,
    until: date | None = None,
    detail: str = "",
) -> CourseEvent:
    """Mark what happened on the time axis: an event of life, a medication, a change of care.

    The audit says that and of which kind, never what: the event itself does.
    """
    patient = _lock(by, patient)
    _check_under_care(patient)
    if on > timezone.localdate():
        raise Refused("in_the_future", _("This day has not come yet. Add it when it has."), field="on")
    if on < EARLIEST:
        raise Refused("too_early", _("Check the year."), field="on")
    if until is not None and until < on:
        raise Refused("ends_before_it_begins", _("It cannot end before it began."), field="until")
    event = CourseEvent(
        patient=patient,
        kind=kind,
        on=on,
        until=until,
        label=label.strip(),
        detail=detail.strip(),
        written_by=by,
    )
    _check(event)
    event.save()
    record(actor=by, action=Action.EVENT_ADDED, patient=patient, subject=event, detail={"kind": str(kind)})
    return event


@transaction.atomic
def write_note(*, by: Clinician, patient: Patient, text: str) -> Note:
    patient = _lock(by, patient)
    _check_under_care(patient)
    note = Note(patient=patient, text=text.strip(), written_by=by)
    if len(note.text) > LONGEST_NOTE:
        raise Refused("too_long", _("Say it in at most 10,000 characters."), field="text")
    _check(note)
    note.save()
    record(actor=by, action=Action.NOTE_WRITTEN, patient=patient, subject=note)
    return note


def void_event(*, by: Clinician, event: CourseEvent, reason: str) -> CourseEvent:
    """Take an event off every chart. It stays listed, struck through, with who, when and why."""
    return _void(by, event, reason, Action.EVENT_VOIDED)


def void_note(*, by: Clinician, note: Note, reason: str) -> Note:
    """Mark a note as not to be relied on. It stays listed, struck through, with who, when and why."""
    return _void(by, note, reason, Action.NOTE_VOIDED)


@transaction.atomic
def _void(by: Clinician, written: AnyWritten, reason: str, action: Action) -> AnyWritten:
    reason, patient = stated(reason), _lock(by, written.patient)
    written.refresh_from_db()
    if written.is_voided:
        raise Refused("voided", _("This is voided already."))
    written.voided_at = timezone.now()
    written.voided_by = by
    written.void_reason = reason
    written.save(update_fields=["voided_at", "voided_by", "void_reason"])
    record(actor=by, action=action, patient=patient, subject=written, detail={"reason": reason})
    return written


@transaction.atomic
def plan_visit(*, by: Clinician, patient: Patient, at: datetime | None) -> Patient:
    """Set when the patient comes next; ``None`` clears it. Planning the same again changes nothing."""
    patient = lock_patient(by, patient)
    if patient.next_visit == at:
        return patient
    if at is not None:
        _check_under_care(patient)
        if at < timezone.now() - VISIT_SLACK:
            raise Refused("in_the_past", _("This time is past. Check the date."), field="at")
        if at > timezone.now() + FARTHEST_VISIT:
            raise Refused("too_far", _("This is more than two years away. Check the year."), field="at")
    patient.next_visit = at
    patient.save(update_fields=["next_visit"])
    action = Action.VISIT_PLANNED if at else Action.VISIT_CLEARED
    record(actor=by, action=action, patient=patient, subject=patient)
    return patient
