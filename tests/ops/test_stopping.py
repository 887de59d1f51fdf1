"""However the clinic ends, nothing of it runs on."""

from __future__ import annotations

import signal
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
