"""Typed, frozen configuration of one experiment; what is stored beside the weights (no torch here)."""

import dataclasses
import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from ml.plain import LATER, from_plain, to_plain

CONFIGS = Path(__file__).parent / "configs"


def _require(condition: bool, rule: str) -> None:
    if not condition:
        raise ValueError(rule)


@dataclass(frozen=True)
class AudioConfig:
    """The signal that every stage sees: mono at `sample_rate` Hz."""

    sample_rate: int = 16_000

    def __post_init__(self) -> None:
        _require(self.sample_rate >= 8_000, "audio.sample_rate must be at least 8000 Hz")


@dataclass(frozen=True)
class FeatureConfig:
    """Short-time features. Lengths in samples, frequencies in Hz."""

    kind: str = "mfcc"
    n_fft: int = 512
    win_length: int = 400
    hop_length: int = 160
    n_mels: int = 64
    f_min: float = 50.0
    f_max: float = 8_000.0
    n_mfcc: int = 40
    amin: float = 1e-10

    def __post_init__(self) -> None:
        _require(self.kind in {"mfcc", "log_mel"}, "features.kind must be mfcc or log_mel")
        _require(0 < self.win_length <= self.n_fft, "features.win_length must be within (0, n_fft]")
        _require(0 < self.hop_length <= self.win_length, "features.hop_length must be within (0, win_length]")
        _require(0 <= self.f_min < self.f_max, "features.f_min must be below features.f_max")
        _require(0 < self.n_mfcc <= self.n_mels, "features.n_mfcc must be within (0, n_mels]")
        _require(self.amin > 0, "features.amin must be positive")

    @property
    def rows(self) -> int:
        """Height of the plane that the network sees."""
        return self.n_mfcc if self.kind == "mfcc" else self.n_mels


@dataclass(frozen=True)
class WindowConfig:
    """How a recording is cut, in seconds."""

    seconds: float = 3.0
    hop_seconds: float = 1.0
    min_speech_seconds: float = 1.0

    def __post_init__(self) -> None:
        _require(
            0 < self.hop_seconds <= self.seconds, "window.hop_seconds must be within (0, window.seconds]"
        )
        _require(
            0 < self.min_speech_seconds <= self.seconds,
            "window.min_speech_seconds must be within (0, window.seconds]",
        )


@dataclass(frozen=True)
class ModelConfig:
    """Which system, and its own options; the system checks them when it is built."""

    system: str = "parallel"
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _require(bool(self.system), "model.system must be named")


@dataclass(frozen=True)
class ChannelConfig:
    """What rooms, lines and microphones do to a share of the training planes, drawn anew in every epoch.

    `response_db` is the spread of a smooth frequency response, SNR in dB, RT60 in seconds; `telephone_share`
    of the altered planes keep only the band of a telephone. `warp` is the largest change of the frequency
    axis, as a share: shorter and longer vocal tracts. Each of the four parts (vocal tract, room, noise, line)
    alters a drawn plane with the probability `each`: all of them at once leave little to be recognised.
    """

    share: float = 0.0
    each: float = field(default=1.0, metadata=LATER)
    response_db: float = 6.0
    snr_low_db: float = 5.0
    snr_high_db: float = 30.0
    rt60_low: float = 0.2
    rt60_high: float = 0.9
    telephone_share: float = 0.25
    warp: float = 0.0

    def __post_init__(self) -> None:
        _require(0 <= self.share <= 1, "augment.channel.share is a share")
        _require(0 < self.each <= 1, "augment.channel.each is a probability above 0")
        _require(0 <= self.telephone_share <= 1, "augment.channel.telephone_share is a share")
        _require(self.response_db >= 0, "augment.channel.response_db cannot be negative")
        _require(
            self.snr_low_db <= self.snr_high_db, "augment.channel.snr_low_db must not exceed snr_high_db"
        )
        _require(
            0 < self.rt60_low <= self.rt60_high <= 3, "augment.channel.rt60 must lie within (0, 3] seconds"
        )
        _require(0 <= self.warp <= 0.3, "augment.channel.warp must be within [0, 0.3]")


PASTED = ("", "neutral", "same")


