"""The systems by name: a new one is a file beside this one and a line here.

A system is a module from features (N, 1, rows, T) to logits (N, classes), built from its own frozen dataclass
of options, so that an option that it does not know is refused.
"""

from collections.abc import Callable
from typing import Any

from torch import nn

from ml.config import FeatureConfig, ModelConfig
from ml.labels import LABELS
from ml.systems import parallel

Build = Callable[[FeatureConfig, Any, int], nn.Module]

SYSTEMS: dict[str, tuple[type[Any], Build]] = {
    "parallel": (parallel.ParallelOptions, parallel.Parallel),
}


def build(model: ModelConfig, features: FeatureConfig, classes: int = len(LABELS)) -> nn.Module:
    """Return the network that `model` names, freshly initialised from torch's global seed.

    Raises:
        ValueError: an unknown system, or an option that the system does not have.
    """
    if model.system not in SYSTEMS:
        raise ValueError(f"unknown system {model.system!r}; known: {', '.join(SYSTEMS)}")
    options, network = SYSTEMS[model.system]
    try:
        chosen = options(**model.options)
    except TypeError as fault:
        raise ValueError(f"model.options of {model.system}: {fault}") from fault
    return network(features, chosen, classes)
