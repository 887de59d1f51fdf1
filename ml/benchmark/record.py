"""One finished fold of the benchmark as one JSON line: enough to recompute every figure of the table."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ml import metrics
from ml.config import ExperimentConfig
from ml.labels import LABELS

CODE = 1
"""Raised whenever a change of code changes the numbers: finished folds of an older one are not reused."""

Bytes = NDArray[np.uint8]

_STEP = 0.05
_LOWEST = 255


@dataclass(frozen=True)
class Task:
    """What is trained and tested: `corpus` is the one that is learnt from."""

    system: str
    protocol: str
    corpus: str
    seed: int
    fold: int
    of: int

    def recipe(self, cfg: ExperimentConfig, train: Sequence[str], test: Sequence[str]) -> str:
        """Hash of everything that decides the outcome, clips by name included."""
        contents = [CODE, asdict(self), cfg.deciding(), sorted(train), sorted(test)]
        return hashlib.sha256(json.dumps(contents, sort_keys=True).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class FinishedFold:
    """Logits (n, 8) for the test clips, with their truth and speakers; `curves` are figures of the epochs.

    `altered` holds the logits for the same clips put through noise, a telephone, a room…, by name, and of the
    unaltered ones by the graph in eight bits; `strange` those for sounds of `ml.strange`, by kind. `scores`
    are what a gate (`ml.gate`) gave the clips, under "", and each strange kind, in a file of their own.
    """

    task: Task
    recipe: str
    epochs: int
    parameters: int
    seconds: float
    speakers: tuple[str, ...]
    targets: NDArray[np.int64]
    logits: NDArray[np.float64]
    curves: tuple[dict[str, float], ...] = ()
    altered: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    strange: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    scores: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    def to_line(self) -> str:
        """Return one JSON line."""
        names, places = np.unique(np.array(self.speakers), return_inverse=True)
        predictions = self.logits.argmax(axis=1)
        line: dict[str, Any] = {
            **asdict(self.task),
            "recipe": self.recipe,
            "epochs": self.epochs,
            "parameters": self.parameters,
            "seconds": round(self.seconds, 1),
            "uar": round(metrics.uar(self.targets, predictions), 4),
            "accuracy": round(metrics.accuracy(self.targets, predictions), 4),
            "speakers": names.tolist(),
            "spoken_by": _text(places.astype(np.uint8)),
            "truth": "".join(map(str, self.targets)),
            "logits": packed(self.logits),
            "curves": {
                name: [round(figures[name], 3) for figures in self.curves]
                for name in (self.curves[0] if self.curves else ())
            },
        }
        for name, sounds in (("altered", self.altered), ("strange", self.strange)):
            if sounds:
                line[name] = {kind: packed(logits) for kind, logits in sounds.items()}
        return json.dumps(line)

    @classmethod
    def from_line(cls, line: str) -> Self:
        """Read what `to_line` wrote."""
        values = json.loads(line)
        epochs = zip(*values["curves"].values(), strict=True)
        return cls(
            task=Task(**{name: values[name] for name in Task.__dataclass_fields__}),
            recipe=values["recipe"],
            epochs=values["epochs"],
            parameters=values["parameters"],
            seconds=values["seconds"],
            speakers=tuple(values["speakers"][place] for place in _bytes(values["spoken_by"])),
            targets=np.array([int(digit) for digit in values["truth"]], np.int64),
            logits=unpacked(values["logits"]),
            curves=tuple(dict(zip(values["curves"], epoch, strict=True)) for epoch in epochs),
            altered={name: unpacked(text) for name, text in values.get("altered", {}).items()},
            strange={kind: unpacked(text) for kind, text in values.get("strange", {}).items()},
        )


def packed(logits: NDArray[np.float64]) -> str:
    """Logits (n, 8) as one byte each: how far below the clip's highest, in steps of 0.05, at most 12.75.

    The highest is 0 and no other is, so that the answer survives.
    """
    below = np.rint((logits.max(axis=1, keepdims=True) - logits) / _STEP)
    steps = np.clip(below, 1, _LOWEST).astype(np.uint8)
    steps[np.arange(len(steps)), logits.argmax(axis=1)] = 0
    return _text(steps)


def unpacked(text: str) -> NDArray[np.float64]:
    """Read what `packed` wrote."""
    steps = _bytes(text).reshape(-1, len(LABELS))
    return steps.astype(np.float64) * -_STEP


def _text(numbers: Bytes) -> str:
    return base64.b64encode(numbers.tobytes()).decode()


def _bytes(text: str) -> Bytes:
    return np.frombuffer(base64.b64decode(text), np.uint8)


def read_folds(file: Path) -> list[FinishedFold]:
    """Return the finished folds in `file`, if there is one; a line that a kill cut off is passed over."""
    if not file.exists():
        return []
    lines = file.read_text(encoding="utf-8").splitlines()
    return [FinishedFold.from_line(line) for line in lines if line.endswith("}")]
