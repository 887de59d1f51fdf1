"""Why a window got its label: how much each time and frequency of it spoke for or against.

Integrated gradients (Sundararajan, Taly, Yan 2017, arXiv:1703.01365): the gradient of the label's calibrated
log-probability, averaged along the straight line from a baseline to the window and multiplied by the way
gone. What all cells got adds up to the log-probability gained on that way ("completeness"); by how much it
does not is the error that is recorded.

The baseline is the same sound held still: each band at its mean over the frames that hold sound. So a cell's
saliency is about what moves in the voice, not about its average colour. Where a network begins by making its
input free of level, the way is gone behind that step, since along a mere gain such a network changes nothing
until, all at once, it does. If that step makes one frame of several, each of these gets an equal part.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from captum.attr import IntegratedGradients
from numpy.typing import NDArray
from torch import Tensor, nn

from ml.config import FeatureConfig
from ml.frontend import dct_matrix, mel_centres, plane, silent_frames
from ml.frontend import log_mel as log_mel_of
from ml.placement import Branched
from ml.registry import ModelCard
from ml.storage import load_network

Floats: TypeAlias = NDArray[np.float32]
Score: TypeAlias = Callable[[Tensor], Tensor]

METHOD = "integrated gradients, Gauss–Legendre, 64 steps, from the window's mean spectrum"
STEPS = 64
BATCH = 16


@dataclass(frozen=True)
class Saliency:
    """One window, explained. Rows are mel bands from the lowest, columns frames of the hop's length."""

    levels: Floats
    """(bands, frames): log-mel energies in dB, as the network's front end gave them."""
    saliency: Floats
    """(bands, frames): above 0 spoke for the label, below 0 against it; in nats of log-probability."""
    hertz: Floats
    """(bands,): where each band is centred."""
    probabilities: Floats
    """(8,): what the network says of this window, calibrated; to be held against what was kept."""
    gained: float
    """Log-probability of the label, less that of the baseline."""
    completeness_error: float
    """|sum of saliency − gained|, as a share of the sum of its sizes."""


def explain(
    card: ModelCard, waveform: Floats, *, lead: int, frames: int, label: int, network: nn.Module | None = None
) -> Saliency:
    """Explain why a published model gave a window this label.

    Args:
        waveform: (samples,) at the model's rate; the window with some sound around it, so that its first and
            last frames hear what they heard in the recording.
        lead: frames of `waveform` before the window begins.
        frames: how many the window has; missing ones are digital silence, as in hearing.
        label: index of the emotion to explain.
        network: instead of the published weights; for tests.
    """
    cfg = card.config.features
    heard = log_mel_of(waveform, cfg, card.config.audio.sample_rate)[lead : lead + frames]  # (T, bands)
    plane_heard = plane(heard, cfg)
    if (missing := frames - len(heard)) > 0:
        plane_heard = np.concatenate([plane_heard, silent_frames(missing, cfg)], axis=1)
        silence = np.full((missing, cfg.n_mels), 10 * np.log10(cfg.amin), np.float32)
        heard = np.concatenate([heard, silence])
    ours = (load_network(card.weights, card.config) if network is None else network).eval()
    x = torch.from_numpy(np.ascontiguousarray(plane_heard, np.float32))[None, None]
    steps, gained = _integrate(_way(ours, x, cfg, card.temperature), label)
    attributed = _spread(steps, frames)
    size = float(np.abs(attributed).sum())
    with torch.inference_mode():
        probabilities = (ours(x) / card.temperature).softmax(dim=1)[0].numpy()
    return Saliency(
        levels=np.ascontiguousarray(heard.T),
        saliency=attributed,
        hertz=mel_centres(cfg),
        probabilities=probabilities,
        gained=gained,
        completeness_error=abs(float(attributed.sum()) - gained) / max(size, 1e-9),
    )


@dataclass(frozen=True)
class _Way:
    """From `start` to `end`, (1, bands, T) each; `score` maps such to calibrated log-probabilities (N, 8)."""

    start: Tensor
    end: Tensor
    score: Score


def _way(network: nn.Module, x: Tensor, cfg: FeatureConfig, temperature: float) -> _Way:
    """Return the way through the input (1, 1, rows, T), or through what a stem makes of it, in mel bands.

    Cepstra are mapped back and forth by an orthonormal matrix, so that is what the network sees of the bands.
    """
    behind = None
    if isinstance(network, Branched):
        with torch.inference_mode():
            made, *others = network.stem(x)
        if made.ndim == 4 and made.shape[2] in (cfg.n_mfcc, cfg.n_mels):
            x, behind = made.clone(), tuple(tensor.clone() for tensor in others)
    masks = [tensor for tensor in behind or () if tensor.shape == (1, x.shape[3])]
    active = masks[0] > 0 if masks else torch.ones(1, x.shape[3], dtype=torch.bool)
    cepstral = x.shape[2] == cfg.n_mfcc
    to_bands = torch.from_numpy(dct_matrix(cfg)) if cepstral else torch.eye(cfg.n_mels)  # (rows, bands)

    def score(bands: Tensor) -> Tensor:
        given = (to_bands @ bands).unsqueeze(1)
        logits = network(given) if behind is None else _rest(network, given, behind)
        return torch.log_softmax(logits / temperature, dim=1)

    end = to_bands.T @ x[:, 0]
    share = active.to(end.dtype) / active.sum().clamp(min=1)
    still = (end * share[:, None]).sum(dim=2, keepdim=True).expand_as(end)
    return _Way(torch.where(active[:, None], still, end), end, score)


def _rest(network: nn.Module, given: Tensor, behind: tuple[Tensor, ...]) -> Tensor:
    """Return the logits of what comes behind the stem; what else it gave stays what it was."""
    assert isinstance(network, Branched)
    shared = (given, *(tensor.expand(len(given), *tensor.shape[1:]) for tensor in behind))
    return network.join([branch(*shared) for branch in network.branches.values()], shared)


def _integrate(way: _Way, label: int) -> tuple[Floats, float]:
    """Return the saliency (bands, T), and what was gained on the way."""
    attributed: Tensor = IntegratedGradients(way.score).attribute(
        way.end, way.start, target=label, n_steps=STEPS, method="gausslegendre", internal_batch_size=BATCH
    )
    with torch.inference_mode():
        gained = float(way.score(way.end)[0, label] - way.score(way.start)[0, label])
    saliency: Floats = attributed.detach()[0].numpy().astype(np.float32)
    return saliency, gained


def _spread(steps: Floats, frames: int) -> Floats:
    """Give each of the frames (bands, frames) its part of a step (bands, steps); a rest gets nothing."""
    each = frames // steps.shape[1]
    parts = np.repeat(steps / each, each, axis=1)
    whole: Floats = np.pad(parts, ((0, 0), (0, frames - parts.shape[1])))
    return whole
