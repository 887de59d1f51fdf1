"""The gate: it learns one voice from the rest, knows no level, and is published with its model."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.cards import Provenance, page_of
from ml.config import (
    AugmentConfig,
    ExperimentConfig,
    FeatureConfig,
    GateConfig,
    PreprocessConfig,
    TrainConfig,
)
from ml.dataset import prepare_all
from ml.experiment import Experiment, Means, with_epochs
from ml.familiarity import fit_floor
from ml.gate import OneVoiceBatches, build_gate, fit_gate, gate_training, scores_of
from ml.gate_folds import UNHEARD, GateFold, gate_recipe, read_gate_folds
from ml.gate_training import train_gate
from ml.registry import GATE_WEIGHTS, ModelCard, load_card
from ml.runtime import open_runtime
from ml.storage import load_gate
from ml.strange import KINDS
from ml.train import train_and_publish
from tests.ml.test_training import TINY
from tests.ml.tiny_corpus import write_tiny_corpus

LEARNING = TrainConfig(
    epochs=1,
    batch_size=4,
    crop_seconds=1.0,
    label_smoothing=0.0,
    label_sets=True,
    augment=AugmentConfig(
        noisy_copies=0, speeds=(), strangers=0.5, two_voices=0.0, band_masks=0, gap_masks=0
    ),
)
CONFIG = replace(
    TINY,
    features=FeatureConfig(kind="log_mel"),
    train=TrainConfig(
        epochs=1, batch_size=4, crop_seconds=1.0, augment=AugmentConfig(noisy_copies=0, speeds=())
    ),
    gate=GateConfig(channels=(4, 8), train=LEARNING),
)


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    utterances = write_tiny_corpus(tmp_path_factory.mktemp("data"), actors=(1, 2), seconds=1.6)
    return Experiment("tiny", CONFIG, utterances)


def trained_for(epochs: int) -> ExperimentConfig:
    assert CONFIG.gate is not None
    return replace(CONFIG, gate=replace(CONFIG.gate, train=replace(LEARNING, epochs=epochs)))


def test_it_learns_one_voice_from_the_rest(experiment: Experiment) -> None:
    cfg = trained_for(60)
    clips = prepare_all(experiment.usable, gate_training(cfg), 0, augmented=True)
    gate = fit_gate(clips, cfg, seed=0)
    with torch.inference_mode():
        planes, one_voice = zip(*OneVoiceBatches(clips, gate_training(cfg), seed=9), strict=True)
        answers = torch.cat([gate(each).argmax(dim=1) for each in planes])
    truth = torch.cat(one_voice)
    assert 0 < truth.sum() < len(truth)
    assert (answers == truth).float().mean() > 0.8
    again = fit_gate(clips, cfg, seed=0)
    assert np.array_equal(scores_of(gate, clips, cfg), scores_of(again, clips, cfg))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(-40, 40))
def test_level_says_nothing(seed: int, gain_db: float) -> None:
    planes = torch.randn(2, 1, 64, 130, generator=torch.Generator().manual_seed(seed)) * 12 - 50
    gate = build_gate(CONFIG).eval()
    with torch.inference_mode():
        assert torch.allclose(gate(planes), gate(planes + gain_db), atol=1e-4)


def test_a_score_depends_on_no_other_clip(experiment: Experiment) -> None:
    clips = prepare_all(experiment.usable, CONFIG, 0, augmented=False)
    long = replace(clips[0], planes=(np.tile(clips[0].planes[0], (9, 1)),))
    gate = build_gate(CONFIG).eval()
    alone = np.concatenate([scores_of(gate, [clip], CONFIG) for clip in clips])
    together = scores_of(gate, [long, *clips], CONFIG)
    assert together[1:] == pytest.approx(alone, abs=1e-5)
    assert len(np.unique(alone.round(3))) > 1


def test_its_epochs_are_told_after_the_networks_and_the_share_done_never_falls(
    experiment: Experiment, tmp_path: Path
) -> None:
    told: list[tuple[float, bool]] = []
    assert CONFIG.gate is not None
    longer = replace(CONFIG.gate, train=replace(LEARNING, epochs=3))
    train_and_publish(
        replace(experiment, config=replace(CONFIG, gate=longer)),
        folds_file=tmp_path / "tiny.jsonl",
        root=tmp_path / "models",
        provenance=Provenance(command="python -m ml train", created="2026-01-01T00:00:00+00:00"),
        on_epoch=lambda epoch, epochs, figures: told.append((epoch / epochs, "gate_loss" in figures)),
    )
    shares = [share for share, _ in told]
    assert shares == sorted(set(shares))
    assert shares[-1] == 1
    assert [is_gate for _, is_gate in told] == [False] * 3 + [True] * 9


def test_a_state_of_another_gate_is_not_gone_on_with(experiment: Experiment, tmp_path: Path) -> None:
    assert CONFIG.gate is not None
    means, files = Means(states=tmp_path / "states"), set[str]()
    for number, frame_step in enumerate((2, 4)):
        changed = replace(CONFIG, gate=replace(CONFIG.gate, frame_step=frame_step))
        train_gate(replace(experiment, config=changed), tmp_path / f"{number}.jsonl", means=means)
        here = {file.name for file in (tmp_path / "states").iterdir()}
        assert len(here - files) == 3
        files |= here


@pytest.mark.parametrize("jobs", [1, 2])
def test_it_is_published_with_its_model(experiment: Experiment, tmp_path: Path, jobs: int) -> None:
    folder = train_and_publish(
        experiment,
        folds_file=tmp_path / "tiny.jsonl",
        root=tmp_path / "models",
        provenance=Provenance(command="python -m ml train", created="2026-01-01T00:00:00+00:00"),
        jobs=jobs,
    )
    card = ModelCard.read(folder)
    folds = read_gate_folds(tmp_path / "tiny-gate.jsonl")
    assert [sorted(fold.strange) for fold in folds] == [sorted(KINDS)] * 2
    assert sum(len(fold.speech) for fold in folds) == len(experiment.usable)
    assert all(set(fold.strange["silence"]) == {UNHEARD} for fold in folds)
    assert card.voice_floor is not None
    spoken = np.array([score for fold in folds for score in fold.speech])
    strange = np.array([score for fold in folds for own in fold.strange.values() for score in own])
    assert card.voice_floor == pytest.approx(fit_floor(spoken, strange))
    passes = card.contents["abstention"]["passes"]
    assert passes.keys() == {*KINDS, "speech"}
    assert passes["silence"] == 0
    assert passes["speech"] == (spoken >= card.voice_floor).mean()
    page = page_of(dict(card.contents))
    assert "does not take for one voice" in page
    assert "| silence | 0.0 % |" in page
    weights = [(folder / name).stat().st_size for name in ("weights.pt", GATE_WEIGHTS)]
    assert card.contents["weights_bytes"] == sum(weights)

    planes = torch.randn(3, 1, 64, 130) * 10
    logits = load_gate(card.gate_weights, card.config)(planes).detach().numpy()
    graph = onnxruntime.InferenceSession(card.gate_graph).run(None, {"log_mel": planes.numpy()})[0]
    assert np.abs(graph - logits).max() < 1e-4
    for device in ("cpu", "cpu:0"):  # ONNX Runtime, and torch
        found = open_runtime(card, device=device).scores(planes.numpy())
        assert found == pytest.approx(logits[:, 1] - logits[:, 0], abs=1e-4)


def test_without_a_gate_everything_is_let_through(experiment: Experiment, tmp_path: Path) -> None:
    bare = replace(experiment, config=replace(CONFIG, gate=None))
    train_and_publish(
        bare,
        folds_file=tmp_path / "tiny.jsonl",
        root=tmp_path / "models",
        provenance=Provenance(command="python -m ml train", created="2026-01-01T00:00:00+00:00"),
    )
    card = load_card(None, tmp_path / "models")
    assert card.voice_floor is None
    assert not card.gate_graph.exists()
    assert not (tmp_path / "tiny-gate.jsonl").exists()
    assert np.isposinf(open_runtime(card).scores(np.zeros((2, 1, 64, 130), np.float32))).all()


def test_the_gate_decides_nothing_of_the_recogniser(experiment: Experiment) -> None:
    bare = replace(CONFIG, gate=None)
    assert CONFIG.digest == bare.digest
    assert experiment.recipe == replace(experiment, config=bare).recipe
    train, test = experiment.folds[0].train, experiment.folds[0].test
    recipes = [
        gate_recipe(CONFIG, train, test, 0),
        gate_recipe(CONFIG, train, test, 1),
        gate_recipe(CONFIG, test, train, 0),
        gate_recipe(trained_for(2), train, test, 0),
        gate_recipe(replace(CONFIG, preprocess=PreprocessConfig(silence="remove")), train, test, 0),
    ]
    assert len(set(recipes)) == 5
    other = replace(CONFIG, train=replace(CONFIG.train, epochs=3))
    assert gate_recipe(other, train, test, 0) == recipes[0]


def test_a_line_is_read_as_it_was_written() -> None:
    fold = GateFold("abc", 1, 2, 3.5, 99, (1.5, -2.25), {"noise": (0.5,), "music": ()})
    assert GateFold.from_line(fold.to_line()) == fold
    assert {kind: list(own) for kind, own in fold.scores.items()} == {
        "": [1.5, -2.25],
        "noise": [0.5],
        "music": [],
    }


def test_a_gate_is_of_clips_of_any_length_in_log_mel() -> None:
    with pytest.raises(ValueError, match=r"a gate needs features\.kind log_mel"):
        replace(CONFIG, features=FeatureConfig())
    with pytest.raises(ValueError, match="strangers must be more than 0"):
        GateConfig()
    with pytest.raises(ValueError, match="no gate"):
        gate_training(replace(CONFIG, gate=None))
    written = json.loads(json.dumps(CONFIG.to_dict()))
    assert ExperimentConfig.from_dict(written) == CONFIG


def test_fewer_epochs_are_fewer_for_it_too() -> None:
    gate = with_epochs(trained_for(60), 2).gate
    assert gate is not None
    assert gate.train.epochs == 2
    assert with_epochs(replace(CONFIG, gate=None), 2).train.epochs == 2
