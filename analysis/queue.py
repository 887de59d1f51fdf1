"""The life of a job row. The row is the truth about the work; a message to the broker is only a doorbell.

A worker owns a row while its claim stands in it and its lease has not run out, and writes under its own
claim only. So a message that is lost costs seconds, one that comes twice costs nothing, and no result is
counted twice, whatever is killed and when. Leases are measured by the database's clock: the clocks of
several hosts need not agree.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from celery import current_app
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from analysis.models import Analysis, Explanation, Job, TrainingRun
from patients.models import Session

log = logging.getLogger(__name__)

# A living worker renews well before its lease ends; a dead one's recording is taken up again after it.
LEASE = timedelta(seconds=30)
MAX_ATTEMPTS = 5
# A bell that went unheard is rung again after as long as the row has waited, within these bounds.
RING_AGAIN_EARLIEST = timedelta(seconds=5)
RING_AGAIN_LATEST = timedelta(seconds=30)
# Only the rows next in line are rung again: a long queue must not fill the broker with bells.
RINGS_PER_SWEEP = 10

WATCH = "analysis.tasks.watch"
BELLS: Mapping[type[Job], str] = {
    Analysis: "analysis.tasks.analyse",
    Explanation: "analysis.tasks.explain",
    TrainingRun: "analysis.tasks.retrain",
}


class LeaseLost(Exception):
    """Someone else owns the row now: whatever was found out must not be written."""


@dataclass(frozen=True)
class Claim:
    """A worker's hold on one row."""

    kind: type[Job]
    job_id: uuid.UUID
    token: uuid.UUID = field(default_factory=uuid.uuid4)

    def write(self, **columns: Any) -> None:
        """Change the row if it is still ours, in one statement.

        Raises:
            LeaseLost: it is not.
        """
        ours = self.kind._default_manager.filter(pk=self.job_id, claim=self.token, state=Job.State.RUNNING)
        if not ours.update(**columns):
            raise LeaseLost(f"{self.kind.__name__} {self.job_id}")

    def renew(self, **columns: Any) -> None:
        """Keep the row for another lease, and say how far the work has come."""
        self.write(lease_until=Now() + LEASE, **columns)

    def finish(self, **columns: Any) -> None:
        """Done. Call it in the transaction that writes the result: both stand or neither."""
        self.write(state=Job.State.DONE, progress=1.0, **_let_go(), finished_at=Now(), **columns)
        _count_change(self.kind, self.job_id)

    def fail(self, reason: str, **columns: Any) -> None:
        """Not possible, and trying again by itself would not help."""
        with transaction.atomic():
            self.write(state=Job.State.FAILED, reason=reason, **_let_go(), finished_at=Now(), **columns)
            _count_change(self.kind, self.job_id)

    def release(self, reason: str) -> None:
        """Broke off for a cause that may pass: back in line, or failed with ``reason`` after too many."""
        ours = self.kind._default_manager.filter(pk=self.job_id, claim=self.token, state=Job.State.RUNNING)
        if not ours.filter(attempts__lt=MAX_ATTEMPTS).update(
            state=Job.State.QUEUED, progress=0.0, rung_at=Now(), **_let_go()
        ):
            self.fail(reason)


def _let_go() -> dict[str, None]:
    return {"claim": None, "lease_until": None}


def _count_change(kind: type[Job], *job_ids: uuid.UUID) -> None:
    """A hearing came to its end: what the caseload keeps of its patient no longer holds."""
    if kind is Analysis and job_ids:
        heard = Analysis.objects.filter(pk__in=job_ids).order_by()
        Session.count_change(*heard.values_list("recording__session_id", flat=True))


def claim(kind: type[Job], job_id: uuid.UUID) -> Claim | None:
    """Take a row that waits, or whose worker has died. ``None``: someone else has it, or it is finished."""
    taken = Claim(kind, job_id)
    waiting = Q(state=Job.State.QUEUED) | Q(state=Job.State.RUNNING, lease_until__lt=Now())
    changed = kind._default_manager.filter(waiting, pk=job_id, attempts__lt=MAX_ATTEMPTS).update(
        state=Job.State.RUNNING,
        claim=taken.token,
        lease_until=Now() + LEASE,
        attempts=F("attempts") + 1,
        progress=0.0,
        started_at=Now(),
    )
    return taken if changed else None


