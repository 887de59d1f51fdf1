"""A model that answers in a way that can be worked out by hand: logits are a matrix times the mean frame."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ml.config import ExperimentConfig
from ml.labels import LABELS
from ml.registry import GRAPH, WEIGHTS, ModelCard, publish

TEMPERATURE = 2.0


def matrix(rows: int) -> np.ndarray:
    """Small enough for soft answers, (rows, 8)."""
    return np.random.default_rng(7).normal(0.0, 0.02, (rows, len(LABELS))).astype(np.float32)


def mean_frame_model(root: Path, *, threshold: float = 0.15, slug: str = "mean-frame") -> ModelCard:
    """Publish it under `root`."""
    config = ExperimentConfig()
    card: Mapping[str, Any] = {
        "name": slug,
        "created": "2026-01-01T00:00:00+00:00",
        "labels": list(LABELS),
        "config": config.to_dict(),
        "temperature": TEMPERATURE,
        "abstention": {"threshold": threshold},
    }
    graph = _graph(config.features.rows).SerializeToString()
    return ModelCard.read(publish(slug=slug, files={WEIGHTS: b"none", GRAPH: graph}, card=card, root=root))


def _graph(rows: int) -> onnx.ModelProto:
    plane = helper.make_tensor_value_info("mfcc", TensorProto.FLOAT, ["n", 1, rows, "frames"])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", len(LABELS)])
    nodes = [
        helper.make_node("ReduceMean", ["mfcc"], ["mean"], axes=[1, 3], keepdims=0),
        helper.make_node("MatMul", ["mean", "matrix"], ["logits"]),
    ]
    constants = [numpy_helper.from_array(matrix(rows), "matrix")]
    graph = helper.make_graph(nodes, "mean-frame", [plane], [logits], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
