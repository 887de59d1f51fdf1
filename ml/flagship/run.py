"""The flagship's folds: which there are, which are missing, and training one."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ml.benchmark.record import FinishedFold, Task
from ml.config import ExperimentConfig
from ml.corpora.manifest import Utterance
from ml.dataset import Clip, strange_clips
from ml.eight_bits import logits_of_graph, published_graph
from ml.fitting import fit, logits_of
from ml.flagship.hearing import ALTERED, EIGHT_BITS, Listening, by_speaker
from ml.flagship.protocols import PROTOCOLS, clips_of, folds_of
from ml.gate_folds import GateFold, gate_recipe, run_gate_fold
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
    listening = _listening.setdefault(repr(piece.cfg.deciding()), Listening(piece.cfg))
    train, test = _sides(utterances, piece)
    learnt, heard = listening.training(train), listening.testing(test)
    if protocol.by_speaker:
        learnt, heard = by_speaker(learnt, learnt), by_speaker(heard, heard)
    curves: list[dict[str, float]] = []
    network = fit(learnt, piece.cfg, piece.task.seed, _kept_in(curves))

    def answers(tested: Sequence[Clip]) -> NDArray[np.float64]:
        return logits_of(network, tested, piece.cfg)

    altered = {way: answers(listening.testing(test, way)) for way in ALTERED if protocol.altered}
    if protocol.altered and piece.cfg.eight_bits:
        graph = published_graph(network, learnt, piece.cfg)
        altered[EIGHT_BITS] = logits_of_graph(graph, heard, piece.cfg)
    return FinishedFold(
        task=piece.task,
        recipe=piece.recipe,
        epochs=len(curves),
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        seconds=time.process_time() - started,
        speakers=tuple(u.speaker for u in test),
        targets=np.array([clip.target for clip in heard], np.int64),
        logits=answers(heard),
        curves=tuple(curves),
        altered=altered,
        strange={kind: answers(strange_clips(test, piece.cfg, kind)) for kind in KINDS if protocol.altered},
    )


def gated(pieces: Iterable[Piece]) -> list[Piece]:
    """Return the pieces whose protocol asks what is answered of sounds that are no voice, where a gate is."""
    return [p for p in pieces if p.cfg.gate is not None and PROTOCOLS[p.task.protocol].altered]


def _sides(utterances: Sequence[Utterance], piece: Piece) -> tuple[list[Utterance], list[Utterance]]:
    clips = clips_of(PROTOCOLS[piece.task.protocol], utterances)
    return [clips[place] for place in piece.split.train], [clips[place] for place in piece.split.test]


def gate_recipe_of(utterances: Sequence[Utterance], piece: Piece) -> str:
    """Return the recipe of the gate that belongs to this fold."""
    return gate_recipe(piece.cfg, *_sides(utterances, piece), piece.task.seed)


def run_gate_piece(utterances: Sequence[Utterance], piece: Piece) -> GateFold:
    """Train the fold's gate, and let it score the tested clips and sounds that are made of them."""
    train, test = _sides(utterances, piece)
    return run_gate_fold(train, test, piece.cfg, piece.task.seed, piece.task.fold)


def with_scores(folds: Sequence[FinishedFold], gates: Mapping[str, GateFold]) -> list[FinishedFold]:
    """Join each fold with what its gate scored, if that is finished; `gates` by the fold's own recipe."""
    return [
        replace(fold, scores=gates[fold.recipe].scores) if fold.recipe in gates else fold for fold in folds
    ]


def _kept_in(curves: list[dict[str, float]]) -> OnEpoch:
    return lambda _, __, figures: curves.append(figures)
