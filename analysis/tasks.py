"""Celery's shells: an id in, one call. The heavy modules load inside, after the worker's fork."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from analysis import queue
from analysis.alerts import alerts
from analysis.sound import retention, withdrawals
from analysis.triage import digests
from patients.browser_sessions import clear_unused
from patients.models import Patient

WATCH_AGAIN = timedelta(hours=2)  # of which `tidy` runs every one
CATCH_UP_S = 2.0  # of the ten that lie between two sweeps


@shared_task
def analyse(analysis_id: str) -> None:
    from analysis.pipeline import analyse

    analyse(UUID(analysis_id))
    heard = Patient.objects.filter(sessions__recordings__analyses__pk=analysis_id)
    digests.catch_up(heard, seconds=CATCH_UP_S)


@shared_task
def explain(explanation_id: str) -> None:
    from analysis.explaining.answering import explain_window

    explain_window(UUID(explanation_id))


@shared_task
def retrain(training_run_id: str) -> None:
    from analysis.retraining import retrain

    retrain(UUID(training_run_id))


@shared_task
def watch(patient_id: int) -> None:
    alerts.evaluate(patient_id)


@shared_task
def tidy() -> None:
    retention.tidy()
    alerts.learn_from_caseload()
    alerts.catch_up(timezone.now() - WATCH_AGAIN)
    clear_unused()


@shared_task
def sweep() -> None:
    withdrawals.stop_hearing()
    queue.sweep()
    digests.catch_up(Patient.objects.all(), seconds=CATCH_UP_S)
