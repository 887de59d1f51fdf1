"""Figures of recognition: pure functions of targets (n,), probabilities (n, 8) and speakers (n,)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from ml.labels import LABELS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BINS = 15
RESAMPLES = 2_000


@dataclass(frozen=True)
class Interval:
    """A figure with its 95 % interval and what it was counted on."""

    value: float
    low: float
    high: float
    n: str

    def to_dict(self) -> dict[str, float | str]:
        """Return a plain dictionary."""
        return asdict(self)


def confusion(targets: Ints, predictions: Ints, classes: int = len(LABELS)) -> Ints:
    """Return counts (classes, classes): row = target, column = prediction."""
    counts: Ints = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (targets, predictions), 1)
    return counts


def recalls(counts: NDArray[np.generic]) -> Floats:
    """Return each class's recall, (…, classes), of confusions (…, classes, classes); NaN without clips."""
    hits = np.diagonal(counts, axis1=-2, axis2=-1).astype(np.float64)
    totals = counts.sum(axis=-1).astype(np.float64)
    shares: Floats = np.divide(hits, totals, out=np.full_like(hits, np.nan), where=totals > 0)
    return shares


def accuracy(targets: Ints, predictions: Ints) -> float:
    """Share of clips that are right."""
    return float((targets == predictions).mean())


def uar(targets: Ints, predictions: Ints) -> float:
    """Unweighted average recall over the emotions that occur in `targets`."""
    return float(np.nanmean(recalls(confusion(targets, predictions))))


def macro_f1(targets: Ints, predictions: Ints) -> float:
    """Mean F1 over the emotions that occur in `targets` or `predictions`."""
    counts = confusion(targets, predictions)
    totals = counts.sum(axis=0) + counts.sum(axis=1)
    return float((2 * np.diagonal(counts)[totals > 0] / totals[totals > 0]).mean())


def negative_log_likelihood(targets: Ints, probabilities: Floats) -> float:
    """Mean of -ln p(target), in nats."""
    chosen = probabilities[np.arange(len(targets)), targets]
    return float(-np.log(np.maximum(chosen, 1e-12)).mean())


def calibration_error(targets: Ints, probabilities: Floats, bins: int = BINS) -> float:
    """Expected calibration error of the top probability over `bins` bins of equal mass."""
    confidence = probabilities.max(axis=1)
    return _calibration_error(confidence, targets == probabilities.argmax(axis=1), bins)


def _calibration_error(confidence: Floats, right: NDArray[np.bool_], bins: int) -> float:
    gap = (confidence - right)[np.argsort(confidence, kind="stable")]
    return float(sum(abs(part.sum()) for part in np.array_split(gap, bins)) / len(gap))


def reliability(targets: Ints, probabilities: Floats, bins: int = BINS) -> list[tuple[float, float, int]]:
    """Return for each bin of equal mass the mean top probability, the share that was right, and the clips."""
    confidence = probabilities.max(axis=1)
    right = targets == probabilities.argmax(axis=1)
    parts = np.array_split(np.argsort(confidence, kind="stable"), bins)
    return [(float(confidence[p].mean()), float(right[p].mean()), len(p)) for p in parts if len(p)]


def calibration_floor(probabilities: Floats, bins: int = BINS, resamples: int = 500, seed: int = 0) -> float:
    """Mean calibration error that a perfectly calibrated model with these probabilities would show.

    The estimator is biased upwards: each bin holds few clips, so even perfect confidence misses its share.
    """
    confidence = probabilities.max(axis=1)
    draws = np.random.default_rng(seed).random((resamples, len(confidence))) < confidence
    return float(np.mean([_calibration_error(confidence, draw, bins) for draw in draws]))


def selective_accuracy(targets: Ints, probabilities: Floats, coverage: float) -> float:
    """Accuracy on the `coverage` share of clips with the highest top probability."""
    kept = np.argsort(-probabilities.max(axis=1), kind="stable")[: max(1, round(coverage * len(targets)))]
    return accuracy(targets[kept], probabilities[kept].argmax(axis=1))


