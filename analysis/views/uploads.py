"""Recordings on their way in: taken from a form or a script, then followed until their analysis is final."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseStopPolling, trigger_client_event

from analysis.access import open_recording
from analysis.correction import retry_analysis
from analysis.forms import RetryForm, UploadForm, UploadToPatientForm
from analysis.intake import Receipt, accept_recording, check_patient
from analysis.models import Recording
from analysis.session.hearings import hearing_of
from patients.access import NotVisible, SignedInRequest, open_patient, open_session
from patients.enrolment import start_session
from patients.errors import Refused
from patients.models import Clinician, Patient, Session

CREATED = 201
UNPROCESSABLE = 422


@require_POST
def upload(request: SignedInRequest, reference: str) -> HttpResponse:
    """A recording for a patient: its session begins with it."""
    patient = open_patient(request.user, reference)
    form = UploadToPatientForm(request.POST, request.FILES)
    if form.is_valid():
        with form.showing_refusals():
            session = _session_for(request.user, patient, form)
            return _received(request, _accept(request.user, session, form))
    return _refused(request, form, patient, None)


@require_POST
def upload_to_session(request: SignedInRequest, session_id: UUID) -> HttpResponse:
    session = open_session(request.user, session_id)
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid():
        with form.showing_refusals():
            return _received(request, _accept(request.user, session, form))
    return _refused(request, form, session.patient, session)


def _session_for(by: Clinician, patient: Patient, form: UploadToPatientForm) -> Session:
    """The session that the first of several files began, or a new one, once nothing stands against it."""
    if begun := form.cleaned_data["session"]:
        session = open_session(by, begun)
        if session.patient_id != patient.pk:
            raise NotVisible
        return session
    check_patient(patient)
    facts = {name: form.cleaned_data[name] for name in ("held_at", "kind")}
    return start_session(by=by, patient=patient, **facts)


def _accept(by: Clinician, session: Session, form: UploadForm) -> Receipt:
    recording, channel = form.cleaned_data["recording"], form.cleaned_data["channel"]
    return accept_recording(by=by, session=session, upload=recording, channel=channel)


def _is_scripted(request: SignedInRequest) -> bool:
    """Whether ``upload.js`` is asking, which wants a fragment, or a plain form, which wants a page."""
    return request.headers.get("X-Requested-With") == "XMLHttpRequest"


def _received(request: SignedInRequest, receipt: Receipt) -> HttpResponse:
    notice = (
        _("The recording is received.") if receipt.is_new else _("This session already has this very file.")
    )
    if _is_scripted(request):
        return _line(request, receipt.recording, notice="" if receipt.is_new else notice, status=CREATED)
    messages.success(request, notice)
    return redirect("session", receipt.recording.session_id)


def _refused(
    request: SignedInRequest, form: UploadForm, patient: Patient, session: Session | None
) -> HttpResponse:
    template = "_upload_refused" if _is_scripted(request) else "upload_refused"
    context = {"form": form, "patient": patient, "session": session}
    return render(request, f"analysis/{template}.html", context, status=UNPROCESSABLE)


def _line(
    request: SignedInRequest, recording: Recording, *, notice: str = "", status: int = 200
) -> HttpResponse:
    hearing = hearing_of(recording, with_results=request.user.sees_results)
    context = {"hearing": hearing, "notice": notice, "patient": recording.session.patient}
    return render(request, "analysis/_recording.html", context, status=status)


@require_GET
def recording_state(request: SignedInRequest, recording_id: UUID) -> HttpResponse:
    """The recording's line as it stands now. Once it is final the page stops asking and refreshes."""
    recording = open_recording(request.user, recording_id)
    line = _line(request, recording)
    analysis = recording.latest_analysis
    if analysis is not None and not analysis.is_final:
        return line
    return trigger_client_event(
        HttpResponseStopPolling(line.content), "recording-final", {"id": str(recording.pk)}, after="settle"
    )


@require_POST
def retry_recording(request: SignedInRequest, recording_id: UUID) -> HttpResponse:
    """Hear a failed recording again, where asked with the patient's channel named."""
    recording = open_recording(request.user, recording_id)
    form = RetryForm(request.POST)
    notice = ""
    if not form.is_valid():
        notice = _("Choose the patient’s channel first.")
    else:
        try:
            retry_analysis(by=request.user, recording=recording, channel=form.cleaned_data["channel"] or None)
        except Refused as refused:
            notice = str(refused.sentence)
    if request.headers.get("HX-Request"):
        return _line(request, open_recording(request.user, recording_id), notice=notice)
    if notice:
        messages.error(request, notice)
    return redirect("session", recording.session_id)
