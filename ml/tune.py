"""Hyperparameters chosen inside training folds alone: for each outer fold anew, by Optuna.

What is tuned on some speakers is judged on others that took no part: an outer fold's test clips are heard
once, by the experiment that the inner folds of its training speakers chose.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import optuna

from ml import metrics
from ml.benchmark.splits import splits_of
from ml.config import ExperimentConfig
from ml.corpora.manifest import Utterance
from ml.corpora.splits import speaker_groups
from ml.inputs import Ints, targets_of
from ml.lab import Split, answer
from ml.systems.catalogue import SYSTEMS

INNER_FOLDS = 3


@dataclass(frozen=True)
class Range:
    """One number to choose: where it stands in the experiment ("train.learning_rate"), and between what.

    A `whole` one is an integer.
    """

    name: str
    low: float
    high: float
    logarithmic: bool = False
    whole: bool = False

    def of(self, trial: optuna.Trial) -> float:
        """Return what the trial takes."""
        if self.whole:
            return trial.suggest_int(self.name, int(self.low), int(self.high), log=self.logarithmic)
        return trial.suggest_float(self.name, self.low, self.high, log=self.logarithmic)


@dataclass(frozen=True)
class Tuned:
    """What the inner folds of an outer fold chose, its UAR there, and its UAR on the outer test clips."""

    fold: int
    config: ExperimentConfig
    chosen: dict[str, float]
    inner_uar: float
    outer_uar: float


def space_of(system: str) -> tuple[Range, ...]:
    """Return the numbers worth choosing.

    A classical system's penalty, or how many Gaussians its mixtures have; a network's rate, decay, dropouts.
    """
    options = {f.name for f in dataclasses.fields(SYSTEMS[system].options)}
    if SYSTEMS[system].classical:
        penalties = sorted(options & {"strength", "cost"})
        gaussians = sorted(options & {"components"})
        return (
            *(Range(f"model.options.{name}", 1e-3, 1e2, logarithmic=True) for name in penalties),
            *(Range(f"model.options.{name}", 2, 64, logarithmic=True, whole=True) for name in gaussians),
        )
    return (
        Range("train.learning_rate", 3e-4, 6e-3, logarithmic=True),
        Range("train.weight_decay", 1e-4, 1e-1, logarithmic=True),
        Range("train.label_smoothing", 0.0, 0.2),
        *(Range(f"model.options.{name}", 0.0, 0.5) for name in sorted(options) if name.endswith("dropout")),
    )


def with_values(cfg: ExperimentConfig, values: Mapping[str, float]) -> ExperimentConfig:
    """Return `cfg` with these numbers in these places.

    Raises:
        ValueError: there is no such place, or the number is out of its range.
    """
    written = cfg.to_dict()
    for name, value in values.items():
        *sections, last = name.split(".")
        place = written
        for section in sections:
            place = place.setdefault(section, {})
        place[last] = value
    return ExperimentConfig.from_dict(written)


def tune(
    utterances: Sequence[Utterance],
    cfg: ExperimentConfig,
    *,
    fold: int,
    trials: int,
    seed: int = 0,
    space: Sequence[Range] | None = None,
    study: Path | None = None,
    cache: Path | None = None,
    report: Callable[[int, float], None] = lambda trial, uar: None,
) -> Tuned:
    """Choose by the inner folds of outer fold `fold` (from 1), then judge once on its test clips.

    All utterances are of one corpus and have an emotion. With `study`, a SQLite file, an interrupted choice
    goes on where it stopped, to the very trials that it would have made; of another experiment, or with other
    epochs, the same file holds another study.

    Raises:
        ValueError: there is no such fold, or nothing to choose.
    """
    outer = splits_of("speaker", utterances, utterances[0].corpus, seed, cfg.train.validation_share)
    if not 1 <= fold <= len(outer):
        raise ValueError(f"there is no fold {fold}: {utterances[0].corpus} has {len(outer)} here")
    split = outer[fold - 1]
    inner = inner_splits(utterances, np.concatenate([split.train, split.validation]), seed)
    chosen_space = space_of(cfg.model.system) if space is None else space
    if not chosen_space:
        raise ValueError(f"{cfg.model.system} has no number to choose: every trial would be the same")

    def mean_uar(trial: optuna.Trial) -> float:
        tried = with_values(cfg, {one.name: one.of(trial) for one in chosen_space})
        uars = []
        for step, part in enumerate(inner):
            uars.append(_uar(utterances, tried, part, seed, cache))
            trial.report(float(np.mean(uars)), step)
            if trial.should_prune():  # the first folds say that it will not be the best
                raise optuna.TrialPruned
        report(trial.number + 1, float(np.mean(uars)))
        return float(np.mean(uars))

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    made = optuna.create_study(
        storage=f"sqlite:///{study}" if study else None,
        study_name=f"{cfg.model.system}-{utterances[0].corpus}-fold-{fold}-seed-{seed}"
        f"-epochs-{cfg.train.epochs}-{cfg.digest}",
        direction="maximize",
        load_if_exists=True,
    )
    while (done := len(made.trials)) < trials:
        # Each trial draws by its own number: a study that goes on would else draw its first trials again.
        drawn = int(np.random.SeedSequence([seed, done]).generate_state(1)[0])
        made.sampler = optuna.samplers.TPESampler(seed=drawn)
        made.optimize(mean_uar, n_trials=1)
    best = with_values(cfg, made.best_params)
    outer_uar = _uar(utterances, best, split, seed, cache)
    return Tuned(fold, best, dict(made.best_params), float(made.best_value), outer_uar)


def inner_splits(utterances: Sequence[Utterance], places: Ints, seed: int) -> list[Split]:
    """Return folds by speaker of the clips at `places`, and of no other."""
    groups = speaker_groups([utterances[place] for place in places], INNER_FOLDS, seed)
    none: Ints = np.empty(0, np.int64)
    tests = [np.array([utterances[p].speaker in group for p in places], bool) for group in groups]
    return [Split(places[~test], places[test], none) for test in tests]


def _uar(
    utterances: Sequence[Utterance], cfg: ExperimentConfig, split: Split, seed: int, cache: Path | None
) -> float:
    answers = answer(utterances, cfg, split, seed=seed, cache=cache)
    return metrics.uar(targets_of(utterances)[split.test], answers.logits.argmax(axis=1))


def as_json(tuned: Tuned) -> dict[str, Any]:
    """Return what was chosen and how it did, fit for JSON."""
    return {
        "fold": tuned.fold,
        "chosen": tuned.chosen,
        "inner_uar": tuned.inner_uar,
        "outer_uar": tuned.outer_uar,
        "config": tuned.config.to_dict(),
    }
