"""An experiment's gate: its folds by speaker, and the one on all speakers that is published."""

from collections.abc import Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from torch import nn

from ml.corpora.splits import Fold
from ml.dataset import prepare_all
from ml.experiment import NO_MEANS, Experiment, Means, processes, shifted_by
from ml.familiarity import fit_floor
from ml.folds import append_line
from ml.gate import fit_gate, gate_training
from ml.gate_folds import GateFold, finished, gate_recipe, run_gate_fold
from ml.loop import OnEpoch, no_report


@dataclass(frozen=True)
class Gated:
    """The gate that is published, and what gates of its kind scored speakers whom they had not heard."""

    network: nn.Module
    folds: Sequence[GateFold]

    @property
    def floor(self) -> float:
        """Where the published gate lets nothing through any more; what no network hears has no say in it."""
        speech = np.array([score for fold in self.folds for score in fold.speech])
        strange = [score for fold in self.folds for scores in fold.strange.values() for score in scores]
        return fit_floor(speech, np.array(strange))

    @property
    def passes(self) -> dict[str, float]:
        """The share of each kind's sounds that lies above the floor, and under "speech" that of the clips."""
        kinds = self.folds[0].strange
        scores = {kind: [score for fold in self.folds for score in fold.strange[kind]] for kind in kinds}
        scores["speech"] = [score for fold in self.folds for score in fold.speech]
        return {kind: float((np.array(own) >= self.floor).mean()) for kind, own in scores.items()}


def train_gate(
    experiment: Experiment,
    file: Path,
    on_epoch: OnEpoch = no_report,
    jobs: int = 1,
    means: Means = NO_MEANS,
) -> Gated:
    """Run the gate's folds that `file` does not hold yet, then train the gate on all speakers.

    `on_epoch` hears of it as of one run, with figures called "gate_loss" and the like.
    """
    missing = _missing_gate_folds(experiment, file)
    if jobs == 1:
        for position, fold in enumerate(missing):
            report = shifted_by(on_epoch, position, len(missing) + 1)
            append_line(file, _gate_fold(experiment, fold, report, means))
        network = _final_gate(experiment, shifted_by(on_epoch, len(missing), len(missing) + 1), means)
    else:
        with processes(jobs) as pool:
            running = [pool.submit(_gate_fold, experiment, fold, on_epoch, means) for fold in missing]
            final = pool.submit(_final_gate, experiment, on_epoch, means)
            for done in as_completed(running):
                append_line(file, done.result())
            network = final.result()
    return Gated(network, finished(file, _gate_recipes(experiment).values()))


def gate_phases(experiment: Experiment, file: Path) -> int:
    """Return how many trainings `train_gate` would run: none without a gate."""
    return 0 if experiment.config.gate is None else len(_missing_gate_folds(experiment, file)) + 1


def _as_the_gates(on_epoch: OnEpoch, epoch: int, epochs: int, figures: dict[str, float]) -> None:
    on_epoch(epoch, epochs, {f"gate_{name}": value for name, value in figures.items()})


def _gate_recipes(experiment: Experiment) -> dict[int, str]:
    cfg, seed = experiment.config, experiment.seed
    return {fold.index: gate_recipe(cfg, fold.train, fold.test, seed) for fold in experiment.folds}


def _missing_gate_folds(experiment: Experiment, file: Path) -> list[Fold]:
    recipes = _gate_recipes(experiment)
    there = {fold.recipe for fold in finished(file, recipes.values())}
    return [fold for fold in experiment.folds if recipes[fold.index] not in there]


def _gate_fold(experiment: Experiment, fold: Fold, on_epoch: OnEpoch, means: Means) -> GateFold:
    recipe = gate_recipe(experiment.config, fold.train, fold.test, experiment.seed)
    state = means.state(experiment, f"gate-{recipe}")
    told = partial(_as_the_gates, means.told(experiment, f"gate-fold-{fold.index}", on_epoch))
    return run_gate_fold(fold.train, fold.test, experiment.config, experiment.seed, fold.index, told, state)


def _final_gate(experiment: Experiment, on_epoch: OnEpoch, means: Means) -> nn.Module:
    cfg, seed = experiment.config, experiment.seed
    clips = prepare_all(experiment.usable, gate_training(cfg), seed, augmented=True)
    state = means.state(experiment, f"gate-{gate_recipe(cfg, experiment.usable, (), seed)}")
    told = partial(_as_the_gates, means.told(experiment, "gate-final", on_epoch))
    return fit_gate(clips, cfg, seed, told, checkpoint=state)
