"""What is tested on SQLite in every run holds on PostgreSQL too: the same tests, once more, on that."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.live import ROOT

PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not live"]


def test_patients_and_analysis_on_postgresql(postgres_url: str) -> None:
    done = subprocess.run(
        [*PYTEST, "tests/patients", "tests/analysis"],
        cwd=ROOT,
        env=os.environ | {"TEST_DATABASE_URL": postgres_url},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:]
    assert " passed" in done.stdout
