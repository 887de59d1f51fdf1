"""Support vector machine with a Gaussian kernel on summed-up MFCCs.

Named by "model parallelism"; MFCC + SVM is the classical half of Arano et al. (2021).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from ml.systems.interface import Planes, Shape, in_classes


@dataclass(frozen=True)
class SvmOptions:
    """`cost` of a clip on the wrong side; the kernel's width is sklearn's `scale`."""

    cost: float = 4.0


class Svm:
    """Statistics (clips, rows, 1) → logits."""

    def __init__(self, shape: Shape, options: SvmOptions, classes: int) -> None:
        self.classes = classes
        self.model = SVC(C=options.cost, class_weight="balanced", decision_function_shape="ovr")
        self.pipeline = make_pipeline(StandardScaler(), self.model)

    def fit(self, planes: Planes, targets: NDArray[np.int64], seed: int) -> None:
        """Learn; convex, so the seed decides nothing."""
        self.pipeline.fit(planes.reshape(len(planes), -1), targets)

    def logits(self, planes: Planes) -> NDArray[np.float64]:
        """Return the decision function, (clips, classes): its order is right, its scale means nothing."""
        scores = self.pipeline.decision_function(planes.reshape(len(planes), -1))
        if scores.ndim == 1:  # of two classes, sklearn gives the second one's side alone
            scores = np.stack([-scores, scores], axis=1)
        return in_classes(scores, self.model.classes_, self.classes)

    @property
    def parameters(self) -> int:
        """Numbers in the support vectors and their weights."""
        return int(self.model.support_vectors_.size + self.model.dual_coef_.size)