@dataclass(frozen=True)
class AugmentConfig:
    """What happens to training clips, and to no other. SNR in dB, masks in mel bands and frames.

    Each of `speeds`, `stretches` (speeds at the same pitch), `semitones` and `rooms` (RT60 in seconds), and
    the `telephone`, makes one more version of a clip. `mixup` is the alpha of Beta(alpha, alpha), 0 for none;
    `copy_paste` joins every other clip to one that is "neutral" or of the "same" emotion. `strangers` is the
    share of a batch that is turned into what is no single voice, to be answered by "all alike"; of these,
    `two_voices` is the share of two people at once.
    """

    noisy_copies: int = 2
    snr_low_db: float = 15.0
    snr_high_db: float = 30.0
    speeds: tuple[float, ...] = (0.9, 1.1)
    clean_share: float = 0.5
    band_masks: int = 1
    band_width: int = 10
    gap_masks: int = 2
    gap_width: int = 30
    stretches: tuple[float, ...] = field(default=(), metadata=LATER)
    semitones: tuple[float, ...] = field(default=(), metadata=LATER)
    rooms: tuple[float, ...] = field(default=(), metadata=LATER)
    telephone: bool = field(default=False, metadata=LATER)
    mixup: float = field(default=0.0, metadata=LATER)
    copy_paste: str = field(default="", metadata=LATER)
    channel: ChannelConfig = field(default=ChannelConfig(), metadata=LATER)
    strangers: float = field(default=0.0, metadata=LATER)
    two_voices: float = field(default=0.2, metadata=LATER)

    def __post_init__(self) -> None:
        _require(self.noisy_copies >= 0, "augment.noisy_copies cannot be negative")
        _require(self.snr_low_db <= self.snr_high_db, "augment.snr_low_db must not exceed snr_high_db")
        for name in ("speeds", "stretches"):
            allowed = all(0.5 <= speed <= 2.0 for speed in getattr(self, name))
            _require(allowed, f"augment.{name} must lie between 0.5 and 2")
        _require(all(abs(s) <= 12 for s in self.semitones), "augment.semitones must lie within an octave")
        _require(all(0 < rt60 <= 3 for rt60 in self.rooms), "augment.rooms must lie within (0, 3] seconds")
        _require(self.mixup >= 0, "augment.mixup cannot be negative")
        _require(self.copy_paste in PASTED, "augment.copy_paste must be empty, neutral or same")
        _require(0 <= self.clean_share <= 1, "augment.clean_share is a share")
        _require(0 <= self.strangers <= 0.5, "augment.strangers must be within [0, 0.5]")
        _require(0 <= self.two_voices <= 1, "augment.two_voices is a share")


OPTIMISERS = ("adamw", "adam", "sgd")
SCHEDULES = ("one_cycle", "plateau", "constant")
PRECISIONS = ("float32", "bfloat16", "float16")


