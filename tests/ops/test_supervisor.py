"""What the supervisor does with children that fail, tried on small real processes."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from ser_clinic.child import READY, Child
from ser_clinic.preflight import CannotRun
from ser_clinic.supervisor import Asked, Supervisor, say_where
from tests.live import running
from tests.services import wait_for

LIVES = f"print('{READY}', flush=True); import time; time.sleep(60)"
DIES_AT_START = "import sys; sys.exit('no module named ear')"
DIES_ONCE_READY = f"print('{READY}', flush=True); raise SystemExit(3)"


def script(name: str, code: str) -> Child:
    return Child(name, [sys.executable, "-c", code])


@pytest.fixture
def supervisor(tmp_path: Path) -> Supervisor:
    return Supervisor(Asked(), tmp_path)


def run(supervisor: Supervisor, web: Child, *others: Child) -> None:
    try:
        supervisor.run(web, list(others), announce=lambda: None)
    finally:
        supervisor.stop_all()


def test_a_child_that_fails_at_the_start_stops_everything_with_one_line(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    web = script("web server", LIVES)
    with pytest.raises(CannotRun) as refusal:
        run(supervisor, web, script("worker", DIES_AT_START))
    sentence = str(refusal.value)
    assert sentence.startswith("The worker failed while it started: no module named ear")
    assert "\n" not in sentence
    assert "Mend that, then run `make run` again." in sentence
    assert (tmp_path / "worker-failed.log").read_text() == "no module named ear\n"
    assert not web.alive


def test_a_child_that_ends_three_times_in_a_minute_stops_everything(
    supervisor: Supervisor, capsys: pytest.CaptureFixture[str]
) -> None:
    web = script("web server", LIVES)
    with pytest.raises(CannotRun, match=r"The worker ended 3 times within a minute \(last: exit code 3\)"):
        run(supervisor, web, script("worker", DIES_ONCE_READY))
    assert capsys.readouterr().out.count("is started again.") == 2
    assert not web.alive


def test_a_child_that_does_not_become_ready_is_a_failed_start(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ser_clinic.supervisor.SECONDS_TO_BE_READY", 0.3)
    with pytest.raises(CannotRun, match="worker failed while it started: it did not become ready"):
        run(supervisor, script("web server", LIVES), script("worker", "import time; time.sleep(60)"))


def test_what_children_print_is_shown_under_their_name(
    supervisor: Supervisor, capsys: pytest.CaptureFixture[str]
) -> None:
    warns = f"print('{READY}', flush=True); print('disk nearly full', flush=True)\n"
    stops_all = (
        f"import os, signal, time; time.sleep(0.3); os.kill({os.getpid()}, signal.SIGTERM); time.sleep(60)"
    )
    run(supervisor, script("web server", warns + stops_all))
    said = capsys.readouterr().out
    assert "web server | disk nearly full\n" in said
    assert said.endswith("\nStopping …\n")


def test_a_stubborn_child_and_its_own_children_are_killed(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("ser_clinic.supervisor.SECONDS_TO_STOP", 0.5)
    pids = tmp_path / "pids"
    stubborn = (
        "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = os.fork()\n"
        "if child:\n"
        f"    print(os.getpid(), child, file=open({str(pids)!r}, 'w'), flush=True)\n"
        f"    os.kill({os.getpid()}, signal.SIGTERM)\n"
        "time.sleep(60)"
    )
    run(supervisor, script("web server", stubborn))
    family = [int(pid) for pid in pids.read_text().split()]
    assert len(family) == 2
    wait_for(lambda: not running(family), seconds=5, what="the whole group has ended")


def test_a_preparation_that_fails_stops_before_anything_is_started(supervisor: Supervisor) -> None:
    preparation = Child("preparation", [sys.executable, "-c", DIES_AT_START], relay_at_once=True)
    with pytest.raises(CannotRun, match="could not be made ready"):
        supervisor.prepare(preparation)


def test_asked_to_stop_while_it_prepares_it_starts_nothing_more(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    asks = f"import os, signal, time; os.kill({os.getpid()}, signal.SIGTERM); time.sleep(60)"
    preparation = Child("preparation", [sys.executable, "-c", asks], relay_at_once=True)
    supervisor.prepare(preparation)
    run(supervisor, script("web server", f"open({str(tmp_path / 'started')!r}, 'w'); {LIVES}"))
    assert not preparation.alive
    assert not (tmp_path / "started").exists()


@pytest.fixture(autouse=True)
def _keep_signal_handlers() -> object:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("set_before", "host", "then"),
    [
        ({}, "127.0.0.1", {"PUBLIC_URL": "http://127.0.0.1:8123"}),
        ({}, "::1", {"PUBLIC_URL": "http://[::1]:8123"}),
        ({}, "0.0.0.0", {}),
        ({"PUBLIC_URL": "https://a.example"}, "127.0.0.1", {"PUBLIC_URL": "https://a.example"}),
        ({"PUBLIC_URL_FILE": "/run/url"}, "127.0.0.1", {"PUBLIC_URL_FILE": "/run/url"}),
    ],
)
def test_links_lead_to_the_port_that_was_asked_for(
    set_before: dict[str, str], host: str, then: dict[str, str]
) -> None:
    """A patient's link to a questionnaire went to port 8000, whatever ``make run PORT=…`` said."""
    environment = dict(set_before)
    say_where(host, 8123, environment)
    assert environment == then
