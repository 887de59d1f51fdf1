"""Figures as JSON for Plotly, in the reader's colours. Staff, who see no results, find nothing here."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_GET

from analysis.access import open_results
from analysis.charts import small_multiples, stacks
from analysis.hearings import hearing_of, timeline_of
from analysis.palette import LIGHT, PALETTES, Palette
from analysis.trends import patient_trend
from patients.access import NotVisible, SignedInRequest, open_patient
from patients.audit import Action, record

COLUMNS = {"1": 1, "2": 2, "4": 4}


def _palette(request: SignedInRequest) -> Palette:
    return PALETTES.get(request.GET.get("theme", ""), LIGHT)


@require_GET
def trend_figure(request: SignedInRequest, reference: str) -> HttpResponse:
    patient = open_patient(request.user, reference)
    if not request.user.sees_results:
        raise NotVisible
    trend = patient_trend(patient)
    if not trend.points:
        raise NotVisible
    record(actor=request.user, action=Action.ANALYSIS_VIEWED, patient=patient, subject=patient)
    palette = _palette(request)
    if request.GET.get("view") == "stacked":
        return JsonResponse(stacks.draw_sessions(trend, palette))
    columns = COLUMNS.get(request.GET.get("columns", ""), 4)
    return JsonResponse(small_multiples.draw(trend, palette, columns=columns))


@require_GET
def timeline_figure(request: SignedInRequest, recording_id: UUID) -> HttpResponse:
    recording = open_results(request.user, recording_id)
    finished = hearing_of(recording, with_results=True).finished
    timeline = timeline_of(finished) if finished else None
    if finished is None or timeline is None or recording.is_voided:
        raise NotVisible
    record(
        actor=request.user, action=Action.ANALYSIS_VIEWED, patient=recording.session.patient, subject=finished
    )
    return JsonResponse(stacks.draw_timeline(timeline, _palette(request)))
