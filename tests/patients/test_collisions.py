"""Processes change the same two patients at the same moment: nobody waits in a circle, nothing is halved."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.live import ROOT, environment_for, python

PROGRAM = "tests.patients.colliding"
PROCESSES = 3


@pytest.fixture(params=["sqlite", "postgresql"])
def settings_of(request: pytest.FixtureRequest) -> dict[str, str]:
    if request.param == "sqlite":
        return {}
    return {
        "DATABASE_URL": request.getfixturevalue("postgres_url"),
        "PUBLIC_URL": "http://127.0.0.1",
        "SECRET_KEY": "for tests only, and long enough for what Django asks of a key",
    }


def test_writers_take_turns(tmp_path: Path, settings_of: dict[str, str]) -> None:
    mark = f"C-{uuid.uuid4().hex[:8].upper()}"  # the database may be shared with other tests
    done = python(tmp_path, "-m", PROGRAM, "prepare", mark, **settings_of)
    assert done.returncode == 0, done.stderr
    with ExitStack() as stack:
        writers = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", PROGRAM, "collide", mark],
                    cwd=ROOT,
                    env=environment_for(tmp_path, **settings_of),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(PROCESSES)
        ]
        for writer in writers:
            assert writer.stdout
            assert writer.stdout.readline() == "ready\n"
        ends = [writer.communicate("go\n", timeout=120) for writer in writers]
    assert [out for out, _ in ends] == ["unharmed\n"] * PROCESSES, [error for _, error in ends]

    read = python(tmp_path, "-m", PROGRAM, "read", mark, **settings_of)
    seen = json.loads(read.stdout)
    assert seen["moved_away"] == seen["moved_in"] > 0
    assert seen["sessions"] == 2
    assert seen["standing"] == seen["given"] - seen["withdrawn"]
    assert max(seen["standing_each"].values(), default=0) <= 1
