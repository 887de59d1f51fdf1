"""Why a window got its label: how much each time and frequency of it spoke for or against.

Integrated gradients (Sundararajan, Taly, Yan 2017, arXiv:1703.01365): the gradient of the label's calibrated
log-probability, averaged along the straight line from a baseline to the window and multiplied by the way
gone. What all cells got adds up to the log-probability gained on that way ("completeness"); by how much it
does not is the error that is recorded.

The baseline is the same sound held still: each band at its mean over the frames that hold sound. So a cell's
saliency is about what moves in the voice, not about its average colour. Where a network begins by making its
input free of level, the way is gone behind that step, since along a mere gain such a network changes nothing
until, all at once, it does.
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
    to_bands = torch.from_numpy(dct_matrix(cfg)) if cfg.kind == "mfcc" else torch.eye(cfg.n_mels)
    x = torch.from_numpy(np.ascontiguousarray(plane_heard, np.float32))[None, None]
    way = _way(ours, x, to_bands, card.temperature)
    attributed, gained = _integrate(way, label)
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


def _way(network: nn.Module, x: Tensor, to_bands: Tensor, temperature: float) -> _Way:
    """Return the way through the input (1, 1, rows, T) in mel bands: `to_bands` (rows, bands) is orthonormal,
    so what it maps back and forth is what the network sees of them."""
    active = torch.ones_like(x[:, 0, 0], dtype=torch.bool)  # (1, T)
    behind = None
    if isinstance(network, Branched):
        with torch.inference_mode():
            shared = network.stem(x)
        if shared[0].shape == x.shape:
            x, behind = shared[0].clone(), tuple(tensor.clone() for tensor in shared[1:])
            masks = [tensor for tensor in behind if tensor.shape == active.shape]
            active = masks[0] > 0 if masks else active

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
