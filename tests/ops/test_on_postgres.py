"""What is tested on SQLite in every run holds on PostgreSQL too: the same tests, once more, on that.

Files that never touch a row (arithmetic, charts) are left out: they would only say the same again.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.live import ROOT

PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not live"]
ROWS = re.compile(r"models import|tests\.cast import|django_db|postgres")


def touching_rows() -> list[str]:
    files = [
        file for folder in ("patients", "analysis") for file in (ROOT / "tests" / folder).glob("test_*.py")
    ]
    return sorted(str(file.relative_to(ROOT)) for file in files if ROWS.search(file.read_text()))


@pytest.mark.long
def test_patients_and_analysis_on_postgresql(postgres_url: str) -> None:
    chosen = touching_rows()
    assert len(chosen) > 40
    done = subprocess.run(
        [*PYTEST, *chosen],
        cwd=ROOT,
        env=os.environ | {"TEST_DATABASE_URL": postgres_url},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:]
    assert " passed" in done.stdout
