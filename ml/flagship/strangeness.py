"""Whether the flagship keeps quiet about what is no single voice, and still answers speech.

What the clinic finds no speech in, no network hears. Of the rest, each kind of sound is judged with
thresholds that it took no part in: the temperature and the threshold of abstention come from the other folds'
speech, the floor of the energy from that and from the other kinds.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ml import calibration
from ml.benchmark.record import FinishedFold
from ml.calibration import softmax
from ml.config import ExperimentConfig
from ml.corpora.manifest import Utterance
from ml.dataset import holds_speech, load_clip, strange_sounds
from ml.familiarity import fit_floor
from ml.metrics import Floats
from ml.strange import KINDS

Waveform = NDArray[np.float32]

SPEECH = ""
UNHEARD = -1000.0
"""Stands for the energy of a sound that no network hears, since the clinic finds no speech in it."""


def sounds_of(kind: str, test: Sequence[Utterance], cfg: ExperimentConfig) -> list[Waveform]:
    """Return the sounds of a kind that are made of the tested clips, or these clips themselves."""
    if kind == SPEECH:
        return [load_clip(utterance.path, cfg.audio.sample_rate) for utterance in test]
    return strange_sounds(test, cfg, kind)


def hushed(energies: Floats, waveforms: Sequence[Waveform], cfg: ExperimentConfig) -> Floats:
    """Return the energies (n,), but `UNHEARD` for those of waveforms without enough speech."""
    return np.where(holds_speech(waveforms, cfg), energies, UNHEARD)


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
            answered = _answered(fold.strange[kind], fold.energies[kind], fitted, floors[kind])
            shares[kind].append(answered)
        shares[SPEECH].append(_answered(fold.logits, fold.energies[SPEECH], fitted, max(floors.values())))
    return {kind: float(np.mean(own)) for kind, own in shares.items()}


def _floor(folds: Sequence[FinishedFold], without: str) -> float:
    speech = np.concatenate([fold.energies[SPEECH] for fold in folds])
    speech = speech[speech > UNHEARD]
    strange = [fold.energies[kind] for fold in folds for kind in KINDS if kind != without]
    return fit_floor(speech, np.concatenate(strange)) if len(speech) else UNHEARD


def _answered(logits: Floats, energies: Floats, fitted: calibration.Calibration, floor: float) -> float:
    sure = softmax(logits, fitted.temperature).max(axis=1) >= fitted.threshold
    return float((sure & (energies > UNHEARD) & (energies >= floor)).mean())
