"""The outcome of one held-out fold: one JSON line, written when the fold is done and never computed twice."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from ml import metrics
from ml.corpora.manifest import Utterance
from ml.labels import LABELS

_DIGITS = 4  # of a logit: enough for every figure that is printed


@dataclass(frozen=True)
class FoldOutcome:
    """Raw logits (n, 8) for the clips of speakers that the network had not heard, and who they were."""

    recipe: str
    index: int
    keys: tuple[str, ...]
    speakers: tuple[str, ...]
    sexes: tuple[str, ...]
    targets: NDArray[np.int64]
    logits: NDArray[np.float64]
    seconds: float

    @classmethod
    def of(
        cls,
        *,
        recipe: str,
        index: int,
        test: Sequence[Utterance],
        logits: NDArray[np.float64],
        seconds: float,
    ) -> Self:
        """Join the test utterances with the logits for them, row by row."""
        return cls(
            recipe=recipe,
            index=index,
            keys=tuple(u.key for u in test),
            speakers=tuple(u.speaker for u in test),
            sexes=tuple(u.sex for u in test),
            targets=np.array([LABELS.index(str(u.emotion)) for u in test]),
            logits=np.round(logits, _DIGITS),
            seconds=seconds,
        )

    def to_line(self) -> str:
        """Return one JSON line; its first figures are for the eye, the clips for recomputation."""
        predictions = self.logits.argmax(axis=1)
        rows = zip(self.keys, self.speakers, self.sexes, self.targets, self.logits.tolist(), strict=True)
        line: dict[str, Any] = {
            "recipe": self.recipe,
            "fold": self.index,
            "uar": round(metrics.uar(self.targets, predictions), 4),
            "accuracy": round(metrics.accuracy(self.targets, predictions), 4),
            "test_speakers": sorted(set(self.speakers)),
            "seconds": round(self.seconds),
            "clips": [[key, speaker, sex, LABELS[t], logits] for key, speaker, sex, t, logits in rows],
        }
        return json.dumps(line)

    @classmethod
    def from_line(cls, line: str) -> Self:
        """Read what `to_line` wrote.

        Raises:
            ValueError: another kind of fold wrote it.
        """
        values = json.loads(line)
        if "clips" not in values:
            raise ValueError("these folds are of a benchmark or a flagship, which write reports of their own")
        keys, speakers, sexes, emotions, logits = zip(*values["clips"], strict=True)
        return cls(
            recipe=values["recipe"],
            index=values["fold"],
            keys=keys,
            speakers=speakers,
            sexes=sexes,
            targets=np.array([LABELS.index(emotion) for emotion in emotions]),
            logits=np.array(logits, np.float64),
            seconds=values["seconds"],
        )


def read_outcomes(file: Path, recipe: str | None = None) -> list[FoldOutcome]:
    """Return the outcomes in `file` (of one recipe, if named) by fold; a line that a kill cut off is none."""
    if not file.exists():
        return []
    lines = file.read_text(encoding="utf-8").splitlines()
    outcomes = (FoldOutcome.from_line(line) for line in lines if line.endswith("}"))
    wanted = (outcome for outcome in outcomes if recipe in (None, outcome.recipe))
    return sorted(wanted, key=lambda outcome: outcome.index)


class Line(Protocol):
    """A finished fold of any kind."""

    def to_line(self) -> str:
        """Return one line of JSON."""
        ...


def append_line(file: Path, fold: Line) -> None:
    """Add a finished fold to `file`; a line that a kill cut off is ended first."""
    file.parent.mkdir(parents=True, exist_ok=True)
    cut_off = file.exists() and file.stat().st_size > 0 and not file.read_bytes().endswith(b"\n")
    with file.open("a", encoding="utf-8") as lines:
        lines.write(("\n" if cut_off else "") + fold.to_line() + "\n")


def pooled(outcomes: Iterable[FoldOutcome]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return logits (n, 8) and targets (n,) of several folds together."""
    chosen = list(outcomes)
    return np.concatenate([o.logits for o in chosen]), np.concatenate([o.targets for o in chosen])
