"""``predict.cold_seconds``: wall seconds of `python -m ml predict` for one clip, each in a fresh process."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benches.figures import record
from ml.registry import DEFAULT_ROOT
from tests.voices import clip_paths

RUNS = 15


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=DEFAULT_ROOT, metavar="DIR")
    command = [sys.executable, "-m", "ml", "predict", "--json", str(clip_paths()[0])]
    command += ["--root", str(parser.parse_args().models)]
    seconds = [wall_seconds(command) for _ in range(RUNS + 1)][1:]  # the first fills the page cache
    record(
        "predict.cold_seconds", statistics.median(seconds), "s", n=RUNS, interval=(min(seconds), max(seconds))
    )


def wall_seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
