"""Whether a sound is like what a network learnt from: the energy of its logits.

Of logits f (8,), E = ln Σ exp f, which is large where the network has met the like (Liu, Wang, Owens & Li
2020, with the sign turned round and temperature 1). Under a floor, a window is left without an answer,
however sure the likeliest emotion looks. The floor is set on speech of people whom the network did not hear,
and on sounds that are no single voice (`ml.strange`).
"""

import numpy as np
from numpy.typing import NDArray

from ml.metrics import Floats

ALWAYS_LOST, AT_MOST_LOST = 0.01, 0.10
"""Shares of speech that a floor may lie above: the first for no reason, the second to keep sounds out."""


def energies(logits: NDArray[np.floating]) -> Floats:
    """Return the energies (n,) of logits (n, classes), in nats."""
    highest = logits.max(axis=1, keepdims=True).astype(np.float64)
    found: Floats = highest[:, 0] + np.log(np.exp(logits - highest).sum(axis=1))
    return found


def fit_floor(speech: Floats, strange: Floats) -> float:
    """Return the floor: above all `strange` energies (m,), if that loses at most a tenth of `speech` (n,).

    Raises:
        ValueError: there is no speech.
    """
    if not len(speech):
        raise ValueError("a floor is set on speech")
    least, most = np.quantile(speech, [ALWAYS_LOST, AT_MOST_LOST])
    return float(np.clip(strange.max(initial=-np.inf), least, most))
