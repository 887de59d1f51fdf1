"""`make` on a machine that is not ready says so in one line, and installs no second time what is there."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.live import ROOT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def make(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "-C", checkout, "--no-print-directory", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def program(path: Path, script: str) -> Path:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_a_python_that_is_too_old(checkout: Path) -> None:
    old = program(checkout / "python3.9", "exit 1")  # what the question for its version comes to
    done = make(checkout, "run", f"PYTHONS={old}")
    assert done.returncode != 0
    assert "Python 3.11 or later is needed" in done.stdout
    assert "make run PYTHON=" in done.stdout
    assert not (checkout / ".venv").exists()


def test_a_python_without_venv_leaves_no_half_of_one(checkout: Path) -> None:
    bare = program(checkout / "python3.11", '[ "$1" = -c ] || { mkdir .venv; exit 1; }')
    done = make(checkout, "run", f"PYTHONS={bare}")
    assert done.returncode != 0
    assert "apt install python3-venv" in done.stdout
    assert not (checkout / ".venv").exists()


def test_what_is_installed_is_not_installed_again(checkout: Path) -> None:
    (checkout / ".venv" / "bin").mkdir(parents=True)
    program(checkout / ".venv" / "bin" / "python", 'echo "$@"')
    first, second = make(checkout, "run", "PORT=8123"), make(checkout, "run", "PORT=8123")
    assert "-m pip install" in first.stdout
    assert second.stdout == "-m ser_clinic.supervisor --port 8123\n"
    (checkout / "constraints.txt").touch()
    assert "-m pip install" in make(checkout, "run").stdout


def test_wheels_only_and_by_the_lock(checkout: Path) -> None:
    (checkout / ".venv" / "bin").mkdir(parents=True)
    program(checkout / ".venv" / "bin" / "python", 'echo "$@"')
    said = make(checkout, "run").stdout
    assert "--only-binary :all:" in said
    assert "-c constraints.txt" in said


def test_help_names_every_target(checkout: Path) -> None:
    said = make(checkout).stdout
    for target in ("run", "test", "check", "bench", "prove", "demo", "screenshots", "audit"):
        assert f"\n{target} " in said
