"""Figures agree with scikit-learn, and intervals respect that a speaker's clips hang together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.metrics import confusion_matrix, f1_score, log_loss, recall_score

from ml import metrics
from ml.calibration import softmax

labels = st.integers(4, 60).flatmap(
    lambda n: st.tuples(
        arrays.arrays(np.int64, n, elements=st.integers(0, 7)),
        arrays.arrays(np.int64, n, elements=st.integers(0, 7)),
    )
)


@given(labels)
def test_counts_agree_with_scikit_learn(pair: tuple[metrics.Ints, metrics.Ints]) -> None:
    targets, predictions = pair
    present = sorted(set(targets.tolist()))
    either = sorted({*targets.tolist(), *predictions.tolist()})

    assert np.array_equal(
        metrics.confusion(targets, predictions), confusion_matrix(targets, predictions, labels=range(8))
    )
    assert metrics.uar(targets, predictions) == pytest.approx(
        recall_score(targets, predictions, labels=present, average="macro")
    )
    assert metrics.macro_f1(targets, predictions) == pytest.approx(
        f1_score(targets, predictions, labels=either, average="macro")
    )


def some_outputs(n: int = 400, seed: int = 0) -> tuple[metrics.Ints, metrics.Floats]:
    """Targets drawn from the probabilities themselves: perfectly calibrated."""
    rng = np.random.default_rng(seed)
    probabilities = softmax(rng.normal(0, 1.5, (n, 8)))
    targets = np.array([rng.choice(8, p=row) for row in probabilities])
    return targets, probabilities


def test_likelihood_agrees_with_scikit_learn() -> None:
    targets, probabilities = some_outputs()

    assert metrics.negative_log_likelihood(targets, probabilities) == pytest.approx(
        log_loss(targets, probabilities, labels=range(8))
    )


def test_calibration_error_by_hand() -> None:
    probabilities = np.full((4, 8), 0.0)
    probabilities[:, 0], probabilities[:, 1] = [0.6, 0.6, 0.9, 0.9], [0.4, 0.4, 0.1, 0.1]
    targets = np.array([0, 1, 0, 0])

    assert metrics.calibration_error(targets, probabilities, bins=2) == pytest.approx((0.1 + 0.1) / 2)


def test_bins_of_reliability_are_those_of_the_calibration_error() -> None:
    targets, probabilities = some_outputs(n=999)
    bins = metrics.reliability(targets, probabilities)

    assert len(bins) == metrics.BINS
    assert sum(count for *_, count in bins) == 999
    assert [sure for sure, *_ in bins] == sorted(sure for sure, *_ in bins)
    error = sum(count * abs(sure - right) for sure, right, count in bins) / 999
    assert error == pytest.approx(metrics.calibration_error(targets, probabilities))


def test_a_calibrated_model_shows_about_the_floor_and_a_boastful_one_more() -> None:
    targets, probabilities = some_outputs(n=2000)
    boastful = probabilities**3 / (probabilities**3).sum(axis=1, keepdims=True)

    floor = metrics.calibration_floor(probabilities)

    assert 0 < floor < 0.05
    assert metrics.calibration_error(targets, probabilities) < 2 * floor
    assert metrics.calibration_error(targets, boastful) > 4 * metrics.calibration_floor(boastful)


def test_the_confident_part_is_right_more_often() -> None:
    targets, probabilities = some_outputs()
    everything = metrics.accuracy(targets, probabilities.argmax(axis=1))

    assert metrics.selective_accuracy(targets, probabilities, 1.0) == pytest.approx(everything)
    assert metrics.selective_accuracy(targets, probabilities, 0.5) > everything


def test_few_speakers_make_a_wide_interval() -> None:
    targets, probabilities = some_outputs(n=480)
    predictions = probabilities.argmax(axis=1)
    many = [f"s{i % 48}" for i in range(480)]
    # One speaker is recognised badly: as one of four it weighs, as one of 48 it hardly does.
    few = [f"s{i // 120}" for i in range(480)]
    predictions[:120] = (targets[:120] + 1) % 8

    wide = metrics.uar_interval(targets, predictions, few)
    narrow = metrics.uar_interval(targets, predictions, many)

    assert wide.value == narrow.value == metrics.uar(targets, predictions)
    assert wide.low < narrow.low < narrow.value < narrow.high < wide.high
    assert wide.n == "480 clips of 4 speakers"
    assert metrics.uar_interval(targets, predictions, few) == wide


def test_groups_are_judged_apart() -> None:
    targets = np.array([0, 0, 1, 1])

    apart = metrics.uar_by_group(targets, np.array([0, 0, 0, 1]), ["female", "male", "female", "male"])

    assert apart == {"female": 0.5, "male": 1.0}
