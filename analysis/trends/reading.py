"""Reads: the sessions of patients as trends.

Whatever the number of patients and sessions, a call costs the same few queries.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from itertools import chain, groupby
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from django.db.models import Exists, OuterRef, QuerySet, TextField
from django.db.models.functions import Cast

from analysis import jurisdiction
from analysis.change.pooling import Results
from analysis.change.rules import caseload_prior
from analysis.models import Analysis, Signature
from analysis.trends.trend import Heard, SessionPoint, Trend, heard_in
from patients.models import Patient, Session


def patient_trend(patient: Patient, *, with_results: bool = True, since: int | None = None) -> Trend:
    one = Patient.objects.filter(pk=patient.pk)
    with_results = with_results and jurisdiction.shows_emotion()
    return trends_of(one, with_results=with_results, since=since).get(patient.pk, Trend(()))


# As they are read: asked of the classes thousands of times they would take longer than the arithmetic.
DONE, FAILED = Analysis.State.DONE.value, Analysis.State.FAILED.value
WAITING = frozenset({Analysis.State.QUEUED.value, Analysis.State.RUNNING.value})
IN_PERSON = Session.Kind.IN_PERSON.value


class _Row(NamedTuple):
    """One recording's summary by its newest model; its arrays are still the JSON that they are kept in."""

    number: int
    shares: str
    low: str
    high: str
    quality: str
    abstained_share: float
    speech_s: float
    duration_s: float


class _Session(NamedTuple):
    """A session as it is read, its recordings added up."""

    pk: UUID
    patient_id: int
    held_at: datetime
    kind: str
    is_voided: bool
    is_visit: bool
    recordings: int
    failed: int
    pending: int
    heard: list[_Row]


def trends_of(
    patients: QuerySet[Patient], *, with_results: bool, since: int | None = None
) -> dict[int, Trend]:
    """Trends by patient id, in one query, or two with results; of sessions changed ``since`` a revision."""
    sessions = _sessions(patients.order_by(), with_results, since)
    heard = _heard_by_session(sessions)
    labels = {kind.value: kind.label for kind in Session.Kind}  # in the language of whoever will read them
    points: dict[int, list[SessionPoint]] = defaultdict(list)
    for one in sessions:
        points[one.patient_id].append(
            SessionPoint(
                session_id=one.pk,
                held_at=one.held_at,
                kind=labels[one.kind],
                is_voided=one.is_voided,
                recordings=one.recordings,
                failed=one.failed,
                pending=one.pending,
                heard=heard.get(one.pk),
                is_visit=one.is_visit,
            )
        )
    prior = caseload_prior() if with_results and points else None
    return {patient_id: Trend(tuple(row), prior) for patient_id, row in points.items()}


def _sessions(patients: QuerySet[Patient], with_results: bool, since: int | None) -> list[_Session]:
    """All sessions, the oldest first, with how far the work on their recordings has come.

    A row for each analysis, or where there is none for the recording, or the session.
    """
    changed = Session.objects.all() if since is None else Session.objects.filter(revision__gt=since)
    signed = Exists(Signature.objects.filter(session=OuterRef("pk")))
    rows = (
        changed.filter(patient__in=patients.values("pk"))
        .order_by("held_at", "created_at", "pk", "recordings__pk", "recordings__analyses__queued_at")
        .values_list(
            *("pk", "patient_id", "held_at", "kind", "voided_at", signed),
            *("recordings__pk", "recordings__voided_at", "recordings__analyses__state"),
            *(_summary_columns() if with_results else ()),
        )
    )
    return [_session(list(of_session)) for _pk, of_session in groupby(rows, key=itemgetter(0))]


def _session(rows: list[tuple[Any, ...]]) -> _Session:
    """What its recordings add up to and, if that was read, what was heard in them.

    For each recording what its newest model said: older hearings stay kept and are not counted again.
    """
    latest: dict[UUID, str] = {}
    newest: dict[UUID, _Row] = {}
    for row in rows:
        recording, voided_at, state = row[6:9]
        if recording is None or voided_at is not None:
            continue
        latest[recording] = state
        # Where no emotion may be estimated an analysis is done without a summary.
        if state == DONE and len(row) > 9 and row[10] is not None:
            summary = _Row._make(row[9:])
            if recording not in newest or summary.number > newest[recording].number:
                newest[recording] = summary
    failed = pending = 0
    for state in latest.values():
        failed += state == FAILED
        pending += state in WAITING
    pk, patient_id, held_at, kind, voided_at, is_signed = rows[0][:6]
    is_visit = is_signed or kind == IN_PERSON
    return _Session(
        *(pk, patient_id, held_at, kind, voided_at is not None, is_visit),
        *(len(latest), failed, pending, list(newest.values())),
    )


def _summary_columns() -> list[str | Cast]:
    """As text, so that a thousand arrays are parsed in one go instead of one by one."""
    arrays = ("shares", "low", "high", "quality")
    return [
        "recordings__analyses__model_version__number",
        *(Cast(f"recordings__analyses__summary__{name}", TextField()) for name in arrays),
        *(f"recordings__analyses__summary__{name}" for name in ("abstained_share", "speech_s", "duration_s")),
    ]


def _heard_by_session(read: Sequence[_Session]) -> dict[UUID, Heard]:
    """All sessions at once; each of its newest model's recordings alone."""
    sessions = {one.pk: _newest(one.heard) for one in read if one.heard}
    return dict(zip(sessions, _pool(list(sessions.values())), strict=True))


def _newest(summaries: list[_Row]) -> list[_Row]:
    newest = max(row.number for row in summaries)
    return [row for row in summaries if row.number == newest]


def _pool(sessions: Sequence[list[_Row]]) -> list[Heard]:
    """What was heard in each, all of them in one go."""
    if not sessions:
        return []
    starts = np.cumsum([0, *map(len, sessions)])[:-1].astype(np.intp)
    columns = zip(*chain.from_iterable(sessions), strict=True)
    numbers, shares, low, high, quality, abstained, speech, duration = columns
    results = Results(
        *(np.array(_parsed(texts), np.float64) for texts in (shares, low, high)),
        *(np.array(values, np.float64) for values in (speech, duration, abstained)),
    )
    return heard_in(results, _parsed(quality), [numbers[start] for start in starts], starts)


def _parsed(arrays: Sequence[str]) -> list[Any]:
    parsed: list[Any] = json.loads(f"[{','.join(arrays)}]")
    return parsed
