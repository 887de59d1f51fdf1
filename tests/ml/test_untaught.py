"""An emotion that no training clip was of has probability 0: in the network, its graph, and on its card."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from ml.calibration import softmax
from ml.cards import page_of
from ml.dataset import prepare_all
from ml.experiment import Experiment
from ml.fitting import fit, logits_of
from ml.labels import LABELS
from ml.registry import ModelCard
from ml.runtime import open_runtime
from ml.systems.interface import silence_untaught
from ml.train import train_and_publish
from tests.ml.test_training import PROVENANCE, TINY
from tests.ml.tiny_corpus import write_tiny_corpus

TAUGHT = [LABELS.index(name) for name in ("neutral", "happy", "sad", "angry")]
UNTAUGHT = [place for place in range(len(LABELS)) if place not in TAUGHT]


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    """A network that four emotions were taught."""
    place = tmp_path_factory.mktemp("untaught")
    utterances = write_tiny_corpus(place)
    experiment = Experiment("tiny", TINY, utterances, held_out=2)
    folder = train_and_publish(
        experiment, folds_file=place / "folds.jsonl", root=place / "models", provenance=PROVENANCE
    )
    return ModelCard.read(folder)


def test_what_was_never_taught_is_never_heard(tmp_path: Path) -> None:
    clips = prepare_all(write_tiny_corpus(tmp_path), TINY, 0, augmented=True)
    network = fit(clips, TINY, 0)
    for temperature in (0.05, 1.0, 20.0):
        probabilities = softmax(logits_of(network, clips, TINY), temperature)
        assert (probabilities[:, UNTAUGHT] == 0).all()
        assert (probabilities[:, TAUGHT] > 0).any(axis=0).all()


def test_the_shipped_graph_knows_it_too(card: ModelCard) -> None:
    runtime = open_runtime(card)
    planes = np.random.default_rng(0).normal(size=(3, 1, 40, 300)).astype(np.float32)
    probabilities = softmax(runtime.logits(planes), card.temperature)
    assert (probabilities[:, UNTAUGHT] == 0).all()
    assert np.isfinite(probabilities).all()


def test_the_card_says_so(card: ModelCard) -> None:
    sentence = f"It never heard these: {', '.join(LABELS[place] for place in UNTAUGHT)}."
    assert any(limit.startswith(sentence) for limit in card.contents["limits"])
    assert sentence in page_of(dict(card.contents))


def test_a_network_that_was_taught_all_is_left_as_it_is() -> None:
    last = nn.Linear(4, 8)
    before = last.weight.clone()
    silence_untaught(nn.Sequential(last), range(8), 8)
    assert torch.equal(last.weight, before)
    with pytest.raises(ValueError, match="8 outputs"):
        silence_untaught(nn.Sequential(nn.Linear(4, 3)), [0], 8)
