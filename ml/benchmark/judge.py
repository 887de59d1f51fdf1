"""From finished folds to the rows of the table: every figure from the pooled answers for clips unseen."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ml import metrics
from ml.benchmark.record import FinishedFold, Task
from ml.calibration import softmax
from ml.evaluate import restrict
from ml.labels import EMOTIONS, Emotion
from ml.metrics import Floats, Ints


@dataclass(frozen=True)
class Row:
    """A system's pooled answers for the clips of `test`, from its first fold's task and all folds' sums."""

    task: Task
    test: str
    folds: int
    epochs: int
    parameters: int
    seconds: float
    targets: Ints
    probabilities: Floats
    speakers: tuple[str, ...]

    @property
    def predictions(self) -> Ints:
        """The answers, (n,)."""
        answers: Ints = self.probabilities.argmax(axis=1)
        return answers

    @property
    def confusion(self) -> Ints:
        """Counts (8, 8): row = target, column = answer."""
        return metrics.confusion(self.targets, self.predictions)

    def figures(self) -> dict[str, Any]:
        """Return everything that is known of the row, fit for JSON. Shares, not percent."""
        each = metrics.each_emotion(self.targets, self.probabilities)
        macro = {name: float(np.mean([e[name] for e in each.values()])) for name in next(iter(each.values()))}
        return {
            "system": self.task.system,
            "protocol": self.task.protocol,
            "learnt_from": self.task.corpus,
            "tested_on": self.test,
            "seed": self.task.seed,
            "folds": self.folds,
            "of": self.task.of,
            "epochs": self.epochs,
            "parameters": self.parameters,
            "processor_seconds": round(self.seconds),
            "clips": len(self.targets),
            "uar": metrics.uar_interval(self.targets, self.predictions, self.speakers).to_dict(),
            "accuracy": metrics.accuracy(self.targets, self.predictions),
            **macro,
            "by_emotion": each,
            "confusion": self.confusion.tolist(),
        }


def rows_of(folds: Iterable[FinishedFold], emotions: Mapping[str, frozenset[Emotion]]) -> Iterator[Row]:
    """Yield the rows of finished folds; `emotions` are those of each corpus.

    Under the cross-corpus protocol each tested corpus is a row.
    """
    ordered = sorted(folds, key=_row_key)
    for _, group in itertools.groupby(ordered, key=_row_key):
        joined = list(group)
        corpora = sorted({speaker.split("-")[0] for fold in joined for speaker in fold.speakers})
        for corpus in corpora:
            yield _row(joined, corpus, emotions)


def _row_key(fold: FinishedFold) -> tuple[str, str, str, int]:
    return fold.task.protocol, fold.task.corpus, fold.task.system, fold.task.seed


def _row(folds: list[FinishedFold], test: str, emotions: Mapping[str, frozenset[Emotion]]) -> Row:
    """Pool the folds' answers for the clips of `test` whose emotion could be learnt.

    Other emotions are no possible answer; where `calm` is not one, an answer "calm" counts as neutral.
    """
    task = folds[0].task
    possible = emotions[task.corpus] & emotions[test]
    targets = np.concatenate([fold.targets for fold in folds])
    speakers = np.array([speaker for fold in folds for speaker in fold.speakers])
    probabilities = softmax(np.concatenate([fold.logits for fold in folds]))
    learnable = np.isin(targets, [EMOTIONS.index(emotion) for emotion in possible])
    kept = learnable & np.char.startswith(speakers, f"{test}-")
    return Row(
        task=task,
        test=test,
        folds=len(folds),
        epochs=max(fold.epochs for fold in folds),
        parameters=max(fold.parameters for fold in folds),
        seconds=sum(fold.seconds for fold in folds),
        targets=targets[kept],
        probabilities=restrict(probabilities[kept], set(possible)),
        speakers=tuple(speakers[kept].tolist()),
    )
