"""From the flagship's finished folds to its figures, each from clips that played no part in what is judged.

Temperature, abstention and sets of a fold are fitted on the other folds' outputs, which are of other
speakers; those of a corpus left out, on the runs that left out another one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ml import calibration, metrics
from ml.benchmark.record import FinishedFold
from ml.calibration import softmax
from ml.conformal import fit_set_threshold, sets_of
from ml.evaluate import restrict
from ml.labels import EMOTIONS, Emotion
from ml.metrics import Floats, Interval, Ints

LEFT_OUT = ("without_ravdess", "without_emodb", "without_nemo")


@dataclass(frozen=True)
class Heard:
    """What networks answered, each clip by one that did not know its speaker; calibrated, (n, 8)."""

    targets: Ints
    probabilities: Floats
    speakers: tuple[str, ...]

    @property
    def answers(self) -> Ints:
        """The likeliest emotion of each clip, (n,)."""
        likeliest: Ints = self.probabilities.argmax(axis=1)
        return likeliest


def seeds_of(folds: Iterable[FinishedFold], protocol: str) -> dict[int, list[FinishedFold]]:
    """Return the protocol's folds by seed; a seed of which a fold is missing is left out."""
    by_seed: dict[int, list[FinishedFold]] = {}
    for fold in folds:
        if fold.task.protocol == protocol:
            by_seed.setdefault(fold.task.seed, []).append(fold)
    return {
        seed: sorted(own, key=lambda fold: fold.task.fold)
        for seed, own in sorted(by_seed.items())
        if len(own) == own[0].task.of
    }


def heard_by(
    folds: Sequence[FinishedFold],
    elsewhere: Sequence[FinishedFold] = (),
    *,
    altered: str = "",
) -> Heard:
    """Join folds, each calibrated by the others' unaltered outputs, or by those of runs `elsewhere`."""
    parts = []
    for fold in folds:
        others = list(elsewhere) or [other for other in folds if other is not fold]
        temperature = _temperature(others)
        logits = fold.altered[altered] if altered else fold.logits
        parts.append(softmax(logits, temperature))
    return Heard(
        targets=np.concatenate([fold.targets for fold in folds]),
        probabilities=np.concatenate(parts),
        speakers=tuple(speaker for fold in folds for speaker in fold.speakers),
    )


def _temperature(folds: Sequence[FinishedFold]) -> float:
    logits = np.concatenate([fold.logits for fold in folds])
    return calibration.fit_temperature(logits, np.concatenate([fold.targets for fold in folds]))


def together(runs: Sequence[Sequence[FinishedFold]]) -> list[FinishedFold]:
    """Return folds that answer with the mean probability of several networks for the same clips.

    Raises:
        ValueError: the runs were not tested on the same clips.
    """
    joined = []
    for same in zip(*runs, strict=True):
        asked = [(fold.speakers, fold.targets.tolist()) for fold in same]
        if any(clips != asked[0] for clips in asked):
            raise ValueError("networks that answer together must have been asked of the same clips")
        mean = np.mean([softmax(fold.logits) for fold in same], axis=0)
        joined.append(
            replace(
                same[0],
                parameters=sum(fold.parameters for fold in same),
                seconds=sum(fold.seconds for fold in same),
                logits=np.log(mean),
                altered={},
            )
        )
    return joined


def mean_uar(runs: Sequence[Heard]) -> Interval:
    """Mean UAR of several seeds, with the 95 % bootstrap interval over the speakers they share."""
    first = runs[0]
    names, rows = np.unique(np.asarray(first.speakers), return_inverse=True)
    classes = len(EMOTIONS)
    counts = np.zeros((len(runs), len(names), classes, classes))
    for place, run in enumerate(runs):
        np.add.at(counts[place], (rows, run.targets, run.answers), 1)
    drawn = np.random.default_rng(0).multinomial(
        len(names), np.full(len(names), 1 / len(names)), metrics.RESAMPLES
    )
    spread = np.nanmean(metrics.recalls(np.einsum("rs,kscd->krcd", drawn, counts)), axis=2).mean(axis=0)
    value = float(np.mean([metrics.uar(run.targets, run.answers) for run in runs]))
    low, high = np.percentile(spread, [2.5, 97.5])
    return Interval(value, float(low), float(high), f"{len(first.targets)} clips of {len(names)} speakers")


def debiased_error(heard: Heard) -> float:
    """Calibration error less what a perfectly calibrated model with these probabilities would show."""
    error = metrics.calibration_error(heard.targets, heard.probabilities)
    return error - metrics.calibration_floor(heard.probabilities)


def selective_gain(heard: Heard, coverage: float = 0.7) -> float:
    """Accuracy on the surest share of the clips, less that on all."""
    kept = metrics.selective_accuracy(heard.targets, heard.probabilities, coverage)
    return kept - metrics.accuracy(heard.targets, heard.answers)


def conformal(folds: Sequence[FinishedFold], promised: float = 0.9) -> tuple[float, float]:
    """Return coverage and mean size of sets, each fold's threshold being fitted on the other folds."""
    held, sizes = [], []
    for fold in folds:
        others = [other for other in folds if other is not fold]
        temperature = _temperature(others)
        outputs = softmax(np.concatenate([other.logits for other in others]), temperature)
        truth = np.concatenate([other.targets for other in others])
        sets = sets_of(softmax(fold.logits, temperature), fit_set_threshold(outputs, truth, promised))
        held.append(sets[np.arange(len(sets)), fold.targets])
        sizes.append(sets.sum(axis=1))
    return float(np.concatenate(held).mean()), float(np.concatenate(sizes).mean())


def left_out(
    runs: Mapping[str, Sequence[FinishedFold]], emotions: Mapping[str, frozenset[Emotion]]
) -> Iterator[tuple[str, Heard]]:
    """Yield for each corpus left out what was heard of it, on the emotions that the others taught.

    `runs` are one seed's folds by protocol. The temperature comes from the runs that left out another corpus.
    """
    judged = {}
    for protocol, run in runs.items():
        tested = run[0].task.corpus
        taught = {emotion for name, own in emotions.items() if name != tested for emotion in own}
        judged[protocol] = [_among(fold, taught & emotions[tested]) for fold in run]
    for protocol, run in judged.items():
        others = [fold for name, other in judged.items() if name != protocol for fold in other]
        yield run[0].task.corpus, heard_by(run, others)


NEVER = -1e6
"""The logit of what is no possible answer."""


def _among(fold: FinishedFold, emotions: set[Emotion]) -> FinishedFold:
    """The fold's clips of these emotions, and its answers among them: see `ml.evaluate.restrict`."""
    kept = np.isin(fold.targets, [EMOTIONS.index(emotion) for emotion in emotions])
    shares = restrict(softmax(fold.logits[kept]), emotions)
    return replace(
        fold,
        speakers=tuple(np.asarray(fold.speakers)[kept].tolist()),
        targets=fold.targets[kept],
        logits=np.where(shares > 0, np.log(np.maximum(shares, 1e-300)), NEVER),
    )
