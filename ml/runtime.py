"""The network on a processor: ONNX Runtime on the CPU, torch on a GPU; one interface, the same numbers."""

from __future__ import annotations

from typing import Protocol, TypeAlias

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from ml.registry import ModelCard

Floats: TypeAlias = NDArray[np.float32]

onnxruntime.set_default_logger_severity(3)  # errors; what it warns of at start is no news to a clinician

BATCH = 8
"""Windows at a time: the fastest on a CPU core, where larger batches lose to memory traffic."""


class Runtime(Protocol):
    """What the recogniser needs of a network."""

    def logits(self, features: Floats) -> Floats:
        """Features (N, 1, rows, frames), frames for one second or more → logits (N, 8)."""
        ...


class OnnxRuntime:
    """The graph on the CPU in single precision, on a bounded number of threads that do not spin when idle."""

    def __init__(self, card: ModelCard, *, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(card.graph, options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def logits(self, features: Floats) -> Floats:
        """See `Runtime`."""
        logits: Floats = self._session.run(None, {self._input: features})[0]
        return logits


class TorchRuntime:
    """The same network from its weights, on a torch device such as "cuda"."""

    def __init__(self, card: ModelCard, device: str) -> None:
        # A second and 200 MB: only whoever asks for a GPU pays for it.
        import torch

        from ml.storage import load_network

        self._torch = torch
        self._network = load_network(card.weights, card.config).to(device)
        self._device = device

    def logits(self, features: Floats) -> Floats:
        """See `Runtime`."""
        with self._torch.inference_mode():
            logits = self._network(self._torch.from_numpy(features).to(self._device))
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
