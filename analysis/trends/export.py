"""A patient's results as a table for Excel, R or pandas: one row for each recording, or session without one.

The file is plain CSV without a comment in front (neither Excel nor R would skip one): names of columns in
English, codes instead of words, dates in ISO 8601 with their offset, a decimal point, UTF-8 of which only
ASCII is used, so that it needs no byte order mark (which R's ``read.csv`` would take for a name). What it is
stands in the last column. No cell can be taken for a formula.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import compress
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from django.utils.translation import override

from analysis import jurisdiction
from analysis.judging.reviews import Review, reviews_of
from analysis.models import Analysis, Judgement, Recording, Summary
from analysis.statement import STATEMENT
from analysis.trends.trend import ENOUGH_SPEECH_S
from ml.acoustics.measures import MEASURES
from ml.labels import LABELS
from patients.models import Patient, Session

SESSIONS_AT_A_TIME = 100
ABOUT_SESSION = ("patient", "session", "held_at", "kind", "session_state")
ABOUT_RECORDING = ("recording", "received_at", "recording_state", "reason", "duration_s", "speech_s")
HEARD = (
    "clear_share",
    "enough_speech",
    "top",
    *(f"{label}_{part}" for label in LABELS for part in ("share", "low", "high")),
)
MEASURED = tuple(f"{key}{part}" for key in MEASURES for part in ("", "_low", "_high", "_seconds"))
"""Acoustic measures in the units of `ml.acoustics.measures`, their 95 % intervals, the seconds beneath."""
ABOUT_HEARING = ("quality", "model_number", "model")
SAID = ("session_judgement", "judgements", "signed_at")
COLUMNS = (*ABOUT_SESSION, *ABOUT_RECORDING, *HEARD, *ABOUT_HEARING, *MEASURED, *SAID, "what_this_is")

# Not in the table where the clinic's setting allows no estimates of emotion.
OF_EMOTION = frozenset({*HEARD, *ABOUT_HEARING, "session_judgement", "judgements", "what_this_is"})

Cell = str | int | float | None


def header() -> str:
    return _written([COLUMNS])


def pages_of(patient: Patient) -> Iterator[list[UUID]]:
    """The patient's sessions from the oldest on, as many at a time as one piece of the file tells."""
    keys = list(patient.sessions.order_by("held_at", "pk").values_list("pk", flat=True))
    for start in range(0, len(keys), SESSIONS_AT_A_TIME):
        yield keys[start : start + SESSIONS_AT_A_TIME]


def rows_of(patient: Patient, sessions: Sequence[UUID]) -> str:
    """The lines of these sessions. A handful of queries, however many they are."""
    with override("en"):
        statement = str(STATEMENT)
    reviews, judged = reviews_of(sessions), _whole_session_judgements(sessions)
    rows: list[list[Cell]] = []
    for session in _with_recordings(patient, sessions):
        about = [patient.reference, str(session.pk), _moment(session.held_at), session.kind]
        about.append("voided" if session.is_voided else "standing")
        said = _said(reviews[session.pk], judged.get(session.pk, ""))
        recordings: list[Recording | None] = [*session.recordings.all()]
        for recording in recordings or [None]:
            rows.append([*about, *_recording(recording), *said, statement])
    return _written(rows)


def _with_recordings(patient: Patient, sessions: Sequence[UUID]) -> QuerySet[Session]:
    work = Analysis.objects.select_related("model_version", "summary", "acoustics")
    recordings = Recording.objects.defer(*Recording.DRAWN).order_by("received_at")
    return (
        patient.sessions.filter(pk__in=sessions)
        .order_by("held_at", "pk")
        .prefetch_related(
            Prefetch("recordings", queryset=recordings), Prefetch("recordings__analyses", queryset=work)
        )
    )


def _whole_session_judgements(sessions: Sequence[UUID]) -> dict[UUID, str]:
    """The latest standing word on each session as a whole: ``agree``, ``unusable`` or an emotion."""
    said = Judgement.objects.filter(session__in=sessions, analysis=None, withdrawn_at=None).order_by(
        "said_at"
    )
    return {one.session_id: one.label or one.verdict for one in said}


def _recording(recording: Recording | None) -> list[Cell]:
    if recording is None:
        return [None] * len((*ABOUT_RECORDING, *HEARD, *ABOUT_HEARING, *MEASURED))
    done = [one for one in recording.analyses.all() if one.state == Analysis.State.DONE]
    finished = max(done, key=lambda one: one.model_version.number, default=None)
    summary = getattr(finished, "summary", None)
    latest = recording.latest_analysis
    state = "voided" if recording.is_voided else (latest.state if latest else "")
    facts = [str(recording.pk), _moment(recording.received_at), state, latest.reason if latest else ""]
    length = [_number(recording.duration_s), _number(summary and summary.speech_s)]
    measured = _measured(done)
    if finished is None or summary is None:
        return [*facts, *length, *[None] * len((*HEARD, *ABOUT_HEARING)), *measured]
    version = finished.model_version
    hearing: list[Cell] = [" ".join(summary.quality), version.number, version.model_id]
    return [*facts, *length, *_heard(summary), *hearing, *measured]


def _measured(done: Sequence[Analysis]) -> list[Cell]:
    """Acoustic measures: they need no estimate of emotion, and are there also where none is."""
    taken = [one for one in done if hasattr(one, "acoustics")]
    newest = max(taken, key=lambda one: one.model_version.number, default=None)
    values = newest.acoustics.values if newest else {}
    return [
        _number(values.get(key, {}).get(part))
        for key in MEASURES
        for part in ("value", "low", "high", "seconds")
    ]


def _heard(summary: Summary) -> list[Cell]:
    clear = 1 - summary.abstained_share
    enough = "yes" if summary.speech_s * clear >= ENOUGH_SPEECH_S else "no"
    bounds = zip(summary.shares, summary.low, summary.high, strict=True)
    return [_number(clear), enough, summary.top, *(_number(value) for bound in bounds for value in bound)]


def _said(review: Review, judgement: str) -> list[Cell]:
    return [judgement, review.judgements, _moment(review.signed_at)]


def _moment(moment: datetime | None) -> str | None:
    return timezone.localtime(moment).isoformat(timespec="seconds") if moment else None


def _number(value: float | None) -> float | None:
    return None if value is None else round(float(value), 4)


def _written(rows: Sequence[Sequence[Cell]]) -> str:
    paper = io.StringIO()
    hidden: set[str] = set() if jurisdiction.shows_emotion() else {*OF_EMOTION}
    if not jurisdiction.measures_voices():
        hidden.update(MEASURED)
    given = [column not in hidden for column in COLUMNS]
    csv.writer(paper).writerows([harmless(cell) for cell in compress(row, given)] for row in rows)
    return paper.getvalue()


def harmless(cell: Cell) -> Cell:
    """Text that a spreadsheet would run as a formula is put behind an apostrophe; numbers stay numbers."""
    if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")):
        return f"'{cell}"
    return cell