def uar_interval(
    targets: Ints, predictions: Ints, speakers: Sequence[str], resamples: int = RESAMPLES, seed: int = 0
) -> Interval:
    """UAR with its 95 % bootstrap interval over speakers: clips of one speaker are not independent."""
    counts = _resampled(targets, predictions, speakers, resamples, seed)
    spread = np.nanmean(recalls(counts), axis=1)
    return _interval(uar(targets, predictions), spread, speakers)


def accuracy_interval(
    targets: Ints, predictions: Ints, speakers: Sequence[str], resamples: int = RESAMPLES, seed: int = 0
) -> Interval:
    """Accuracy with its 95 % bootstrap interval over speakers."""
    counts = _resampled(targets, predictions, speakers, resamples, seed)
    spread = np.trace(counts, axis1=1, axis2=2) / counts.sum(axis=(1, 2))
    return _interval(accuracy(targets, predictions), spread, speakers)


def _resampled(
    targets: Ints, predictions: Ints, speakers: Sequence[str], resamples: int, seed: int
) -> Floats:
    """Confusions of as many speakers as there are, drawn with replacement, (resamples, classes, classes)."""
    names, rows = np.unique(np.asarray(speakers), return_inverse=True)
    classes = len(LABELS)
    counts = np.zeros((len(names), classes, classes))
    np.add.at(counts, (rows, targets, predictions), 1)
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=resamples)
    return np.tensordot(weights, counts, axes=1)


def _interval(value: float, spread: Floats, speakers: Sequence[str]) -> Interval:
    low, high = np.percentile(spread, [2.5, 97.5])
    return Interval(value, float(low), float(high), f"{len(speakers)} clips of {len(set(speakers))} speakers")


def uar_by_group(targets: Ints, predictions: Ints, groups: Sequence[str]) -> dict[str, float]:
    """UAR within each group (sex, intensity, corpus…)."""
    member = np.asarray(groups)
    return {
        str(group): uar(targets[member == group], predictions[member == group]) for group in np.unique(member)
    }


def precisions(counts: NDArray[np.generic]) -> Floats:
    """Return the precision of each class, (classes,), of a confusion; NaN if the class was never answered."""
    shares: Floats = recalls(counts.T)
    return shares


def f1_scores(counts: Ints) -> Floats:
    """Return the F1 of each class, (classes,); NaN if it neither occurred nor was answered."""
    totals = (counts.sum(axis=0) + counts.sum(axis=1)).astype(np.float64)
    hits = 2.0 * np.diagonal(counts)
    shares: Floats = np.divide(hits, totals, out=np.full_like(totals, np.nan), where=totals > 0)
    return shares


def roc_auc(targets: Ints, scores: Floats) -> Floats:
    """Return the area under each class's one-versus-rest ROC curve, (classes,); NaN where it has one side.

    It is the share of pairs of a clip of the class and one of another in which the former scores higher; ties
    count half (Mann & Whitney 1947). Scores (n, classes).
    """
    areas = np.full(scores.shape[1], np.nan)
    for emotion, column in enumerate(scores.T):
        _, order, counts = np.unique(column, return_inverse=True, return_counts=True)
        ranks = (counts.cumsum() - (counts - 1) / 2)[order]  # from 1; ties share their mean rank
        inside = targets == emotion
        ours, theirs = int(inside.sum()), int((~inside).sum())
        if ours and theirs:
            areas[emotion] = (ranks[inside].sum() - ours * (ours + 1) / 2) / (ours * theirs)
    return areas


def each_emotion(targets: Ints, probabilities: Floats) -> dict[str, dict[str, float]]:
    """Return precision, recall, F1 and AUC of each emotion that occurs; precision 0 if never answered."""
    counts = confusion(targets, probabilities.argmax(axis=1))
    shares = {
        "precision": precisions(counts),
        "recall": recalls(counts),
        "f1": f1_scores(counts),
        "auc": roc_auc(targets, probabilities),
    }
    return {
        LABELS[emotion]: {name: float(np.nan_to_num(share[emotion])) for name, share in shares.items()}
        for emotion in np.unique(targets)
    }