def ring_on_commit(job: Job) -> None:
    """Tell a worker once the row is safe, and not at all when it is rolled back."""
    transaction.on_commit(lambda: ring(type(job), job.pk))


def ring(kind: type[Job], job_id: uuid.UUID) -> bool:
    """Ring the doorbell. A broker that is down is no reason to refuse a recording: the sweep rings again."""
    try:
        current_app.send_task(BELLS[kind], args=[str(job_id)], retry=False)
    except Exception:  # each transport raises its own kinds; none of them may reach the clinician
        log.warning("The broker cannot be reached; %s %s waits for the sweep.", kind.__name__, job_id)
        return False
    kind._default_manager.filter(pk=job_id, state=Job.State.QUEUED).update(rung_at=Now())
    return True


def watch_on_commit(patient_id: int) -> None:
    """Ask the rules of alerts once a result is safe. A bell that is lost is made good by the clock."""
    transaction.on_commit(lambda: _tell(WATCH, patient_id))


def _tell(task: str, patient_id: int) -> None:
    try:
        current_app.send_task(task, args=[patient_id], retry=False)
    except Exception:  # as above
        log.warning("The broker cannot be reached; the rules of alerts wait for the clock.")


def requeue(job: Job, **columns: Any) -> bool:
    """Put a finished row back in line with all its attempts. False: it is not finished (any more)."""
    fresh = {
        "state": Job.State.QUEUED,
        "reason": "",
        "progress": 0.0,
        "attempts": 0,
        "queued_at": timezone.now(),
    }
    final = type(job)._default_manager.filter(pk=job.pk, state__in=(Job.State.DONE, Job.State.FAILED))
    if not final.update(**fresh, rung_at=None, started_at=None, finished_at=None, **_let_go(), **columns):
        return False
    job.refresh_from_db()
    ring_on_commit(job)
    return True


def cancel(job: Job, reason: str = "cancelled") -> bool:
    """End a row that is no longer wanted; its worker notices at its next word. False: it was final."""
    waiting = type(job)._default_manager.filter(pk=job.pk, state__in=(Job.State.QUEUED, Job.State.RUNNING))
    ended = {"state": Job.State.FAILED, "reason": reason, "finished_at": Now(), **_let_go()}
    with transaction.atomic():
        was_waiting = bool(waiting.update(**ended))
        if was_waiting:
            _count_change(type(job), job.pk)
    return was_waiting


def sweep() -> int:
    """Take rows back from dead workers, ring for rows whose bell nobody heard; returns how many rings."""
    rung = 0
    for kind in BELLS:
        _recover(kind)
        now = timezone.now()
        oldest = kind._default_manager.filter(state=Job.State.QUEUED).order_by("queued_at")[:RINGS_PER_SWEEP]
        for job in oldest:
            if _due(job, now):
                if not ring(kind, job.pk):
                    return rung  # the broker is down: asking again for every row would only take time
                rung += 1
    return rung


def _recover(kind: type[Job]) -> None:
    dead = kind._default_manager.filter(state=Job.State.RUNNING, lease_until__lt=Now())
    if spent := list(dead.filter(attempts__gte=MAX_ATTEMPTS).order_by().values_list("pk", flat=True)):
        with transaction.atomic():
            dead.filter(pk__in=spent).update(
                state=Job.State.FAILED, reason="crashed", finished_at=Now(), **_let_go()
            )
            _count_change(kind, *spent)
    dead.filter(attempts__lt=MAX_ATTEMPTS).update(
        state=Job.State.QUEUED, progress=0.0, rung_at=None, **_let_go()
    )


def _due(job: Job, now: datetime) -> bool:
    if job.rung_at is None:
        return job.attempts > 0 or now - job.queued_at >= RING_AGAIN_EARLIEST
    waited = job.rung_at - job.queued_at
    return now - job.rung_at >= min(max(waited, RING_AGAIN_EARLIEST), RING_AGAIN_LATEST)
