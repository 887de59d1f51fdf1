"""Why one moment sounded as it did: asked for, followed while a worker is at it, shown."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseStopPolling

from analysis.access import note_once, open_analysis, open_results
from analysis.explaining import enquiry
from analysis.forms import WindowForm
from analysis.models import Analysis
from analysis.wording.said import Why, why_of
from patients.access import NotVisible, SignedInRequest
from patients.audit import Action
from patients.errors import Refused

UNPROCESSABLE = 422


@require_http_methods(["GET", "HEAD", "POST"])
def why(request: SignedInRequest, recording_id: UUID) -> HttpResponse:
    """A fragment for the session's page; a POST asks for the explanation, or for another try."""
    recording = open_results(request.user, recording_id)
    form = WindowForm(request.POST if request.method == "POST" else request.GET)
    if not form.is_valid():
        return HttpResponse(status=UNPROCESSABLE)
    analysis = open_analysis(request.user, form.cleaned_data["analysis"])
    if analysis.recording_id != recording.pk or analysis.state != Analysis.State.DONE or recording.is_voided:
        raise NotVisible
    window, refused = form.cleaned_data["window"], ""
    if request.method == "POST":
        try:
            enquiry.ask_why(by=request.user, analysis=analysis, window=window)
        except Refused as refusal:
            refused = str(refusal)
    return _shown(request, why_of(analysis, window), refused)


def _shown(request: SignedInRequest, shown: Why, refused: str) -> HttpResponse:
    patient = shown.analysis.recording.session.patient
    page = render(request, "analysis/_why.html", {"why": shown, "refused": refused, "patient": patient})
    page["Cache-Control"] = "private, no-store"
    if shown.state == "done":
        note_once(request.user, Action.ANALYSIS_VIEWED, patient=patient, subject=shown.analysis)
    is_polling = "poll" in request.GET
    return HttpResponseStopPolling(page.content) if is_polling and shown.is_final else page
