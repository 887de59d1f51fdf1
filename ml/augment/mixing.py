"""Two clips in one: mixup blends their planes and labels, CopyPaste lets one follow the other."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ml.labels import Emotion, index_of

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


def mixup(planes: Tensor, targets: Tensor, alpha: float, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Blend each clip of a batch with another one (Zhang et al. 2018).

    Maps planes (B, ...) and targets (B, classes), rows that sum to 1, to the same shapes. The clip's own
    shares are drawn from Beta(alpha, alpha).
    """
    share = torch.from_numpy(rng.beta(alpha, alpha, size=len(planes))).to(planes)
    other = torch.from_numpy(rng.permutation(len(planes))).to(planes.device)
    wide = share.view(-1, *[1] * (planes.ndim - 1))
    narrow = share[:, None]
    return wide * planes + (1 - wide) * planes[other], narrow * targets + (1 - narrow) * targets[other]


def partners(targets: Ints, scheme: str, rng: np.random.Generator) -> Ints:
    """Return for each clip the place of the clip to paste it to, from the same set: CopyPaste's two schemes.

    "neutral" speech does not change which emotion is heard, nor does speech of the "same" emotion. A clip for
    which there is none is its own partner.
    """
    wanted = np.full_like(targets, index_of(Emotion.NEUTRAL)) if scheme == "neutral" else targets
    places = {target: np.flatnonzero(targets == target) for target in np.unique(wanted)}
    return np.array(
        [rng.choice(places[want]) if len(places[want]) else own for own, want in enumerate(wanted)], np.int64
    )


def copy_paste(clip: Floats, partner: Floats, rng: np.random.Generator) -> Floats:
    """Return the clip and its partner one after the other, in either order; the label stays the clip's own.

    Pappagari et al. 2020 (arXiv 2010.14602). Takes waveforms (samples,) or planes (frames, rows).
    """
    return np.concatenate([clip, partner] if rng.random() < 0.5 else [partner, clip])
