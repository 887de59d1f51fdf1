"""Tuning chooses on inner folds of the training speakers, and the test clips are heard once, afterwards."""

import json
from pathlib import Path

import numpy as np
import pytest

from ml import tune
from ml.__main__ import main
from ml.config import load_config
from ml.corpora.manifest import Utterance
from ml.lab import Answers, Split, answer
from ml.systems.catalogue import SYSTEMS
from ml.tune import Range, inner_splits, space_of, with_values
from tests.ml.tiny_corpus import write_tiny_corpus


@pytest.fixture
def clips(tmp_path: Path) -> tuple[Utterance, ...]:
    return write_tiny_corpus(tmp_path / "data", actors=(1, 2, 3, 4, 9, 10))


def test_the_outer_test_speakers_take_no_part_in_the_choice(
    clips: tuple[Utterance, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[set[str]] = []

    def watched(utterances: tuple[Utterance, ...], cfg: object, split: Split, **more: object) -> Answers:
        both = np.concatenate([split.train, split.test])
        heard.append({utterances[place].speaker for place in both})
        return answer(utterances, cfg, split, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(tune, "answer", watched)

    tuned = tune.tune(clips, load_config("logistic"), fold=1, trials=3)

    outer = {"ravdess-02"}  # of the first reference fold, the one who is there
    assert heard[-1] > outer
    assert all(not speakers & outer for speakers in heard[:-1])
    assert len(heard) == 3 * tune.INNER_FOLDS + 1
    assert 1e-3 <= tuned.chosen["model.options.strength"] <= 1e2
    assert tuned.config.model.options["strength"] == tuned.chosen["model.options.strength"]


def test_inner_folds_share_no_speaker_and_leave_no_clip(clips: tuple[Utterance, ...]) -> None:
    places = np.arange(8, 40)

    splits = inner_splits(clips, places, seed=1)

    assert sorted(np.concatenate([split.test for split in splits])) == places.tolist()
    for split in splits:
        sides = [{clips[place].speaker for place in part} for part in (split.train, split.test)]
        assert not sides[0] & sides[1]


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_number_that_may_be_chosen_has_its_place(system: str) -> None:
    space = space_of(system)

    assert space
    tuned = with_values(load_config(system), {range_.name: range_.low for range_ in space})
    SYSTEMS[system].options(**tuned.model.options)


def test_a_number_without_a_place_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown haste"):
        with_values(load_config("gru"), {"train.haste": 3})


def test_an_interrupted_study_goes_on(clips: tuple[Utterance, ...], tmp_path: Path) -> None:
    told: list[int] = []
    for trials in (2, 3):
        tune.tune(
            clips, load_config("svm"), fold=1, trials=trials, study=tmp_path / "study.db",
            space=[Range("model.options.cost", 0.1, 10)], report=lambda trial, uar: told.append(trial),
        )  # fmt: skip

    assert told == [1, 2, 3]


def test_the_command_prints_and_writes_what_was_chosen(
    clips: tuple[Utterance, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "tuned"

    code = main(
        ["tune", "--data", str(tmp_path / "data"), "--system", "svm", "--trials", "2", "--out", str(folder)]
    )

    line = json.loads(capsys.readouterr().out)
    assert code == 0
    assert 0 <= line["outer_uar"] <= 1
    assert load_config(folder / "svm-fold-1.json").to_dict() == line["config"]


def test_what_it_writes_can_be_trained_and_benchmarked(
    clips: tuple[Utterance, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, folder = ["--data", str(tmp_path / "data")], tmp_path / "tuned"
    assert main(["tune", *data, "--system", "svm", "--trials", "1", "--out", str(folder)]) == 0
    written = ["--config", str(folder / "svm-fold-1.json"), "--folds-file"]

    assert main(["train", *data, "--only-folds", *written, str(tmp_path / "train.jsonl")]) == 0
    assert main(["benchmark", *data, "--protocols", "speaker", *written, str(tmp_path / "rows.jsonl")]) == 0

    assert "svm-fold-1 speaker" in capsys.readouterr().out
