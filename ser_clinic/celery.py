"""The Celery app: its queues and its clock stand in the settings; here, what a process needs to start."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.platforms import set_pdeathsig  # type: ignore[attr-defined]  # not yet in celery-types
from celery.signals import beat_embedded_init, worker_process_init, worker_ready

READY = "ready to work"  # the supervisor waits for this line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ser_clinic.settings")

app = Celery("ser_clinic")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_process_init.connect
def bound_threads(**kwargs: Any) -> None:
    """Share the cores among the worker's children. Torch and ONNX Runtime load after this, in the task."""
    from django.conf import settings

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    threads = settings.WORKER_THREADS or max(1, cores // settings.CELERY_WORKER_CONCURRENCY)
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[name] = str(threads)


@beat_embedded_init.connect
def end_with_the_worker(**kwargs: Any) -> None:
    """Celery asks the kernel for this in a worker's children; the clock inside a worker needs it as well."""
    set_pdeathsig("SIGKILL")


@worker_ready.connect
def say_ready(**kwargs: Any) -> None:
    print(READY, flush=True)
