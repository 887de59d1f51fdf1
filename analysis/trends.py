"""Reads: what was heard of a patient session by session, and how it compares with before.

Whatever the number of patients and sessions, a call costs the same few queries.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from uuid import UUID

import numpy as np
from django.db.models import OuterRef, QuerySet, Subquery
from numpy.typing import NDArray

from analysis import reasons
from analysis.change import RECENT, Comparison, Shares, compare
from analysis.models import Analysis, Recording, Summary
from patients.models import Clinician, Patient, Session

# With less clear speech than this a session says too little to be compared with others.
ENOUGH_SPEECH_S = 15.0
# Nine layers of as many sessions are just under 2,400 numbers: what a chart draws without a noticeable wait.
MOST_DRAWN = 260


@dataclass(frozen=True)
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
        return self.speech_s * self.sure_share

    @property
    def is_enough(self) -> bool:
        return self.clear_s >= ENOUGH_SPEECH_S

    @property
    def is_telephone(self) -> bool:
        """Whether a telephone's narrow band was heard: that alone shifts the shares more than changes do."""
        return "band_limited" in self.quality

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


@dataclass(frozen=True)
class SessionPoint:
    """One session on the time axis; ``heard`` is None while or because there is no result."""

    session_id: UUID
    held_at: datetime
    kind: str
    is_voided: bool
    recordings: int
    failed: int
    pending: int
    heard: Heard | None

    @property
    def counts(self) -> bool:
        """Whether this session takes part in comparisons; where it does not, a chart shows a gap."""
        return self.heard is not None and self.heard.is_enough


@dataclass(frozen=True)
class Trend:
    """A patient's sessions from the oldest to the newest, voided ones included and marked."""

    all_points: tuple[SessionPoint, ...]

    @cached_property
    def points(self) -> tuple[SessionPoint, ...]:
        return tuple(point for point in self.all_points if not point.is_voided)

    @property
    def drawn(self) -> tuple[SessionPoint, ...]:
        """The latest sessions, as many as a chart can show."""
        return self.points[-MOST_DRAWN:]

    @cached_property
    def compared(self) -> tuple[tuple[SessionPoint, Heard], ...]:
        """Like with like: enough speech, heard by the newest model, and over the band that most came over."""
        counting = [(point, point.heard) for point in self.points if point.heard and point.counts]
        newest = max((heard.model_number for _, heard in counting), default=0)
        counting = [(point, heard) for point, heard in counting if heard.model_number == newest]
        mostly_telephone = 2 * sum(heard.is_telephone for _, heard in counting) > len(counting)
        return tuple((point, heard) for point, heard in counting if heard.is_telephone == mostly_telephone)

    @cached_property
    def set_apart(self) -> frozenset[UUID]:
        """Sessions with a result that is drawn but not compared with the others."""
        compared = {point.session_id for point, _ in self.compared}
        return frozenset(p.session_id for p in self.points if p.counts and p.session_id not in compared)

    @cached_property
    def comparison(self) -> Comparison:
        return compare([heard for _, heard in self.compared])

    @property
    def changed_since(self) -> datetime | None:
        """When the step came, or the drift began; None while there is too little to compare."""
        if self.comparison.is_learning:
            return None
        first = self.comparison.drift_over if self.comparison.is_drift else RECENT
        return self.compared[-first][0].held_at

    @property
    def has_gaps(self) -> bool:
        return any(not point.counts for point in self.points)

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


@dataclass(frozen=True)
class CaseloadRow:
    patient: Patient
    trend: Trend


def caseload(clinician: Clinician, patients: QuerySet[Patient]) -> list[CaseloadRow]:
    """Every patient of the queryset with what is known; a role that sees no results gets states alone."""
    trends = trends_of(patients, with_results=clinician.sees_results)
    return [CaseloadRow(patient, trends.get(patient.pk, Trend(()))) for patient in patients]


def patient_trend(patient: Patient, *, with_results: bool = True) -> Trend:
    one = Patient.objects.filter(pk=patient.pk)
    return trends_of(one, with_results=with_results).get(patient.pk, Trend(()))


@dataclass
class _Tally:
    """What the recordings of one session add up to while rows are read."""

    recordings: int = 0
    failed: int = 0
    pending: int = 0
    summaries: list[tuple[int, Summary]] = field(default_factory=list)


