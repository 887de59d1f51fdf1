"""The whole experiment on a few made-up clips: folds, resumption, publication, and the same again by seed."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import soundfile
import torch

from ml import train
from ml.__main__ import main
from ml.cards import Provenance, page_of
from ml.config import AugmentConfig, ExperimentConfig, ModelConfig, TrainConfig
from ml.corpora.catalogue import scan_folder
from ml.corpora.splits import Fold
from ml.dataset import prepare_all
from ml.evaluate import judge_folds, judge_model
from ml.experiment import Experiment, Means
from ml.fitting import Cancelled, OnEpoch, fit
from ml.folds import FoldOutcome, read_outcomes
from ml.labels import LABELS
from ml.registry import load_card
from ml.storage import load_network
from ml.train import train_and_publish

TINY = ExperimentConfig(
    model=ModelConfig(
        options={
            "local_channels": [2, 2, 4],
            "broad_channels": [4, 4, 4],
            "encoder_width": 8,
            "encoder_heads": 2,
            "encoder_hidden": 8,
            "encoder_layers": 1,
        }
    ),
    train=TrainConfig(
        epochs=2, batch_size=4, crop_seconds=1.0, augment=AugmentConfig(noisy_copies=1, speeds=(1.1,))
    ),
)
PROVENANCE = Provenance(command="python -m ml train", created="2026-01-01T00:00:00+00:00")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two actors of RAVDESS as downloaded; each emotion is a chord of its own."""
    root = tmp_path_factory.mktemp("ravdess")
    rng = np.random.default_rng(0)
    time = np.arange(16_000) / 16_000
    for actor in (1, 2):
        for emotion in range(1, 9):
            chord = sum(np.sin(2 * np.pi * 150 * emotion * k * time) / k for k in (1, 2, 3))
            name = f"03-01-{emotion:02d}-01-01-01-{actor:02d}.wav"
            path = root / f"Actor_{actor:02d}" / name
            path.parent.mkdir(exist_ok=True)
            soundfile.write(path, 0.1 * chord + 0.01 * rng.standard_normal(16_000), 16_000)
    return root


@pytest.fixture
def experiment(folder: Path) -> Experiment:
    return Experiment("tiny", TINY, scan_folder(folder, ["ravdess"])["ravdess"].utterances, seed=5)


def run(experiment: Experiment, place: Path, jobs: int = 1) -> Path:
    return train_and_publish(
        experiment, folds_file=place / "folds.jsonl", root=place / "models", provenance=PROVENANCE, jobs=jobs
    )


def test_folds_card_weights_and_graph_belong_together(experiment: Experiment, tmp_path: Path) -> None:
    folder = run(experiment, tmp_path)
    card = load_card(folder.name, tmp_path / "models")
    outcomes = read_outcomes(tmp_path / "folds.jsonl", experiment.recipe)

    assert [set(outcome.speakers) for outcome in outcomes] == [{"ravdess-02"}, {"ravdess-01"}]
    assert card.labels == LABELS
    assert card.config == TINY
    assert card.contents["metrics"] == json.loads(json.dumps(judge_folds(outcomes).figures()))
    assert card.contents["licence"]["weights"] == "CC BY-NC-SA 4.0"
    network = load_network(card.weights, card.config)
    mfcc = torch.randn(1, 1, 40, 130)
    graph = onnxruntime.InferenceSession(card.graph).run(None, {"mfcc": mfcc.numpy()})[0]
    assert np.abs(graph - network(mfcc).detach().numpy()).max() < 1e-4
    judged = judge_model(card, experiment.usable)
    assert judged.probabilities.shape == (16, 8)
    assert judged.probabilities.sum(axis=1) == pytest.approx(1.0)


def test_the_same_seed_gives_the_same_model_and_another_another(
    experiment: Experiment, tmp_path: Path
) -> None:
    first = run(experiment, tmp_path / "first")
    again = run(experiment, tmp_path / "again")
    other = run(replace(experiment, seed=6), tmp_path / "other")

    assert first.name == again.name != other.name  # the id is a hash of the weights and the graph


def test_processes_change_nothing(experiment: Experiment, tmp_path: Path) -> None:
    assert run(experiment, tmp_path / "one").name == run(experiment, tmp_path / "two", jobs=2).name


