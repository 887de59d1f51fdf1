"""Celery's shells: an id in, one call. The heavy modules load inside, after the worker's fork."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from analysis import queue, retention
from patients.browser_sessions import clear_unused


@shared_task
def analyse(analysis_id: str) -> None:
    from analysis.pipeline import analyse

    analyse(UUID(analysis_id))


@shared_task
def retrain(training_run_id: str) -> None:
    from analysis.retraining import retrain

    retrain(UUID(training_run_id))


@shared_task
def tidy() -> None:
    retention.tidy()
    clear_unused()


@shared_task
def sweep() -> None:
    queue.sweep()
