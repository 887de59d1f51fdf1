"""The Celery app: its queues and its clock stand in the settings; here, what a process needs to start."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import worker_init, worker_process_init, worker_ready

from .lifeline import die_with

READY = "ready to work"  # the supervisor waits for this line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ser_clinic.settings")

app = Celery("ser_clinic")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def leave_no_orphans(**kwargs: Any) -> None:
    """Bind each process forked from here on to its parent's life, from its first instruction.

    Celery asks the kernel for this only once a child has set itself up, and never in the clock inside a
    worker, which first opens its schedule: a worker killed before that would leave them running.
    """
    parent = os.getpid()

    def in_child() -> None:
        nonlocal parent
        die_with(parent)()
        parent = os.getpid()  # of what this child may fork

    os.register_at_fork(after_in_child=in_child)


@worker_process_init.connect
def bound_threads(**kwargs: Any) -> None:
    """Share the cores among the worker's children. Torch and ONNX Runtime load after this, in the task."""
    from django.conf import settings

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    threads = settings.WORKER_THREADS or max(1, cores // settings.CELERY_WORKER_CONCURRENCY)
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[name] = str(threads)


@worker_ready.connect
def say_ready(**kwargs: Any) -> None:
    print(READY, flush=True)
