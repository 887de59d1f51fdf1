"""`train` runs the papers' systems, too: folds and figures, resumed after a kill, by processes together."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml.__main__ import main
from ml.config import ExperimentConfig, load_config
from ml.corpora.manifest import Utterance
from ml.experiment import Experiment, Means
from ml.folds import FoldOutcome, read_outcomes
from ml.lab import Split, answer
from ml.loop import Cancelled
from ml.train import run_fold, train_and_publish
from tests.ml.test_training import PROVENANCE
from tests.ml.tiny_corpus import write_tiny_corpus
from tests.ml.tiny_wav2vec2 import write_checkpoint

ACTORS = (1, 2, 3)
NOTHING = np.empty(0, np.int64)


def quick(system: str, **train: object) -> ExperimentConfig:
    """As it is shipped, with few epochs of small batches."""
    cfg = load_config(system)
    return replace(cfg, train=replace(cfg.train, **{"epochs": 4, "batch_size": 4, **train}))  # type: ignore[arg-type]


def options(place: Path, cfg: ExperimentConfig) -> list[str]:
    """Arguments that run the folds of an experiment of this name."""
    file = place / f"{cfg.model.system}-quick.json"
    file.write_text(json.dumps(cfg.to_dict()))
    return ["train", "--data", str(place / "data"), "--config", str(file), "--only-folds",
            "--folds-file", str(place / "folds.jsonl")]  # fmt: skip


@pytest.fixture
def clips(tmp_path: Path) -> tuple[Utterance, ...]:
    return write_tiny_corpus(tmp_path / "data", actors=ACTORS)


@pytest.mark.parametrize("system", ["gru", "paper", "logistic"])
def test_one_command_runs_its_folds_and_prints_their_figures(
    system: str, clips: tuple[Utterance, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(options(tmp_path, quick(system, epochs=1))) == 0

    outcomes = read_outcomes(tmp_path / "folds.jsonl")
    assert sorted(speaker for outcome in outcomes for speaker in set(outcome.speakers)) == [
        f"ravdess-{actor:02d}" for actor in ACTORS
    ]
    assert "24 clips of 3 speakers" in capsys.readouterr().out


def test_the_numbers_are_those_of_the_benchmark(clips: tuple[Utterance, ...]) -> None:
    cfg = quick("gru", epochs=2)
    fold = Experiment("gru", cfg, clips).folds[0]
    heard = np.array([u.speaker in {tested.speaker for tested in fold.test} for u in clips])
    split = Split(np.flatnonzero(~heard), np.flatnonzero(heard), NOTHING)

    ours = run_fold(Experiment("gru", cfg, clips), fold)

    theirs = answer(clips, cfg, split, seed=0, cache=None)
    assert np.array_equal(ours.logits, np.round(theirs.logits, 4))


@pytest.mark.parametrize("validation_share", [0.0, 0.5])
def test_a_fold_that_was_cut_off_goes_on_to_the_same_answers(
    validation_share: float, clips: tuple[Utterance, ...], tmp_path: Path
) -> None:
    experiment = Experiment("cnn1d", quick("cnn1d", validation_share=validation_share), clips)
    fold, means = experiment.folds[0], Means(states=tmp_path / "states")

    with pytest.raises(Cancelled):
        run_fold(experiment, fold, cancel_after(2), means)
    later: list[int] = []
    resumed = run_fold(experiment, fold, lambda epoch, *_: later.append(epoch), means)

    assert later == [3, 4]
    assert np.array_equal(resumed.logits, run_fold(experiment, fold).logits)


def cancel_after(last: int) -> Callable[[int, int, dict[str, float]], None]:
    def cancel(epoch: int, epochs: int, figures: dict[str, float]) -> None:
        if epoch == last:
            raise Cancelled

    return cancel


def test_states_and_placed_branches_change_no_number(clips: tuple[Utterance, ...], tmp_path: Path) -> None:
    plain, placed = (options(tmp_path, quick("paper", epochs=1)) for _ in range(2))
    placed[-1] = str(tmp_path / "placed.jsonl")

    assert main(plain) == 0
    assert main([*placed, "--devices", "encoder=cpu", "--states", str(tmp_path / "states")]) == 0

    assert _logits(tmp_path / "placed.jsonl") == _logits(tmp_path / "folds.jsonl")
    assert {file.stem.split("-", 1)[1] for file in (tmp_path / "states").glob("*.pt")} == {
        "fold-1", "fold-2", "fold-3"
    }  # fmt: skip
    assert len(list((tmp_path / "states" / "inputs").iterdir())) == 1  # computed once for all folds


def _logits(file: Path) -> list[list[list[float]]]:
    return [outcome.logits.tolist() for outcome in read_outcomes(file)]


@pytest.mark.parametrize("system", ["gru", "wav2vec2"])
def test_torchrun_shares_the_clips_and_records_each_fold_once(
    system: str, clips: tuple[Utterance, ...], tmp_path: Path
) -> None:
    """Of wav2vec2, some parameters take no part in some steps: its layers are dropped by chance."""
    more = ["--wav2vec2", str(write_checkpoint(tmp_path / "wav2vec2"))] if system == "wav2vec2" else []
    launched = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]

    done = subprocess.run(
        [*launched, "-m", "ml", *options(tmp_path, quick(system, epochs=1)), *more, "--folds", "2"],
        check=True,
        timeout=300,
        capture_output=True,
        text=True,
    )

    outcomes: list[FoldOutcome] = read_outcomes(tmp_path / "folds.jsonl")
    assert [outcome.index for outcome in outcomes] == [1, 2]
    assert done.stdout.count("16 clips of 2 speakers") == 1


def test_nothing_of_it_is_published(clips: tuple[Utterance, ...], tmp_path: Path) -> None:
    experiment = Experiment("gru", quick("gru"), clips)

    with pytest.raises(ValueError, match="nothing can be published"):
        train_and_publish(
            experiment, folds_file=tmp_path / "folds.jsonl", root=tmp_path, provenance=PROVENANCE
        )

    assert not (tmp_path / "folds.jsonl").exists()


@pytest.mark.parametrize(
    ("system", "more", "reason"),
    [
        ("svm", ("--devices", "home=cpu"), "svm has no network"),
        ("gru", ("--wav2vec2", "."), "gru starts from no checkpoint"),
    ],
)
def test_what_a_system_has_no_use_for_is_refused(
    system: str,
    more: tuple[str, ...],
    reason: str,
    clips: tuple[Utterance, ...],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([*options(tmp_path, quick(system)), *more]) == 2
    assert reason in capsys.readouterr().err
