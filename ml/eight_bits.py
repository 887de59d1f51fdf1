"""The graph that is published for the CPU in eight bits (`ml.quantisation`), and what that changes."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import nn

from ml.config import ExperimentConfig
from ml.dataset import Clip, clean_batches
from ml.fitting import logits_of
from ml.quantisation import quantised
from ml.runtime import Graph, softmax
from ml.storage import graph_of
from ml.systems.catalogue import build

LISTENED_TO, COMPARED = 256, 512
"""Clips that set the activations' ranges, and clips on which both graphs are compared."""


def check_rounds(cfg: ExperimentConfig) -> None:
    """Check, before anything is trained, that there is something to count in eight bits where `cfg` asks.

    Raises:
        ValueError: there is not.
    """
    layers = build(cfg.model, cfg.features).modules() if cfg.eight_bits else ()
    if cfg.eight_bits and not any(isinstance(one, nn.Conv2d) and one.in_channels > 1 for one in layers):
        raise ValueError(f"{cfg.model.system} has no inner convolution that could count in eight bits")


def published_graph(network: nn.Module, clips: Sequence[Clip], cfg: ExperimentConfig) -> bytes:
    """Return the ONNX graph of a network that learnt from `clips`, in eight bits if `cfg` says so."""
    graph = graph_of(network, cfg)
    if not cfg.eight_bits:
        return graph
    heard = clean_batches(_spread(clips, LISTENED_TO), cfg)
    return quantised(graph, [planes.numpy() for planes, _ in heard])


def logits_of_graph(graph: bytes, clips: Sequence[Clip], cfg: ExperimentConfig) -> NDArray[np.float64]:
    """Return the graph's logits (clips, 8) of whole, unaltered clips."""
    opened = Graph(graph)
    return np.concatenate([opened(planes.numpy()) for planes, _ in clean_batches(clips, cfg)]).astype(float)


def change(
    network: nn.Module, graph: bytes, clips: Sequence[Clip], cfg: ExperimentConfig, temperature: float
) -> dict[str, float]:
    """Return by how much the graph's probabilities differ from the network's, over some of `clips`.

    `mean` and `largest` are of each clip's most changed emotion; `other_answers` is the share of clips whose
    most probable emotion is another.
    """
    compared = _spread(clips, COMPARED)
    exact, short = (
        softmax(logits.astype(np.float32), temperature)
        for logits in (logits_of(network, compared, cfg), logits_of_graph(graph, compared, cfg))
    )
    changed = np.abs(exact - short).max(axis=1)
    return {
        "clips": len(compared),
        "mean": round(float(changed.mean()), 4),
        "largest": round(float(changed.max()), 4),
        "other_answers": round(float((exact.argmax(axis=1) != short.argmax(axis=1)).mean()), 4),
    }


def _spread(clips: Sequence[Clip], count: int) -> list[Clip]:
    """Take so many, evenly: clips stand in the order of their corpora and speakers."""
    places = np.linspace(0, len(clips) - 1, min(count, len(clips))).round().astype(int)
    return [clips[place] for place in places]
