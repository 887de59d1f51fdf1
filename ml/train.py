"""An experiment: held-out speaker folds, then a final network on all speakers, published with its card.

Each finished fold is one line in the folds file, so that an interrupted experiment goes on where it stopped.
"""

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from torch import nn

from ml import calibration
from ml.cards import Provenance, RecipeFigures, card_of
from ml.config import ExperimentConfig
from ml.corpora.manifest import Utterance
from ml.corpora.splits import FOLDS, Fold, speaker_folds
from ml.dataset import Clip, holds_speech, prepare_all, strange_clips, strange_sounds
from ml.distributed import from_first, world
from ml.familiarity import energies, fit_floor
from ml.fitting import OnEpoch, fit, logits_of, no_report
from ml.folds import FoldOutcome, append_outcome, pooled, read_outcomes
from ml.registry import publish
from ml.storage import graph_of, weights_of
from ml.strange import KINDS

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
    """Where it is trained, and where it leaves its state after each epoch: nothing that decides anything."""

    devices: Mapping[str, str] = field(default_factory=dict)
    states: Path | None = None

    def state(self, experiment: Experiment, phase: str) -> Path | None:
        """Return the file of the state of one phase."""
        return self.states / f"{experiment.recipe}-{phase}.pt" if self.states else None


def _fit(
    experiment: Experiment, utterances: Sequence[Utterance], phase: str, on_epoch: OnEpoch, means: Means
) -> nn.Module:
    cfg, seed = experiment.config, experiment.seed
    state = means.state(experiment, phase)
    clips = prepare_all(utterances, cfg, seed, augmented=True)
    return fit(
        clips, cfg, seed, on_epoch, devices={**cfg.placement.devices, **means.devices}, checkpoint=state
    )


def run_fold(
    experiment: Experiment, fold: Fold, on_epoch: OnEpoch = no_report, means: Means = Means()
) -> FoldOutcome:
    """Train on the fold's training speakers and return the logits for its test speakers."""
    started = time.monotonic()
    cfg, seed = experiment.config, experiment.seed
    network = _fit(experiment, fold.train, f"fold-{fold.index}", on_epoch, means)
    logits = logits_of(network, prepare_all(fold.test, cfg, seed, augmented=False), cfg)
    taught = cfg.train.augment.strangers > 0
    strange = [clip for kind in KINDS if taught for clip in _spoken(fold.test, cfg, kind)]
    return FoldOutcome.of(
        recipe=experiment.recipe,
        index=fold.index,
        test=fold.test,
        logits=logits,
        seconds=time.monotonic() - started,
        strange=energies(logits_of(network, strange, cfg)) if strange else (),
    )


def _spoken(test: Sequence[Utterance], cfg: ExperimentConfig, kind: str) -> list[Clip]:
    """What no floor need keep out is left away: the clinic finds no speech in it."""
    kept = holds_speech(strange_sounds(test, cfg, kind), cfg)
    return [clip for clip, keep in zip(strange_clips(test, cfg, kind), kept, strict=True) if keep]


def missing_folds(experiment: Experiment, folds_file: Path) -> list[Fold]:
    """Return the folds that `folds_file` does not hold yet."""
    finished = {outcome.index for outcome in read_outcomes(folds_file, experiment.recipe)}
    return [fold for fold in experiment.folds if fold.index not in finished]


def cross_validate(
    experiment: Experiment,
    folds_file: Path,
    on_epoch: OnEpoch = no_report,
    jobs: int = 1,
    means: Means = Means(),
) -> list[FoldOutcome]:
    """Run the folds that `folds_file` does not hold yet, and return all of them.

    With `jobs` > 1, folds run in processes of one thread each; `on_epoch` must then be picklable, and is
    called there.
    """
    missing = missing_folds(experiment, folds_file)
    if jobs == 1:
        for position, fold in enumerate(missing):
            report = _shifted(on_epoch, position, len(missing))
            _append(folds_file, run_fold(experiment, fold, report, means))
    else:
        with _processes(jobs) as pool:
            running = [pool.submit(run_fold, experiment, fold, on_epoch, means) for fold in missing]
            _append_each(folds_file, running)
    return read_outcomes(folds_file, experiment.recipe)