@dataclass(frozen=True)
class TrainConfig:
    """The optimisation. As it stands: one schedule to its end and the last weights, nothing chosen.

    With a `validation_share`, that share of the training speakers is kept out to judge each epoch: the best
    epoch's weights are kept, and after `patience` epochs without a better one the run ends. Test clips take
    no part in it.

    With `label_sets`, a clip is judged among the emotions that its own corpus has (see `ml.targets`). With
    an `average`, the exponential moving average of the weights with this decay is what is kept at the end.
    With `most_batches`, many clips get fewer epochs, so that there are no more batches than that.
    """

    epochs: int = 40
    batch_size: int = 32
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    warm_up: float = 0.2
    label_smoothing: float = 0.1
    gradient_clip: float = 2.0
    crop_seconds: float = 3.0
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    optimiser: str = field(default="adamw", metadata=LATER)
    momentum: float = field(default=0.9, metadata=LATER)
    schedule: str = field(default="one_cycle", metadata=LATER)
    validation_share: float = field(default=0.0, metadata=LATER)
    patience: int = field(default=0, metadata=LATER)
    precision: str = field(default="float32", metadata=LATER)
    soft_labels: bool = field(default=False, metadata=LATER)
    label_sets: bool = field(default=False, metadata=LATER)
    average: float = field(default=0.0, metadata=LATER)
    most_batches: int = field(default=0, metadata=LATER)

    def __post_init__(self) -> None:
        _require(self.epochs >= 1, "train.epochs must be at least 1")
        _require(self.most_batches >= 0, "train.most_batches cannot be negative; 0 is no limit")
        _require(self.batch_size >= 2, "train.batch_size must be at least 2 (batch norm)")
        _require(self.learning_rate > 0, "train.learning_rate must be positive")
        _require(0 < self.warm_up < 1, "train.warm_up is a share of the schedule")
        _require(0 <= self.label_smoothing < 1, "train.label_smoothing is a share")
        _require(self.crop_seconds >= 1, "train.crop_seconds must be at least 1")
        _require(self.optimiser in OPTIMISERS, f"train.optimiser must be one of {', '.join(OPTIMISERS)}")
        _require(0 <= self.momentum < 1, "train.momentum must be within [0, 1)")
        _require(self.schedule in SCHEDULES, f"train.schedule must be one of {', '.join(SCHEDULES)}")
        _require(0 <= self.validation_share <= 0.5, "train.validation_share must be within [0, 0.5]")
        _require(self.patience == 0 or self.validation_share > 0, "train.patience needs a validation_share")
        _require(0 <= self.average < 1, "train.average is a decay within [0, 1)")
        _require(
            not (self.average and self.validation_share),
            "train.average and train.validation_share each say which weights are kept: give one",
        )
        sets = self.label_sets or not self.augment.strangers
        _require(sets, "augment.strangers need train.label_sets")
        _require(
            not (self.label_sets and self.augment.mixup),
            "train.label_sets and augment.mixup exclude each other",
        )
        _require(self.precision in PRECISIONS, f"train.precision must be one of {', '.join(PRECISIONS)}")

    def within_budget(self, batches: int) -> Self:
        """Return the schedule with as many epochs of `batches` as it may spend, at least one."""
        if not self.most_batches:
            return self
        return dataclasses.replace(self, epochs=min(self.epochs, max(1, self.most_batches // batches)))


@dataclass(frozen=True)
class GateConfig:
    """The gate in front of the recogniser's answers, and its own training: see `ml.gate`.

    `frame_step` frames of 10 ms are averaged into one. All `channels` but the last belong to square kernels
    that halve the plane both ways, the last to kernels over all that is left of the bands.
    """

    channels: tuple[int, ...] = (16, 32, 48, 64)
    frame_step: int = 2
    dropout: float = 0.2
    train: TrainConfig = field(default_factory=TrainConfig)

    def __post_init__(self) -> None:
        _require(len(self.channels) >= 2, "gate.channels must be two at least")
        _require(self.frame_step >= 1, "gate.frame_step must be at least 1")
        _require(0 <= self.dropout < 1, "gate.dropout is a share below 1")
        _require(self.train.augment.strangers > 0, "gate.train.augment: strangers must be more than 0")


@dataclass(frozen=True)
class InputConfig:
    """Inputs of one fixed shape, as the papers' systems have them; computed once for each clip.

    `planes` name features (see `ml.features`), stacked in rows; "waveform" alone stands for the samples. With
    `statistics`, each row is summed up over time by these; without, `preprocess.seconds` must be given.
    """

    planes: tuple[str, ...] = ("mfcc",)
    statistics: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _require(bool(self.planes), "inputs.planes must name at least one feature")


SILENCES = ("keep", "trim", "remove")
LEVELS = ("keep", "peak", "rms")


@dataclass(frozen=True)
class PreprocessConfig:
    """What is done to a whole clip before its features, in this order: nothing, as it stands.

    `silence` cuts the edges ("trim") or every pause ("remove") that lies `silence_db` below the loudest
    frame; `level` sets the peak or the root mean square, to `level_db` of full scale.
    """

    offset_seconds: float = 0.0
    noise_reduction_db: float = 0.0
    silence: str = "keep"
    silence_db: float = 35.0
    level: str = "keep"
    level_db: float = 0.0
    seconds: float | None = None

    def __post_init__(self) -> None:
        _require(self.offset_seconds >= 0, "preprocess.offset_seconds cannot be negative")
        _require(self.noise_reduction_db >= 0, "preprocess.noise_reduction_db cannot be negative")
        _require(self.silence in SILENCES, f"preprocess.silence must be one of {', '.join(SILENCES)}")
        _require(self.silence_db > 0, "preprocess.silence_db must be positive")
        _require(self.level in LEVELS, f"preprocess.level must be one of {', '.join(LEVELS)}")
        _require(self.level_db <= 0, "preprocess.level_db cannot exceed full scale, 0")
        _require(self.seconds is None or self.seconds > 0, "preprocess.seconds must be positive")


@dataclass(frozen=True)
class PlacementConfig:
    """Where a network is trained: a device for "home" and for any of its branches. It decides no number."""

    devices: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ExperimentConfig:
    """Everything that, with data and seed, decides the weights; and where it is trained.

    Without `inputs`, the network hears clips of any length as the plane that `features.kind` names. A `gate`
    is trained apart. With `eight_bits` the published graph rounds (`ml.quantisation`); the weights do not.
    """

    audio: AudioConfig = field(default_factory=AudioConfig)
    features: FeatureConfig = field(default_factory=FeatureConfig)
    window: WindowConfig = field(default_factory=WindowConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    inputs: InputConfig | None = field(default=None, metadata=LATER)
    preprocess: PreprocessConfig = field(default=PreprocessConfig(), metadata=LATER)
    placement: PlacementConfig = field(default=PlacementConfig(), metadata=LATER)
    gate: GateConfig | None = field(default=None, metadata=LATER)
    eight_bits: bool = field(default=False, metadata=LATER)

    def __post_init__(self) -> None:
        _require(
            self.features.f_max <= self.audio.sample_rate / 2,
            "features.f_max must not exceed half of audio.sample_rate",
        )
        augment = self.train.augment
        on_planes = {"copy_paste": augment.copy_paste, "strangers": augment.strangers}
        for name, chosen in {**on_planes, "channel": augment.channel.share}.items():
            _require(
                self.inputs is None or not chosen,
                f"augment.{name} needs clips of any length: an experiment without [inputs]",
            )
        _require(
            self.gate is None or (self.features.kind == "log_mel" and self.inputs is None),
            "a gate needs features.kind log_mel, and no [inputs]",
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain dictionaries and lists, fit for JSON."""
        plain: dict[str, Any] = json.loads(json.dumps(to_plain(self)))
        return plain

    def deciding(self) -> dict[str, Any]:
        """Return what of `to_dict` decides the recogniser's weights: what recipes are hashes of."""
        return dataclasses.replace(self, placement=PlacementConfig(), gate=None, eight_bits=False).to_dict()

    @property
    def digest(self) -> str:
        """Twelve hexadecimal digits, the same for the same network and training, whatever its name."""
        return hashlib.sha256(json.dumps(self.deciding(), sort_keys=True).encode()).hexdigest()[:12]

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from plain dictionaries; an unknown key is an error, never ignored."""
        built: Self = from_plain(cls, values, where="config")
        return built


def named_configs() -> tuple[str, ...]:
    """Return the names of the experiments in `ml/configs`."""
    return tuple(sorted(path.stem for path in CONFIGS.glob("*.toml")))


def load_config(name_or_path: str | Path) -> ExperimentConfig:
    """Read a named experiment, or a TOML or JSON file.

    Raises:
        FileNotFoundError: no such experiment or file.
        ValueError: an unknown key or a value outside its range.
    """
    path = Path(name_or_path)
    if not path.suffix:
        path = CONFIGS / f"{name_or_path}.toml"
    if not path.exists():
        raise FileNotFoundError(f"no experiment {name_or_path!r}; known: {', '.join(named_configs())}")
    text = path.read_text(encoding="utf-8")
    return ExperimentConfig.from_dict(json.loads(text) if path.suffix == ".json" else tomllib.loads(text))


def recipe_named(model_name: str, config: ExperimentConfig) -> str | None:
    """Return the named experiment that a model was made by: of its own name, or of the same digest."""
    if model_name in named_configs():
        return model_name
    return next((name for name in named_configs() if load_config(name).digest == config.digest), None)
