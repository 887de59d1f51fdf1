"""Confidence is mended without changing an answer."""

import numpy as np
import pytest

from ml import calibration
from ml.metrics import Floats, Ints, calibration_error, negative_log_likelihood


def boastful_outputs(n: int = 800, factor: float = 3.0, seed: int = 0) -> tuple[Floats, Ints]:
    """Logits `factor` times what is true of their targets."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 1.5, (n, 8))
    targets = np.array([rng.choice(8, p=row) for row in calibration.softmax(logits)])
    return factor * logits, targets


@pytest.mark.parametrize("factor", [0.4, 3.0])
def test_the_temperature_undoes_boasting_and_shyness(factor: float) -> None:
    logits, targets = boastful_outputs(factor=factor)
    unheard, truth = boastful_outputs(factor=factor, seed=1)

    fitted = calibration.fit(logits, targets)
    before, after = calibration.softmax(unheard), fitted.probabilities(unheard)

    assert fitted.temperature == pytest.approx(factor, rel=0.15)
    assert negative_log_likelihood(truth, after) < negative_log_likelihood(truth, before)
    assert calibration_error(truth, after) < calibration_error(truth, before)
    assert np.array_equal(before.argmax(axis=1), after.argmax(axis=1))
    assert np.allclose(after.sum(axis=1), 1.0)


def test_the_threshold_leaves_the_stated_share_answered() -> None:
    logits, targets = boastful_outputs()

    fitted = calibration.fit(logits, targets, coverage=0.6)
    confidence = fitted.probabilities(logits).max(axis=1)

    assert (confidence >= fitted.threshold).mean() == pytest.approx(0.6, abs=0.005)


def test_huge_logits_do_not_overflow() -> None:
    assert np.allclose(calibration.softmax(np.array([[1e4, 0.0, -1e4]])), [[1.0, 0.0, 0.0]])
