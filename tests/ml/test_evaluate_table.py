"""`evaluate` prints every figure, and writes what was acted and what was heard, clip by clip."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from ml.__main__ import main
from ml.folds import FoldOutcome, append_line
from ml.labels import LABELS
from tests.ml.tiny_corpus import write_tiny_corpus


def test_the_table_agrees_with_the_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clips = write_tiny_corpus(tmp_path, actors=(1, 2))
    rng = np.random.default_rng(0)
    for index, actor in enumerate(("ravdess-01", "ravdess-02"), start=1):
        test = [clip for clip in clips if clip.speaker == actor]
        logits = rng.normal(size=(len(test), 8)).astype(np.float64)
        append_line(
            tmp_path / "folds.jsonl",
            FoldOutcome.of(recipe="r", index=index, test=test, logits=logits, seconds=1.0),
        )

    code = main(
        ["evaluate", "--folds-file", str(tmp_path / "folds.jsonl"), "--json",
         "--table", str(tmp_path / "heard.csv")]
    )  # fmt: skip

    figures = json.loads(capsys.readouterr().out)
    rows = list(csv.DictReader((tmp_path / "heard.csv").open()))
    assert code == 0
    assert sorted(row["clip"] for row in rows) == sorted(clip.key for clip in clips)
    right = sum(row["acted"] == row["heard"] for row in rows) / len(rows)
    assert figures["accuracy"] == pytest.approx(right)
    for name in ("precision", "recall", "f1", "auc"):
        assert set(figures[name]) == {row["acted"] for row in rows} <= set(LABELS)
    heard_sad = [row for row in rows if row["heard"] == "sad"]
    if heard_sad:
        share = sum(row["acted"] == "sad" for row in heard_sad) / len(heard_sad)
        assert figures["precision"]["sad"] == pytest.approx(share)


def test_several_corpora_are_told_one_by_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "--folds-file", "docs/folds/flagship-full.jsonl"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("uar_by_corpus")]
    for corpus in ("emodb", "nemo", "ravdess"):
        assert f"{corpus} 0." in line


def test_folds_of_another_verb_are_refused_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "--folds-file", "docs/folds/benchmark.jsonl"]) == 2
    assert "reports of their own" in capsys.readouterr().err
