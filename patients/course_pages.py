"""Pages of the course of care: events and medication, notes, the next visit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from patients import course
from patients.access import SignedInRequest, open_event, open_note, open_patient, open_record
from patients.audit import Action, record
from patients.consent_pages import outdated
from patients.forms import EventForm, NoteForm, PlainForm, ReasonForm, VisitForm
from patients.models import Clinician, CourseEvent, Patient

UNPROCESSABLE = 422
# On the patient's page; the page of the course shows all.
EVENTS_SHOWN = 6
NOTES_SHOWN = 3

form_page = require_http_methods(["GET", "HEAD", "POST"])


def shown_beside(clinician: Clinician, patient: Patient, events: Sequence[CourseEvent]) -> dict[str, Any]:
    """What ``patients/_course.html`` needs: two queries, one for a role that reads no record.

    ``events`` are all of the patient's, the latest first; none for such a role.
    The consents stay with ``patient``, for whatever else of the page asks for them.
    """
    prefetch_related_objects([patient], "consents")
    visit = {"at": patient.next_visit and timezone.localtime(patient.next_visit)}
    context: dict[str, Any] = {
        "visit_form": VisitForm(initial=visit, auto_id="visit_%s"),
        "outdated_consents": outdated(patient),
    }
    if clinician.sees_results:
        notes = list(course.notes_of(patient)[: NOTES_SHOWN + 1])
        context |= {
            "events": events[:EVENTS_SHOWN],
            "notes": notes[:NOTES_SHOWN],
            "has_more_course": len(events) > EVENTS_SHOWN or len(notes) > NOTES_SHOWN,
            "event_form": EventForm(initial={"on": timezone.localdate()}, auto_id="event_%s"),
            "note_form": NoteForm(auto_id="note_%s"),
        }
    return context


def _sent(request: HttpRequest) -> dict[str, Any]:
    return {"data": request.POST if request.method == "POST" else None}


def _page(request: SignedInRequest, template: str, form: PlainForm, **context: Any) -> HttpResponse:
    form.focus()
    status = UNPROCESSABLE if form.errors else 200
    return render(request, f"patients/{template}.html", {"form": form, **context}, status=status)


def _back(patient: Patient, place: str) -> HttpResponse:
    return redirect(f"{reverse('patient', args=[patient.reference])}#{place}")


@require_GET
def course_page(request: SignedInRequest, reference: str) -> HttpResponse:
    """Everything that was ever written, voided rows included."""
    patient = open_record(request.user, reference)
    record(actor=request.user, action=Action.COURSE_VIEWED, patient=patient, subject=patient)
    context = {"events": course.everything_of(patient), "notes": course.notes_of(patient)}
    return render(request, "patients/course.html", {"patient": patient, **context})


@form_page
def add_event(request: SignedInRequest, reference: str) -> HttpResponse:
    patient = open_record(request.user, reference)
    form = EventForm(**_sent(request), initial={"on": timezone.localdate()})
    if form.is_valid():
        with form.showing_refusals():
            event = course.add_event(by=request.user, patient=patient, **form.cleaned_data)
            messages.success(request, _("Added: %(what)s.") % {"what": event.label})
            return _back(patient, "events")
    return _page(request, "add_event", form, patient=patient)


@form_page
def write_note(request: SignedInRequest, reference: str) -> HttpResponse:
    patient = open_record(request.user, reference)
    form = NoteForm(**_sent(request))
    if form.is_valid():
        with form.showing_refusals():
            course.write_note(by=request.user, patient=patient, **form.cleaned_data)
            messages.success(request, _("The note is kept."))
            return _back(patient, "notes")
    return _page(request, "write_note", form, patient=patient)


@form_page
def void_event(request: SignedInRequest, event_id: UUID) -> HttpResponse:
    event = open_event(request.user, event_id)
    form = ReasonForm(**_sent(request))
    if form.is_valid():
        with form.showing_refusals():
            course.void_event(by=request.user, event=event, **form.cleaned_data)
            messages.success(request, _("The event is voided: no chart marks it any more."))
            return _back(event.patient, "events")
    return _page(request, "void_event", form, patient=event.patient, event=event)


@form_page
def void_note(request: SignedInRequest, note_id: UUID) -> HttpResponse:
    note = open_note(request.user, note_id)
    form = ReasonForm(**_sent(request))
    if form.is_valid():
        with form.showing_refusals():
            course.void_note(by=request.user, note=note, **form.cleaned_data)
            messages.success(request, _("The note is voided. It stays listed with your reason."))
            return _back(note.patient, "notes")
    return _page(request, "void_note", form, patient=note.patient, note=note)


@form_page
def plan_visit(request: SignedInRequest, reference: str) -> HttpResponse:
    patient = open_patient(request.user, reference)
    initial = {"at": patient.next_visit and timezone.localtime(patient.next_visit)}
    form = VisitForm(**_sent(request), initial=initial)
    if form.is_valid():
        at = form.cleaned_data.get("at")
        with form.showing_refusals():
            course.plan_visit(by=request.user, patient=patient, at=at)
            messages.success(
                request, _("The next visit is planned.") if at else _("No visit is planned now.")
            )
            return _back(patient, "course")
    return _page(request, "plan_visit", form, patient=patient)
