"""Clips as features in memory: computed once, cropped and augmented on the fly in training only."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import numpy as np
import soundfile
import soxr
import torch
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from torch import Tensor

from ml import augment, frontend
from ml.config import ExperimentConfig, FeatureConfig
from ml.corpora.manifest import Utterance
from ml.features import Cepstrum
from ml.labels import index_of
from ml.preprocess import preprocess
from ml.segmentation import seconds_of_speech
from ml.strange import sounds
from ml.targets import restricted_targets, soft_targets

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

SILENCE_RANGE_DB = 35.0
"""Frames this far below the loudest one are silence, here and inside the network."""


def silence_level(cfg: FeatureConfig) -> float:
    """Log-mel value of digital silence, in dB."""
    return float(10 * np.log10(cfg.amin))


def load_clip(path: Path, sample_rate: int) -> Floats:
    """Return a corpus clip as mono at `sample_rate`, (samples,). Corpora are sound WAV or FLAC files.

    A patient's recording goes through `ml.audio`, which distrusts it.
    """
    waveform, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono: Floats = waveform.mean(axis=1)
    return mono if rate == sample_rate else soxr.resample(mono, rate, sample_rate).astype(np.float32)


def speech_bounds(log_mel: Floats) -> tuple[int, int]:
    """Return the first frame and the one after the last that are not silence, of (frames, n_mels)."""
    level = log_mel.mean(axis=1)
    active = np.flatnonzero(level > level.max() - SILENCE_RANGE_DB)
    return int(active[0]), int(active[-1]) + 1


@dataclass(frozen=True)
class Clip:
    """One utterance's log-mel planes, (frames, n_mels) each: the clean one first, then augmented ones.

    Silence at the edges is cut away by the bounds of the clean plane.
    """

    utterance: Utterance
    planes: tuple[Floats, ...]

    @property
    def target(self) -> int:
        """Index of the emotion."""
        if self.utterance.emotion is None:
            raise ValueError(f"{self.utterance.key} has no emotion among the eight")
        return index_of(self.utterance.emotion)


Alter = Callable[[Floats, np.random.Generator], Floats]
"""What a recording is put through before it is heard, such as noise or a telephone line."""


def prepare(
    utterance: Utterance, cfg: ExperimentConfig, seed: int, augmented: bool, alter: Alter | None = None
) -> Clip:
    """Compute a clip's planes. The noise depends on the clip's name and `seed`, not on who asks first."""
    rate = cfg.audio.sample_rate
    waveform = preprocess(load_clip(utterance.path, rate), cfg.preprocess, rate)
    rng = np.random.default_rng([seed, *utterance.key.encode()])
    if alter is not None:
        waveform = alter(waveform, rng)
    versions = [waveform]
    if augmented:
        versions += augment.variants(waveform, cfg.train.augment, rng, rate)
    planes = [frontend.log_mel(version, cfg.features, rate) for version in versions]
    first, last = speech_bounds(planes[0])
    start, stop = first / len(planes[0]), last / len(planes[0])  # as shares: the speeds differ in length
    cut = [plane[int(start * len(plane)) : int(np.ceil(stop * len(plane)))] for plane in planes]
    return Clip(utterance, tuple(np.ascontiguousarray(plane) for plane in cut))


def prepare_all(
    utterances: Sequence[Utterance], cfg: ExperimentConfig, seed: int, augmented: bool
) -> list[Clip]:
    """Prepare the utterances that have one of the eight emotions; `augmented` is for training clips only.

    On one thread: sums that are shared out among threads round differently, and a training is to be
    repeatable, whatever ran before in its process.
    """
    with threadpool_limits(limits=1, user_api="blas"):
        return [prepare(u, cfg, seed, augmented) for u in utterances if u.emotion is not None]


STRANGE_COUNT = 24
"""Sounds of each kind of `ml.strange`."""


def strange_sounds(voices: Sequence[Utterance], cfg: ExperimentConfig, kind: str) -> list[Floats]:
    """Return sounds of a kind, some made of `voices`."""
    rng = np.random.default_rng([*kind.encode()])
    rate = cfg.audio.sample_rate
    waveforms = [load_clip(utterance.path, rate) for utterance in in_turns(voices)]
    return list(sounds(kind, waveforms, STRANGE_COUNT, rate, rng))


def strange_clips(voices: Sequence[Utterance], cfg: ExperimentConfig, kind: str) -> list[Clip]:
    """Return these sounds as clips, taken whole. Their labels mean nothing."""
    rate = cfg.audio.sample_rate
    with threadpool_limits(limits=1, user_api="blas"):
        return [
            Clip(voices[0], (frontend.log_mel(sound, cfg.features, rate),))
            for sound in strange_sounds(voices, cfg, kind)
        ]


def holds_speech(waveforms: Sequence[Floats], cfg: ExperimentConfig) -> NDArray[np.bool_]:
    """Return which waveforms hold enough speech for the clinic to let a network hear them, (n,)."""
    rate, least = cfg.audio.sample_rate, cfg.window.min_speech_seconds
    at_16k = (waveform if rate == 16_000 else soxr.resample(waveform, rate, 16_000) for waveform in waveforms)
    return np.array([seconds_of_speech(waveform) >= least for waveform in at_16k], np.bool_)


def in_turns(utterances: Sequence[Utterance]) -> list[Utterance]:
    """Return one utterance after the other, neighbours by different speakers as far as there are some."""
    by_speaker: dict[str, list[Utterance]] = defaultdict(list)
    for utterance in utterances[:: max(1, len(utterances) // STRANGE_COUNT)]:
        by_speaker[utterance.speaker].append(utterance)
    return [one for turn in zip_longest(*by_speaker.values()) for one in turn if one is not None]


class TrainingBatches:
    """Shuffled, augmented batches; iterate once per epoch. Reproducible by seed."""

    def __init__(self, clips: Sequence[Clip], cfg: ExperimentConfig, seed: int) -> None:
        self.clips = clips
        self.cfg = cfg
        self.frames = int(cfg.train.crop_seconds * cfg.audio.sample_rate) // cfg.features.hop_length + 1
        self.rng = np.random.default_rng(seed)
        self.generator = torch.Generator().manual_seed(seed)
        self.channel = augment.Channel(cfg.train.augment.channel, cfg.features, cfg.audio.sample_rate)
        self.strangers = augment.Strangers(cfg.train.augment.strangers, cfg.train.augment.two_voices)
        self.masks = augment.SpecAugment(cfg.train.augment)
        self.to_features = feature_map(cfg.features)
        self.targets = np.array([clip.target for clip in clips], np.int64)
        utterances = [clip.utterance for clip in clips]
        self.soft = soft_targets(utterances, cfg.train)
        self.restricted = restricted_targets(utterances, cfg.train)

    def __len__(self) -> int:
        return len(self.clips) // self.cfg.train.batch_size or 1

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield features (B, 1, rows, frames) and targets (B,), their shares (B, 8), or (B, 2, 8).

        The odd rest sits this epoch out.
        """
        order = self.rng.permutation(len(self.clips))
        partners = self._partners()
        size = self.cfg.train.batch_size
        for batch in range(len(self)):
            places = order[batch * size : (batch + 1) * size]
            crops, levels = zip(*(self._crop(place, partners) for place in places), strict=True)
            heard = self.channel(torch.from_numpy(np.stack(crops)), self.generator)
            yield self._answered(self.masks(heard, torch.tensor(levels), self.generator), places)

    def _partners(self) -> Ints | None:
        scheme = self.cfg.train.augment.copy_paste
        return augment.partners(self.targets, scheme, self.rng) if scheme else None

    def _answered(self, planes: Tensor, places: Ints) -> tuple[Tensor, Tensor]:
        """Return planes (B, n_mels, frames) as features, with what is to be answered."""
        if self.restricted is None:
            return self._with_targets(self.to_features(planes), places)
        return self._with_strangers(planes, torch.from_numpy(self.restricted[places]))

    def _with_targets(self, features: Tensor, places: Ints) -> tuple[Tensor, Tensor]:
        if self.soft is None:
            return features, torch.from_numpy(self.targets[places])
        targets, alpha = torch.from_numpy(self.soft[places]), self.cfg.train.augment.mixup
        return augment.mixup(features, targets, alpha, self.rng) if alpha else (features, targets)

    def _with_strangers(self, planes: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Of what is no single voice every emotion is as likely as any other."""
        if self.strangers.share:
            planes, replaced = self.strangers(planes, self.generator)
            alike = torch.stack([torch.full((8,), 1 / 8), torch.ones(8)])
            targets = torch.where(replaced[:, None, None], alike, targets)
        return self.to_features(planes), targets

    def _version(self, clip: Clip) -> Floats:
        clean = len(clip.planes) == 1 or self.rng.random() < self.cfg.train.augment.clean_share
        return clip.planes[0 if clean else self.rng.integers(1, len(clip.planes))]

    def _crop(self, place: int, partners: Ints | None) -> tuple[Floats, float]:
        """Return a plane (n_mels, frames) with the clip placed, or cut, at random; and its mean in dB."""
        plane = self._version(self.clips[place])
        if partners is not None and self.rng.random() < 0.5:
            plane = augment.copy_paste(plane, self._version(self.clips[partners[place]]), self.rng)
        canvas = np.full((self.frames, plane.shape[1]), silence_level(self.cfg.features), np.float32)
        spare = self.frames - len(plane)
        at = int(self.rng.integers(0, abs(spare) + 1))
        if spare >= 0:
            canvas[at : at + len(plane)] = plane
        else:
            canvas[:] = plane[at : at + self.frames]
        return canvas.T, float(plane.mean())


def feature_map(cfg: FeatureConfig) -> Callable[[Tensor], Tensor]:
    """Return the map from log-mel (B, n_mels, frames) to what the network sees, (B, 1, rows, frames)."""
    cepstrum = Cepstrum(cfg)
    if cfg.kind == "mfcc":
        return lambda log_mel: cepstrum(log_mel).unsqueeze(1)
    return lambda log_mel: log_mel.unsqueeze(1)


def clean_batches(
    clips: Sequence[Clip], cfg: ExperimentConfig, size: int = 32
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield every clip whole, unaltered and in order; shorter ones of a batch are followed by silence."""
    to_features = feature_map(cfg.features)
    shortest = cfg.audio.sample_rate // cfg.features.hop_length + 1  # the network takes no less than 1 s
    for start in range(0, len(clips), size):
        batch = clips[start : start + size]
        frames = max(shortest, *(len(clip.planes[0]) for clip in batch))
        shape = (len(batch), frames, cfg.features.n_mels)
        canvas = np.full(shape, silence_level(cfg.features), np.float32)
        for row, clip in zip(canvas, batch, strict=True):
            row[: len(clip.planes[0])] = clip.planes[0]
        planes = torch.from_numpy(np.ascontiguousarray(canvas.transpose(0, 2, 1)))
        yield to_features(planes), torch.tensor([clip.target for clip in batch])
