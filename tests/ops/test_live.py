"""The clinic comes up, answers, survives the death of a worker and leaves nothing running."""

from __future__ import annotations

import os
import signal

from tests.live import LiveStack, answers, command_line, descendants, live_clinic
from tests.services import wait_for


def test_it_answers_and_runs_every_process(live_stack: LiveStack) -> None:
    assert answers(f"{live_stack.url}/health/")
    for mark in ("uvicorn", "inference@", "training@", "sweep@"):
        assert live_stack.pids(mark), mark
