"""A study goes on with trials of its own, and takes no other experiment's for them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest

from ml import tune
from ml.__main__ import main
from ml.config import ExperimentConfig, load_config
from ml.corpora.manifest import Utterance
from ml.lab import Answers, Split
from tests.ml.tiny_corpus import write_tiny_corpus

Tuned = Callable[..., list[list[dict[str, Any]]]]


@pytest.fixture
def clips(tmp_path: Path) -> tuple[Utterance, ...]:
    return write_tiny_corpus(tmp_path / "data", actors=(1, 2, 3, 4))


@pytest.fixture
def tuned(clips: tuple[Utterance, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tuned:
    """Tunes without training, and returns the parameters of the trials of each study in the file."""

    def at_once(utterances: object, cfg: ExperimentConfig, split: Split, **more: object) -> Answers:
        cost = float(cfg.model.options.get("cost", 1.0))
        return Answers(np.random.default_rng(int(1e3 * cost)).normal(size=(len(split.test), 8)), 1)

    monkeypatch.setattr(tune, "answer", at_once)

    def run(file: str, cfg: ExperimentConfig, trials: int, seed: int = 0) -> list[list[dict[str, Any]]]:
        tune.tune(clips, cfg, fold=1, trials=trials, study=tmp_path / file, seed=seed)
        storage = f"sqlite:///{tmp_path / file}"
        studies = [
            optuna.load_study(study_name=n, storage=storage) for n in optuna.get_all_study_names(storage)
        ]
        return [[trial.params for trial in study.trials] for study in studies]

    return run


def test_an_interrupted_study_makes_the_trials_that_it_would_have_made(tuned: Tuned) -> None:
    cfg = load_config("svm")

    tuned("cut.db", cfg, trials=2)
    resumed, whole = tuned("cut.db", cfg, trials=14), tuned("whole.db", cfg, trials=14)

    assert resumed == whole
    costs = [trial["model.options.cost"] for trial in resumed[0]]
    assert len(set(costs)) == len(costs) == 14


def test_other_epochs_another_seed_and_another_experiment_are_other_studies(tuned: Tuned) -> None:
    cfg = load_config("svm")
    longer = replace(cfg, train=replace(cfg.train, epochs=cfg.train.epochs + 1))
    cut = replace(cfg, preprocess=replace(cfg.preprocess, offset_seconds=0.5))

    for other in (cfg, longer, cut):
        tuned("one.db", other, trials=1)
    studies = tuned("one.db", cfg, trials=1, seed=1)

    assert [len(trials) for trials in studies] == [1, 1, 1, 1]


def test_mixtures_are_tried_with_whole_numbers_of_gaussians(tuned: Tuned) -> None:
    (trials,) = tuned("gmm.db", load_config("gmm"), trials=4)

    numbers = [trial["model.options.components"] for trial in trials]
    assert all(isinstance(number, int) and 2 <= number <= 64 for number in numbers)
    assert len(set(numbers)) > 1


def test_nothing_to_choose_and_no_such_fold_are_refused(clips: tuple[Utterance, ...]) -> None:
    with pytest.raises(ValueError, match="no number to choose"):
        tune.tune(clips, load_config("svm"), fold=1, trials=1, space=[])
    for fold in (0, 9):
        with pytest.raises(ValueError, match=f"no fold {fold}: ravdess has 3 here"):
            tune.tune(clips, load_config("svm"), fold=fold, trials=1)


def test_wav2vec2_is_given_its_checkpoint(
    clips: tuple[Utterance, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[ExperimentConfig] = []

    def heard(utterances: object, cfg: ExperimentConfig, **more: object) -> tune.Tuned:
        asked.append(cfg)
        return tune.Tuned(1, cfg, {}, 0.5, 0.5)

    monkeypatch.setattr(tune, "tune", heard)
    data = ["tune", "--data", str(tmp_path / "data"), "--wav2vec2", "somewhere", "--system"]

    assert main([*data, "wav2vec2"]) == 0
    assert main([*data, "svm"]) == 2

    assert [cfg.model.options["checkpoint"] for cfg in asked] == ["somewhere"]
