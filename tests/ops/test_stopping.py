"""However the clinic ends, nothing of it runs on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live import LiveStack, descendants, live_clinic, running
from tests.services import wait_for

pytestmark = pytest.mark.live


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[LiveStack]:
    with live_clinic(tmp_path) as stack:
        yield stack


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_no_orphans(stack: LiveStack, number: signal.Signals) -> None:
    family = descendants(stack.supervisor.pid)
    assert len(family) >= 6  # web, three workers, and the children of two
    stack.supervisor.send_signal(number)
    code = stack.supervisor.wait(timeout=20)
    assert code == (-signal.SIGKILL if number == signal.SIGKILL else 0)
    wait_for(lambda: not running(family), seconds=5, what="every process has ended")


WORKER = """
import os, sys, time
{before}
from celery.signals import worker_init
import ser_clinic.celery
worker_init.send(sender=None)
child = os.fork()
if child:
    print(child, flush=True)
time.sleep(60)
"""
SLOW_TO_ASK = """
worker = os.getpid()
def until_orphaned():
    while os.getppid() == worker:
        time.sleep(0.01)
os.register_at_fork(after_in_child=until_orphaned)
"""


@pytest.mark.parametrize("before", ["", SLOW_TO_ASK], ids=["asked in time", "asked too late"])
def test_a_worker_killed_at_once_leaves_nothing(before: str) -> None:
    """The bug: a child that had not yet asked the kernel to end it with its worker ran on."""
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER.format(before=before)], stdout=subprocess.PIPE, env=os.environ
    )
    assert worker.stdout is not None
    child = int(worker.stdout.readline())
    assert running([child])
    worker.kill()
    worker.wait()
    wait_for(lambda: not running([child]), seconds=5, what="the child has ended")
