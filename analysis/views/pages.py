"""The pages a clinician reads: the caseload, a patient, a session. What they say first is what changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from analysis import drawings, phrases
from analysis.forms import UploadForm, UploadToPatientForm
from analysis.hearings import Hearing, arrivals, hearings_in, timeline_of
from analysis.models import Analysis, Recording
from analysis.trends import Trend, caseload, combine, patient_trend
from ml.labels import EMOTIONS
from patients.access import SignedInRequest, open_patient, open_session, patients_of
from patients.audit import Action, record
from patients.models import Patient

MOST_LISTED = 60  # sessions of a patient, unless all are asked for
TABLE_CELLS = 60  # rows of a timeline's table: more would be read by nobody
LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Line:
    """One patient in the caseload."""

    patient: Patient
    trend: Trend
    finding: phrases.Finding
    sparkline: drawings.Sparkline | None

    @property
    def last_held(self) -> datetime:
        return self.trend.latest.held_at if self.trend.latest else LONG_AGO


ORDERS = {
    "need": lambda line: (line.finding.need, -line.last_held.timestamp() if line.trend.latest else 0),
    "reference": lambda line: line.patient.reference,
    "last": lambda line: -line.last_held.timestamp() if line.trend.latest else 0,
    "next": lambda line: (line.patient.next_visit is None, line.patient.next_visit or LONG_AGO),
}


@require_GET
def caseload_page(request: SignedInRequest) -> HttpResponse:
    """Everyone whom the clinician treats, those who need a look first."""
    sought = request.GET.get("q", "").replace("\0", "").strip()  # which PostgreSQL's text cannot hold
    order = request.GET.get("sort", "need")
    discharged = request.GET.get("show") == "discharged"
    mine = patients_of(request.user)
    shown = mine.filter(discharged_at__isnull=not discharged)
    if sought:
        shown = shown.filter(Q(reference__icontains=sought) | Q(name__icontains=sought))
    lines = [
        Line(
            row.patient,
            row.trend,
            phrases.finding(row.trend, with_results=request.user.sees_results),
            drawings.sparkline(row.trend),
        )
        for row in caseload(request.user, shown)
    ]
    lines.sort(key=ORDERS.get(order, ORDERS["need"]))
    record(actor=request.user, action=Action.CASELOAD_VIEWED, detail={"patients": len(lines)})
    context = {
        "lines": lines,
        "sought": sought,
        "order": order if order in ORDERS else "need",
        "discharged": discharged,
        "discharged_count": mine.filter(discharged_at__isnull=False).count(),
        "pressing": sum(line.finding.need.is_pressing for line in lines),
        "failed": sum(line.trend.failed_lately for line in lines),
        "pending": sum(line.trend.pending for line in lines),
    }
    return render(request, "analysis/caseload.html", context)


@require_GET
def patient_page(request: SignedInRequest, reference: str) -> HttpResponse:
    patient = open_patient(request.user, reference)
    record(actor=request.user, action=Action.PATIENT_VIEWED, patient=patient, subject=patient)
    context = {
        **_overview(request, patient),
        "arrivals": arrivals(patient, with_results=request.user.sees_results),
        "form": UploadToPatientForm(),
    }
    return render(request, "analysis/patient.html", context)


@require_GET
def patient_overview(request: SignedInRequest, reference: str) -> HttpResponse:
    """The finding, the trend and the sessions alone: what a finished recording changes on the open page."""
    patient = open_patient(request.user, reference)
    return render(request, "analysis/_overview.html", _overview(request, patient))


def _overview(request: SignedInRequest, patient: Patient) -> dict[str, Any]:
    trend = patient_trend(patient, with_results=request.user.sees_results)
    listed = trend.all_points if request.GET.get("sessions") == "all" else trend.all_points[-MOST_LISTED:]
    newest_first = [(point, phrases.short_result(point)) for point in reversed(listed)]
    return {
        "patient": patient,
        "trend": trend,
        "finding": phrases.finding(trend, with_results=request.user.sees_results),
        "sessions": newest_first,
        "emotions": [(emotion, phrases.SOUNDS[emotion]) for emotion in EMOTIONS],
    }


@require_GET
def session_page(request: SignedInRequest, session_id: UUID) -> HttpResponse:
    """One session: a recording to hear, with its timeline, and the session's summary beside it."""
    session = open_session(request.user, session_id)
    hearings = hearings_in(session, with_results=request.user.sees_results)
    chosen = _chosen(hearings, request.GET.get("recording"))
    detail = {"recording": str(chosen.recording.pk)} if chosen else {}
    record(
        actor=request.user,
        action=Action.SESSION_VIEWED,
        patient=session.patient,
        subject=session,
        detail=detail,
    )
    standing = [hearing for hearing in hearings if not hearing.recording.is_voided]
    heard = combine(
        [(h.finished.model_version.number, h.summary) for h in standing if h.finished and h.summary]
    )
    bars, scale_end = drawings.interval_bars(heard) if heard else ([], "")
    context = {
        "patient": session.patient,
        "session": session,
        "hearings": hearings,
        "chosen": chosen,
        "heard": heard,
        "sentence": phrases.session_sentence(heard),
        "bars": bars,
        "scale_end": scale_end,
        "emotions": [(emotion, phrases.SOUNDS[emotion]) for emotion in EMOTIONS],
        "form": UploadForm(),
        **(_player(chosen) if chosen else {}),
    }
    return render(request, "analysis/session.html", context)


def _chosen(hearings: list[Hearing], wanted: str | None) -> Hearing | None:
    """The recording to open: the one asked for, or the first with a result."""
    readable = [h for h in hearings if h.summary and not h.recording.is_voided]
    return next((h for h in readable if str(h.recording.pk) == wanted), next(iter(readable), None))


def _player(hearing: Hearing) -> dict[str, Any]:
    """What the player draws without a script: waveform, stretches of speech, and the timeline as a table."""
    analysis: Analysis | None = hearing.finished
    timeline = timeline_of(analysis) if analysis else None
    if timeline is None:
        return {}
    coarse = timeline.coarser(TABLE_CELLS)
    peaks = Recording.objects.values_list("peaks", flat=True).get(pk=hearing.recording.pk)
    return {
        "waveform": drawings.waveform(bytes(peaks)),
        "columns": drawings.COLUMNS,
        "speech": drawings.speech_bars(timeline.spans, timeline.duration_s),
        "duration_s": timeline.duration_s,
        "cell_s": coarse.cell_s,
        "rows": [
            (float(start), shares.tolist(), float(unsure))
            for start, shares, unsure in zip(coarse.starts, coarse.shares, coarse.unsure, strict=True)
            if shares.sum() + unsure > 0
        ],
    }
