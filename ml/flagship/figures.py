"""The flagship's table: each figure by its key, beside what it must be."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from ml import metrics
from ml.benchmark.record import FinishedFold
from ml.flagship.ensemble import uar_together
from ml.flagship.hearing import ALTERED, EIGHT_BITS
from ml.flagship.judge import (
    LEFT_OUT,
    Heard,
    conformal,
    debiased_error,
    heard_by,
    left_out,
    mean_uar,
    seeds_of,
    selective_gain,
)
from ml.flagship.strangeness import SPEECH, confident_shares
from ml.labels import Emotion
from ml.metrics import Interval

Emotions = Mapping[str, frozenset[Emotion]]


@dataclass(frozen=True)
class Figure:
    """A figure in per cent (or emotions, for the size of sets), with what it rests on."""

    value: float
    seeds: int
    low: float | None = None
    high: float | None = None
    n: str = ""


@dataclass(frozen=True)
class Wanted:
    """What a figure is, and its three goals in order: must, goal, beyond. None: it is only to be known."""

    title: str
    goals: tuple[float, float, float] | None = None
    at_most: bool = False


UAR = "UAR"
WANTED: Mapping[str, Wanted] = MappingProxyType(
    {
        "flagship.ravdess_si_uar": Wanted("RAVDESS, unheard speakers, one network: UAR", (66, 70, 74)),
        "flagship.ravdess_si_uar_multi": Wanted(
            "RAVDESS, unheard speakers, networks of it alone and of all corpora together: UAR", (69, 73, 77)
        ),
        "flagship.ravdess_si_uar_speaker_norm": Wanted(
            "RAVDESS, each speaker scaled by own unlabelled speech (transductive): UAR"
        ),
        "flagship.ravdess_random_acc": Wanted("RAVDESS, ten random folds (leaks): accuracy"),
        "flagship.emodb_loso_uar": Wanted("EMO-DB, seven emotions, one speaker out: UAR", (76, 80, 86)),
        "flagship.nemo_loso_uar": Wanted("nEMO, one speaker out: UAR"),
        "flagship.left_out_corpus_uar": Wanted("A corpus left out, mean of three: UAR", (38, 45, 55)),
        "flagship.left_out_corpus_selective_acc": Wanted(
            "A corpus left out, the surest half of the clips: accuracy", (45, 55, 65)
        ),
        "flagship.ece_debiased": Wanted("Calibration error over its floor", (2, 1, 0.5), at_most=True),
        "flagship.left_out_corpus_ece": Wanted(
            "A corpus left out: calibration error over its floor", (15, 8, 4), at_most=True
        ),
        "flagship.selective_gain": Wanted("Accuracy gained by answering the surest 70 %", (7, 9, 12)),
        "flagship.conformal_coverage": Wanted("Sets of 90 %: how often they hold the right emotion"),
        "flagship.conformal_size": Wanted("Sets of 90 %: emotions in them", (3.5, 2.8, 2.2), at_most=True),
        "flagship.sex_gap": Wanted("UAR of the better heard sex less the other's", (12, 7, 4), at_most=True),
        "flagship.loss_noise": Wanted("UAR lost under noise at 10 dB", (12, 7, 4), at_most=True),
        "flagship.loss_phone": Wanted("UAR lost over a telephone", (12, 7, 4), at_most=True),
        "flagship.loss_room": Wanted("UAR lost in a room of RT60 0.6 s", (12, 7, 4), at_most=True),
        "flagship.loss_eight_bits": Wanted("UAR lost in eight bits, as published for a CPU"),
        "ood.confident_share": Wanted("Of sounds that are no voice: answered", (0, 0, 0), at_most=True),
        "ood.in_domain_answered": Wanted("Of speech of unheard speakers: answered with the same floors"),
    }
)


def figures_of(
    folds: Sequence[FinishedFold], emotions: Emotions, sexes: Mapping[str, str]
) -> dict[str, Figure]:
    """Return every figure of which all folds are there. `emotions` of each corpus, `sexes` by speaker."""
    found = dict(_recognition(folds))
    found |= _one_network(seeds_of(folds, "ravdess"), sexes)
    found |= _strange(seeds_of(folds, "ravdess"))
    found |= _left_out(folds, emotions)
    return {key: found[key] for key in WANTED if key in found}


def _recognition(folds: Sequence[FinishedFold]) -> Iterator[tuple[str, Figure]]:
    for key, protocol in (
        ("flagship.ravdess_si_uar", "ravdess"),
        ("flagship.ravdess_si_uar_speaker_norm", "ravdess_by_speaker"),
        ("flagship.emodb_loso_uar", "emodb"),
        ("flagship.nemo_loso_uar", "nemo"),
    ):
        if runs := seeds_of(folds, protocol):
            yield key, _figure(mean_uar([heard_by(run) for run in runs.values()]), len(runs))
    if joined := uar_together(folds):
        yield "flagship.ravdess_si_uar_multi", _figure(*joined)
    if runs := seeds_of(folds, "ravdess_random"):
        yield (
            "flagship.ravdess_random_acc",
            _mean([heard_by(run) for run in runs.values()], lambda h: metrics.accuracy(h.targets, h.answers)),
        )


def _one_network(runs: Mapping[int, Sequence[FinishedFold]], sexes: Mapping[str, str]) -> dict[str, Figure]:
    """Return how sure, fair and robust one network is, mean of the seeds."""
    if not runs:
        return {}
    heard = [heard_by(run) for run in runs.values()]
    uars = [metrics.uar(one.targets, one.answers) for one in heard]
    sets = np.array([conformal(run) for run in runs.values()])
    found = {
        "flagship.ece_debiased": _mean(heard, debiased_error),
        "flagship.selective_gain": _mean(heard, selective_gain),
        "flagship.conformal_coverage": Figure(100 * float(sets[:, 0].mean()), len(runs)),
        "flagship.conformal_size": Figure(float(sets[:, 1].mean()), len(runs)),
        "flagship.sex_gap": _mean(heard, lambda one: _gap(one, sexes)),
    }
    for way in (*ALTERED, EIGHT_BITS):
        lost = [
            uar - metrics.uar(there.targets, there.answers)
            for uar, run in zip(uars, runs.values(), strict=True)
            if all(way in fold.altered for fold in run)
            for there in [heard_by(run, altered=way)]
        ]
        if lost:
            found[f"flagship.loss_{way}"] = Figure(100 * float(np.mean(lost)), len(lost))
    return found


def _strange(runs: Mapping[int, Sequence[FinishedFold]]) -> dict[str, Figure]:
    """Return how often sounds of `ml.strange` are answered, all kinds alike, and how often speech is."""
    runs = {seed: run for seed, run in runs.items() if all(fold.scores for fold in run)}
    if not runs:
        return {}
    shares = [confident_shares(run) for run in runs.values()]
    wrong = np.mean([[share for kind, share in own.items() if kind != SPEECH] for own in shares])
    right = np.mean([own[SPEECH] for own in shares])
    return {
        "ood.confident_share": Figure(100 * float(wrong), len(runs)),
        "ood.in_domain_answered": Figure(100 * float(right), len(runs)),
    }


def _gap(heard: Heard, sexes: Mapping[str, str]) -> float:
    by_sex = metrics.uar_by_group(heard.targets, heard.answers, [sexes[who] for who in heard.speakers])
    return max(by_sex.values()) - min(by_sex.values())


def _left_out(folds: Sequence[FinishedFold], emotions: Emotions) -> dict[str, Figure]:
    """Return the figures of corpora left out, mean over three corpora and the seeds that heard them all."""
    runs = {protocol: seeds_of(folds, protocol) for protocol in LEFT_OUT}
    seeds = set.intersection(*(set(by_seed) for by_seed in runs.values()))
    heard = [
        one
        for seed in sorted(seeds)
        for _, one in left_out({protocol: by_seed[seed] for protocol, by_seed in runs.items()}, emotions)
    ]
    if not heard:
        return {}
    measured: dict[str, Callable[[Heard], float]] = {
        "uar": lambda one: metrics.uar(one.targets, one.answers),
        "selective_acc": lambda one: metrics.selective_accuracy(one.targets, one.probabilities, 0.5),
        "ece": debiased_error,
    }
    return {
        f"flagship.left_out_corpus_{name}": _mean(heard, measure, seeds=len(seeds))
        for name, measure in measured.items()
    }


def _mean(heard: Sequence[Heard], measure: Callable[[Heard], float], seeds: int | None = None) -> Figure:
    return Figure(100 * float(np.mean([measure(one) for one in heard])), seeds or len(heard))


def _figure(interval: Interval, seeds: int) -> Figure:
    return Figure(100 * interval.value, seeds, 100 * interval.low, 100 * interval.high, interval.n)
