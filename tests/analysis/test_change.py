"""The rule that calls a change, as pages speak by it: what it may claim and what it names."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import stdtr

from analysis.change.baseline import NEEDED
from analysis.change.comparison import Comparison, Sureness, compare, two_sided_p
from analysis.change.days import days_of_shares
from analysis.change.pooling import Results
from ml.labels import EMOTIONS, Emotion, index_of

SAD = index_of(Emotion.SAD)
SURPRISED = index_of(Emotion.SURPRISED)


def results(shares: NDArray[np.float64], half_width: float = 0.04) -> Results:
    ones = np.ones(len(shares))
    return Results(
        shares,
        (shares - half_width).clip(0),
        (shares + half_width).clip(0, 1),
        60 * ones,
        90 * ones,
        0 * ones,
    )


def judged(shares: NDArray[np.float64], half_width: float = 0.04, every_days: int = 7) -> Comparison:
    dates = [date(2026, 1, 5) + timedelta(days=every_days * place) for place in range(len(shares))]
    heard = results(shares, half_width)
    return compare(days_of_shares(dates, heard), heard)


def steady(count: int, seed: int, spread: float = 0.2) -> NDArray[np.float64]:
    """Sessions whose log shares vary by ``spread`` from day to day."""
    noise = np.random.default_rng(seed).normal(0, spread, (count, len(EMOTIONS)))
    shares = np.exp(noise) * np.array([1.0, 2.0, 0.6, 1.0, 0.5, 0.4, 0.3, 0.4])
    return np.asarray(shares / shares.sum(1, keepdims=True), np.float64)


def shifted(shares: NDArray[np.float64], place: int, times: float, last: int) -> NDArray[np.float64]:
    moved = shares.copy()
    moved[-last:, place] *= times
    return np.asarray(moved / moved.sum(1, keepdims=True), np.float64)


@given(t=st.floats(-40, 40), degrees=st.integers(1, 60))
def test_p_value_is_students(t: float, degrees: int) -> None:
    assert two_sided_p(t, degrees) == pytest.approx(2 * (1 - stdtr(degrees, abs(t))), abs=1e-9)


@pytest.mark.parametrize("count", range(NEEDED))
def test_learns_until_there_are_enough_days(count: int) -> None:
    comparison = judged(np.full((count, 8), 0.125))
    assert comparison.is_learning
    assert comparison.days == count
    assert comparison.shifts == ()


def test_two_sessions_of_a_day_are_one_day() -> None:
    shares = steady(8, 1)
    dates = [date(2026, 1, 5) + timedelta(days=place // 2) for place in range(8)]
    assert compare(days_of_shares(dates, results(shares)), results(shares)).days == 4


def test_finds_a_clear_rise_and_names_its_size_and_beginning() -> None:
    shares = shifted(steady(14, 1, 0.1), SAD, 4.0, last=4)
    comparison = judged(shares)
    shift = next(shift for shift in comparison.shifts if shift.emotion is Emotion.SAD)
    assert shift.sureness is Sureness.SURE
    assert shift.points == pytest.approx(shares[-4:, SAD].mean() - shares[:-4, SAD].mean(), abs=0.02)
    assert comparison.since == date(2026, 1, 5) + timedelta(weeks=10)
    assert comparison.run == len(comparison.recent) == 4


def test_finds_a_drift_that_no_three_sessions_show() -> None:
    shares = steady(12, 6, 0.12)
    shares[:, SAD] *= np.exp(np.linspace(0, 2.5, 12))
    comparison = judged(shares / shares.sum(1, keepdims=True))
    assert Emotion.SAD in [shift.emotion for shift in comparison.shifts]


def test_one_session_alone_is_no_change_however_far_out() -> None:
    for seed in range(40):
        assert not judged(shifted(steady(12, seed, 0.05), SAD, 60.0, last=1)).shifts


def test_wide_intervals_keep_agreement_between_sessions_from_being_called_a_change() -> None:
    shares = shifted(steady(12, 3, 0.05), SAD, 2.6, last=4)
    assert judged(shares, half_width=0.02).shifts
    assert not judged(shares, half_width=0.25).shifts


def test_what_lasts_is_usual_in_the_end() -> None:
    shares = shifted(steady(160, 5, 0.1), SAD, 3.0, last=150)
    assert judged(shares[:16]).shifts
    assert not judged(shares).shifts


def test_an_alarm_names_what_moved_even_where_no_emotion_alone_is_sure() -> None:
    found = [judged(shifted(steady(13, seed), SURPRISED, 7.0, last=4)) for seed in range(60)]
    changed = [comparison for comparison in found if comparison.since]
    assert changed
    assert all(comparison.shifts for comparison in changed)


def test_a_usual_range_holds_the_earlier_sessions_and_stays_a_share() -> None:
    shares = steady(30, 3)
    usual = judged(shares).usual
    assert usual is not None
    assert ((usual.low >= 0) & (usual.high <= 1) & (usual.low <= usual.mean)).all()
    assert (usual.mean <= usual.high).all()
    assert ((shares >= usual.low) & (shares <= usual.high)).mean() > 0.9
