"""Reads: what was heard of a patient session by session, and how it compares with before.

Whatever the number of patients and sessions, a call costs the same few queries.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from itertools import chain, groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import numpy as np
from django.db.models import Exists, OuterRef, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils.timezone import get_default_timezone

from analysis import jurisdiction, reasons
from analysis.change.baseline import Prior
from analysis.change.comparison import Comparison, Shares, compare
from analysis.change.days import Days, days_of_shares
from analysis.change.pooling import Places, Results, pool
from analysis.change.rules import caseload_prior
from analysis.models import Analysis, Signature, Summary
from ml.labels import EMOTIONS
from patients.models import Patient, Session

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

# With less clear speech than this a session says too little to be compared with others.
ENOUGH_SPEECH_S = 15.0


class Kind(NamedTuple):
    """What has to be alike for results to be compared or averaged."""

    model_number: int
    is_telephone: bool


@dataclass(frozen=True, slots=True)
class Heard(Shares):
    """What was heard in one session, its recordings weighted by their seconds of clear speech."""

    speech_s: float
    duration_s: float
    abstained_share: float
    quality: tuple[str, ...]
    model_number: int

    @property
    def clear_s(self) -> float:
        """Seconds of speech that were clear enough to judge."""
        return self.speech_s * (1 - self.abstained_share)

    @property
    def is_enough(self) -> bool:
        return self.clear_s >= ENOUGH_SPEECH_S

    @property
    def is_telephone(self) -> bool:
        """Whether a telephone's narrow band was heard: that alone shifts the shares more than changes do."""
        return "band_limited" in self.quality

    @property
    def kind(self) -> Kind:
        return Kind(self.model_number, self.is_telephone)

    @property
    def sure_share(self) -> float:
        """Of the speech, how much was clear enough to judge."""
        return 1 - self.abstained_share

    @property
    def notes(self) -> list[str]:
        """What to know beside the result, in words."""
        return reasons.notes(list(self.quality))

    @property
    def rows(self) -> list[tuple[int, int, int]]:
        """Share, low and high of each emotion in whole per cent, for tables."""
        table = np.rint(np.column_stack([self.shares, self.low, self.high]) * 100).astype(int)
        return [(int(share), int(low), int(high)) for share, low, high in table]


@dataclass(frozen=True, slots=True)
class SessionPoint:
    """One session on the time axis; ``heard`` is None while or because there is no result.

    With slots, as what was heard in it: thousands of them are kept, and objects without a dictionary each are
    made faster and give the garbage collector half the work.
    """

    session_id: UUID
    held_at: datetime
    kind: str | StrPromise
    is_voided: bool
    recordings: int
    failed: int
    pending: int
    heard: Heard | None
    is_visit: bool = False
    """Whether a clinician met the patient, or signed what was heard."""
    on: date = field(init=False)
    """The day in the clinic's calendar."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "on", self.held_at.astimezone(get_default_timezone()).date())

    @property
    def counts(self) -> bool:
        """Whether this session takes part in comparisons; where it does not, a chart shows a gap."""
        return self.heard is not None and self.heard.is_enough


@dataclass(frozen=True)
class Trend:
    """A patient's sessions from the oldest to the newest, voided ones included and marked."""

    all_points: tuple[SessionPoint, ...]
    prior: Prior | None = None
    """What the rule that says what has changed borrows from the caseload."""

    @cached_property
    def points(self) -> tuple[SessionPoint, ...]:
        return tuple(point for point in self.all_points if not point.is_voided)

    @cached_property
    def kind(self) -> Kind | None:
        """The kind that is compared: by the newest model, and over the band that most of it came over."""
        kinds = [point.heard.kind for point in self.points if point.heard and point.counts]
        newest = max((kind.model_number for kind in kinds), default=None)
        over_telephone = [kind.is_telephone for kind in kinds if kind.model_number == newest]
        return None if newest is None else Kind(newest, 2 * sum(over_telephone) > len(over_telephone))

    @cached_property
    def compared(self) -> tuple[tuple[SessionPoint, Heard], ...]:
        """Like with like: enough speech, and of the one kind."""
        counting = [(point, point.heard) for point in self.points if point.heard and point.counts]
        return tuple((point, heard) for point, heard in counting if heard.kind == self.kind)

    @cached_property
    def set_apart(self) -> frozenset[UUID]:
        """Sessions with a result that is drawn but not compared with the others."""
        compared = {point.session_id for point, _ in self.compared}
        return frozenset(p.session_id for p in self.points if p.counts and p.session_id not in compared)

    @cached_property
    def compared_results(self) -> Results:
        """The sessions that are compared, as one set of numbers."""
        return results_of([heard for _, heard in self.compared])

    @cached_property
    def days(self) -> Days:
        """The days on which something can be compared: what charts and rules work on."""
        dates = [point.on for point, _ in self.compared]
        return days_of_shares(dates, self.compared_results)

    @cached_property
    def comparison(self) -> Comparison:
        return compare(self.days, self.compared_results, self.prior)

    @cached_property
    def recent(self) -> frozenset[UUID]:
        """The sessions of the run that is beyond this patient's usual; none where nothing has changed."""
        return frozenset(self.compared[place][0].session_id for place in self.comparison.recent)

    @property
    def changed_since(self) -> datetime | None:
        """When the run began that is beyond this patient's usual; None where nothing has changed."""
        recent = self.comparison.recent
        return self.compared[recent[0]][0].held_at if recent else None

    @property
    def latest(self) -> SessionPoint | None:
        return self.points[-1] if self.points else None

    @property
    def pending(self) -> int:
        return sum(point.pending for point in self.points)

    @property
    def failed_lately(self) -> int:
        return self.latest.failed if self.latest else 0

    @property
    def is_silent_lately(self) -> bool:
        """Whether the last two sessions were recorded and analysed, and neither held enough speech."""
        finished = [point for point in self.points if point.recordings and not point.pending]
        return len(finished) >= 2 and not any(point.counts for point in finished[-2:])


