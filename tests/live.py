"""The real clinic as a person runs it: the supervisor and all that it starts, in a folder of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tests.services import free_port, wait_for

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "only-for-these-tests"
"""Of everyone that tests admit."""


@dataclass(frozen=True)
class LiveStack:
    """``url`` has no closing slash; ``settings`` are those that differ from the defaults."""

    url: str
    var_dir: Path
    settings: Mapping[str, str]
    supervisor: subprocess.Popen[bytes]

    @property
    def said(self) -> str:
        """What the terminal shows."""
        return (self.var_dir / "terminal.log").read_text(errors="replace")

    def manage(self, *arguments: str) -> str:
        """Run ``manage.py`` on this clinic and return what it prints."""
        return self._python("manage.py", *arguments)

    def run(self, code: str) -> str:
        """Run Python in this clinic with Django set up, for rows that a test needs or asks about."""
        return self._python("-c", f"import django; django.setup()\n{code}")

    def _python(self, *arguments: str) -> str:
        done = python(self.var_dir, *arguments, **self.settings)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def pids(self, mark: str) -> list[int]:
        """Processes of this clinic whose command line holds ``mark``, parents before their children."""
        return [pid for pid in descendants(self.supervisor.pid) if mark in command_line(pid)]

    def kill_worker(self, queue: str = "inference") -> None:
        """SIGKILL for the worker and its children at once; the supervisor then starts it again."""
        for pid in self.pids(f"{queue}@"):
            os.kill(pid, signal.SIGKILL)


def descendants(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [found for child in map(int, children) for found in (child, *descendants(child))]


def running(pids: Iterable[int]) -> list[int]:
    """Those that still run; one that has ended and waits to be reaped does not."""
    return [pid for pid in pids if command_line(pid)]


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def environment_for(var_dir: Path, **settings: str) -> dict[str, str]:
    """A child's environment: the developer's own, less any setting of the clinic, plus ``settings``."""
    names = {
        line.lstrip("# ").partition("=")[0]
        for line in (ROOT / ".env.example").read_text().splitlines()
        if "=" in line
    }
    inherited = {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in names}
    return inherited | {
        "DJANGO_SETTINGS_MODULE": "ser_clinic.settings",
        "ENV_FILE": os.devnull,
        "VAR_DIR": str(var_dir),
        "DEMO": "false",
        "OMP_NUM_THREADS": "1",
        **settings,
    }


def python(var_dir: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run Python as a process of a clinic with ``settings`` and return what came of it."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment_for(var_dir, **settings),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except (URLError, OSError):
        return False


@contextmanager
def live_clinic(var_dir: Path, *, seconds: float = 60, **settings: str) -> Iterator[LiveStack]:
    """Start a clinic with ``settings`` (names as in ``.env.example``); at the end nothing of it runs on."""
    var_dir.mkdir(parents=True, exist_ok=True)
    port = free_port()
    with (var_dir / "terminal.log").open("wb") as terminal:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "ser_clinic.supervisor", "--port", str(port)],
            cwd=ROOT,
            env=environment_for(var_dir, **settings),
            stdout=terminal,
            stderr=subprocess.STDOUT,
        )
    stack = LiveStack(f"http://127.0.0.1:{port}", var_dir, settings, supervisor)

    def is_up() -> bool:
        assert supervisor.poll() is None, stack.said
        return answers(f"{stack.url}/health/") and "all at work" in stack.said

    try:
        wait_for(is_up, seconds=seconds, what=f"the clinic answers; see {var_dir / 'terminal.log'}")
        yield stack
    finally:
        supervisor.terminate()
        try:
            supervisor.wait(timeout=20)
        finally:
            supervisor.kill()
