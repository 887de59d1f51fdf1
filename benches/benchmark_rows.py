"""``bench.systems``, ``bench.rows_run`` and ``paper.*``: what the benchmark's finished folds say.

The folds took ``python -m ml benchmark --data DIR`` hours; they are kept in ``docs/folds``, and the figures
are computed from them anew. A figure whose folds are not all there is not claimed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benches.figures import record, this_command
from ml import metrics
from ml.benchmark.record import FinishedFold, read_folds
from ml.config import load_config
from ml.systems.catalogue import SYSTEMS

DOCS = Path(__file__).resolve().parent.parent / "docs"
COMMAND = "python -m ml benchmark --data DIR --seeds 0 1 2"


def paper_folds(protocol: str) -> list[FinishedFold]:
    """Return the folds of the paper's network on RAVDESS at its shipped budget, of every complete seed."""
    epochs = load_config("paper").train.epochs
    folds = [
        fold
        for fold in read_folds(DOCS / "folds" / "benchmark.jsonl")
        if (fold.task.system, fold.task.protocol, fold.task.corpus) == ("paper", protocol, "ravdess")
        and fold.epochs == epochs
    ]
    seeds = [fold.task.seed for fold in folds]
    return [fold for fold in folds if seeds.count(fold.task.seed) == fold.task.of]


def claim(name: str, folds: Sequence[FinishedFold], what: str) -> None:
    """Record UAR or accuracy of the pooled answers, with its interval by bootstrap over speakers."""
    targets = np.concatenate([fold.targets for fold in folds])
    answers = np.concatenate([fold.logits.argmax(axis=1) for fold in folds])
    speakers = [speaker for fold in folds for speaker in fold.speakers]
    if what == "UAR":
        interval = metrics.uar_interval(targets, answers, speakers)
    else:
        interval = metrics.accuracy_interval(targets, answers, speakers)
    seeds = len({fold.task.seed for fold in folds})
    record(
        name,
        100 * interval.value,
        "%",
        interval=(100 * interval.low, 100 * interval.high),
        n=len(targets) // seeds,
        note=f"{what}, {seeds} seeds of {len(folds) // seeds} folds, {folds[0].epochs} epochs, over speakers",
        command=f"{COMMAND} && {this_command()}",
    )


def main() -> None:
    record(
        "bench.systems",
        len(SYSTEMS),
        "systems",
        n=len(SYSTEMS),
        command="python -m pytest tests/ml/test_systems.py",
    )
    rows = json.loads((DOCS / "benchmark.json").read_text(encoding="utf-8"))["rows"]
    complete = sum(row["folds"] == row["of"] for row in rows)
    record("bench.rows_run", complete, "rows", n=len(rows), command=f"{COMMAND} && {this_command()}")
    for name, protocol, what in (
        ("paper.ravdess_si_uar", "speaker", "UAR"),
        ("paper.ravdess_random_acc", "random", "accuracy"),
    ):
        folds = paper_folds(protocol)
        if folds:
            claim(name, folds, what)
        else:
            print(f"{name}: its folds are not finished")


if __name__ == "__main__":
    main()
