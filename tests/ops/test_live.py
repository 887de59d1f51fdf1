"""The clinic comes up on either set of services, and stays up when a worker dies later."""

from __future__ import annotations

from tests.live import LiveStack, answers
from tests.services import wait_for


def test_it_answers_and_runs_every_process(live_stack: LiveStack) -> None:
    assert answers(f"{live_stack.url}/health/")
    for mark in ("uvicorn", "inference@", "training@", "sweep@"):
        assert live_stack.pids(mark), mark


def test_a_worker_that_dies_later_is_started_again(live_stack: LiveStack) -> None:
    killed = set(live_stack.pids("inference@"))
    live_stack.kill_worker()
    wait_for(
        lambda: len(set(live_stack.pids("inference@")) - killed) >= 2,  # the worker and its child
        seconds=60,
        what="a new worker",
    )
    assert "The worker ended (signal SIGKILL) and is started again." in live_stack.said
    assert not killed & set(live_stack.pids("inference@"))
    assert answers(f"{live_stack.url}/health/")
