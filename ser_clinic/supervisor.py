"""``make run``: web server, workers and clock as one process tree that starts and stops together.

    python -m ser_clinic.supervisor [--port 8000] [--host 127.0.0.1]

One process, one thread, one loop: it passes on what its children print and looks whether they live. A child
that fails at the start, or three times in a minute, stops everything with one line; one that dies later is
started again. It imports next to nothing: the login page is to answer within five seconds.
"""

from __future__ import annotations

import argparse
import os
import selectors
import signal
import sys
import time
from collections.abc import Callable, MutableMapping
from pathlib import Path
from types import FrameType

from . import preflight
from .child import Child
from .preflight import CannotRun

SECONDS_TO_BE_READY = 90
SECONDS_TO_STOP = 6


class Asked:
    """How often the person (or the system) has asked us to stop: once is a request, twice is an order."""

    def __init__(self) -> None:
        self.times = 0
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._again)

    def _again(self, number: int, frame: FrameType | None) -> None:
        self.times += 1


class Supervisor:
    def __init__(self, asked: Asked, log_folder: Path) -> None:
        self.asked = asked
        self.log_folder = log_folder
        self.running: list[Child] = []
        self.selector = selectors.DefaultSelector()

    def prepare(self, child: Child) -> None:
        """Run ``child`` to its end; its own last line says what went wrong."""
        self._start(child)
        while child.alive and not self.asked.times:
            self._listen()
        if child.alive:
            return  # asked to stop meanwhile
        child.relay()
        if child.process.returncode:
            raise CannotRun(
                "The clinic could not be made ready: mend what the line above says, then `make run` again."
            )
        self._forget(child)
        self.running.remove(child)

    def run(self, web: Child, others: list[Child], *, announce: Callable[[], None]) -> None:
        """Until asked to stop. The web server goes first: someone is waiting for it."""
        if self.asked.times:
            return
        waiting = list(others)
        all_ready = False
        self._start(web)
        while not self.asked.times:
            self._listen()
            for child in self.running:
                self._look_after(child)
            if web.ready and waiting:
                announce()
                for child in waiting:
                    self._start(child)
                waiting.clear()
            if not (all_ready or waiting) and all(child.ready for child in self.running):
                print("  Web server, worker, trainer and clock: all at work.\n", flush=True)
                all_ready = True

    def stop_all(self) -> None:
        """Ask, wait, kill: whatever happened before, nothing is left running."""
        if self.asked.times:
            print("\nStopping …", flush=True)
        for child in self.running:
            child.ask_to_stop()
        patience = time.monotonic() + SECONDS_TO_STOP
        while (
            any(child.alive for child in self.running)
            and time.monotonic() < patience
            and self.asked.times < 2
        ):
            self._listen()
        for child in self.running:
            child.kill()

    def _start(self, child: Child) -> None:
        child.start()
        self.selector.register(child.output, selectors.EVENT_READ, child)
        if child not in self.running:
            self.running.append(child)

    def _listen(self) -> None:
        if not self.selector.get_map():
            time.sleep(0.1)
        for key, _ in self.selector.select(timeout=0.1):
            if not key.data.relay():
                self.selector.unregister(key.fileobj)

    def _look_after(self, child: Child) -> None:
        if not child.alive:
            child.relay()
            child.kill()
            if not child.ready and not child.deaths:
                raise child.failed_at_start(self.log_folder)
            child.mourn()
            self._forget(child)
            self._start(child)
        elif not child.ready:
            child.ready = child.answers()
            if not child.ready and time.monotonic() - child.started > SECONDS_TO_BE_READY:
                raise child.failed_at_start(self.log_folder)

    def _forget(self, child: Child) -> None:
        if child.output in {key.fileobj for key in self.selector.get_map().values()}:
            self.selector.unregister(child.output)
        child.output.close()


def python(*arguments: str) -> list[str]:
    return [sys.executable, "-m", *arguments]


def worker(queue: str, *arguments: str) -> list[str]:
    options = ["--loglevel", "WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    return python(
        "celery", "-A", "ser_clinic", "worker", "-n", f"{queue}@%h", "-Q", queue, *options, *arguments
    )


def web_server(host: str, port: int) -> list[str]:
    # No access log: its lines hold what was searched for, and that may be a patient's name.
    options = ["--lifespan", "off", "--no-access-log", "--log-level", "warning", "--no-server-header"]
    bound = ["--host", host, "--port", str(port), "--timeout-graceful-shutdown", "3"]
    return python("uvicorn", "ser_clinic.asgi:application", *bound, *options)


def address(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def say_where(host: str, port: int, environment: MutableMapping[str, str]) -> None:
    """Links that pages and mails hold lead to the port that was asked for, unless somebody set an address."""
    if host in ("127.0.0.1", "::1", "localhost") and "PUBLIC_URL_FILE" not in environment:
        environment.setdefault("PUBLIC_URL", address(host, port))


def announce(host: str, port: int) -> None:
    print(f"  SER Clinic is at {address(host, port)}/   (Ctrl-C stops it)\n", flush=True)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="make run", description="Start the clinic: web server, workers, clock."
    )
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--host", default="127.0.0.1")
    arguments = parser.parse_args(argv)
    host, port = arguments.host, arguments.port
    try:
        settings = preflight.read_settings()
        preflight.check_bind(host, demo=settings.DEMO)
        preflight.check_disk(settings.VAR_DIR)
        preflight.check_port(host, port)
        say_where(host, port, os.environ)  # after the settings, which have put those of .env there
        with preflight.lock(settings.VAR_DIR / "supervisor.lock"):
            run(Supervisor(Asked(), settings.VAR_DIR), host, port)
    except CannotRun as refusal:
        print(refusal, file=sys.stderr)
        return 1
    return 0


def run(supervisor: Supervisor, host: str, port: int) -> None:
    try:
        supervisor.prepare(Child("preparation", python("ser_clinic.prepare"), relay_at_once=True))
        supervisor.run(
            Child("web server", web_server(host, port), answers=lambda: preflight.connects(host, port)),
            [
                Child("worker", worker("inference")),
                Child("trainer", worker("training", "--concurrency", "1")),
                Child("clock", worker("sweep", "--pool", "solo", "--beat")),
            ],
            announce=lambda: announce(host, port),
        )
    finally:
        supervisor.stop_all()


if __name__ == "__main__":
    sys.exit(main())
