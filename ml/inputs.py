"""Clips as inputs of one fixed length, computed once: what `InputConfig` asks for, as one array."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ml import augment
from ml.config import ExperimentConfig, InputConfig
from ml.corpora.manifest import Utterance
from ml.dataset import load_clip
from ml.features import Features, Summary
from ml.labels import index_of
from ml.preprocess import preprocess
from ml.systems.interface import Shape
from ml.targets import Shares, restricted_targets, soft_targets

Floats = NDArray[np.float32]
Halves = NDArray[np.float16]
Ints = NDArray[np.int64]

FORMAT = 1
"""Raised whenever a change of code changes the arrays: a cache of an older format is not read."""

_RAW = ("waveform",)


class Front(nn.Module):
    """Waveform (samples,) of any length → the input that the configuration names, (rows, frames)."""

    def __init__(self, cfg: ExperimentConfig, inputs: InputConfig) -> None:
        super().__init__()
        self.cfg = cfg
        raw = inputs.planes == _RAW
        self.features = None if raw else Features(inputs.planes, cfg.features, cfg.audio.sample_rate)
        self.summary = Summary(inputs.statistics) if inputs.statistics else None
        if self.summary is None and cfg.preprocess.seconds is None:
            raise ValueError("inputs of one shape need preprocess.seconds, or inputs.statistics")

    def shape(self) -> Shape:
        """Return the shape of every input."""
        rows, frames = self(np.ones(3 * self.cfg.audio.sample_rate, np.float32)).shape
        return Shape(self.cfg.features, rows, frames)

    @torch.inference_mode()
    def forward(self, waveform: Floats) -> Floats:
        """Preprocess the waveform and compute its features. Statistics are of the clip without padding."""
        heard = preprocess(waveform, self.cfg.preprocess, self.cfg.audio.sample_rate)
        if self.features is None:
            return heard.reshape(1, -1)
        plane = self.features(torch.from_numpy(np.ascontiguousarray(heard))[None])  # (1, rows, frames)
        if self.summary is not None:
            plane = self.summary(plane).unsqueeze(2)  # (1, statistics * rows, 1)
        made: Floats = plane[0].numpy()
        return made


@dataclass(frozen=True)
class Bank:
    """Inputs of clips, (versions, clips, rows, frames); version 0 is unaltered, the others are augmented.

    `soft` targets (clips, 8), or `restricted` ones (clips, 2, 8), stand in for `targets` in training, where
    the configuration asks for them: see `ml.targets`.
    """

    planes: Halves
    targets: Ints
    shape: Shape
    soft: Shares | None = None
    restricted: Shares | None = None

    def clean(self, rows: Ints) -> Floats:
        """Return the unaltered inputs of these clips, (n, rows, frames)."""
        planes: Floats = self.planes[0, rows].astype(np.float32)
        return planes

    def tensors(self, rows: Ints, size: int = 64) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield them in batches (size, 1, rows, frames), in order, with their targets."""
        for start in range(0, len(rows), size):
            chosen = rows[start : start + size]
            yield torch.from_numpy(self.clean(chosen)).unsqueeze(1), torch.from_numpy(self.targets[chosen])


def make_bank(
    utterances: Sequence[Utterance], cfg: ExperimentConfig, seed: int = 0, cache: Path | None = None
) -> Bank:
    """Compute the inputs of `utterances`, each of which has an emotion, or read them from `cache`.

    Noise depends on the clip's name and `seed`, not on who asks.

    Raises:
        ValueError: the experiment has no fixed-length inputs.
    """
    if cfg.inputs is None:
        raise ValueError("the experiment has no [inputs]")
    front = Front(cfg, cfg.inputs)
    file = cache / f"{_name(utterances, cfg, seed)}.npy" if cache else None
    if file is not None and file.exists():
        planes = np.load(file, mmap_mode="r")
    else:
        planes = _compute(utterances, cfg, front, seed)
        if file is not None:
            _keep(file, planes)
    return Bank(
        planes,
        targets_of(utterances),
        front.shape(),
        soft_targets(utterances, cfg.train),
        restricted_targets(utterances, cfg.train),
    )


