"""The benchmark's work: which folds there are, which are missing, and running one."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.benchmark.record import FinishedFold, Task, append_fold
from ml.benchmark.splits import Split, splits_of
from ml.config import ExperimentConfig
from ml.corpora.manifest import Utterance
from ml.dataset import prepare_all
from ml.fitting import fit, logits_of
from ml.inputs import make_bank, targets_of
from ml.lab import fit_system

FEATURE_SEED = 0
"""Noise of augmented versions is the same for all folds and seeds, so that features are computed once."""


@dataclass(frozen=True)
class Piece:
    """One fold to train: everything that a process needs to know."""

    task: Task
    cfg: ExperimentConfig
    split: Split
    recipe: str


@dataclass(frozen=True)
class Material:
    """The clips of all corpora, those of one after those of another, and where computed features are kept."""

    utterances: tuple[Utterance, ...]
    cache: Path

    @property
    def corpora(self) -> tuple[str, ...]:
        """Names of the corpora, in order."""
        return tuple(dict.fromkeys(u.corpus for u in self.utterances))


def pieces(
    material: Material,
    configs: Mapping[str, ExperimentConfig],
    *,
    protocols: Iterable[str],
    corpora: Sequence[str],
    seeds: Sequence[int],
) -> Iterator[Piece]:
    """Yield the folds of every system, protocol by protocol; later seeds come after all systems' first."""
    for protocol in protocols:
        for corpus in corpora:
            for seed in seeds:
                for system, cfg in configs.items():
                    yield from _row(material, system, cfg, protocol, corpus, seed)


def _row(
    material: Material, system: str, cfg: ExperimentConfig, protocol: str, corpus: str, seed: int
) -> Iterator[Piece]:
    splits = splits_of(protocol, material.utterances, corpus, seed, cfg.train.validation_share)
    for split in splits:
        task = Task(system, protocol, corpus, seed, split.index, len(splits))
        keys = [[material.utterances[place].key for place in part] for part in (split.train, split.test)]
        yield Piece(task, cfg, split, task.recipe(cfg, *keys))


def run_all(
    material: Material, wanted: Sequence[Piece], file: Path, *, jobs: int = 1, minutes: float | None = None
) -> Iterator[FinishedFold]:
    """Run `wanted` one after the other; each is written when done, none is begun after `minutes`."""
    missing = iter(wanted)
    deadline = time.monotonic() + 60 * minutes if minutes is not None else float("inf")
    # Fresh processes: a forked one would inherit torch's threads in an unknown state.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        running: set[Future[FinishedFold]] = set()
        while True:
            while len(running) < jobs and time.monotonic() < deadline and (piece := next(missing, None)):
                running.add(pool.submit(run_piece, material, piece))
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                append_fold(file, future.result())
                yield future.result()


def run_piece(material: Material, piece: Piece) -> FinishedFold:
    """Train one fold, and answer for its test clips."""
    started = time.process_time()
    cfg, split, seed = piece.cfg, piece.split, piece.task.seed
    if cfg.inputs is None:
        logits, parameters, curves = _any_length(material.utterances, cfg, split, seed)
    else:
        bank = make_bank(material.utterances, cfg, FEATURE_SEED, material.cache)
        trained = fit_system(cfg, bank, split.train, split.validation, seed=seed)
        logits, parameters = trained.logits(bank, split.test), trained.parameters
        curves = tuple(getattr(trained, "curves", ()))
    return FinishedFold(
        task=piece.task,
        recipe=piece.recipe,
        epochs=len(curves),
        parameters=parameters,
        seconds=time.process_time() - started,
        speakers=tuple(material.utterances[place].speaker for place in split.test),
        targets=targets_of(material.utterances)[split.test],
        logits=logits,
        curves=curves,
    )


def _any_length(
    utterances: Sequence[Utterance], cfg: ExperimentConfig, split: Split, seed: int
) -> tuple[NDArray[np.float64], int, tuple[dict[str, float], ...]]:
    """Train a network on clips as they are, as the shipped one is; return logits, parameters and curves."""
    curves: list[dict[str, float]] = []
    train, test = ([utterances[place] for place in part] for part in (split.train, split.test))
    network = fit(
        prepare_all(train, cfg, seed, augmented=True),
        cfg,
        seed,
        lambda _, __, figures: curves.append(figures),
    )
    logits = logits_of(network, prepare_all(test, cfg, seed, augmented=False), cfg)
    return logits, sum(parameter.numel() for parameter in network.parameters()), tuple(curves)
