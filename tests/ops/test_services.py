"""Each service of docker-compose.yml, by its very command and environment, on PostgreSQL and Redis."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from ser_clinic.child import READY
from tests.live import ROOT, answers, environment_for
from tests.services import free_port, redis_prefix, wait_for

pytestmark = pytest.mark.live

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
OURS = {name: service for name, service in COMPOSE["services"].items() if service["image"] == "ser-clinic"}
GIVEN = {
    "SECRET_KEY": "for tests only, and long enough for what Django asks of a key",
    "POSTGRES_PASSWORD": "unused",
    "PUBLIC_URL": "https://ser.example.org",
}


def interpolated(value: str) -> str:
    """What compose makes of ``${NAME:-default}`` and ``${NAME:?complaint}`` with ``GIVEN`` in ``.env``."""
    return re.sub(
        r"\$\{(\w+):([-?])([^}]*)\}",
        lambda found: GIVEN.get(found[1], found[3]) if found[2] == "-" else GIVEN[found[1]],
        value,
    ).replace("$$", "$")


class Deployment:
    """The environment of the compose file, with our own servers, folder and host name in its place."""

    def __init__(self, folder: Path, *, database: str, broker: str, prefix: str) -> None:
        self.folder = folder
        settings = {name: interpolated(value) for name, value in OURS["web"]["environment"].items()}
        own = {
            "DATABASE_URL": database,
            "REDIS_URL": broker,
            "REDIS_PREFIX": prefix,
            "HOSTNAME": os.uname().nodename,
        }
        self.environment = environment_for(folder, **(settings | own))
        self.environment["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        del self.environment["DEMO"]  # the compose file does not set it

    def run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=120, check=False
        )

    @contextmanager
    def started(self, name: str, **replaced: str) -> Iterator[Path]:
        """The service's process, with a word of its command replaced; yields the file of what it says."""
        command = [replaced.get(word, word) for word in map(interpolated, OURS[name]["command"])]
        said = self.folder / f"{name}.log"
        with said.open("w") as output:
            process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment | {"PYTHONUNBUFFERED": "1"},
                stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        try:
            yield said
            assert process.poll() is None, said.read_text()
            process.terminate()
            assert process.wait(timeout=20) in (0, -signal.SIGTERM), said.read_text()
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)

    def is_healthy(self, name: str) -> bool:
        kind, *command = OURS[name]["healthcheck"]["test"]
        words = ["sh", "-c", interpolated(command[0])] if kind == "CMD-SHELL" else command
        return self.run(words).returncode == 0


@pytest.fixture(scope="module")
def deployment(
    tmp_path_factory: pytest.TempPathFactory, postgres_url: str, redis_url: str
) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("compose")
    with redis_prefix(redis_url) as prefix:
        deployment = Deployment(folder, database=postgres_url, broker=redis_url, prefix=prefix)
        prepared = deployment.run(OURS["prepare"]["command"])
        assert prepared.returncode == 0, prepared.stderr
        yield deployment


def test_every_service_is_tried_here() -> None:
    assert set(OURS) == {"prepare", "web", "worker", "trainer", "beat"}


def test_the_demo_is_off(deployment: Deployment) -> None:
    asked = deployment.run([sys.executable, "-c", "from ser_clinic import settings; print(settings.DEMO)"])
    assert asked.stdout == "False\n", asked.stderr


def test_web(deployment: Deployment) -> None:
    port = str(free_port())
    with deployment.started("web", **{"8000": port, "0.0.0.0": "127.0.0.1"}):
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/health/"), seconds=30, what="web answers")


@pytest.mark.parametrize("name", ["worker", "trainer", "beat"])
def test_workers(deployment: Deployment, name: str) -> None:
    with deployment.started(name) as said:
        wait_for(lambda: READY in said.read_text(), seconds=30, what=f"{name} is ready")
        wait_for(lambda: deployment.is_healthy(name), seconds=30, what=f"{name} is healthy")
    assert not deployment.is_healthy(name)  # the check can fail


def test_the_clock_rings_and_is_heard(deployment: Deployment) -> None:
    count = "celery -A ser_clinic inspect stats --json -d sweep@$HOSTNAME"
    with deployment.started("beat") as said:
        wait_for(lambda: READY in said.read_text(), seconds=30, what="beat is ready")
        wait_for(
            lambda: '"analysis.tasks.sweep":' in deployment.run(["sh", "-c", count]).stdout,
            seconds=40,
            what="the sweep has run",
        )
