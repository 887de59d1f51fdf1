"""Acoustic measures on the pages of a patient and of a session, and their figure."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_GET

from analysis import jurisdiction
from analysis.charts import acoustics as chart
from analysis.charts.over_time import session_addresses
from analysis.charts.palette import palette_of
from analysis.voice import words
from analysis.voice.kept import kept_voice
from analysis.voice.measures import VoiceTrend, session_voice
from patients.access import NotVisible, SignedInRequest, open_patient
from patients.audit import Action, record
from patients.models import Clinician, Patient, Session

COLUMNS = {"1": 1, "2": 2, "4": 4}


def voice_of_patient(clinician: Clinician, patient: Patient, trend: VoiceTrend) -> dict[str, Any]:
    """What ``analysis/_acoustics.html`` needs; nothing for a role that sees no results."""
    if not clinician.sees_results or not jurisdiction.measures_voices():
        return {}
    if not trend.readings:
        return {"voice": trend}
    return {
        "voice": trend,
        "voice_finding": words.finding(trend),
        "voice_summary": words.summary(trend),
        "voice_rows": words.rows_of_patient(trend, patient.sex),
        "voice_table": _table(trend),
    }


def voice_of_session(clinician: Clinician, session: Session) -> dict[str, Any]:
    """What ``analysis/_acoustics_session.html`` needs: two queries, or none."""
    if not clinician.sees_results or not jurisdiction.measures_voices():
        return {}
    voice = session_voice(session)
    if voice is None:
        return {}
    trend = kept_voice(session.patient)
    return {"voice_rows": words.rows_of_session(voice, trend, session.patient.sex)}


def _table(trend: VoiceTrend) -> dict[str, Any]:
    """Sessions by measures, the latest session first."""
    keys = [series.key for series in trend.series]
    shown = trend.shown[::-1]
    columns = [words.cells(key, [values.get(key) for _, _, values in shown]) for key in keys]
    links = session_addresses([session_id for session_id, _, _ in shown])
    return {
        "head": [(words.name(key), words.unit(key)) for key in keys],
        "rows": [
            (link, held_at, cells)
            for link, (_, held_at, _), *cells in zip(links, shown, *columns, strict=True)
        ],
    }


@require_GET
@gzip_page
def voice_figure(request: SignedInRequest, reference: str) -> HttpResponse:
    patient = open_patient(request.user, reference)
    if not request.user.sees_results:
        raise NotVisible
    trend = kept_voice(patient)
    if not trend.readings:
        raise NotVisible
    record(
        actor=request.user,
        action=Action.ANALYSIS_VIEWED,
        patient=patient,
        subject=patient,
        detail={"figure": "voice"},
    )
    palette = palette_of(request.GET.get("theme", ""))
    columns = COLUMNS.get(request.GET.get("columns", ""), 4)
    return JsonResponse(chart.draw(trend, palette, columns=columns, sex=patient.sex))
