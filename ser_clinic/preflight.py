"""What must be true before anything is started; each ``CannotRun`` says what is wrong and how to mend it."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import socket
from pathlib import Path
from types import ModuleType
from typing import IO

from django.core.exceptions import ImproperlyConfigured

FREE_MB_NEEDED = 200
DISK_FULL = "The disk is full. Nothing was lost: free at least 200 MB, then run `make run` again."


class CannotRun(Exception):
    """One sentence for the person at the terminal: what is wrong and how to mend it."""


def says_disk_full(exc: BaseException | None) -> bool:
    """Whether ``exc``, or what caused it, is the system or SQLite saying that no room is left."""
    while exc is not None:
        if getattr(exc, "errno", None) == errno.ENOSPC or "database or disk is full" in str(exc):
            return True
        exc = exc.__cause__ or exc.__context__
    return False


def check_bind(host: str, demo: bool) -> None:
    if demo and host not in ("127.0.0.1", "::1", "localhost"):
        raise CannotRun(
            f"The demo's passwords are published, so it does not answer on {host}: "
            "leave --host out, or set DEMO=false and make real accounts."
        )


def check_port(host: str, port: int) -> None:
    with _socket(host) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OverflowError:
            raise CannotRun(
                f"{port} is no port: choose one from 1024 to 65535, `make run PORT=8123`."
            ) from None
        except socket.gaierror:
            raise CannotRun(f"{host} is no address of this computer.") from None
        except OSError as exc:
            taken = exc.errno == errno.EADDRINUSE
            why = (
                "taken: stop the program that uses it"
                if taken
                else f"not to be had ({exc.strerror}): mend that"
            )
            raise CannotRun(f"Port {port} is {why}, or choose another, `make run PORT={port + 1}`.") from None


def check_disk(folder: Path) -> None:
    free_mb = shutil.disk_usage(folder).free // 1_000_000
    if free_mb < FREE_MB_NEEDED:
        raise CannotRun(
            f"Only {free_mb} MB are free on the disk of {folder}: free at least {FREE_MB_NEEDED} MB "
            "and run `make run` again."
        )


def lock(path: Path) -> IO[str]:
    """Two supervisors over one folder would be two clocks and two of each worker."""
    file = path.open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        raise CannotRun(
            f"This clinic is already running (process {file.read().strip()}): "
            "stop that one first, or give the second one a folder of its own with VAR_DIR."
        ) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def read_settings() -> ModuleType:
    """The clinic's settings as a plain module: without Django, which would take longer than all the rest."""
    try:
        from . import settings
    except (ImproperlyConfigured, OSError, ValueError) as exc:
        reason = DISK_FULL if says_disk_full(exc) else f"The settings cannot be used: {exc}"
        raise CannotRun(reason) from None
    return settings


def _socket(host: str) -> socket.socket:
    return socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)


def connects(host: str, port: int) -> bool:
    with _socket(host) as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((host, port)) == 0
