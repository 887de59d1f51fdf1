"""From which score of the gate on (`ml.gate`) a window is taken for one voice.

Under the floor, a window is left without an answer, however sure the likeliest emotion looks. The floor is
set on speech of people whom the gate did not hear, and on sounds that are no single voice (`ml.strange`).
"""

import numpy as np

from ml.metrics import Floats

ALWAYS_LOST, AT_MOST_LOST = 0.01, 0.05
"""Shares of speech that a floor may lie above: the first for no reason, the second to keep sounds out. With
`ml.calibration.COVERAGE` of 75 % sure enough, 70 % are answered whichever clips the gate takes away."""


def fit_floor(speech: Floats, strange: Floats) -> float:
    """Return the floor: above all `strange` scores (m,), if that loses at most a twentieth of `speech` (n,).

    Raises:
        ValueError: there is no speech.
    """
    if not len(speech):
        raise ValueError("a floor is set on speech")
    least, most = np.quantile(speech, [ALWAYS_LOST, AT_MOST_LOST])
    return float(np.clip(strange.max(initial=-np.inf), least, most))