def test_a_finished_fold_is_not_run_again(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "folds.jsonl"
    first = train.cross_validate(replace(experiment, held_out=1), file)
    seen: list[int] = []
    honest = train.run_fold

    def counted(experiment: Experiment, fold: Fold, on_epoch: OnEpoch, means: Means) -> FoldOutcome:
        seen.append(fold.index)
        return honest(experiment, fold, on_epoch, means)

    monkeypatch.setattr(train, "run_fold", counted)

    both = train.cross_validate(experiment, file)

    assert seen == [2]
    assert both[0].to_line() == first[0].to_line()
    train.cross_validate(replace(experiment, seed=9), file)
    assert seen == [2, 1, 2]  # another recipe starts afresh, in the same file


def test_every_epoch_is_reported_and_can_cancel(experiment: Experiment, tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []

    def listen(epoch: int, epochs: int, figures: dict[str, float]) -> None:
        heard.append((epoch, epochs))
        assert figures["loss"] > 0
        if epoch == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        train_and_publish(
            experiment,
            folds_file=tmp_path / "folds.jsonl",
            root=tmp_path / "models",
            provenance=PROVENANCE,
            on_epoch=listen,
        )

    assert heard == [(1, 6), (2, 6), (3, 6)]
    assert not (tmp_path / "models").exists()
    assert [outcome.index for outcome in read_outcomes(tmp_path / "folds.jsonl")] == [1]


@pytest.mark.parametrize(("most", "epochs"), [(0, 2), (8, 2), (7, 1), (1, 1)])
def test_many_clips_get_as_many_epochs_as_there_is_budget(
    experiment: Experiment, most: int, epochs: int
) -> None:
    seen: list[int] = []
    clips = prepare_all(experiment.usable, TINY, seed=0, augmented=True)
    cfg = replace(TINY, train=replace(TINY.train, most_batches=most))
    assert len(clips) // TINY.train.batch_size == 4
    fit(clips, cfg, 0, lambda epoch, planned, figures: seen.append(planned))
    assert seen == [epochs] * epochs


def test_it_learns(experiment: Experiment) -> None:
    config = replace(TINY, train=replace(TINY.train, epochs=12, learning_rate=1e-2))
    losses: list[float] = []

    fit(
        prepare_all(experiment.usable, config, seed=0, augmented=True),
        config,
        seed=0,
        on_epoch=lambda epoch, epochs, figures: losses.append(figures["loss"]),
    )

    assert losses[-1] < 0.8 * losses[0]


def test_one_command_does_it_all(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config, folds, page = tmp_path / "tiny.json", tmp_path / "folds.jsonl", tmp_path / "card.md"
    config.write_text(json.dumps(TINY.to_dict()))
    figures = tmp_path / "figures.json"
    once = replace(TINY, train=replace(TINY.train, epochs=1))
    uar = {
        "key": "nemo_uar",
        "title": "nEMO: UAR",
        "value": 48.25,
        "low": 40.0,
        "high": 55.0,
        "n": "",
        "seeds": 3,
    }
    figures.write_text(json.dumps({"recipe": once.digest, "figures": [uar]}))
    places = ["--folds-file", str(folds), "--out", str(tmp_path / "models"), "--page", str(page)]
    ask = ["train", "--data", str(folder), "--config", str(config), "--figures", str(figures), *places]

    assert main([*ask, "--epochs", "1"]) == 0

    shown = capsys.readouterr()
    model = Path(shown.out.strip()).name
    assert model.startswith("tiny-")
    assert "epoch 3/3" in shown.err
    assert f"# Model card: {model}" in page.read_text()
    assert "| nEMO: UAR | 48.2 | 40.0 to 55.0 | 3 |" in page.read_text()
    picture = tmp_path / f"{model}-reliability.svg"
    assert f"({picture.name})" in page.read_text()
    assert picture.stat().st_size > 1_000
    assert str(folder) not in load_card(model, tmp_path / "models").contents["command"]

    later = {"recipe": once.digest, "figures": [{**uar, "value": 51.5, "seeds": 4}]}
    figures.write_text(json.dumps(later))
    models = tmp_path / "models"
    which = ["card", "--model", model, "--root", str(models)]
    assert main([*which, "--figures", str(figures), "--page", str(page)]) == 0
    assert "| nEMO: UAR | 51.5 | 40.0 to 55.0 | 4 |" in page.read_text()
    assert page.read_text() == page_of(dict(load_card(model, models).contents))
    capsys.readouterr()

    assert main(["evaluate", "--folds-file", str(folds), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["uar"]["n"] == "16 clips of 2 speakers"
    where = ["--data", str(folder), "--corpora", "ravdess", "--root", str(tmp_path / "models")]
    assert main(["evaluate", *where]) == 0
    shown = capsys.readouterr()
    assert "trained on 2 of these speakers" in shown.err

    assert main([*ask, "--epochs", "2"]) == 2
    assert "another recipe" in capsys.readouterr().err
    assert f"model                    {model}" in shown.out


def test_a_folder_is_described(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["corpora", "describe", str(folder), "--corpora", "ravdess", "--json"]) == 0
    described = json.loads(capsys.readouterr().out)["ravdess"]

    assert described["clips"] == 16
    assert described["speakers"] == {"female": 1, "male": 1}
    assert len(described["missing"]) == 1440 - 16
    assert main(["corpora", "describe", str(folder), "--corpora", "ravdess"]) == 0
    assert "and 1404 more" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["train", "--data", "nowhere"], "nowhere is neither a folder nor a zip"),
        (["train", "--data", ".", "--config", "unheard-of"], "no experiment 'unheard-of'"),
        (["evaluate", "--folds-file", "nowhere.jsonl"], "the folds of one recipe"),
        (["corpora", "describe", "nowhere"], "nowhere"),
    ],
)
def test_what_the_user_can_mend_is_one_line(
    arguments: list[str],
    said: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(folder)

    assert main(arguments) == 2

    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
