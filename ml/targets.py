"""What training aims at: the acted emotion, or the shares of the emotions that raters heard."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ml.config import TrainConfig
from ml.corpora.manifest import Utterance
from ml.labels import EMOTIONS, Emotion, index_of

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


def restricted_targets(utterances: Sequence[Utterance], cfg: TrainConfig) -> Shares | None:
    """Return for each clip what it aims at and what its corpus has, (clips, 2, 8); None without `label_sets`.

    The first row are the shares of `soft_targets`, the second is 1 for each emotion that some clip of the
    same corpus has: a corpus without calm or surprise cannot teach that its clips were neither.
    """
    if not cfg.label_sets:
        return None
    acted = np.eye(len(EMOTIONS), dtype=np.float32)
    aims = np.array(
        [
            u.votes if cfg.soft_labels and u.votes else acted[index_of(u.emotion)]
            for u in utterances
            if u.emotion
        ],
        np.float32,
    )
    corpora = np.array([u.corpus for u in utterances if u.emotion])
    has = np.zeros_like(aims)
    for corpus in np.unique(corpora):
        own = corpora == corpus
        has[own] = aims[own].max(axis=0) > 0
    return np.stack([aims, has], axis=1)


class RestrictedCrossEntropy(nn.Module):
    """Cross-entropy among the emotions that a clip's corpus has.

    Where the corpus has neutral speech and no calm, an answer "calm" counts as neutral; other absent emotions
    are no possible answer. It is what `ml.evaluate.restrict` does when such a corpus is judged: learning from
    partial labels (Cour, Sapp & Taskar 2011). `weights` (8,) weigh a clip by its emotion.
    """

    weights: Tensor

    def __init__(self, weights: Tensor, label_smoothing: float = 0.0) -> None:
        super().__init__()
        self.register_buffer("weights", weights)
        self.label_smoothing = label_smoothing

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return the mean over logits (B, 8) and targets (B, 2, 8) as of `restricted_targets`."""
        shares, has = targets.unbind(dim=1)
        smoothed = (1 - self.label_smoothing) * shares + self.label_smoothing * has / has.sum(1, keepdim=True)
        weight = shares @ self.weights
        losses = -(smoothed * _log_shares(logits, has)).sum(dim=1)
        mean: Tensor = (weight * losses).sum() / weight.sum()
        return mean


def _log_shares(logits: Tensor, has: Tensor) -> Tensor:
    """Log-probabilities (B, 8) among the emotions of `has` (B, 8); 0 stands for those it lacks."""
    neutral, calm = index_of(Emotion.NEUTRAL), index_of(Emotion.CALM)
    lumped = torch.logaddexp(logits[:, neutral], logits[:, calm])
    joined = logits.clone()
    joined[:, neutral] = torch.where(has[:, calm] > 0, logits[:, neutral], lumped)
    allowed = joined.masked_fill(has == 0, float("-inf"))
    return allowed.log_softmax(dim=1).masked_fill(has == 0, 0.0)


def hits(logits: Tensor, targets: Tensor) -> int:
    """Count the clips whose highest logit (B, 8) is that of the target: an index (B,), shares (B, 8), or
    shares with what the corpus has (B, 2, 8)."""
    shares = targets[:, 0] if targets.ndim == 3 else targets
    wanted = shares.argmax(dim=1) if shares.ndim == 2 else shares
    return int((logits.argmax(dim=1) == wanted).sum())
