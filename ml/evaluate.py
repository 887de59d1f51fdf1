"""From held-out outputs to figures, calibrated without looking at the clips that are judged."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ml import calibration, metrics
from ml.corpora.manifest import Utterance
from ml.dataset import prepare_all
from ml.fitting import logits_of
from ml.folds import FoldOutcome, pooled
from ml.labels import LABELS, Emotion, index_of
from ml.metrics import Floats, Ints
from ml.registry import ModelCard
from ml.storage import load_network


@dataclass(frozen=True)
class Judged:
    """Calibrated probabilities (n, 8) for clips of unheard speakers, with the truth."""

    targets: Ints
    probabilities: Floats
    speakers: tuple[str, ...]
    sexes: tuple[str, ...]
    threshold: float | None = None
    keys: tuple[str, ...] = ()

    def answers(self) -> Iterator[dict[str, str | float]]:
        """Yield, clip by clip, what was acted and what was heard: the predicted-versus-actual table."""
        for key, speaker, target, shares in zip(
            self.keys, self.speakers, self.targets, self.probabilities, strict=True
        ):
            heard = int(shares.argmax())
            yield {
                "clip": key,
                "speaker": speaker,
                "acted": LABELS[target],
                "heard": LABELS[heard],
                "probability": round(float(shares[heard]), 4),
            }

    def by_emotion(self) -> dict[str, dict[str, float]]:
        """Return precision, F1 and AUC, each by emotion."""
        each = metrics.each_emotion(self.targets, self.probabilities)
        return {
            name: {label: figures[name] for label, figures in each.items()}
            for name in ("precision", "f1", "auc")
        }

    def figures(self) -> dict[str, Any]:
        """Return all figures, as the card holds them. Shares, not percent."""
        predictions = self.probabilities.argmax(axis=1)
        counts = metrics.confusion(self.targets, predictions)
        recalls = metrics.recalls(counts)
        return {
            "uar": metrics.uar_interval(self.targets, predictions, self.speakers).to_dict(),
            "accuracy": metrics.accuracy(self.targets, predictions),
            "macro_f1": metrics.macro_f1(self.targets, predictions),
            "nll": metrics.negative_log_likelihood(self.targets, self.probabilities),
            "ece": metrics.calibration_error(self.targets, self.probabilities),
            "ece_floor": metrics.calibration_floor(self.probabilities),
            "accuracy_at_70_percent": metrics.selective_accuracy(self.targets, self.probabilities, 0.7),
            "recall": {label: float(r) for label, r in zip(LABELS, recalls, strict=True) if not np.isnan(r)},
            "uar_by_sex": metrics.uar_by_group(self.targets, predictions, self.sexes),
            **self._by_corpus(predictions),
            "confusion": counts.tolist(),
            **self._answered(predictions),
        }

    def _by_corpus(self, predictions: Ints) -> dict[str, dict[str, Any]]:
        """Return the UAR of each corpus with its interval, where there are several: together they hide it."""
        corpora = np.array([key.partition("/")[0] for key in self.keys])
        names = np.unique(corpora)
        if len(names) < 2:
            return {}
        who = np.asarray(self.speakers)
        each = {
            str(name): metrics.uar_interval(
                self.targets[corpora == name], predictions[corpora == name], who[corpora == name].tolist()
            ).to_dict()
            for name in names
        }
        return {"uar_by_corpus": each}

    def _answered(self, predictions: Ints) -> dict[str, float]:
        if self.threshold is None:
            return {}
        kept = self.probabilities.max(axis=1) >= self.threshold
        hits = self.targets[kept] == predictions[kept]
        return {
            "answered": float(kept.mean()),
            "accuracy_answered": float(hits.mean()) if kept.any() else 0.0,
        }


def judge_folds(outcomes: Sequence[FoldOutcome]) -> Judged:
    """Calibrate each fold by the outputs of the *other* folds, then join them.

    With one fold alone there is nothing else to calibrate by, and its raw softmax is judged.
    """
    parts = []
    for outcome in outcomes:
        others = [other for other in outcomes if other.index != outcome.index]
        temperature = calibration.fit_temperature(*pooled(others)) if others else 1.0
        parts.append(calibration.softmax(outcome.logits, temperature))
    return Judged(
        targets=pooled(outcomes)[1],
        probabilities=np.concatenate(parts),
        speakers=tuple(speaker for outcome in outcomes for speaker in outcome.speakers),
        sexes=tuple(sex for outcome in outcomes for sex in outcome.sexes),
        keys=tuple(key for outcome in outcomes for key in outcome.keys),
    )


def judge_model(card: ModelCard, utterances: Sequence[Utterance]) -> Judged:
    """Run a published model over whole clips, unaltered.

    Clips whose label has no emotion are left out. Where a corpus has no `calm`, calm counts as neutral, and
    emotions that the corpus lacks are no possible answer.
    """
    usable = [u for u in utterances if u.emotion is not None]
    clips = prepare_all(usable, card.config, seed=0, augmented=False)
    logits = logits_of(load_network(card.weights, card.config), clips, card.config)
    present = {u.emotion for u in usable if u.emotion is not None}
    return Judged(
        targets=np.array([clip.target for clip in clips]),
        probabilities=restrict(calibration.softmax(logits, card.temperature), present),
        speakers=tuple(u.speaker for u in usable),
        sexes=tuple(u.sex for u in usable),
        threshold=card.abstention_threshold,
        keys=tuple(u.key for u in usable),
    )


def restrict(probabilities: Floats, present: set[Emotion]) -> Floats:
    """Return probabilities (n, 8) over the emotions in `present` alone; absent `calm` is added to neutral."""
    kept = probabilities.copy()
    if Emotion.CALM not in present and Emotion.NEUTRAL in present:
        kept[:, index_of(Emotion.NEUTRAL)] += kept[:, index_of(Emotion.CALM)]
    kept[:, [index_of(emotion) for emotion in Emotion if emotion not in present]] = 0.0
    shares: Floats = kept / np.maximum(kept.sum(axis=1, keepdims=True), 1e-12)
    return shares
