"""What cannot be run is refused in one line that says how to mend it, before anything is started."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import subprocess
from collections import namedtuple
from pathlib import Path

import pytest
from django.db import OperationalError

from ser_clinic import preflight
from ser_clinic.preflight import CannotRun
from tests.live import python


def start(var_dir: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return python(var_dir, "-m", "ser_clinic.supervisor", *arguments, **settings)


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    """The one line on stderr of a start that was refused."""
    assert done.returncode == 1, done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def test_a_taken_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        line = refusal(start(tmp_path, "--port", str(port)))
    assert f"Port {port} is taken" in line
    assert f"make run PORT={port + 1}" in line


def test_a_port_that_is_none(tmp_path: Path) -> None:
    assert "99999 is no port" in refusal(start(tmp_path, "--port", "99999"))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_the_demo_on_any_other_address(tmp_path: Path, host: str) -> None:
    assert "passwords are published" in refusal(start(tmp_path, "--host", host, DEMO="true"))


def test_a_second_supervisor_over_the_same_folder(tmp_path: Path) -> None:
    with preflight.lock(tmp_path / "supervisor.lock"):
        assert f"already running (process {os.getpid()})" in refusal(start(tmp_path, "--port", "0"))


def test_settings_that_cannot_be_used(tmp_path: Path) -> None:
    line = refusal(start(tmp_path, DATABASE_URL="postgres://nobody@127.0.0.1:1/none"))
    assert "PUBLIC_URL" in line


def test_a_nearly_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", ["total", "used", "free"])
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(10**9, 10**9, 150 * 10**6))
    with pytest.raises(CannotRun, match=r"Only 150 MB are free .* free at least 200 MB"):
        preflight.check_disk(tmp_path)


def test_a_disk_that_is_full_when_we_write() -> None:
    with pytest.raises(OSError) as full:
        Path("/dev/full").write_text("not even this")
    assert full.value.errno == errno.ENOSPC
    assert preflight.says_disk_full(full.value)
    wrapped = RuntimeError("while migrating")
    wrapped.__cause__ = OperationalError("database or disk is full")
    assert preflight.says_disk_full(wrapped)
    assert not preflight.says_disk_full(OperationalError("database is locked"))


def test_a_full_disk_during_preparation_is_one_line(tmp_path: Path) -> None:
    """SQLite itself is told that no page more is to be had, as on a full disk."""
    code = (
        "import sys\n"
        "from ser_clinic import prepare, settings\n"
        "options = settings.DATABASES['default']['OPTIONS']\n"
        "options['init_command'] += 'PRAGMA max_page_count=5;'\n"
        "sys.exit(prepare.main())\n"
    )
    assert refusal(python(tmp_path, "-c", code)).strip() == preflight.DISK_FULL
