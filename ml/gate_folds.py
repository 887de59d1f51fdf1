"""The gate's folds: what it scores speakers whom it had not heard, and sounds that are no single voice."""

import hashlib
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ml.config import ExperimentConfig
from ml.corpora.manifest import Utterance
from ml.dataset import holds_speech, prepare_all, strange_clips, strange_sounds
from ml.gate import fit_gate, gate_training, scores_of
from ml.loop import OnEpoch, no_report
from ml.strange import KINDS

Scores = NDArray[np.float64]
Waveform = NDArray[np.float32]

CODE = 2
"""Raised whenever a change of code changes the scores: finished folds of an older one are not reused."""
UNHEARD = -1000.0
"""The score of a sound that the clinic finds too little speech in: no network hears it."""
_DIGITS = 3


@dataclass(frozen=True)
class GateFold:
    """Scores (see `ml.gate`) of the tested clips, in their order, and of sounds of each of `ml.strange`."""

    recipe: str
    seed: int
    fold: int
    seconds: float
    parameters: int
    speech: tuple[float, ...]
    strange: Mapping[str, tuple[float, ...]]

    @property
    def scores(self) -> dict[str, Scores]:
        """By kind, and under "" those of the tested clips."""
        return {"": np.array(self.speech), **{kind: np.array(own) for kind, own in self.strange.items()}}

    def to_line(self) -> str:
        """Return one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_line(cls, line: str) -> Self:
        """Read what `to_line` wrote."""
        values = json.loads(line)
        strange = {kind: tuple(scores) for kind, scores in values.pop("strange").items()}
        return cls(**values | {"speech": tuple(values["speech"])}, strange=strange)


def gate_recipe(
    cfg: ExperimentConfig, train: Sequence[Utterance], test: Sequence[Utterance], seed: int
) -> str:
    """Return the hash of everything that decides a fold's scores."""
    written = cfg.to_dict()
    parts = [written.get(part) for part in ("audio", "features", "window", "preprocess", "gate")]
    keys = [[utterance.key for utterance in part] for part in (train, test)]
    contents = json.dumps([CODE, parts, keys, seed], sort_keys=True)
    return hashlib.sha256(contents.encode()).hexdigest()[:12]


def run_gate_fold(
    train: Sequence[Utterance],
    test: Sequence[Utterance],
    cfg: ExperimentConfig,
    seed: int,
    fold: int,
    on_epoch: OnEpoch = no_report,
    checkpoint: Path | None = None,
) -> GateFold:
    """Train a gate on the speech of `train`, and let it score the clips of `test` and sounds made of them."""
    started = time.process_time()
    clips = prepare_all(train, gate_training(cfg), seed, augmented=True)
    gate = fit_gate(clips, cfg, seed, on_epoch, checkpoint=checkpoint)
    spoken = scores_of(gate, prepare_all(test, cfg, seed, augmented=False), cfg)
    return GateFold(
        recipe=gate_recipe(cfg, train, test, seed),
        seed=seed,
        fold=fold,
        seconds=round(time.process_time() - started, 1),
        parameters=sum(parameter.numel() for parameter in gate.parameters()),
        speech=_rounded(spoken),
        strange={
            kind: _rounded(
                hushed(
                    scores_of(gate, strange_clips(test, cfg, kind), cfg), strange_sounds(test, cfg, kind), cfg
                )
            )
            for kind in KINDS
        },
    )


def hushed(scores: Scores, waveforms: Sequence[Waveform], cfg: ExperimentConfig) -> Scores:
    """Return the scores (n,), but `UNHEARD` for those of waveforms without enough speech."""
    return np.where(holds_speech(waveforms, cfg), scores, UNHEARD)


def _rounded(scores: Scores) -> tuple[float, ...]:
    return tuple(round(float(score), _DIGITS) for score in scores)


def gate_file_of(folds_file: Path) -> Path:
    """Return the file of the gate's folds, which stands beside that of the recogniser's."""
    return folds_file.with_name(f"{folds_file.stem}-gate.jsonl")


def read_gate_folds(file: Path) -> list[GateFold]:
    """Return the finished folds in `file`; a line that a kill cut off is no fold."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return [GateFold.from_line(line) for line in lines if line.endswith("}")]


def finished(file: Path, recipes: Iterable[str]) -> list[GateFold]:
    """Return the folds in `file` of these recipes, in order of the fold."""
    wanted = set(recipes)
    return sorted((f for f in read_gate_folds(file) if f.recipe in wanted), key=lambda f: (f.seed, f.fold))
