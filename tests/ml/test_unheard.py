"""What the clinic finds no speech in reaches no network, and sets no floor."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ml.config import load_config
from ml.dataset import holds_speech
from ml.flagship.strangeness import confident_shares
from ml.gate_folds import UNHEARD, hushed
from ml.strange import KINDS
from tests.ml.test_flagship import folds, strange_sounds


def spoken(seconds: float) -> np.ndarray:
    """Something that the detector takes for a voice: a buzz with formants, in syllables."""
    time = np.arange(int(seconds * 16_000)) / 16_000
    buzz = sum(np.sin(2 * np.pi * 130 * k * time) / k for k in range(1, 25))
    return (0.1 * buzz * (1.2 + np.sin(2 * np.pi * 4 * time))).astype(np.float32)


def test_enough_speech_is_heard_and_silence_or_a_scrap_is_not() -> None:
    cfg = load_config("flagship")
    silence = np.full(48_000, 1e-4, np.float32)
    heard = holds_speech([spoken(2.0), silence, spoken(0.2)], cfg)
    assert heard.tolist() == [True, False, False]
    scores = hushed(np.array([3.0, 9.0, 9.0]), [spoken(2.0), silence, spoken(0.2)], cfg)
    assert scores.tolist() == [3.0, UNHEARD, UNHEARD]


@pytest.mark.parametrize("heard", [True, False])
def test_a_sure_answer_to_what_is_never_heard_is_no_answer(heard: bool) -> None:
    sure = {kind: np.eye(8)[np.zeros(24, int)] * 50 for kind in KINDS}
    high = {kind: np.full(24, 50.0 if heard else UNHEARD) for kind in KINDS}
    run = [
        replace(fold, strange=sure, scores={"": np.full(len(fold.targets), 5.0), **high})
        for fold in folds("ravdess", "ravdess")
    ]
    shares = confident_shares(run)
    assert all(shares[kind] == (1.0 if heard else 0.0) for kind in KINDS)


def test_where_no_speech_is_found_nothing_is_answered() -> None:
    nothing = {kind: np.full(24, UNHEARD) for kind in KINDS}
    run = [
        replace(fold, strange=strange_sounds(), scores={"": np.full(len(fold.targets), UNHEARD), **nothing})
        for fold in folds("ravdess", "ravdess")
    ]
    assert set(confident_shares(run).values()) == {0.0}
