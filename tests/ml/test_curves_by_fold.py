"""Live curves: each fold has a folder of its own name, whoever trains it, and goes on there after a kill."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from ml.__main__ import main
from ml.config import ExperimentConfig, load_config
from ml.curves import LiveCurves
from tests.ml.test_gate import CONFIG
from tests.ml.test_training import TINY
from tests.ml.tiny_corpus import write_tiny_corpus


def steps(folder: Path, figure: str = "loss") -> list[int]:
    events = EventAccumulator(str(folder))
    events.Reload()
    return [event.step for event in events.Scalars(figure)]


def papers() -> ExperimentConfig:
    cfg = load_config("ann")
    return replace(cfg, train=replace(cfg.train, batch_size=4))


@pytest.mark.parametrize(("config", "jobs"), [(TINY, "2"), (papers(), "1")], ids=["processes", "one"])
def test_each_fold_has_its_own_curves(config: ExperimentConfig, jobs: str, tmp_path: Path) -> None:
    write_tiny_corpus(tmp_path / "data", actors=(1, 2))
    (tmp_path / "tiny.json").write_text(json.dumps(config.to_dict()))

    code = main(
        ["train", "--data", str(tmp_path / "data"), "--config", str(tmp_path / "tiny.json"), "--only-folds",
         "--folds-file", str(tmp_path / "folds.jsonl"), "--epochs", "2", "--jobs", jobs,
         "--curves", str(tmp_path / "curves")]
    )  # fmt: skip

    assert code == 0
    (run,) = (tmp_path / "curves").iterdir()
    assert run.name.startswith("tiny-")
    assert {fold.name: steps(fold) for fold in run.iterdir()} == {"fold-1": [1, 2], "fold-2": [1, 2]}


def test_the_final_network_and_the_gates_have_theirs(tmp_path: Path) -> None:
    write_tiny_corpus(tmp_path / "data", actors=(1, 2), seconds=1.6)
    (tmp_path / "tiny.json").write_text(json.dumps(CONFIG.to_dict()))
    places = {"--folds-file": "folds.jsonl", "--out": "models", "--curves": "curves", "--config": "tiny.json"}
    options = [word for option, name in places.items() for word in (option, str(tmp_path / name))]

    assert main(["train", "--data", str(tmp_path / "data"), "--epochs", "1", *options]) == 0

    (run,) = (tmp_path / "curves").iterdir()
    gates = {f"gate-{part}" for part in ("fold-1", "fold-2", "final")}
    assert {phase.name for phase in run.iterdir()} == gates | {"fold-1", "fold-2", "final"}
    assert steps(run / "gate-final", "gate_loss") == [1]


def test_a_run_that_goes_on_overwrites_what_it_repeats(tmp_path: Path) -> None:
    for epochs in ((1, 2, 3), (2, 3, 4)):
        curves = LiveCurves(tmp_path)
        for epoch in epochs:
            curves(epoch, 4, {"loss": 1 / epoch})

    assert steps(tmp_path) == [1, 2, 3, 4]
