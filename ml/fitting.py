"""One training run on clips of any length: clips in, trained network out; the same for every network."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ml.config import ExperimentConfig
from ml.corpora.splits import spare_speakers
from ml.dataset import Clip, TrainingBatches, clean_batches
from ml.distributed import world
from ml.labels import EMOTIONS
from ml.loop import Cancelled, OnEpoch, Training, Validate, judged, no_report
from ml.optimisation import loss_of
from ml.placement import forward_of, home_of
from ml.systems.catalogue import build
from ml.systems.interface import Standardise, adapt, silence_untaught

__all__ = ["Cancelled", "OnEpoch", "fit", "logits_of", "no_report", "own_part"]


def fit(
    clips: Sequence[Clip],
    cfg: ExperimentConfig,
    seed: int,
    on_epoch: OnEpoch = no_report,
    *,
    devices: Mapping[str, str] | None = None,
    checkpoint: Path | None = None,
) -> nn.Module:
    """Train on `clips` and return the network, in evaluation mode, on the CPU.

    With a `validation_share`, that share of their speakers is kept out of training and judges the epochs;
    otherwise nothing is chosen and the last weights are taken. The same clips, configuration and seed give
    the same weights on the same machine (one thread), also when the run is killed and goes on from
    `checkpoint`.
    `devices` place the network, or its branches: see `ml.placement`. An emotion that no clip is of gets
    probability 0.
    """
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    spared = spare_speakers(_sexes(clips), cfg.train.validation_share, seed)
    learnt = [clip for clip in clips if clip.utterance.speaker not in spared]
    judging = [clip for clip in clips if clip.utterance.speaker in spared]
    network = build(cfg.model, cfg.features)
    _standardise(network, learnt, cfg, seed)
    batches = _batches(learnt, cfg, seed)
    training = Training(
        network,
        batches,
        loss_of([clip.target for clip in learnt], cfg.train),
        cfg.train.within_budget(len(batches)),
        forward=forward_of(network, devices or {}),
        validate=_judge(judging, cfg) if judging else None,
        checkpoint=checkpoint,
        on_epoch=on_epoch,
    )
    trained = training.run().cpu()
    silence_untaught(trained, {clip.target for clip in learnt}, len(EMOTIONS))
    return trained


def _sexes(clips: Sequence[Clip]) -> dict[str, str]:
    return {clip.utterance.speaker: clip.utterance.sex for clip in clips}


def _batches(clips: Sequence[Clip], cfg: ExperimentConfig, seed: int) -> TrainingBatches:
    """This process's share of the clips, in its share of each batch."""
    together = world()
    return TrainingBatches(together.share(clips), own_part(cfg), seed + together.rank)


def own_part(cfg: ExperimentConfig) -> ExperimentConfig:
    """Return the experiment with this process's part of each batch."""
    size = max(2, cfg.train.batch_size // world().size)
    return replace(cfg, train=replace(cfg.train, batch_size=size))


def _standardise(network: nn.Module, clips: Sequence[Clip], cfg: ExperimentConfig, seed: int) -> None:
    """Let standardising layers learn from one epoch's crops; a network without them needs none."""
    if any(isinstance(layer, Standardise) for layer in network.modules()):
        adapt(network, torch.cat([planes[:, 0] for planes, _ in TrainingBatches(clips, cfg, seed)]))


def _judge(clips: Sequence[Clip], cfg: ExperimentConfig) -> Validate:
    targets = np.array([clip.target for clip in clips])
    return lambda network: judged(logits_of(network, clips, cfg), targets)


@torch.inference_mode()
def logits_of(network: nn.Module, clips: Sequence[Clip], cfg: ExperimentConfig) -> NDArray[np.float64]:
    """Return the logits (clips, 8) of whole, unaltered clips."""
    network.eval()
    device = home_of(network)
    rows = [network(planes.to(device)).double().cpu().numpy() for planes, _ in clean_batches(clips, cfg)]
    return np.concatenate(rows)
