"""A paper's system can learn from several corpora together, as one paper does, in folds by speaker."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ml.__main__ import main
from ml.config import load_config
from ml.folds import read_outcomes
from tests.ml.corpus_folders import write_clips
from tests.ml.tiny_corpus import write_tiny_corpus

MEN = ("DC", "JE", "JK", "KL")


@pytest.mark.parametrize(("system", "label_sets"), [("logistic", False), ("ann", True)])
def test_every_speaker_of_both_corpora_is_heard_once(
    system: str, label_sets: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_corpus(tmp_path / "data", actors=(1, 2, 3))
    write_clips(
        tmp_path / "data" / "savee", [f"{man}/{letter}01.wav" for man in MEN for letter in ("a", "n", "sa")]
    )
    cfg = load_config(system)
    quick = replace(cfg, train=replace(cfg.train, epochs=1, batch_size=8, label_sets=label_sets))
    (tmp_path / "mixed.json").write_text(json.dumps(quick.to_dict()))

    code = main(
        ["train", "--data", str(tmp_path / "data"), "--corpora", "ravdess", "savee", "--only-folds",
         "--config", str(tmp_path / "mixed.json"), "--folds-file", str(tmp_path / "folds.jsonl")]
    )  # fmt: skip

    assert code == 0
    outcomes = read_outcomes(tmp_path / "folds.jsonl")
    tested = [speaker for outcome in outcomes for speaker in sorted(set(outcome.speakers))]
    men = sorted({speaker for speaker in tested if not speaker.startswith("ravdess-")})
    assert sorted(tested) == sorted([*men, "ravdess-01", "ravdess-02", "ravdess-03"])
    assert len(men) == len(MEN)
    assert any(len({key.partition("/")[0] for key in outcome.keys}) == 2 for outcome in outcomes)
    shown = capsys.readouterr().out
    assert "36 clips of 7 speakers" in shown
    (by_corpus,) = [line for line in shown.splitlines() if line.startswith("uar_by_corpus")]
    assert "24 clips of 3 speakers); savee" in by_corpus