def targets_of(utterances: Sequence[Utterance]) -> Ints:
    """Return the index of each clip's emotion; each has one."""
    return np.array([index_of(u.emotion) for u in utterances if u.emotion is not None], np.int64)


def _compute(
    utterances: Sequence[Utterance], cfg: ExperimentConfig, front: Callable[[Floats], Floats], seed: int
) -> Halves:
    planes: Halves | None = None
    rate = cfg.audio.sample_rate
    for place, utterance in enumerate(utterances):
        waveform = load_clip(utterance.path, rate)
        rng = np.random.default_rng([seed, *utterance.key.encode()])
        altered = augment.variants(waveform, cfg.train.augment, rng, rate)
        made = [front(version) for version in (waveform, *altered)]
        if planes is None:
            planes = np.empty((len(made), len(utterances), *made[0].shape), np.float16)
        planes[:, place] = made
    if planes is None:
        raise ValueError("no clips")
    return planes


def _name(utterances: Sequence[Utterance], cfg: ExperimentConfig, seed: int) -> str:
    """Return a name of everything that decides the arrays."""
    written = cfg.to_dict()
    parts = [
        FORMAT,
        seed,
        written["audio"],
        written["features"],
        written["inputs"],
        written["train"]["augment"],
        *([written["preprocess"]] if "preprocess" in written else []),
    ]
    keys = [utterance.key for utterance in utterances]
    return hashlib.sha256(json.dumps([parts, keys], sort_keys=True).encode()).hexdigest()[:16]


def _keep(file: Path, planes: Halves) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(f".{os.getpid()}.npy")  # another process may be at the same
    np.save(draft, planes)
    draft.replace(file)


class BankBatches:
    """Shuffled training batches from a bank: the unaltered clip or one of its versions, masked at random."""

    def __init__(self, bank: Bank, rows: Ints, cfg: ExperimentConfig, seed: int) -> None:
        self.bank, self.rows = bank, rows
        self.size = min(cfg.train.batch_size, len(rows))
        self.clean_share, self.alpha = cfg.train.augment.clean_share, cfg.train.augment.mixup
        self.rng = np.random.default_rng(seed)
        self.generator = torch.Generator().manual_seed(seed)
        masked = cfg.train.augment.band_masks + cfg.train.augment.gap_masks > 0
        self.masks = augment.SpecAugment(cfg.train.augment) if masked else None

    def __len__(self) -> int:
        return len(self.rows) // self.size

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield inputs (B, 1, rows, frames) and targets (B,), their shares (B, 8), or (B, 2, 8).

        The odd rest sits this epoch out.
        """
        order = self.rng.permutation(self.rows)[: len(self) * self.size]
        versions = self.rng.integers(1, max(2, len(self.bank.planes)), size=len(order))
        versions[self.rng.random(len(order)) < self.clean_share] = 0
        versions = np.minimum(versions, len(self.bank.planes) - 1)
        for start in range(0, len(order), self.size):
            chosen = slice(start, start + self.size)
            planes = torch.from_numpy(self.bank.planes[versions[chosen], order[chosen]].astype(np.float32))
            if self.masks is not None:
                planes = self.masks(planes, planes.mean(dim=(1, 2)), self.generator)
            yield self._with_targets(planes.unsqueeze(1), order[chosen])

    def _with_targets(self, planes: Tensor, places: Ints) -> tuple[Tensor, Tensor]:
        if self.bank.restricted is not None:
            return planes, torch.from_numpy(self.bank.restricted[places])
        if self.bank.soft is None:
            return planes, torch.from_numpy(self.bank.targets[places])
        targets = torch.from_numpy(self.bank.soft[places])
        return augment.mixup(planes, targets, self.alpha, self.rng) if self.alpha else (planes, targets)
