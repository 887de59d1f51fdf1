"""Whether the flagship keeps quiet about what is no single voice, and still answers speech.

What the clinic finds no speech in, no network hears. Of the rest, each kind of sound is judged with
thresholds that it took no part in: the temperature and the threshold of abstention come from the other folds'
speech, the floor of the gate's scores from that and from the other kinds.
"""

from collections.abc import Sequence

import numpy as np

from ml import calibration
from ml.benchmark.record import FinishedFold
from ml.calibration import softmax
from ml.familiarity import fit_floor
from ml.gate_folds import UNHEARD
from ml.metrics import Floats
from ml.strange import KINDS

SPEECH = ""


def confident_shares(folds: Sequence[FinishedFold]) -> dict[str, float]:
    """Return the share (in [0, 1]) of sounds that are answered, by kind, and under `SPEECH` that of speech.

    Speech counts with the strictest of the floors that stood for the kinds.
    """
    shares: dict[str, list[float]] = {kind: [] for kind in (SPEECH, *KINDS)}
    for fold in folds:
        others = [other for other in folds if other is not fold]
        fitted = calibration.fit(
            np.concatenate([other.logits for other in others]),
            np.concatenate([other.targets for other in others]),
        )
        floors = {kind: _floor(others, kind) for kind in KINDS}
        for kind in KINDS:
            answered = _answered(fold.strange[kind], fold.scores[kind], fitted, floors[kind])
            shares[kind].append(answered)
        shares[SPEECH].append(_answered(fold.logits, fold.scores[SPEECH], fitted, max(floors.values())))
    return {kind: float(np.mean(own)) for kind, own in shares.items()}


def _floor(folds: Sequence[FinishedFold], without: str) -> float:
    speech = np.concatenate([fold.scores[SPEECH] for fold in folds])
    speech = speech[speech > UNHEARD]
    strange = [fold.scores[kind] for fold in folds for kind in KINDS if kind != without]
    return fit_floor(speech, np.concatenate(strange)) if len(speech) else UNHEARD


def _answered(logits: Floats, scores: Floats, fitted: calibration.Calibration, floor: float) -> float:
    sure = softmax(logits, fitted.temperature).max(axis=1) >= fitted.threshold
    return float((sure & (scores > UNHEARD) & (scores >= floor)).mean())
