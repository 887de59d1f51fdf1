"""Confidence that means what it says: one temperature, and the confidence below which nothing is claimed.

Both are fitted on outputs for speakers that the network which gave them had not heard, and never on the clips
that they are then judged by.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from ml.metrics import Floats, Ints, negative_log_likelihood

COVERAGE = 0.75
"""Share of held-out clips that are answered; on them accuracy rises, the rest is called uncertain."""


@dataclass(frozen=True)
class Calibration:
    """`temperature` divides the logits; below `threshold` the top probability is too low for an answer."""

    temperature: float
    threshold: float

    def probabilities(self, logits: NDArray[np.floating]) -> Floats:
        """Return calibrated probabilities (n, 8)."""
        return softmax(logits, self.temperature)


def softmax(logits: NDArray[np.floating], temperature: float = 1.0) -> Floats:
    """Return softmax(logits / temperature) over the last axis."""
    scaled = np.asarray(logits, np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def fit_temperature(logits: NDArray[np.floating], targets: Ints) -> float:
    """Return the temperature in [0.05, 20] that minimises the negative log-likelihood (Guo et al. 2017)."""

    def loss(log_temperature: float) -> float:
        return negative_log_likelihood(targets, softmax(logits, float(np.exp(log_temperature))))

    return float(np.exp(minimize_scalar(loss, bounds=(np.log(0.05), np.log(20.0)), method="bounded").x))


def fit(logits: NDArray[np.floating], targets: Ints, coverage: float = COVERAGE) -> Calibration:
    """Fit the temperature, then the threshold that leaves `coverage` of these clips answered."""
    temperature = fit_temperature(logits, targets)
    confidence = softmax(logits, temperature).max(axis=1)
    return Calibration(temperature, float(np.quantile(confidence, 1 - coverage)))
