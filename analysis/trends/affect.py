"""Where a mixture of emotions lies on the plane of valence and arousal, and how surely.

A place is the mean of the emotions' places (``ml.labels.AFFECT``), weighted by their shares. Its uncertainty
is that of the shares, carried through: of these only the interval of each emotion alone is known, and since
shares sum to 1, one can only be too large where others are too small. So they are given the covariance of
shares drawn from a mixture, k·(diag(s) − s·sᵀ), with k such that the variances that the intervals state add
up to its own. That the places themselves were set by hand is in no interval.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from analysis.change.comparison import HALF_WIDTHS
from ml.labels import AFFECT, EMOTIONS

Reals: TypeAlias = NDArray[np.float64]

PLANE = np.array([AFFECT[emotion] for emotion in EMOTIONS])
"""Valence and arousal of each emotion; (8, 2)."""
REGION = math.sqrt(-2 * math.log(0.05))
"""Radius of the circle that holds 95 % of a normal distribution on the plane, in standard deviations."""
ANY_OTHER = 1e-3
"""Part of the shares that is spread evenly: where all is one emotion, what is wrong may be any other."""


@dataclass(frozen=True)
class Places:
    """Means (n, 2), valence before arousal, and their covariances (n, 2, 2)."""

    means: Reals
    covariances: Reals

    def __len__(self) -> int:
        return len(self.means)

    @property
    def reach(self) -> Reals:
        """Half of the 95 % interval of valence and of arousal, each for itself; (n, 2)."""
        reach: Reals = HALF_WIDTHS * np.sqrt(np.diagonal(self.covariances, axis1=1, axis2=2))
        return reach

    def regions(self, corners: int) -> Reals:
        """Outlines of the ellipses that hold 95 %, closed; (n, corners + 1, 2)."""
        angles = np.linspace(0, 2 * np.pi, corners + 1)
        circle = REGION * np.stack([np.cos(angles), np.sin(angles)])
        values, vectors = np.linalg.eigh(self.covariances)
        roots = vectors * np.sqrt(np.maximum(values, 0))[:, None, :]
        outlines: Reals = self.means[:, None, :] + np.swapaxes(roots @ circle, 1, 2)
        return outlines


def places(shares: Reals, low: Reals, high: Reals) -> Places:
    """``shares`` with the ends of their 95 % intervals, each (n, 8), on the plane."""
    variance = (((high - low) / 2 / HALF_WIDTHS) ** 2).sum(1)
    mixed = shares * (1 - ANY_OTHER) + ANY_OTHER / len(EMOTIONS)
    centre = mixed @ PLANE
    spread = np.einsum("ne,ei,ej->nij", mixed, PLANE, PLANE) - centre[:, :, None] * centre[:, None, :]
    k = variance / (mixed * (1 - mixed)).sum(1)
    return Places(means=shares @ PLANE, covariances=k[:, None, None] * spread)
