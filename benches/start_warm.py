"""``start.warm_seconds``: from `make run`'s command to the login page, second start and later, demo loaded.

The clinic is started once to make it ready, then five times again; each time counted from before the
supervisor's process exists to the moment the login page has been read whole.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.request import urlopen

from benches.figures import record
from tests.live import ROOT, environment_for
from tests.services import free_port, wait_for

STARTS = 5


def seconds_to_login(var_dir: Path, *, patience: float) -> float:
    port = free_port()
    began = time.perf_counter()
    supervisor = subprocess.Popen(
        [sys.executable, "-m", "ser_clinic.supervisor", "--port", str(port)],
        cwd=ROOT,
        env=environment_for(var_dir, DEMO="true"),
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: shows_login(port), seconds=patience, every=0.02, what="the login page answers")
        return time.perf_counter() - began
    finally:
        supervisor.terminate()
        supervisor.wait(timeout=30)


def shows_login(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/", timeout=10) as response:
            return b'name="password"' in response.read()
    except OSError:
        return False


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        seconds_to_login(Path(folder), patience=300)
        times = [seconds_to_login(Path(folder), patience=30) for _ in range(STARTS)]
    record("start.warm_seconds", statistics.median(times), "s", n=STARTS, interval=(min(times), max(times)))


if __name__ == "__main__":
    main()
