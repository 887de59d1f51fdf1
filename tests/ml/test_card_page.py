"""A card tells what clips went through and how the folds' epochs were chosen, each as its recipe has it."""

from dataclasses import replace
from pathlib import Path

import pytest

from ml.cards import Provenance, page_of
from ml.config import ExperimentConfig, PreprocessConfig
from ml.experiment import Experiment
from ml.registry import ModelCard
from ml.train import train_and_publish
from tests.ml.test_training import TINY
from tests.ml.tiny_corpus import write_tiny_corpus


def published(place: Path, cfg: ExperimentConfig) -> str:
    clips = write_tiny_corpus(place / "data", actors=(1, 2, 3, 4))
    folder = train_and_publish(
        Experiment(name="tiny", config=cfg, utterances=clips, seed=0, held_out=2),
        folds_file=place / "folds.jsonl",
        root=place / "models",
        provenance=Provenance.now("a test", ""),
    )
    return page_of(dict(ModelCard.read(folder).contents))


def test_it_names_what_is_switched_on_and_nothing_else(tmp_path: Path) -> None:
    augment = replace(TINY.train.augment, noisy_copies=1, speeds=(0.9, 1.1), band_masks=0)
    page = published(tmp_path, replace(TINY, train=replace(TINY.train, augment=augment)))
    assert "- preprocessing: none" in page
    assert "| noisy_copies | 1 |" in page
    assert "| speeds | 0.9, 1.1 |" in page
    assert "band_masks" not in page
    assert "a fixed schedule and its last weights" in page


def test_speakers_kept_out_choose_the_epoch_where_the_recipe_says_so(tmp_path: Path) -> None:
    page = published(tmp_path, replace(TINY, train=replace(TINY.train, validation_share=0.5, patience=1)))
    assert "the epoch that speakers kept out of training liked best" in page
    assert "fixed schedule" not in page


def test_what_recordings_do_not_go_through_is_not_published(tmp_path: Path) -> None:
    """A model that had learnt without pauses was published, and heard recordings with theirs."""
    with pytest.raises(ValueError, match="which the clinic does to no recording"):
        published(tmp_path, replace(TINY, preprocess=PreprocessConfig(silence="remove")))
    assert not (tmp_path / "folds.jsonl").exists()
