"""A trained network as bytes, and back: its weights for torch, its graph for ONNX Runtime."""

import io
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from ml.config import ExperimentConfig
from ml.gate import build_gate
from ml.systems.catalogue import build

OPSET = 17


def weights_of(network: nn.Module) -> bytes:
    """Return the state dictionary alone, as `torch.load(weights_only=True)` reads it."""
    buffer = io.BytesIO()
    torch.save(
        {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}, buffer
    )
    return buffer.getvalue()


def graph_of(network: nn.Module, cfg: ExperimentConfig) -> bytes:
    """Return the ONNX graph `mfcc` (N, 1, rows, T) → `logits` (N, 8), for any N and any T of 1 s or more."""
    return _graph(network, cfg, takes="mfcc", gives="logits")


def gate_graph_of(gate: nn.Module, cfg: ExperimentConfig) -> bytes:
    """Return the ONNX graph `log_mel` (N, 1, n_mels, T) → `logits` (N, 2), for any N and T of 1 s or more."""
    return _graph(gate, cfg, takes="log_mel", gives="logits")


def _graph(network: nn.Module, cfg: ExperimentConfig, takes: str, gives: str) -> bytes:
    frames = int(cfg.window.seconds * cfg.audio.sample_rate) // cfg.features.hop_length + 1
    example = torch.randn(2, 1, cfg.features.rows, frames)
    buffer = io.BytesIO()
    torch.backends.mha.set_fastpath_enabled(False)  # its fused operator has no ONNX counterpart
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the exporter that needs no further package
        torch.onnx.export(
            network.cpu().eval(),
            (example,),
            buffer,  # type: ignore[arg-type]  # it writes to any binary file, though its stub names paths
            input_names=[takes],
            output_names=[gives],
            dynamic_axes={takes: {0: "n", 3: "frames"}, gives: {0: "n"}},
            opset_version=OPSET,
            dynamo=False,
        )
    return buffer.getvalue()


def load_network(weights: Path, cfg: ExperimentConfig) -> nn.Module:
    """Rebuild the network that `cfg` describes with the weights of that file, in evaluation mode."""
    return _with_weights(build(cfg.model, cfg.features), weights)


def load_gate(weights: Path, cfg: ExperimentConfig) -> nn.Module:
    """Rebuild the gate that `cfg` describes with the weights of that file, in evaluation mode."""
    return _with_weights(build_gate(cfg), weights)


def _with_weights(network: nn.Module, weights: Path) -> nn.Module:
    state: dict[str, Tensor] = torch.load(weights, map_location="cpu", weights_only=True)
    network.load_state_dict(state)
    return network.eval()
