"""The gate: a small network that tells one voice from what is none, or two; and its training.

The recogniser must answer something, and is sure of much that is no single voice, above all of two people at
once. The gate hears the same windows and knows nothing of emotions. It learns apart from the recogniser, from
the same people's speech put through rooms, lines and noise, half of which is made into what is no single
voice (`ml.augment.strangers`): outlier exposure (Hendrycks, Mazeika & Dietterich 2019) with a network of its
own, since a recogniser's own logits tell little once it has learnt from several corpora.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ml.augment import Strangers
from ml.config import ExperimentConfig, GateConfig
from ml.dataset import Clip, TrainingBatches, clean_batches, silence_level
from ml.frontend import frame_count
from ml.loop import OnEpoch, Training, no_report

RANGE_DB = 50.0
"""Between the loudest band of a plane and the floor that is put under it, which makes it level-free."""
SCALE_DB = 25.0


class Gate(nn.Module):
    """Log-mel planes (N, 1, n_mels, T), T >= 101 frames of 10 ms → logits (N, 2): other, and one voice."""

    def __init__(self, cfg: GateConfig, n_mels: int) -> None:
        super().__init__()
        self.frame_step = cfg.frame_step
        *square, last = cfg.channels
        rows, before, layers = n_mels, 1, list[nn.Module]()
        for after in square:
            layers += _convolution(before, after, kernel=(3, 3) if layers else (5, 5), stride=2)
            rows, before = (rows + 1) // 2, after
        layers += _convolution(before, last, kernel=(rows, 3), stride=1)  # over all bands that are left
        self.layers = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.Dropout(cfg.dropout), nn.Linear(2 * cfg.channels[-1], 2))

    def forward(self, log_mel: Tensor) -> Tensor:
        """Return the logits; the second less the first is the score."""
        plane = functional.avg_pool2d(log_mel, (1, self.frame_step))
        floor = plane.amax(dim=(2, 3), keepdim=True) - RANGE_DB
        steps = self.layers((torch.maximum(plane, floor) - floor) / SCALE_DB - 1)[:, :, 0]  # (N, C, T')
        logits: Tensor = self.head(torch.cat([steps.mean(dim=2), steps.amax(dim=2)], dim=1))
        return logits


def _convolution(before: int, after: int, kernel: tuple[int, int], stride: int) -> list[nn.Module]:
    padding = (kernel[0] // 2 if stride > 1 else 0, kernel[1] // 2)
    convolution = nn.Conv2d(before, after, kernel, stride, padding, bias=False)
    return [convolution, nn.BatchNorm2d(after), nn.ReLU()]


class OneVoiceBatches(TrainingBatches):
    """Batches of planes with one of two answers each: other (0), or one voice (1)."""

    def __init__(self, clips: Sequence[Clip], cfg: ExperimentConfig, seed: int) -> None:
        super().__init__(clips, cfg, seed)
        ours = cfg.train.augment
        self.strangers = Strangers(ours.strangers, ours.two_voices, bursts=True)

    def _answered(self, planes: Tensor, places: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        changed, replaced = self.strangers(planes, self.generator)
        return self.to_features(changed), (~replaced).long()


def gate_training(cfg: ExperimentConfig) -> ExperimentConfig:
    """Return the experiment with the gate's training in the place of the recogniser's.

    Raises:
        ValueError: it has no gate.
    """
    if cfg.gate is None:
        raise ValueError("this experiment has no gate")
    return replace(cfg, train=cfg.gate.train)


def fit_gate(
    clips: Sequence[Clip],
    cfg: ExperimentConfig,
    seed: int,
    on_epoch: OnEpoch = no_report,
    *,
    checkpoint: Path | None = None,
) -> nn.Module:
    """Train a gate on `clips`, prepared as `gate_training(cfg)` says, and return it in evaluation mode.

    The same clips, configuration and seed give the same weights on the same machine (one thread).
    """
    training = gate_training(cfg)
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    batches = OneVoiceBatches(clips, training, seed)
    network = build_gate(cfg)
    run = Training(
        network,
        batches,
        nn.CrossEntropyLoss(label_smoothing=training.train.label_smoothing),
        training.train.within_budget(len(batches)),
        checkpoint=checkpoint,
        on_epoch=on_epoch,
    )
    return run.run().cpu()


def build_gate(cfg: ExperimentConfig) -> Gate:
    """Return a new gate for the planes that `cfg` computes."""
    assert cfg.gate is not None
    return Gate(cfg.gate, cfg.features.n_mels)


@torch.inference_mode()
def scores_of(gate: nn.Module, clips: Sequence[Clip], cfg: ExperimentConfig) -> NDArray[np.float64]:
    """Return the scores (clips,) of unaltered clips: log odds that each is one voice, in nats.

    Each is heard for as long as one of the clinic's windows, in its middle; silence follows a shorter one. So
    none depends on how long the others of its batch are.
    """
    if not clips:
        return np.array([], np.float64)
    windows = [_middle(clip, cfg) for clip in clips]
    rows = [gate(planes).double().numpy() for planes, _ in clean_batches(windows, cfg)]
    logits = np.concatenate(rows)
    odds: NDArray[np.float64] = logits[:, 1] - logits[:, 0]
    return odds


def _middle(clip: Clip, cfg: ExperimentConfig) -> Clip:
    frames = frame_count(round(cfg.window.seconds * cfg.audio.sample_rate), cfg.features)
    plane = clip.planes[0]
    start = max(0, len(plane) - frames) // 2
    silence = np.full((max(0, frames - len(plane)), plane.shape[1]), silence_level(cfg.features), np.float32)
    return replace(clip, planes=(np.concatenate([plane[start : start + frames], silence]),))
