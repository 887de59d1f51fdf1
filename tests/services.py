"""PostgreSQL and Redis for tests: a server that runs already, else one started from installed programs.

Nothing of an existing server is touched but a database, or keys, of our own making.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import psycopg
import redis

T = TypeVar("T")


class Absent(Exception):
    """No server runs and no program to start one is installed; the message says what to install."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(look: Callable[[], T], *, seconds: float, what: str, every: float = 0.1) -> T:
    """What ``look`` returns as soon as it is true; ``AssertionError`` naming ``what`` when it never is."""
    patience = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < patience, f"not within {seconds:g} s: {what}"
        time.sleep(every)
    return seen


# ── PostgreSQL ───────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def postgres_database(folder: Path) -> Iterator[str]:
    """The URL of an empty database of our own, dropped at the end; ``folder`` is for a server of our own."""
    with _postgres_server(folder) as server, another_database(server) as url:
        yield url


@contextmanager
def another_database(server: str) -> Iterator[str]:
    """The URL of an empty database beside the one that ``server`` names, dropped at the end."""
    name = f"ser_clinic_test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield f"{server.rsplit('/', 1)[0]}/{name}"
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def _postgres_server(folder: Path) -> Iterator[str]:
    running = os.environ.get("TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres")
    if _connects(running):
        yield running
        return
    programs = _postgres_programs()
    # PostgreSQL refuses to run as root.
    user = "postgres" if os.geteuid() == 0 else None
    folder.mkdir(parents=True, exist_ok=True)
    if user:
        for path in (folder, *folder.parents):
            if path.stat().st_uid == 0 and path.is_relative_to("/tmp") and path != Path("/tmp"):
                path.chmod(0o755)
        shutil.chown(folder, user)
    data, port = folder / "data", free_port()
    subprocess.run(
        [programs / "initdb", "--auth=trust", "--username=postgres", "--no-sync", "-D", data],
        check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    server = subprocess.Popen(
        [programs / "postgres", "-D", data, "-p", str(port), "-k", folder, "-c", "fsync=off"],
        user=user, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    url = f"postgres://postgres@127.0.0.1:{port}/postgres"
    try:
        wait_for(lambda: _connects(url), seconds=30, what="PostgreSQL answers")
        yield url
    finally:
        server.terminate()
        server.wait()


def _connects(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _postgres_programs() -> Path:
    found = [*sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")), shutil.which("initdb")]
    for program in found:
        if program:
            return Path(program).resolve().parent
    raise Absent("PostgreSQL: no server at 127.0.0.1:5432 (or TEST_POSTGRES_URL), and no initdb installed")


# ── Redis ────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """The URL of a Redis to be used under a key prefix of one's own only."""
    running = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/0")
    if _pings(running):
        yield running
        return
    program = shutil.which("redis-server")
    if program is None:
        raise Absent("Redis: no server at 127.0.0.1:6379 (or TEST_REDIS_URL), and no redis-server installed")
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    server = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder],
        stdout=subprocess.DEVNULL,
    )
    url = f"redis://127.0.0.1:{port}/0"
    try:
        wait_for(lambda: _pings(url), seconds=15, what="Redis answers")
        yield url
    finally:
        server.terminate()
        server.wait()


@contextmanager
def redis_prefix(url: str) -> Iterator[str]:
    """A key prefix of our own; what stands under it is deleted at the end, and nothing else."""
    prefix = f"ser-clinic-test-{uuid.uuid4().hex[:12]}:"
    try:
        yield prefix
    finally:
        with redis.Redis.from_url(url) as client:
            for key in client.scan_iter(f"{prefix}*"):
                client.delete(key)


def _pings(url: str) -> bool:
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False
