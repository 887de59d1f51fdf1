"""A patient's results to take elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from analysis.trends import export
from patients.access import SignedInRequest, open_record
from patients.audit import Action, record
from patients.models import Patient


@require_GET
def patient_csv(request: SignedInRequest, reference: str) -> StreamingHttpResponse:
    patient = open_record(request.user, reference)
    detail = {"sessions": patient.sessions.count()}
    record(
        actor=request.user, action=Action.PATIENT_EXPORTED, patient=patient, subject=patient, detail=detail
    )
    response = StreamingHttpResponse(_lines(patient), content_type="text/csv; charset=utf-8")
    name = f"{patient.reference}-{timezone.localdate():%Y-%m-%d}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    return response


async def _lines(patient: Patient) -> AsyncIterator[str]:
    """Piece by piece: a thousand sessions are never in memory at once, nor on the event loop."""
    yield export.header()
    for sessions in await sync_to_async(lambda: list(export.pages_of(patient)))():
        yield await sync_to_async(export.rows_of)(patient, sessions)
