"""The flagship's folds: which there are, which are missing, and training one."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.benchmark.record import FinishedFold, Task
from ml.config import ExperimentConfig
from ml.corpora.manifest import Utterance
from ml.dataset import Clip, strange_clips
from ml.familiarity import energies
from ml.fitting import fit, logits_of
from ml.flagship.hearing import ALTERED, Listening, by_speaker
from ml.flagship.protocols import PROTOCOLS, clips_of, folds_of
from ml.flagship.strangeness import hushed, sounds_of
from ml.lab import Split
from ml.loop import OnEpoch
from ml.strange import KINDS


@dataclass(frozen=True)
class Piece:
    """One fold to train."""

    task: Task
    cfg: ExperimentConfig
    split: Split
    recipe: str


def pieces(
    utterances: Sequence[Utterance],
    cfg: ExperimentConfig,
    *,
    name: str,
    protocols: Iterable[str],
    seeds: Sequence[int],
) -> Iterator[Piece]:
    """Yield the folds of the protocols whose corpora are there; later seeds after all protocols' first."""
    there = {u.corpus for u in utterances}
    for seed in seeds:
        for protocol in protocols:
            asked = PROTOCOLS[protocol]
            if asked.corpus not in there or (asked.learns != "own" and len(there) < 2):
                continue
            clips = clips_of(asked, utterances)
            splits = list(folds_of(asked, clips, seed))
            for fold, split in enumerate(splits, start=1):
                task = Task(name, protocol, asked.corpus, seed, fold, len(splits))
                keys = [[clips[place].key for place in part] for part in (split.train, split.test)]
                yield Piece(task, cfg, split, task.recipe(cfg, *keys))


_listening: dict[str, Listening] = {}


def run_piece(utterances: Sequence[Utterance], piece: Piece) -> FinishedFold:
    """Train one fold, and answer for its test clips, unaltered and, where the protocol says so, altered."""
    started = time.process_time()
    protocol = PROTOCOLS[piece.task.protocol]
    clips = clips_of(protocol, utterances)
    listening = _listening.setdefault(repr(piece.cfg.deciding()), Listening(piece.cfg))
    train, test = ([clips[place] for place in part] for part in (piece.split.train, piece.split.test))
    learnt, heard = listening.training(train), listening.testing(test)
    if protocol.by_speaker:
        learnt, heard = by_speaker(learnt, learnt), by_speaker(heard, heard)
    curves: list[dict[str, float]] = []
    network = fit(learnt, piece.cfg, piece.task.seed, _kept_in(curves))

    def answers(tested: Sequence[Clip]) -> NDArray[np.float64]:
        return logits_of(network, tested, piece.cfg)

    logits = answers(heard)
    strange = {kind: answers(strange_clips(test, piece.cfg, kind)) for kind in KINDS if protocol.altered}
    found = {kind: energies(own) for kind, own in {"": logits, **strange}.items() if strange}
    return FinishedFold(
        task=piece.task,
        recipe=piece.recipe,
        epochs=len(curves),
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        seconds=time.process_time() - started,
        speakers=tuple(u.speaker for u in test),
        targets=np.array([clip.target for clip in heard], np.int64),
        logits=logits,
        curves=tuple(curves),
        altered={way: answers(listening.testing(test, way)) for way in ALTERED if protocol.altered},
        strange=strange,
        energies={
            kind: hushed(own, sounds_of(kind, test, piece.cfg), piece.cfg) for kind, own in found.items()
        },
    )


def _kept_in(curves: list[dict[str, float]]) -> OnEpoch:
    return lambda _, __, figures: curves.append(figures)
