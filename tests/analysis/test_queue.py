"""The life of a job row: claimed once, kept by its lease, given back when its worker is gone."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.db import DatabaseError, transaction
from django.utils import timezone

from analysis import heartbeat, queue
from analysis.heartbeat import Heartbeat
from analysis.models import Analysis
from analysis.queue import Claim, LeaseLost
from patients.models import Session
from tests.analysis.hearing import make_recording
from tests.cast import Cast


@pytest.fixture
def waiting(cast: Cast, session: Session) -> Analysis:
    return make_recording(cast.treats, session)


@pytest.fixture
def bells(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids for which the broker was told."""
    rung: list[str] = []

    def note(name: str, *, args: list[str], **options: Any) -> None:
        rung.extend(args)

    monkeypatch.setattr(current_app, "send_task", note)
    return rung


def claimed(analysis: Analysis) -> Claim:
    claim = queue.claim(Analysis, analysis.pk)
    assert claim is not None
    return claim


def expire(analysis: Analysis) -> None:
    Analysis.objects.filter(pk=analysis.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def aged(analysis: Analysis, *, queued_s: float, rung_s: float | None) -> None:
    """Queued and rung so many seconds ago."""
    now = timezone.now()
    rung_at = None if rung_s is None else now - timedelta(seconds=rung_s)
    Analysis.objects.filter(pk=analysis.pk).update(
        queued_at=now - timedelta(seconds=queued_s), rung_at=rung_at
    )


def test_a_row_is_claimed_once(waiting: Analysis) -> None:
    claimed(waiting)
    assert queue.claim(Analysis, waiting.pk) is None
    waiting.refresh_from_db()
    assert (waiting.state, waiting.attempts) == ("running", 1)


def test_a_row_that_is_not_there_cannot_be_claimed(db: None) -> None:
    assert queue.claim(Analysis, uuid.uuid4()) is None


def test_only_after_its_lease_is_a_dead_workers_row_claimed_and_then_its_word_counts_no_more(
    waiting: Analysis,
) -> None:
    dead = claimed(waiting)
    expire(waiting)
    living = claimed(waiting)
    last_words: list[Callable[[], None]] = [
        dead.renew,
        dead.finish,
        lambda: dead.fail("crashed"),
        lambda: dead.release("crashed"),
    ]
    for last_word in last_words:
        with pytest.raises(LeaseLost):
            last_word()
    living.finish()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.attempts, waiting.progress) == ("done", 2, 1.0)


def test_a_finished_row_is_not_claimed(waiting: Analysis) -> None:
    claimed(waiting).finish()
    expire(waiting)
    assert queue.claim(Analysis, waiting.pk) is None


def test_what_breaks_off_again_and_again_fails(waiting: Analysis) -> None:
    for _attempt in range(queue.MAX_ATTEMPTS):
        claimed(waiting).release("storage_full")
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason, waiting.attempts) == ("failed", "storage_full", queue.MAX_ATTEMPTS)


def test_what_kills_its_worker_again_and_again_fails(waiting: Analysis, bells: list[str]) -> None:
    for _attempt in range(queue.MAX_ATTEMPTS):
        claimed(waiting)
        expire(waiting)
        queue.sweep()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason) == ("failed", "crashed")
    assert len(bells) == queue.MAX_ATTEMPTS - 1


def test_the_sweep_leaves_living_work_alone(waiting: Analysis, bells: list[str]) -> None:
    claim = claimed(waiting)
    assert queue.sweep() == 0
    claim.finish()
    assert (queue.sweep(), bells) == (0, [])


@pytest.mark.parametrize(
    ("queued_s", "rung_s", "rings"),
    [
        (1, None, False),  # its first bell is on its way
        (6, None, True),  # its first bell never rang: the broker was down
        (6, 1, False),
        (12, 6, True),
        (40, 15, False),  # waited 25 s before the last bell, so not yet
        (600, 29, False),
        (600, 31, True),  # but never longer than half a minute
    ],
)
def test_bells_back_off(
    waiting: Analysis, bells: list[str], queued_s: float, rung_s: float | None, rings: bool
) -> None:
    aged(waiting, queued_s=queued_s, rung_s=rung_s)
    queue.sweep()
    assert bells == [str(waiting.pk)] * rings
    if rings:
        assert queue.sweep() == 0


def test_a_long_queue_does_not_fill_the_broker(cast: Cast, session: Session, bells: list[str]) -> None:
    rows = [make_recording(cast.treats, session) for _ in range(queue.RINGS_PER_SWEEP + 5)]
    for place, row in enumerate(rows):
        aged(row, queued_s=1000 - place, rung_s=None)
    assert queue.sweep() == queue.RINGS_PER_SWEEP
    assert bells == [str(row.pk) for row in rows[: queue.RINGS_PER_SWEEP]]


def test_a_broker_that_is_down_costs_nothing_but_time(
    waiting: Analysis, bells: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    aged(waiting, queued_s=10, rung_s=None)
    with monkeypatch.context() as down:
        down.setattr(current_app, "send_task", lambda *a, **k: 1 / 0)
        assert queue.sweep() == 0
    assert queue.sweep() == 1
    assert bells == [str(waiting.pk)]


@pytest.mark.django_db(transaction=True)
def test_a_bell_rings_only_for_what_stands(waiting: Analysis, bells: list[str]) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        queue.ring_on_commit(waiting)
        1 / 0
    assert bells == []
    with transaction.atomic():
        queue.ring_on_commit(waiting)
        assert bells == []
    assert bells == [str(waiting.pk)]


def test_a_final_row_can_be_put_back_in_line(waiting: Analysis) -> None:
    assert not queue.requeue(waiting)
    claimed(waiting).fail("cut_off")
    assert queue.requeue(waiting)
    assert (waiting.state, waiting.reason, waiting.attempts, waiting.finished_at) == ("queued", "", 0, None)


def test_cancelling_takes_the_row_from_its_worker(waiting: Analysis) -> None:
    claim = claimed(waiting)
    assert queue.cancel(waiting)
    with pytest.raises(LeaseLost):
        claim.renew()
    assert not queue.cancel(waiting)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "LEASE", timedelta(seconds=0.6))
    monkeypatch.setattr(heartbeat, "TICK_S", 0.05)


@pytest.mark.django_db(transaction=True)
def test_work_longer_than_its_lease_keeps_its_row(waiting: Analysis, quick: None) -> None:
    claim = claimed(waiting)
    with Heartbeat(claim) as beat:
        for step in range(12):
            beat.tell(step / 12)
            time.sleep(0.1)
            assert queue.claim(Analysis, waiting.pk) is None
        waiting.refresh_from_db()
        assert 0.5 < waiting.progress < 1
    claim.finish()


@pytest.mark.django_db(transaction=True)
def test_work_stops_when_its_row_is_someone_elses(waiting: Analysis, quick: None) -> None:
    claim = claimed(waiting)
    with pytest.raises(LeaseLost), Heartbeat(claim) as beat:
        expire(waiting)
        claimed(waiting)
        for step in range(40):
            beat.tell(step / 40)
            time.sleep(0.05)


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away_for_a_moment_does_not_end_the_work(
    waiting: Analysis, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, renew, failures = claimed(waiting), Claim.renew, iter([DatabaseError, DatabaseError])

    def unsteady(self: Claim, **columns: Any) -> None:
        if failure := next(failures, None):
            raise failure
        renew(self, **columns)

    monkeypatch.setattr(Claim, "renew", unsteady)
    with Heartbeat(claim) as beat:
        for step in range(10):
            beat.tell(step / 10)
            time.sleep(0.05)
    claim.finish()
