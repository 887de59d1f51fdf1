"""The benchmark's work: which folds there are, which are missing, and running one."""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from ml.benchmark.record import FinishedFold, Task
from ml.benchmark.splits import splits_of
from ml.config import ExperimentConfig
from ml.corpora.manifest import Utterance
from ml.folds import Line, append_line
from ml.inputs import targets_of
from ml.lab import Split, answer

BUDGET_CLIPS = 1440
"""Clips of RAVDESS's speech: a network that learns from more gets as many fewer epochs, so that its row costs
about what RAVDESS's does."""


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
    for fold, split in enumerate(splits, start=1):
        task = Task(system, protocol, corpus, seed, fold, len(splits))
        keys = [[material.utterances[place].key for place in part] for part in (split.train, split.test)]
        given = within_budget(cfg, len(split.train))
        yield Piece(task, given, split, task.recipe(given, *keys))


def within_budget(cfg: ExperimentConfig, clips: int) -> ExperimentConfig:
    """Return `cfg` with the epochs that it may spend on so many training clips, at least one."""
    share = min(1.0, BUDGET_CLIPS / max(clips, 1))
    return replace(cfg, train=replace(cfg.train, epochs=math.ceil(cfg.train.epochs * share)))


AnyPiece = TypeVar("AnyPiece")
AnyFold = TypeVar("AnyFold", bound=Line)


def run_all(
    run: Callable[[AnyPiece], AnyFold],
    wanted: Sequence[AnyPiece],
    file: Path,
    *,
    jobs: int = 1,
    minutes: float | None = None,
) -> Iterator[AnyFold]:
    """`run` what is wanted one after the other; each is written when done, none is begun after `minutes`."""
    missing = iter(wanted)
    deadline = time.monotonic() + 60 * minutes if minutes is not None else float("inf")
    # Fresh processes: a forked one would inherit torch's threads in an unknown state.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        running: set[Future[AnyFold]] = set()
        while True:
            while len(running) < jobs and time.monotonic() < deadline and (piece := next(missing, None)):
                running.add(pool.submit(run, piece))
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                append_line(file, future.result())
                yield future.result()


def run_piece(material: Material, piece: Piece) -> FinishedFold:
    """Train one fold, and answer for its test clips."""
    started = time.process_time()
    split = piece.split
    answers = answer(material.utterances, piece.cfg, split, seed=piece.task.seed, cache=material.cache)
    return FinishedFold(
        task=piece.task,
        recipe=piece.recipe,
        epochs=len(answers.curves),
        parameters=answers.parameters,
        seconds=time.process_time() - started,
        speakers=tuple(material.utterances[place].speaker for place in split.test),
        targets=targets_of(material.utterances)[split.test],
        logits=answers.logits,
        curves=answers.curves,
    )
