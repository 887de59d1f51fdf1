"""Reads: recordings with how far their analysis has come and what it said, as lists and pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.db.models import Prefetch, QuerySet

from analysis import jurisdiction, reasons
from analysis.models import Analysis, Recording, Summary
from analysis.sound.withdrawals import agreed
from analysis.trends.trend import Heard, combine
from analysis.wording.phrases import session_sentence
from patients.models import Consent, Patient, Session


@dataclass(frozen=True)
class Hearing:
    """A recording as a line in a list. ``with_results`` is False for a role that sees states alone."""

    recording: Recording
    with_results: bool

    @cached_property
    def analysis(self) -> Analysis | None:
        """The latest work on it: what a waiting person wants to know."""
        return self.recording.latest_analysis

    @cached_property
    def finished(self) -> Analysis | None:
        """The analysis to read: the newest model's that came to an end."""
        done = [one for one in self.recording.analyses.all() if one.state == Analysis.State.DONE]
        return max(done, key=lambda one: one.model_version.number, default=None)

    @property
    def summary(self) -> Summary | None:
        if not self.with_results or not jurisdiction.shows_emotion():
            return None
        return getattr(self.finished, "summary", None)

    @cached_property
    def heard(self) -> Heard | None:
        if self.summary is None or self.finished is None:
            return None
        return combine([(self.finished.model_version.number, self.summary)])

    @property
    def sentence(self) -> str:
        return jurisdiction.sentence() or session_sentence(self.heard)

    @property
    def is_final(self) -> bool:
        return self.analysis is None or self.analysis.is_final

    @property
    def state(self) -> str:
        """``queued``, ``running``, ``done``, ``failed`` or ``voided``."""
        if self.recording.is_voided:
            return "voided"
        return self.analysis.state if self.analysis else Analysis.State.FAILED

    @property
    def progress(self) -> int:
        return round((self.analysis.progress if self.analysis else 0) * 100)

    @property
    def reason(self) -> str:
        return reasons.explain(self.analysis.reason) if self.analysis else ""

    @property
    def needs_channel(self) -> bool:
        return self.analysis is not None and self.analysis.reason in ("choose_channel", "no_such_channel")

    @property
    def can_be_retried(self) -> bool:
        """Offered where it can end otherwise; elsewhere the reason says what to do instead."""
        if self.analysis is None or self.recording.is_voided:
            return False
        return self.analysis.can_be_retried and reasons.may_end_otherwise(self.analysis.reason)

    @property
    def notes(self) -> list[str]:
        return reasons.notes(self.summary.quality) if self.summary else []

    @property
    def can_be_played(self) -> bool:
        kept = bool(self.recording.canonical) and not self.recording.is_voided
        return self.with_results and kept and self.may_be_listened_to

    @property
    def may_be_listened_to(self) -> bool:
        """Whether the patient agrees to the keeping of sound; annotated by ``_hearings``."""
        return bool(getattr(self.recording, "may_be_listened_to", False))


def _hearings(recordings: QuerySet[Recording], with_results: bool) -> list[Hearing]:
    work = Analysis.objects.select_related("model_version", "summary")
    listed = recordings.select_related("session", "received_by", "voided_by").defer(*Recording.DRAWN)
    listed = listed.annotate(may_be_listened_to=agreed(Consent.Purpose.KEEP_AUDIO, "session__patient"))
    return [
        Hearing(recording, with_results)
        for recording in listed.prefetch_related(Prefetch("analyses", queryset=work)).order_by("received_at")
    ]


def hearing_of(recording: Recording, *, with_results: bool) -> Hearing:
    """One recording, as it stands now."""
    return _hearings(Recording.objects.filter(pk=recording.pk), with_results)[0]


def hearings_in(session: Session, *, with_results: bool) -> list[Hearing]:
    """All recordings of a session, voided ones included, in the order in which they came."""
    return _hearings(session.recordings.all(), with_results)


def arrivals(patient: Patient, *, with_results: bool) -> list[Hearing]:
    """Recordings of the patient that are still being worked on, the latest first."""
    waiting = Analysis.objects.filter(
        state__in=(Analysis.State.QUEUED, Analysis.State.RUNNING), recording__session__patient=patient
    )
    mine = Recording.objects.filter(
        pk__in=waiting.values("recording"), voided_at=None, session__voided_at=None
    )
    return _hearings(mine, with_results)[::-1]
