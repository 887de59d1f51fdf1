"""What training aims at: the acted emotion, or the shares of the emotions that raters heard."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ml.config import TrainConfig
from ml.corpora.manifest import Utterance
from ml.labels import EMOTIONS, index_of

Shares = NDArray[np.float32]


def soft_targets(utterances: Sequence[Utterance], cfg: TrainConfig) -> Shares | None:
    """Return a row of shares for each clip, (clips, 8), or None where the emotions' indices will do.

    With `soft_labels`, a clip that was rated aims at its raters' votes; every other clip at the emotion that
    was acted, which each has.
    """
    if not (cfg.soft_labels or cfg.augment.mixup):
        return None
    acted = np.eye(len(EMOTIONS), dtype=np.float32)
    rows = [
        u.votes if cfg.soft_labels and u.votes else acted[index_of(u.emotion)]
        for u in utterances
        if u.emotion
    ]
    return np.array(rows, np.float32)


def hits(logits: Tensor, targets: Tensor) -> int:
    """Count the clips whose highest logit (B, 8) is that of the target: an index (B,), or shares (B, 8)."""
    wanted = targets.argmax(dim=1) if targets.ndim == 2 else targets
    return int((logits.argmax(dim=1) == wanted).sum())
