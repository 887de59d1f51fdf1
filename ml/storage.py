"""A trained network as bytes, and back: its weights for torch, its graph for ONNX Runtime."""

import io
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from ml.config import ExperimentConfig
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
            input_names=["mfcc"],
            output_names=["logits"],
            dynamic_axes={"mfcc": {0: "n", 3: "frames"}, "logits": {0: "n"}},
            opset_version=OPSET,
            dynamo=False,
        )
    return buffer.getvalue()


def load_network(weights: Path, cfg: ExperimentConfig) -> nn.Module:
    """Rebuild the network that `cfg` describes with the weights of that file, in evaluation mode."""
    state: dict[str, Tensor] = torch.load(weights, map_location="cpu", weights_only=True)
    network = build(cfg.model, cfg.features)
    network.load_state_dict(state)
    return network.eval()
