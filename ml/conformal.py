"""Sets of emotions that hold the right one as often as promised: split conformal prediction.

The least ambiguous sets of Sadinle, Lei & Wasserman (2019): every emotion whose probability reaches one
threshold, the threshold being a quantile of the right answers' probabilities on clips of other speakers. It
holds for exchangeable clips; those of one speaker are alike, so the coverage is measured by speaker.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ml.metrics import Floats, Ints


def fit_set_threshold(probabilities: Floats, targets: Ints, coverage: float = 0.9) -> float:
    """Return the probability from which an emotion is in the set, from probabilities (n, 8) of other clips.

    Raises:
        ValueError: too few clips for this coverage (n must be at least coverage / (1 - coverage)).
    """
    right = np.sort(probabilities[np.arange(len(targets)), targets])
    # Rounded first: 20 × (1 - 0.9) is a hair below 2.
    misses = int(np.floor(round((len(right) + 1) * (1 - coverage), 9)))
    if misses < 1:
        raise ValueError(f"{len(right)} clips are too few for sets of {coverage:.0%}")
    return float(right[misses - 1])


def sets_of(probabilities: Floats, threshold: float) -> NDArray[np.bool_]:
    """Return which emotions are in each clip's set, (n, 8); the likeliest always is."""
    chosen: NDArray[np.bool_] = probabilities >= threshold
    chosen[np.arange(len(chosen)), probabilities.argmax(axis=1)] = True
    return chosen


def coverage_of(sets: NDArray[np.bool_], targets: Ints) -> float:
    """Share of the sets that hold the right emotion."""
    return float(sets[np.arange(len(targets)), targets].mean())
