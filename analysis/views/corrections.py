"""A recording that does not belong where it is, or should count nowhere."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from analysis import correction
from analysis.access import open_recording
from analysis.forms import MoveRecordingForm, VoidRecordingForm
from analysis.intake import check_patient
from analysis.models import Recording
from patients.access import SignedInRequest, open_patient, patients_of
from patients.enrolment import start_session
from patients.forms import PlainForm
from patients.models import Clinician, Patient, Session

UNPROCESSABLE = 422

form_page = require_http_methods(["GET", "HEAD", "POST"])


def _page(
    request: SignedInRequest, name: str, form: PlainForm, recording: Recording, **more: object
) -> HttpResponse:
    form.focus()
    context = {"form": form, "recording": recording, "session": recording.session, **more}
    context["patient"] = recording.session.patient
    status = UNPROCESSABLE if form.errors else 200
    return render(request, f"analysis/{name}.html", context, status=status)


@form_page
def void_recording(request: SignedInRequest, recording_id: UUID) -> HttpResponse:
    recording = open_recording(request.user, recording_id)
    form = VoidRecordingForm(request.POST or None)
    if form.is_valid():
        with form.showing_refusals():
            correction.void_recording(by=request.user, recording=recording, **form.cleaned_data)
            messages.success(request, _("The recording is voided: it counts in no result any more."))
            return redirect("session", recording.session_id)
    return _page(request, "void_recording", form, recording)


@form_page
def move_recording(request: SignedInRequest, recording_id: UUID) -> HttpResponse:
    """First to whom it belongs (``?to=``, by default the same patient), then into which session and why."""
    recording = open_recording(request.user, recording_id)
    asked = request.GET.get("to")
    target = open_patient(request.user, asked) if asked else recording.session.patient
    form = MoveRecordingForm(request.POST or None, patient=target, recording=recording)
    if form.is_valid():
        with form.showing_refusals():
            to_session = form.cleaned_data["to_session"] or _own_session(request.user, target, recording)
            correction.move_recording(
                by=request.user,
                recording=recording,
                to_session=to_session,
                reason=form.cleaned_data["reason"],
            )
            messages.success(request, _("The recording is moved to %(patient)s.") % {"patient": target})
            return redirect("session", to_session.pk)
    others = patients_of(request.user).filter(discharged_at__isnull=True)
    return _page(request, "move_recording", form, recording, target=target, others=others)


def _own_session(by: Clinician, patient: Patient, recording: Recording) -> Session:
    """A session for this recording alone, of the same date and kind as the one it was in."""
    check_patient(patient)
    return start_session(
        by=by, patient=patient, held_at=recording.session.held_at, kind=recording.session.kind
    )
