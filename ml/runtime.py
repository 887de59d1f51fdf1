"""The network on a processor: ONNX Runtime on the CPU, torch on a GPU; one interface, the same numbers.

The same but for rounding: where a model's graph counts in eight bits, its card says what that changes.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from ml.registry import ModelCard

if TYPE_CHECKING:
    from torch import nn

Floats: TypeAlias = NDArray[np.float32]

onnxruntime.set_default_logger_severity(3)  # errors; what it warns of at start is no news to a clinician

BATCH = 8
"""Windows at a time: the fastest on a CPU core, where larger batches lose to memory traffic."""


class Runtime(Protocol):
    """What the recogniser needs of a network."""

    def logits(self, features: Floats) -> Floats:
        """Features (N, 1, rows, frames), frames for one second or more → logits (N, 8)."""
        ...

    def scores(self, features: Floats) -> Floats:
        """The same → scores (N,) of the gate, in nats: how surely each is one voice. Without a gate, inf."""
        ...


class OnnxRuntime:
    """The graphs as published, on the CPU, on a bounded number of threads that do not spin when idle."""

    def __init__(self, card: ModelCard, *, threads: int = 1) -> None:
        self._recogniser = Graph(card.graph, threads=threads)
        self._gate = None if card.voice_floor is None else Graph(card.gate_graph, threads=threads)

    def logits(self, features: Floats) -> Floats:
        """See `Runtime`."""
        return self._recogniser(features)

    def scores(self, features: Floats) -> Floats:
        """See `Runtime`."""
        return _scores(self._gate(features) if self._gate else None, len(features))


class Graph:
    """One session, with one input and one output, of a file or of its contents."""

    def __init__(self, graph: Path | bytes, *, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def __call__(self, features: Floats) -> Floats:
        output: Floats = self._session.run(None, {self._input: features})[0]
        return output


def _scores(logits: Floats | None, count: int) -> Floats:
    if logits is None:
        return np.full(count, np.inf, np.float32)
    scores: Floats = logits[:, 1] - logits[:, 0]
    return scores


class TorchRuntime:
    """The same network from its weights, on a torch device such as "cuda"."""

    def __init__(self, card: ModelCard, device: str) -> None:
        # A second and 200 MB: only whoever asks for a GPU pays for it.
        import torch

        from ml.storage import load_gate, load_network

        self._torch = torch
        self._network = load_network(card.weights, card.config).to(device)
        gated = card.voice_floor is not None
        self._gate = load_gate(card.gate_weights, card.config).to(device) if gated else None
        self._device = device

    def logits(self, features: Floats) -> Floats:
        """See `Runtime`."""
        return self._run(self._network, features)

    def scores(self, features: Floats) -> Floats:
        """See `Runtime`."""
        return _scores(self._run(self._gate, features) if self._gate else None, len(features))

    def _run(self, network: nn.Module, features: Floats) -> Floats:
        with self._torch.inference_mode():
            logits = network(self._torch.from_numpy(features).to(self._device))
        return np.asarray(logits.cpu().numpy(), np.float32)


def open_runtime(card: ModelCard, *, device: str = "cpu", threads: int = 1) -> Runtime:
    """The runtime for `device`: "cpu" is ONNX Runtime, anything else is a torch device such as "cuda"."""
    return OnnxRuntime(card, threads=threads) if device == "cpu" else TorchRuntime(card, device)


def softmax(logits: Floats, temperature: float = 1.0) -> Floats:
    """Calibrated probabilities over the last axis, softmax(logits / temperature)."""
    scaled = logits / np.float32(temperature)
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return shares