def _append_each(folds_file: Path, running: Sequence[Future[FoldOutcome]]) -> None:
    for done in as_completed(running):
        _append(folds_file, done.result())


def _append(folds_file: Path, outcome: FoldOutcome) -> None:
    if world().rank == 0:  # of processes that train together, one writes
        append_outcome(folds_file, outcome)


def fit_final(experiment: Experiment, on_epoch: OnEpoch = no_report, means: Means = Means()) -> nn.Module:
    """Train on all speakers."""
    return _fit(experiment, experiment.usable, "final", on_epoch, means)


def _floor_of(outcomes: Sequence[FoldOutcome]) -> float | None:
    """The floor of a network that was taught what is no voice; another's energies say nothing of it."""
    if not all(outcome.strange for outcome in outcomes):
        return None
    strange = np.array([energy for outcome in outcomes for energy in outcome.strange])
    return fit_floor(energies(pooled(outcomes)[0]), strange)


def publish_network(
    experiment: Experiment,
    network: nn.Module,
    outcomes: Sequence[FoldOutcome],
    root: Path,
    provenance: Provenance,
    recipe_figures: RecipeFigures = (),
) -> Path:
    """Calibrate the final network by the folds' outputs and publish it; return the model's folder."""
    card = card_of(
        name=experiment.name,
        config=experiment.config,
        seed=experiment.seed,
        utterances=experiment.usable,
        outcomes=outcomes,
        calibration=calibration.fit(*pooled(outcomes)),
        energy_floor=_floor_of(outcomes),
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        provenance=provenance,
        recipe_figures=recipe_figures,
    )
    weights, graph = weights_of(network), graph_of(network, experiment.config)
    return publish(slug=experiment.name, weights=weights, graph=graph, card=card, root=root)


def train_and_publish(
    experiment: Experiment,
    *,
    folds_file: Path,
    root: Path,
    provenance: Provenance,
    on_epoch: OnEpoch = no_report,
    jobs: int = 1,
    means: Means = Means(),
    recipe_figures: RecipeFigures = (),
) -> Path:
    """The whole experiment in one call: folds, final network, publication; return the model's folder.

    With one job, `on_epoch` hears of one long run over all folds and the final network, and may raise
    `Cancelled`; with more, folds and final network run in processes of one thread each. Of the processes that
    `torchrun` starts, the first writes and publishes.
    """
    missing = missing_folds(experiment, folds_file)
    if jobs == 1:
        phases = len(missing) + 1
        for position, fold in enumerate(missing):
            report = _shifted(on_epoch, position, phases)
            _append(folds_file, run_fold(experiment, fold, report, means))
        network = fit_final(experiment, _shifted(on_epoch, phases - 1, phases), means)
    else:
        with _processes(jobs) as pool:
            folds = [pool.submit(run_fold, experiment, fold, on_epoch, means) for fold in missing]
            final = pool.submit(fit_final, experiment, on_epoch, means)
            _append_each(folds_file, folds)
            network = final.result()
    folder: Path | None = None
    if world().rank == 0:
        outcomes = read_outcomes(folds_file, experiment.recipe)
        folder = publish_network(experiment, network, outcomes, root, provenance, recipe_figures)
    published: Path = from_first(folder)
    return published


def _processes(jobs: int) -> ProcessPoolExecutor:
    """Return a pool of fresh processes: a forked one would inherit torch's threads in an unknown state."""
    return ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))


def _shifted(on_epoch: OnEpoch, position: int, phases: int) -> OnEpoch:
    """Place the epochs of one phase within all phases."""

    def shifted(epoch: int, epochs: int, figures: dict[str, float]) -> None:
        on_epoch(position * epochs + epoch, phases * epochs, figures)

    return shifted
