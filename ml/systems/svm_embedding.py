"""SVM on MFCCs and the embedding of a CNN, after Arano et al. (2021), cited by "model parallelism" with 71 %.

The original takes its embedding from a network that had seen a million pictures. Nothing pretrained is
shipped here: the 2-D CNN of this catalogue is trained on the training clips first, and gives what its output
layer sees.
"""

from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from torch import nn

from ml.config import ExperimentConfig, TrainConfig
from ml.inputs import Bank, BankBatches
from ml.loop import Training
from ml.optimisation import class_weights
from ml.systems.cnn2d import Cnn2d, Cnn2dOptions
from ml.systems.interface import Planes, Shape, in_classes


@dataclass(frozen=True)
class SvmEmbeddingOptions:
    """The CNN's schedule, and the SVM's cost."""

    epochs: int = 12
    learning_rate: float = 2e-3
    cost: float = 4.0
    network: Cnn2dOptions = field(default_factory=Cnn2dOptions)


class SvmEmbedding:
    """Planes (clips, rows, frames), the last `n_mfcc` rows MFCCs, → logits."""

    def __init__(self, shape: Shape, options: SvmEmbeddingOptions, classes: int) -> None:
        self.shape, self.options, self.classes = shape, options, classes
        self.network = Cnn2d(shape, options.network, classes)
        self.model = SVC(C=options.cost, class_weight="balanced", decision_function_shape="ovr")
        self.pipeline = make_pipeline(StandardScaler(), self.model)

    def fit(self, planes: Planes, targets: NDArray[np.int64], seed: int) -> None:
        """Train the CNN, then fit the SVM on what it hears and on the MFCCs' means and deviations."""
        torch.manual_seed(seed)
        self.network = Cnn2d(self.shape, self.options.network, self.classes)
        self.network.scale.adapt(torch.from_numpy(planes.astype(np.float32)))
        train = TrainConfig(epochs=self.options.epochs, learning_rate=self.options.learning_rate)
        bank = Bank(planes.astype(np.float16)[None], targets, self.shape)
        batches = BankBatches(bank, np.arange(len(targets)), ExperimentConfig(train=train), seed)
        Training(self.network, batches, nn.CrossEntropyLoss(class_weights(targets)), train).run()
        self.pipeline.fit(self._joined(planes), targets)

    def logits(self, planes: Planes) -> NDArray[np.float64]:
        """Return the decision function, (clips, classes)."""
        scores = self.pipeline.decision_function(self._joined(planes))
        if scores.ndim == 1:  # of two classes, sklearn gives the second one's side alone
            scores = np.stack([-scores, scores], axis=1)
        return in_classes(scores, self.model.classes_, self.classes)

    @torch.inference_mode()
    def _joined(self, planes: Planes) -> NDArray[np.float32]:
        """Return the embedding beside the statistics, (clips, dense + 2 * n_mfcc)."""
        whole = torch.from_numpy(planes.astype(np.float32)).unsqueeze(1)
        heard = torch.cat([self.network.embed(batch) for batch in torch.split(whole, 64)]).numpy()
        cepstra = planes[:, -self.shape.features.n_mfcc :].astype(np.float32)
        return np.concatenate([heard, cepstra.mean(axis=2), cepstra.std(axis=2)], axis=1)

    @property
    def parameters(self) -> int:
        """The network's weights, and the numbers in the support vectors."""
        learnt = sum(parameter.numel() for parameter in self.network.parameters())
        return learnt + int(self.model.support_vectors_.size + self.model.dual_coef_.size)
