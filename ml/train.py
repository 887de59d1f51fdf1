"""An experiment: held-out speaker folds, then a final network on all speakers, published with its card.

Each finished fold is one line in the folds file, so that an interrupted experiment goes on where it stopped.
"""

import hashlib
import json
import time
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from torch import nn

from ml import calibration
from ml.cards import Provenance, card_of
from ml.config import ExperimentConfig
from ml.corpora.manifest import Utterance
from ml.corpora.splits import FOLDS, Fold, speaker_folds
from ml.dataset import prepare_all
from ml.fitting import OnEpoch, fit, logits_of, no_report
from ml.folds import FoldOutcome, append_outcome, pooled, read_outcomes
from ml.registry import publish
from ml.storage import graph_of, weights_of

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
        contents = [RECIPE, self.config.to_dict(), self.seed, sorted(u.key for u in self.usable)]
        return hashlib.sha256(json.dumps(contents, sort_keys=True).encode()).hexdigest()[:12]


def run_fold(experiment: Experiment, fold: Fold, on_epoch: OnEpoch = no_report) -> FoldOutcome:
    """Train on the fold's training speakers and return the logits for its test speakers."""
    started = time.monotonic()
    cfg, seed = experiment.config, experiment.seed
    network = fit(prepare_all(fold.train, cfg, seed, augmented=True), cfg, seed, on_epoch)
    logits = logits_of(network, prepare_all(fold.test, cfg, seed, augmented=False), cfg)
    return FoldOutcome.of(
        recipe=experiment.recipe,
        index=fold.index,
        test=fold.test,
        logits=logits,
        seconds=time.monotonic() - started,
    )


def missing_folds(experiment: Experiment, folds_file: Path) -> list[Fold]:
    """Return the folds that `folds_file` does not hold yet."""
    finished = {outcome.index for outcome in read_outcomes(folds_file, experiment.recipe)}
    return [fold for fold in experiment.folds if fold.index not in finished]


def cross_validate(
    experiment: Experiment, folds_file: Path, on_epoch: OnEpoch = no_report, jobs: int = 1
) -> list[FoldOutcome]:
    """Run the folds that `folds_file` does not hold yet, and return all of them.

    With `jobs` > 1, folds run in processes of one thread each; `on_epoch` must then be picklable, and is
    called there.
    """
    missing = missing_folds(experiment, folds_file)
    if jobs == 1:
        for position, fold in enumerate(missing):
            append_outcome(folds_file, run_fold(experiment, fold, _shifted(on_epoch, position, len(missing))))
    else:
        with _processes(jobs) as pool:
            _append_each(folds_file, [pool.submit(run_fold, experiment, fold, on_epoch) for fold in missing])
    return read_outcomes(folds_file, experiment.recipe)


def _append_each(folds_file: Path, running: Sequence[Future[FoldOutcome]]) -> None:
    for done in as_completed(running):
        append_outcome(folds_file, done.result())


def fit_final(experiment: Experiment, on_epoch: OnEpoch = no_report) -> nn.Module:
    """Train on all speakers."""
    clips = prepare_all(experiment.usable, experiment.config, experiment.seed, augmented=True)
    return fit(clips, experiment.config, experiment.seed, on_epoch)


def publish_network(
    experiment: Experiment,
    network: nn.Module,
    outcomes: Sequence[FoldOutcome],
    root: Path,
    provenance: Provenance,
) -> Path:
    """Calibrate the final network by the folds' outputs and publish it; return the model's folder."""
    card = card_of(
        name=experiment.name,
        config=experiment.config,
        seed=experiment.seed,
        utterances=experiment.usable,
        outcomes=outcomes,
        calibration=calibration.fit(*pooled(outcomes)),
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        provenance=provenance,
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
) -> Path:
    """The whole experiment in one call: folds, final network, publication.

    With one job, `on_epoch` hears of one long run over all folds and the final network, and may raise
    `Cancelled`; with more, folds and final network run in processes of one thread each.
    """
    missing = missing_folds(experiment, folds_file)
    if jobs == 1:
        phases = len(missing) + 1
        for position, fold in enumerate(missing):
            append_outcome(folds_file, run_fold(experiment, fold, _shifted(on_epoch, position, phases)))
        network = fit_final(experiment, _shifted(on_epoch, phases - 1, phases))
    else:
        with _processes(jobs) as pool:
            folds = [pool.submit(run_fold, experiment, fold, on_epoch) for fold in missing]
            final = pool.submit(fit_final, experiment, on_epoch)
            _append_each(folds_file, folds)
            network = final.result()
    outcomes = read_outcomes(folds_file, experiment.recipe)
    return publish_network(experiment, network, outcomes, root, provenance)


def _processes(jobs: int) -> ProcessPoolExecutor:
    """Return a pool of fresh processes: a forked one would inherit torch's threads in an unknown state."""
    return ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))


def _shifted(on_epoch: OnEpoch, position: int, phases: int) -> OnEpoch:
    """Place the epochs of one phase within all phases."""

    def shifted(epoch: int, epochs: int, figures: dict[str, float]) -> None:
        on_epoch(position * epochs + epoch, phases * epochs, figures)

    return shifted