def trends_of(patients: QuerySet[Patient], *, with_results: bool) -> dict[int, Trend]:
    """Trends by patient id, in two queries, or three with results."""
    patients = patients.order_by()
    tallies = _tally(patients, with_results)
    points: dict[int, list[SessionPoint]] = defaultdict(list)
    sessions = Session.objects.filter(patient__in=patients.values("pk")).order_by("held_at", "created_at")
    for pk, patient_id, held_at, kind, voided_at in sessions.values_list(
        "pk", "patient_id", "held_at", "kind", "voided_at"
    ):
        tally = tallies.get(pk, _Tally())
        points[patient_id].append(
            SessionPoint(
                session_id=pk,
                held_at=held_at,
                kind=str(Session.Kind(kind).label),
                is_voided=voided_at is not None,
                recordings=tally.recordings,
                failed=tally.failed,
                pending=tally.pending,
                heard=combine(tally.summaries),
            )
        )
    return {patient_id: Trend(tuple(row)) for patient_id, row in points.items()}


def _tally(patients: QuerySet[Patient], with_results: bool) -> dict[UUID, _Tally]:
    standing = Recording.objects.filter(session__patient__in=patients.values("pk"), voided_at__isnull=True)
    latest = Analysis.objects.filter(recording=OuterRef("pk")).order_by("-queued_at")
    tallies: dict[UUID, _Tally] = defaultdict(_Tally)
    states = standing.annotate(latest_state=Subquery(latest.values("state")[:1]))
    for session_id, state in states.order_by().values_list("session_id", "latest_state"):
        tally = tallies[session_id]
        tally.recordings += 1
        tally.failed += state == Analysis.State.FAILED
        tally.pending += state in (Analysis.State.QUEUED, Analysis.State.RUNNING)
    if with_results:
        for session_id, number, summary in _newest_summaries(standing):
            tallies[session_id].summaries.append((number, summary))
    return tallies


def _newest_summaries(recordings: QuerySet[Recording]) -> Iterable[tuple[UUID, int, Summary]]:
    """For each recording what its newest model said; older hearings stay kept and are not counted again."""
    summaries = (
        Summary.objects.filter(
            analysis__recording__in=recordings.order_by().values("pk"), analysis__state=Analysis.State.DONE
        )
        .select_related("analysis__recording", "analysis__model_version")
        .only(
            *("shares", "low", "high", "abstained_share", "windows", "speech_s", "duration_s", "quality"),
            *("analysis__recording__session_id", "analysis__model_version__number"),
        )
        .order_by("analysis__recording_id", "-analysis__model_version__number")
    )
    seen: set[UUID] = set()
    for summary in summaries:
        if summary.analysis.recording_id not in seen:
            seen.add(summary.analysis.recording_id)
            number = summary.analysis.model_version.number
            yield summary.analysis.recording.session_id, number, summary


def combine(summaries: list[tuple[int, Summary]]) -> Heard | None:
    """One result for a session of several recordings: a mean weighted by clear speech, errors independent."""
    if not summaries:
        return None
    newest = max(number for number, _ in summaries)
    kept = [summary for number, summary in summaries if number == newest]
    speech = np.array([summary.speech_s for summary in kept])
    abstained = np.array([summary.abstained_share for summary in kept])
    weights = _normalised(speech * (1 - abstained)) if (abstained < 1).any() else _normalised(speech)
    shares, low, high = (
        np.array([getattr(summary, name) for summary in kept]) for name in ("shares", "low", "high")
    )
    mean = weights @ shares
    below, above = (np.sqrt(weights**2 @ reach**2) for reach in (shares - low, high - shares))
    return Heard(
        shares=mean.astype(np.float32),
        low=np.clip(mean - below, 0, 1).astype(np.float32),
        high=np.clip(mean + above, 0, 1).astype(np.float32),
        speech_s=float(speech.sum()),
        duration_s=float(sum(summary.duration_s for summary in kept)),
        abstained_share=float(_normalised(speech) @ abstained),
        quality=tuple(dict.fromkeys(code for summary in kept for code in summary.quality)),
        model_number=newest,
    )


def _normalised(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    total = weights.sum()
    return weights / total if total > 0 else np.full(len(weights), 1 / len(weights))
