"""`benchmark --config` judges experiments of a user's own, such as `tune` writes, and writes no page."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ml.__main__ import main
from ml.benchmark.record import read_folds
from ml.config import load_config
from tests.ml.tiny_corpus import write_tiny_corpus


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a corpus and an experiment."""
    write_tiny_corpus(tmp_path / "data", actors=(1, 2))
    cfg = load_config("ann")
    quick = replace(cfg, train=replace(cfg.train, epochs=2))
    (tmp_path / "ann-fold-1.json").write_text(json.dumps(quick.to_dict()))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def benchmark(*more: str) -> int:
    return main(["benchmark", "--data", "data", "--protocols", "speaker", *more])


def test_rows_are_printed_under_the_files_name(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("--config", "ann-fold-1.json", "--folds-file", "own.jsonl")

    assert benchmark(*asked) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("ann-fold-1 speaker, learnt from ravdess, tested on ravdess, seed 0, 2 of 2 folds")
    assert benchmark(*asked) == 0
    assert capsys.readouterr().out.splitlines() == [line]

    folds = read_folds(place / "own.jsonl")
    assert [(fold.task.system, fold.task.fold) for fold in folds] == [("ann-fold-1", 1), ("ann-fold-1", 2)]
    assert not (place / "docs").exists()


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ((), "--config needs a --folds-file"),
        (("--folds-file", "own.jsonl", "--report", "page"), "--config prints its rows"),
        (("--folds-file", "own.jsonl", "--config", "ann-fold-1.json", "gru"), "gru is taken"),
        (("--folds-file", "own.jsonl", "--config", "ann-fold-1.json", "./ann-fold-1.json"), "is taken"),
    ],
)
def test_what_would_land_among_the_shipped_rows_is_refused(
    more: tuple[str, ...], reason: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert benchmark("--config", "ann-fold-1.json", *more) == 2
    assert reason in capsys.readouterr().err
    assert not (place / "own.jsonl").exists()