def patient_trend(patient: Patient, *, with_results: bool = True) -> Trend:
    one = Patient.objects.filter(pk=patient.pk)
    with_results = with_results and jurisdiction.shows_emotion()
    return trends_of(one, with_results=with_results).get(patient.pk, Trend(()))


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
    is_signed: bool
    recordings: int
    failed: int
    pending: int
    heard: list[_Row]


def trends_of(patients: QuerySet[Patient], *, with_results: bool) -> dict[int, Trend]:
    """Trends by patient id, in one query, or two with results."""
    sessions = _sessions(patients.order_by(), with_results)
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
                is_visit=one.is_signed or one.kind == Session.Kind.IN_PERSON,
            )
        )
    prior = caseload_prior() if with_results and points else None
    return {patient_id: Trend(tuple(row), prior) for patient_id, row in points.items()}


def _sessions(patients: QuerySet[Patient], with_results: bool) -> list[_Session]:
    """All sessions, the oldest first, with how far the work on their recordings has come.

    A row for each analysis, or where there is none for the recording, or the session.
    """
    signed = Exists(Signature.objects.filter(session=OuterRef("pk")))
    rows = (
        Session.objects.filter(patient__in=patients.values("pk"))
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
    pk, patient_id, held_at, kind, voided_at, is_signed = rows[0][:6]
    latest: dict[UUID, str] = {}
    newest: dict[UUID, _Row] = {}
    for row in rows:
        recording, recording_voided_at, state = row[6:9]
        if recording is None or recording_voided_at is not None:
            continue
        latest[recording] = state
        # Where no emotion may be estimated an analysis is done without a summary.
        if state == Analysis.State.DONE and len(row) > 9 and row[10] is not None:
            summary = _Row(*row[9:])
            if recording not in newest or summary.number > newest[recording].number:
                newest[recording] = summary
    states = list(latest.values())
    return _Session(
        pk,
        patient_id,
        held_at,
        kind,
        voided_at is not None,
        is_signed,
        recordings=len(states),
        failed=states.count(Analysis.State.FAILED),
        pending=states.count(Analysis.State.QUEUED) + states.count(Analysis.State.RUNNING),
        heard=list(newest.values()),
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
    sessions: list[UUID] = []
    rows: list[_Row] = []
    starts: list[int] = []
    for one in read:
        if one.heard:
            newest = max(row.number for row in one.heard)
            sessions.append(one.pk)
            starts.append(len(rows))
            rows += [row for row in one.heard if row.number == newest]
    if not rows:
        return {}
    numbers, shares, low, high, quality, abstained, speech, duration = zip(*rows, strict=True)
    results = Results(
        *(np.array(_parsed(texts), np.float64) for texts in (shares, low, high)),
        *(np.array(values, np.float64) for values in (speech, duration, abstained)),
    )
    codes = _parsed(quality)
    heard = heard_in(results, codes, [numbers[start] for start in starts], np.array(starts))
    return dict(zip(sessions, heard, strict=True))


def _parsed(arrays: Sequence[str]) -> list[Any]:
    parsed: list[Any] = json.loads(f"[{','.join(arrays)}]")
    return parsed


def combine(summaries: list[tuple[int, Summary]]) -> Heard | None:
    """One result for a session of several recordings, of which each comes with its model's number."""
    if not summaries:
        return None
    newest = max(number for number, _ in summaries)
    kept = [summary for number, summary in summaries if number == newest]
    columns = ("shares", "low", "high", "speech_s", "duration_s", "abstained_share")
    results = Results(
        **{name: np.array([getattr(summary, name) for summary in kept], np.float64) for name in columns}
    )
    return heard_in(results, [summary.quality for summary in kept], [newest], np.zeros(1, np.intp))[0]


def heard_in(
    results: Results, quality: Sequence[Sequence[str]], numbers: Sequence[int], starts: Places
) -> list[Heard]:
    """What was heard in each run of ``results``: they begin at ``starts``, their models have ``numbers``."""
    pooled = pool(results, starts)
    columns = (
        *(list(part.astype(np.float32)) for part in (pooled.shares, pooled.low, pooled.high)),
        *(part.tolist() for part in (pooled.speech_s, pooled.duration_s, pooled.abstained_share)),
    )
    begins = starts.tolist()
    ends = [*begins, len(results)][1:]
    codes = [_named(quality[begin:end]) for begin, end in zip(begins, ends, strict=True)]
    return list(map(Heard, *columns, codes, numbers))


def _named(quality: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Each code once, in the order in which they come."""
    return tuple(dict.fromkeys(chain.from_iterable(quality))) if any(quality) else ()


def results_of(heard: Sequence[Heard]) -> Results:
    """Side by side, for the arithmetic."""
    shares, low, high = (
        np.concatenate([getattr(one, name) for one in heard]).astype(np.float64).reshape(-1, len(EMOTIONS))
        if heard
        else np.empty((0, len(EMOTIONS)))
        for name in ("shares", "low", "high")
    )
    return Results(
        *(shares, low, high),
        speech_s=np.array([one.speech_s for one in heard], np.float64),
        duration_s=np.array([one.duration_s for one in heard], np.float64),
        abstained_share=np.array([one.abstained_share for one in heard], np.float64),
    )
