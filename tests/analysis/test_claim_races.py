"""Four processes reach for the same rows at the same moment: each row goes to one, on either database."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.live import ROOT, environment_for, python

PROGRAM = "tests.analysis.claiming"
ROWS, PROCESSES = 30, 4


@pytest.fixture(params=["sqlite", "postgresql"])
def settings_of(request: pytest.FixtureRequest) -> dict[str, str]:
    if request.param == "sqlite":
        return {}
    return {
        "DATABASE_URL": request.getfixturevalue("postgres_url"),
        "PUBLIC_URL": "http://127.0.0.1",
        "SECRET_KEY": "for tests only, and long enough for what Django asks of a key",
    }


class Claimer:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin
        assert process.stdout
        self._input, self._output = process.stdin, process.stdout

    def tell(self, word: str) -> None:
        print(word, file=self._input, flush=True)

    def said(self) -> str:
        return self._output.readline().strip()


@pytest.fixture
def claimers(tmp_path: Path, settings_of: dict[str, str]) -> Iterator[list[Claimer]]:
    done = python(tmp_path, "-m", PROGRAM, "prepare", str(ROWS), **settings_of)
    assert done.returncode == 0, done.stderr
    with ExitStack() as stack:
        # Leaving the block closes their standard input, at which they end.
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", PROGRAM, "claim"],
                    cwd=ROOT,
                    env=environment_for(tmp_path, **settings_of),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(PROCESSES)
        ]
        claimers = [Claimer(process) for process in processes]
        assert [claimer.said() for claimer in claimers] == ["ready"] * PROCESSES
        yield claimers


def race(claimers: list[Claimer]) -> Counter[str]:
    """How many of them got each row."""
    for claimer in claimers:
        claimer.tell("go")
    return Counter(row for claimer in claimers for row in json.loads(claimer.said()))


def test_each_row_goes_to_exactly_one(claimers: list[Claimer]) -> None:
    first = race(claimers)
    assert (len(first), set(first.values())) == (ROWS, {1})
    assert race(claimers) == Counter()
    claimers[0].tell("expire")
    assert claimers[0].said() == ""
    assert race(claimers) == first
