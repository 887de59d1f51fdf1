"""An experiment: which clips, in which folds by speaker, and by what means its networks are trained."""

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path

from ml.config import ExperimentConfig
from ml.corpora.manifest import Utterance
from ml.corpora.splits import FOLDS, Fold, speaker_folds
from ml.loop import OnEpoch

RECIPE = 1
"""Raised whenever a change of code changes the numbers: finished folds of an older recipe are not reused."""


@dataclass(frozen=True)
class Experiment:
    """What, with the code, decides the outcome."""

    name: str
    config: ExperimentConfig
    utterances: tuple[Utterance, ...]
    seed: int = 0
    held_out: int = FOLDS

    @property
    def usable(self) -> tuple[Utterance, ...]:
        """The utterances that have one of the eight emotions."""
        return tuple(u for u in self.utterances if u.emotion is not None)

    @property
    def folds(self) -> tuple[Fold, ...]:
        """Test folds by speaker; only the first `held_out` of the five are run."""
        return tuple(speaker_folds(self.usable, seed=self.seed))[: self.held_out]

    @property
    def recipe(self) -> str:
        """Hash of everything that decides the numbers, clips by name included."""
        contents = [RECIPE, self.config.deciding(), self.seed, sorted(u.key for u in self.usable)]
        return hashlib.sha256(json.dumps(contents, sort_keys=True).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Means:
    """Where it is trained, and where it leaves its state after each epoch: nothing that decides anything.

    `curves` is a folder for TensorBoard, in which each phase has one of its own name.
    `inputs` is a folder that keeps what `[inputs]` ask for once it is computed: else each fold computes it.
    """

    devices: Mapping[str, str] = field(default_factory=dict)
    states: Path | None = None
    inputs: Path | None = None
    curves: Path | None = None

    def state(self, experiment: Experiment, phase: str) -> Path | None:
        """Return the file of the state of one phase."""
        return self.states / f"{experiment.recipe}-{phase}.pt" if self.states else None

    def told(self, experiment: Experiment, phase: str, on_epoch: OnEpoch) -> OnEpoch:
        """Return who hears of the epochs of one phase: `on_epoch`, after the curves if these are wanted."""
        if self.curves is None:
            return on_epoch
        from ml.curves import LiveCurves, Together  # late: TensorBoard takes seconds to load

        run = self.curves / f"{experiment.name}-{experiment.recipe}" / phase
        return Together((LiveCurves(run), on_epoch))


NO_MEANS = Means()
"""On the CPU, leaving nothing behind."""


def processes(jobs: int) -> ProcessPoolExecutor:
    """Return a pool of fresh processes: a forked one would inherit torch's threads in an unknown state."""
    return ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))


def shifted_by(on_epoch: OnEpoch, position: int, phases: int, taking: int = 1) -> OnEpoch:
    """Place the epochs of one phase, or of some that are told as one (`taking`), within all phases."""

    def shifted(epoch: int, epochs: int, figures: dict[str, float]) -> None:
        each = epochs // taking
        on_epoch(position * each + epoch, phases * each, figures)

    return shifted


def with_checkpoint(config: ExperimentConfig, folder: Path) -> ExperimentConfig:
    """Return wav2vec2's experiment, beginning with the pretrained checkpoint in `folder`.

    Raises:
        ValueError: it is another system's, which begins with nothing.
    """
    if config.model.system != "wav2vec2":
        raise ValueError(f"{config.model.system} starts from no checkpoint: --wav2vec2 is not for it")
    options = {**config.model.options, "checkpoint": str(folder)}
    return replace(config, model=replace(config.model, options=options))


def with_epochs(config: ExperimentConfig, epochs: int) -> ExperimentConfig:
    """Return the experiment with so many epochs for its network, and no more than these for its gate."""
    gate = config.gate
    if gate is not None:
        gate = replace(gate, train=replace(gate.train, epochs=min(epochs, gate.train.epochs)))
    return replace(config, train=replace(config.train, epochs=epochs), gate=gate)
