"""Any experiment on any split: networks by the loop, classical systems at once, one answer for all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ml.config import ExperimentConfig
from ml.corpora.manifest import Utterance
from ml.corpora.splits import spare_speakers
from ml.dataset import prepare_all
from ml.distributed import world
from ml.fitting import fit, logits_of, own_part
from ml.inputs import Bank, BankBatches, Ints, make_bank
from ml.loop import OnEpoch, Training, judged, no_report
from ml.optimisation import loss_of
from ml.placement import forward_of, home_of
from ml.systems.catalogue import SYSTEMS, build, build_classical
from ml.systems.interface import Classical, adapt

Floats = NDArray[np.float64]

FEATURE_SEED = 0
"""Noise of augmented versions is the same for all folds and seeds, so that features are computed once."""


class Trained(Protocol):
    """A system that has learnt."""

    @property
    def parameters(self) -> int:
        """How many numbers were learnt."""

    def logits(self, bank: Bank, rows: Ints) -> Floats:
        """Return the logits (n, 8) of these clips' unaltered inputs."""


@dataclass(frozen=True)
class TrainedNetwork:
    """A network, and how its training went: figures of each epoch."""

    network: nn.Module
    curves: Sequence[dict[str, float]] = field(default_factory=list)

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return sum(parameter.numel() for parameter in self.network.parameters())

    @torch.inference_mode()
    def logits(self, bank: Bank, rows: Ints) -> Floats:
        """Return the logits (n, 8)."""
        self.network.eval()
        device = home_of(self.network)
        parts = [self.network(planes.to(device)).double().cpu().numpy() for planes, _ in bank.tensors(rows)]
        return np.concatenate(parts)


@dataclass(frozen=True)
class TrainedClassical:
    """A classical system."""

    system: Classical

    @property
    def parameters(self) -> int:
        """How many numbers were learnt."""
        return self.system.parameters

    def logits(self, bank: Bank, rows: Ints) -> Floats:
        """Return the logits (n, 8)."""
        return self.system.logits(bank.clean(rows))


def fit_system(
    cfg: ExperimentConfig,
    bank: Bank,
    train: Ints,
    validation: Ints,
    *,
    seed: int,
    devices: Mapping[str, str] | None = None,
    checkpoint: Path | None = None,
    on_epoch: OnEpoch = no_report,
) -> TrainedNetwork | TrainedClassical:
    """Train the system that `cfg` names on the clips `train` of the bank.

    Clips of `validation` (it may be empty) judge the epochs of a network; only their unaltered inputs are
    heard. The same arguments give the same system on the same machine (one thread), also when the run is
    killed and goes on from `checkpoint`. A classical system is fitted at once: it leaves no state and tells
    of no epoch.

    Raises:
        ValueError: devices, or several processes, for a system without a network.
    """
    check_means(cfg, devices or {})
    torch.manual_seed(seed)
    if SYSTEMS[cfg.model.system].classical:
        system = build_classical(cfg.model, bank.shape)
        system.fit(bank.clean(train), bank.targets[train], seed)
        return TrainedClassical(system)
    torch.set_num_threads(1)
    network = build(cfg.model, cfg.features, shape=bank.shape)
    adapt(network, torch.from_numpy(bank.clean(train)))
    forward = forward_of(network, devices or {})
    truth = bank.targets[validation]
    batches = _batches(bank, train, cfg, seed)
    training = Training(
        network,
        batches,
        loss_of(bank.targets[train], cfg.train),
        cfg.train.within_budget(len(batches)),
        forward=forward,
        validate=(lambda now: judged(TrainedNetwork(now).logits(bank, validation), truth))
        if len(validation)
        else None,
        checkpoint=checkpoint,
        on_epoch=on_epoch,
    )
    trained = training.run().to(home_of(forward))  # a branch that was placed elsewhere comes home
    return TrainedNetwork(trained, training.curves)


def _batches(bank: Bank, train: Ints, cfg: ExperimentConfig, seed: int) -> BankBatches:
    """This process's share of the clips, in its share of each batch."""
    together = world()
    own = np.array(together.share(train.tolist()), np.int64)
    return BankBatches(bank, own, own_part(cfg), seed + together.rank)


def check_means(cfg: ExperimentConfig, devices: Mapping[str, str]) -> None:
    """See that what only a network can be given is not given to a classical system.

    Raises:
        ValueError: it is.
    """
    if not SYSTEMS[cfg.model.system].classical:
        return
    if devices:
        raise ValueError(f"{cfg.model.system} has no network: there is nothing to place on a device")
    if world().size > 1:
        raise ValueError(f"{cfg.model.system} is fitted at once, which processes cannot share")


@dataclass(frozen=True)
class Split:
    """Places of clips in a list: learnt from, tested on, and kept out to judge epochs (it may be empty)."""

    train: Ints
    test: Ints
    validation: Ints


def without_speakers(
    utterances: Sequence[Utterance], train: Ints, share: float, seed: int
) -> tuple[Ints, Ints]:
    """Keep `share` of the training speakers out for validation, women and men by turns."""
    sexes = {utterances[place].speaker: utterances[place].sex for place in train}
    chosen = spare_speakers(sexes, share, seed)
    out = np.array([utterances[place].speaker in chosen for place in train], bool)
    return train[~out], train[out]


@dataclass(frozen=True)
class Answers:
    """What a trained system answered for the test clips, (n, 8), and how it was trained."""

    logits: Floats
    parameters: int
    curves: tuple[dict[str, float], ...] = ()


def answer(
    utterances: Sequence[Utterance],
    cfg: ExperimentConfig,
    split: Split,
    *,
    seed: int,
    cache: Path | None,
    devices: Mapping[str, str] | None = None,
    checkpoint: Path | None = None,
    on_epoch: OnEpoch = no_report,
) -> Answers:
    """Train the experiment on a split of `utterances`, and let it answer for the test clips.

    `cache` keeps computed inputs, `checkpoint` the state after each epoch; `devices` come before those that
    the experiment names.
    """
    placed = {**cfg.placement.devices, **(devices or {})}
    check_means(cfg, placed)  # before the inputs are computed, which takes minutes
    if cfg.inputs is None:
        return _answer_any_length(utterances, cfg, split, seed, placed, checkpoint, on_epoch)
    bank = make_bank(utterances, cfg, FEATURE_SEED, cache)
    trained = fit_system(
        cfg, bank, split.train, split.validation,
        seed=seed, devices=placed, checkpoint=checkpoint, on_epoch=on_epoch,
    )  # fmt: skip
    curves = trained.curves if isinstance(trained, TrainedNetwork) else ()
    return Answers(trained.logits(bank, split.test), trained.parameters, tuple(curves))


def _answer_any_length(
    utterances: Sequence[Utterance],
    cfg: ExperimentConfig,
    split: Split,
    seed: int,
    devices: Mapping[str, str],
    checkpoint: Path | None,
    on_epoch: OnEpoch,
) -> Answers:
    """Train a network on clips as they are, as the shipped one is."""
    curves: list[dict[str, float]] = []

    def told(epoch: int, epochs: int, figures: dict[str, float]) -> None:
        curves.append(figures)
        on_epoch(epoch, epochs, figures)

    train, test = ([utterances[place] for place in part] for part in (split.train, split.test))
    clips = prepare_all(train, cfg, seed, augmented=True)
    network = fit(clips, cfg, seed, told, devices=devices, checkpoint=checkpoint)
    logits = logits_of(network, prepare_all(test, cfg, seed, augmented=False), cfg)
    return Answers(logits, sum(parameter.numel() for parameter in network.parameters()), tuple(curves))
