"""Every program of the developers' starts: a bench that cannot be imported measures nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.live import ROOT

PROGRAMS = sorted(
    [f"benches.{file.stem}" for file in (ROOT / "benches").glob("*.py") if file.stem != "__init__"]
    + ["tests.browser.screenshots"]
)


def test_there_are_some() -> None:
    assert len(PROGRAMS) > 15


@pytest.mark.parametrize("program", PROGRAMS)
def test_it_can_be_imported_as_the_makefile_runs_it(program: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import {program}"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
