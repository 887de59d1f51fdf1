"""One session on paper: for the file of the patient, with everything that the page says and who said it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from analysis.access import open_review
from analysis.charts import drawings
from analysis.session.evidence import Evidence, evidence_of
from analysis.session.hearings import Hearing, hearings_in
from analysis.trends.trend import combine
from analysis.views.voice import voice_of_session
from analysis.wording import phrases
from analysis.wording.said import SessionReview
from analysis.wording.validity import not_validated
from ml.labels import EMOTIONS
from patients.access import SignedInRequest
from patients.audit import Action, record
from patients.models import Session

MOST_DRAWN = 3  # recordings of a session whose timeline is drawn: what fits on two pages


@dataclass(frozen=True)
class Part:
    """One recording on paper."""

    hearing: Hearing
    evidence: Evidence | None

    @property
    def drawn(self) -> dict[str, Any]:
        return self.evidence.drawn(self.evidence.whole) if self.evidence else {}

    @property
    def moments(self) -> list[tuple[Any, Any]]:
        found = self.evidence.moments if self.evidence else ()
        return [(moment, phrases.SOUNDS[moment.emotion]) for moment in found]


@require_GET
def print_session(request: SignedInRequest, session_id: UUID) -> HttpResponse:
    session = open_review(request.user, session_id)
    record(actor=request.user, action=Action.SESSION_PRINTED, patient=session.patient, subject=session)
    page = render(request, "analysis/print_session.html", _sheet(request, session))
    page["Cache-Control"] = "private, no-store"
    return page


def _sheet(request: SignedInRequest, session: Session) -> dict[str, Any]:
    hearings = hearings_in(session, with_results=True)
    standing = [hearing for hearing in hearings if not hearing.recording.is_voided]
    results = [(h.finished.model_version, h.summary) for h in standing if h.finished and h.summary]
    heard = combine([(model.number, summary) for model, summary in results])
    readable = [hearing for hearing in standing if hearing.summary]
    bars, scale_end = drawings.interval_bars(heard) if heard else ([], "")
    return {
        "patient": session.patient,
        "session": session,
        "heard": heard,
        "sentence": phrases.session_sentence(heard),
        "bars": bars,
        "scale_end": scale_end,
        "parts": [Part(hearing, evidence_of(hearing)) for hearing in readable[:MOST_DRAWN]],
        "not_drawn": readable[MOST_DRAWN:],
        "unheard": [hearing for hearing in standing if not hearing.summary],
        "voided": len(hearings) - len(standing),
        "models": sorted({model for model, _ in results}, key=lambda model: model.number),
        "emotions": [(emotion, phrases.SOUNDS[emotion]) for emotion in EMOTIONS],
        "review": SessionReview(session, request.user),
        "not_validated": not_validated(request.user, session.patient),
        **voice_of_session(request.user, session),
        "printed_at": timezone.now(),
    }
