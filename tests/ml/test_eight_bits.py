"""A graph in eight bits answers nearly as its network, each window by itself; its card says how nearly."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from ml.cards import Provenance, page_of
from ml.config import ModelConfig, load_config
from ml.dataset import prepare_all
from ml.eight_bits import change, logits_of_graph, published_graph
from ml.experiment import Experiment
from ml.fitting import fit, logits_of
from ml.quantisation import quantised
from ml.registry import ModelCard
from ml.runtime import Graph, softmax
from ml.storage import graph_of
from ml.systems.catalogue import build
from ml.train import train_and_publish
from tests.ml.test_training import TINY
from tests.ml.tiny_corpus import write_tiny_corpus

CONFIG = replace(
    TINY,
    features=load_config("flagship").features,
    model=ModelConfig(
        system="parallel",
        options={"local_channels": [4, 4, 4], "broad_channels": [8, 8, 8], "broad_residuals": 1},
    ),
    eight_bits=True,
)


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    utterances = write_tiny_corpus(tmp_path_factory.mktemp("data"), actors=(1, 2), seconds=1.6)
    return Experiment("tiny", CONFIG, utterances)


def test_it_answers_nearly_as_the_network(experiment: Experiment) -> None:
    clips = prepare_all(experiment.usable, CONFIG, 0, augmented=False)
    network = fit(clips, CONFIG, seed=0)
    graph = published_graph(network, clips, CONFIG)

    exact, short = logits_of(network, clips, CONFIG), logits_of_graph(graph, clips, CONFIG)

    assert short.shape == exact.shape == (len(clips), 8)
    difference = np.abs(softmax(exact.astype(np.float32)) - softmax(short.astype(np.float32))).max()
    assert 0 < difference < 0.05
    told = change(network, graph, clips, CONFIG, temperature=1.0)
    assert told["largest"] == pytest.approx(difference, abs=1e-4)
    assert told["mean"] <= told["largest"]
    assert told["clips"] == len(clips)


def test_only_inner_convolutions_are_rounded() -> None:
    cfg = load_config("flagship")
    network = build(cfg.model, cfg.features).eval()
    planes = [(np.random.default_rng(0).normal(-40, 15, (4, 1, 64, 301))).astype(np.float32)]
    model = onnx.load_from_string(quantised(graph_of(network, cfg), planes))

    weights = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    made = {node.output[0]: node for node in model.graph.node}
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    rounded = [node for node in convolutions if node.input[1] in made]
    assert len(convolutions) == 7
    assert [node.name for node in convolutions if node not in rounded] == [
        node.name for node in convolutions if "layers.0/" in node.name
    ]
    for node in rounded:  # seven bits: two products fit sixteen
        steps = weights[made[node.input[1]].input[0]]
        assert steps.dtype == np.int8
        assert 60 < np.abs(steps.astype(int)).max() <= 64


def test_a_window_does_not_hear_its_neighbours() -> None:
    cfg = load_config("flagship")
    torch.manual_seed(0)
    network = build(cfg.model, cfg.features).eval()
    planes = np.random.default_rng(0).normal(-40, 15, (6, 1, 64, 301)).astype(np.float32)
    graph = Graph(quantised(graph_of(network, cfg), [planes[:4]]))

    together = graph(planes)
    alone = np.concatenate([graph(plane[None]) for plane in planes])

    np.testing.assert_allclose(together, alone, atol=1e-4)


@pytest.mark.parametrize("system", ["gru", "cnn1d"])
def test_what_cannot_round_is_refused_before_it_is_trained(
    experiment: Experiment, tmp_path: Path, system: str
) -> None:
    cfg = replace(CONFIG, model=ModelConfig(system))
    with pytest.raises(ValueError, match=f"{system} has no inner convolution"):
        train_and_publish(
            replace(experiment, config=cfg),
            folds_file=tmp_path / "tiny.jsonl",
            root=tmp_path / "models",
            provenance=Provenance.now("python -m ml train"),
        )
    assert not (tmp_path / "tiny.jsonl").exists()


def test_a_network_without_inner_convolutions_is_refused() -> None:
    network = torch.nn.Conv2d(1, 4, 3).eval()
    with pytest.raises(ValueError, match="no inner convolution"):
        quantised(graph_of(network, load_config("flagship")), [np.zeros((1, 1, 64, 301), np.float32)])


@pytest.mark.parametrize("eight_bits", [True, False])
def test_its_card_says_what_it_changes(experiment: Experiment, tmp_path: Path, eight_bits: bool) -> None:
    folder = train_and_publish(
        replace(experiment, config=replace(CONFIG, eight_bits=eight_bits)),
        folds_file=tmp_path / "tiny.jsonl",
        root=tmp_path / "models",
        provenance=Provenance(command="python -m ml train", created="2026-01-01T00:00:00+00:00"),
    )
    card = ModelCard.read(folder)
    page = page_of(dict(card.contents))
    assert ("eight_bits" in card.contents) == eight_bits
    assert ("## In eight bits" in page) == eight_bits
    kinds = {node.op_type for node in onnx.load(card.graph).graph.node}
    assert ("QuantizeLinear" in kinds) == eight_bits


def test_it_decides_no_weights() -> None:
    assert CONFIG.digest == replace(CONFIG, eight_bits=False).digest
