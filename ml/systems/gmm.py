"""One Gaussian mixture for each emotion over MFCC frames, named by "model parallelism".

A clip is the emotion under whose mixture its frames are most likely: the recogniser of the years before
networks.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.mixture import GaussianMixture
from sklearn.preprocessing import StandardScaler

from ml.systems.interface import Planes, Shape, in_classes
from ml.systems.layers import SILENCE_RANGE_DB


@dataclass(frozen=True)
class GmmOptions:
    """Mixtures of diagonal Gaussians, fitted on at most `frames` frames of each emotion."""

    components: int = 16
    frames: int = 20_000
    iterations: int = 60


class Gmm:
    """MFCCs (clips, rows, frames), the first row c0, → logits."""

    def __init__(self, shape: Shape, options: GmmOptions, classes: int) -> None:
        self.options, self.classes = options, classes
        self.silence = SILENCE_RANGE_DB * math.sqrt(shape.features.n_mels)  # of c0 below the loudest frame
        self.scaler = StandardScaler()
        self.mixtures: dict[int, GaussianMixture] = {}

    def fit(self, planes: Planes, targets: NDArray[np.int64], seed: int) -> None:
        """Fit the mixtures of the emotions that occur."""
        rng = np.random.default_rng(seed)
        spoken = [self._spoken(plane) for plane in planes]
        self.scaler.fit(np.concatenate(spoken))
        for emotion in np.unique(targets):
            chosen = np.concatenate([spoken[clip] for clip in np.flatnonzero(targets == emotion)])
            frames = rng.permutation(chosen)[: self.options.frames]
            self.mixtures[int(emotion)] = GaussianMixture(
                min(self.options.components, len(frames) // 2),
                covariance_type="diag",
                reg_covar=1e-3,
                max_iter=self.options.iterations,
                random_state=seed,
            ).fit(self.scaler.transform(frames))

    def logits(self, planes: Planes) -> NDArray[np.float64]:
        """Return each mixture's mean log-likelihood of a frame, (clips, classes)."""
        frames = [self.scaler.transform(self._spoken(plane)) for plane in planes]
        scores = [[mixture.score(clip) for mixture in self.mixtures.values()] for clip in frames]
        return in_classes(np.array(scores), np.array(list(self.mixtures)), self.classes)

    def _spoken(self, plane: Planes) -> NDArray[np.float32]:
        """Return the frames (n, rows) that are not silence."""
        loud = plane[0] > plane[0].max() - self.silence
        frames: NDArray[np.float32] = plane.T[loud].astype(np.float32)
        return frames

    @property
    def parameters(self) -> int:
        """Means, variances and weights."""
        return sum(m.means_.size + m.covariances_.size + m.weights_.size for m in self.mixtures.values())
