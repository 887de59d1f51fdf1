"""The rule that calls a change: what it may claim, and how often it is wrong."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import stdtr

from analysis.change import NEEDED, Shares, Sureness, compare, two_sided_p
from ml.labels import EMOTIONS, Emotion, index_of

SAD = index_of(Emotion.SAD)


def sessions(shares: NDArray[np.float64], half_width: float = 0.02) -> list[Shares]:
    return [Shares(row, row - half_width, row + half_width) for row in shares.astype(np.float32)]


def steady(count: int, generator: np.random.Generator, spread: float = 0.04) -> NDArray[np.float64]:
    noise = generator.normal(0, spread, (count, len(EMOTIONS)))
    return np.full((count, len(EMOTIONS)), 1 / len(EMOTIONS)) + noise


@given(t=st.floats(-40, 40), degrees=st.integers(1, 60))
def test_p_value_is_students(t: float, degrees: int) -> None:
    assert two_sided_p(t, degrees) == pytest.approx(2 * (1 - stdtr(degrees, abs(t))), abs=1e-9)


@pytest.mark.parametrize("count", range(NEEDED))
def test_learns_until_there_are_enough_sessions(count: int) -> None:
    comparison = compare(sessions(np.full((count, 8), 0.125)))
    assert comparison.is_learning
    assert comparison.sessions == count
    assert comparison.shifts == ()


def test_finds_a_clear_rise_and_names_its_size() -> None:
    shares = steady(10, np.random.default_rng(1), spread=0.01)
    shares[-3:, SAD] += 0.3
    shift = compare(sessions(shares)).shifts[0]
    assert shift.emotion is Emotion.SAD
    assert shift.sureness is Sureness.SURE
    assert shift.points == pytest.approx(0.3, abs=0.03)


def test_finds_a_drift_that_no_three_sessions_show() -> None:
    shares = steady(10, np.random.default_rng(6), spread=0.015)
    shares[:, SAD] += np.linspace(0, 0.25, 10)
    comparison = compare(sessions(shares, half_width=0.1))
    assert comparison.is_drift
    assert [shift.emotion for shift in comparison.shifts] == [Emotion.SAD]
    assert comparison.shifts[0].points == pytest.approx(0.25, abs=0.06)
    assert comparison.drift_over == 10


def test_a_drift_of_long_ago_is_over() -> None:
    shares = steady(40, np.random.default_rng(7), spread=0.01)
    shares[:, SAD] += np.concatenate([np.linspace(0, 0.3, 20), np.full(20, 0.3)])
    comparison = compare(sessions(shares))
    assert not (comparison.is_drift and comparison.shifts)


def test_a_reliable_but_tiny_difference_is_no_change() -> None:
    shares = steady(12, np.random.default_rng(2), spread=0.0005)
    shares[-3:, SAD] += 0.03
    assert compare(sessions(shares, half_width=0.0005)).shifts == ()


def test_wide_intervals_keep_agreement_between_sessions_from_being_called_a_change() -> None:
    shares = np.full((10, 8), 0.125)
    shares[-3:, SAD] += 0.1
    assert compare(sessions(shares, half_width=0.01)).shifts
    assert not compare(sessions(shares, half_width=0.2)).shifts


@pytest.mark.parametrize("count", [7, 10, 20])
def test_of_stable_patients_at_most_one_in_twenty_is_said_to_have_changed(count: int) -> None:
    generator = np.random.default_rng(count)
    alarms = sum(bool(compare(sessions(steady(count, generator))).shifts) for _ in range(1000))
    assert alarms <= 50 + 14  # two standard errors of a thousand draws


def test_a_usual_range_holds_the_earlier_sessions_and_stays_a_share() -> None:
    shares = np.abs(steady(30, np.random.default_rng(3)))
    usual = compare(sessions(shares)).usual
    assert usual is not None
    assert (
        (usual.low >= 0) & (usual.high <= 1) & (usual.low <= usual.mean) & (usual.mean <= usual.high)
    ).all()
    inside = (shares[:-3] >= usual.low) & (shares[:-3] <= usual.high)
    assert inside.mean() > 0.9
