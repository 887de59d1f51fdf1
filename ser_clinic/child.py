"""One process under the supervisor: its start, what it prints, whether it is ready, its end."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from .lifeline import die_with
from .preflight import CannotRun

DEATHS_TOO_MANY_A_MINUTE = 3
READY = "ready to work"  # what a worker prints, see ser_clinic.celery


class Child:
    """Leads a process group of its own, so that Ctrl-C at the terminal reaches the supervisor alone."""

    def __init__(
        self,
        name: str,
        command: list[str],
        *,
        answers: Callable[[], bool] | None = None,
        relay_at_once: bool = False,
    ) -> None:
        self.name = name
        self.command = command
        self.answers = answers or (lambda: False)
        self.relay_at_once = relay_at_once
        self.ready = False
        self.asked_to_stop = False
        self.deaths: deque[float] = deque(maxlen=DEATHS_TOO_MANY_A_MINUTE)
        self.held: deque[str] = deque(maxlen=200)  # what it said before it was ready

    def start(self) -> None:
        self.ready = False
        self.held.clear()
        self.unfinished = b""
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            bufsize=0,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with(os.getpid()),  # safe: the supervisor has one thread
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        assert self.process.stdout is not None
        self.output = self.process.stdout
        os.set_blocking(self.output.fileno(), False)

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def relay(self) -> bool:
        """Pass on what it said since; false at the end of its output."""
        chunk = self.output.read()
        ended = chunk == b""
        said = self.unfinished + (b"\n" if ended and self.unfinished else chunk or b"")
        *lines, self.unfinished = said.split(b"\n")
        for line in lines:
            self._say(line.decode(errors="replace").rstrip())
        return not ended

    def _say(self, line: str) -> None:
        if line == READY:
            self.ready = True
        elif self.asked_to_stop:
            pass  # its farewell is of no interest
        elif self.relay_at_once:
            print(line, flush=True)
        elif line and self.ready:
            print(f"{self.name} | {line}", flush=True)
        elif line:
            self.held.append(line)

    def ask_to_stop(self) -> None:
        self.asked_to_stop = True
        if self.alive:
            self.process.terminate()

    def kill(self) -> None:
        """The whole group: it, and what its own children may have left."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def failed_at_start(self, folder: Path) -> CannotRun:
        log = folder / f"{self.name.replace(' ', '-')}-failed.log"
        log.write_text("\n".join(self.held) + "\n")
        last = self.held[-1] if self.held else self._how()
        return CannotRun(
            f"The {self.name} failed while it started: {last} "
            f"(all that it said: {log}). Mend that, then run `make run` again."
        )

    def mourn(self) -> None:
        """Count a death; too many in a minute are not to be cured by starting once more."""
        self.deaths.append(time.monotonic())
        if len(self.deaths) == DEATHS_TOO_MANY_A_MINUTE and self.deaths[-1] - self.deaths[0] < 60:
            raise CannotRun(
                f"The {self.name} ended {len(self.deaths)} times within a minute (last: {self._how()}), "
                "so everything was stopped: mend what its lines above say, then run `make run` again."
            )
        print(f"The {self.name} ended ({self._how()}) and is started again.", flush=True)

    def _how(self) -> str:
        code = self.process.poll()
        if code is None:
            return "it did not become ready"
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
