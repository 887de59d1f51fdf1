"""EWMA and CUSUM: the published recursions, what raises an alarm, and that later days change nothing said."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import stdtr
from scipy.stats import norm

from analysis.change.baseline import NEEDED, standing_prior
from analysis.change.control import BACK, MOST, Chart, Limits, Rhythm, chart, normal_of_t

PRIOR = standing_prior(np.array([0.0]), np.array([0.5]), np.array([0.06]))
LIMITS = Limits()


def drawn(values: list[float] | np.ndarray, limits: Limits = LIMITS, gap: float = 7.0) -> Chart:
    days = np.asarray(values, float)[:, None]
    return chart(days, np.full_like(days, 0.01), PRIOR, limits, Rhythm(gap))


def stable(count: int, seed: int) -> np.ndarray:
    return 0.3 + 0.25 * np.random.default_rng(seed).normal(size=count)


@given(t=st.floats(-6, 6), degrees=st.floats(4, 80))
def test_t_becomes_the_normal_deviate_of_the_same_probability(t: float, degrees: float) -> None:
    exact = norm.ppf(stdtr(degrees, t))
    assert normal_of_t(np.array(t), np.array(degrees)) == pytest.approx(exact, abs=0.02 + 0.02 * abs(exact))


def test_nothing_is_judged_while_the_baseline_is_learnt() -> None:
    told = drawn(stable(NEEDED, 1))
    assert np.isnan(told.z).all()
    assert not told.state.any()


def test_the_recursions_are_the_published_ones() -> None:
    told = drawn(stable(40, 2))
    ewma = up = down = 0.0
    for place in range(NEEDED, 40):
        z = told.z[place, 0]
        if told.state[place - 1, 0]:
            return  # from an alarm on the sums may have been set back
        ewma = LIMITS.smoothing * z + (1 - LIMITS.smoothing) * ewma
        up, down = max(0, up + z - LIMITS.reference), max(0, down - z - LIMITS.reference)
        assert told.ewma[place, 0] == pytest.approx(ewma)
        assert told.up[place, 0] == pytest.approx(up)
        assert told.down[place, 0] == pytest.approx(down)


def test_limits_of_the_ewma_grow_to_their_steady_width() -> None:
    told = drawn(stable(200, 3), Limits(decision=50.0))
    limits = told.limit[NEEDED:, 0]
    weight, r = LIMITS.smoothing, Rhythm().correlation
    steady = weight / (2 - weight) * (1 + r * (1 - weight)) / (1 - r * (1 - weight))
    assert limits[0] < limits[5]
    assert limits[-1] == pytest.approx(LIMITS.width * np.sqrt(steady), rel=0.1)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_step_is_found_dated_and_ends(sign: int) -> None:
    values = stable(60, 4)
    values[20:34] += sign * 1.0
    told = drawn(values)
    alarm = int(np.flatnonzero(told.state[:, 0] == sign)[0])
    assert 21 <= alarm <= 25
    assert 18 <= told.since[alarm, 0] <= 21
    assert told.days[alarm, 0] == alarm - told.since[alarm, 0] + 1
    assert not (told.state[50:, 0] == sign).any()


@given(seed=st.integers(0, 300), jump=st.floats(-30, 30))
def test_one_day_alone_never_raises_an_alarm(seed: int, jump: float) -> None:
    values = np.full(14, 0.3) + 0.05 * np.random.default_rng(seed).normal(size=14)
    values[-1] += jump
    assert not drawn(values).state.any()
    assert np.nanmax(np.abs(drawn(values).z)) <= MOST


@given(seed=st.integers(0, 200), until=st.integers(8, 39))
def test_later_days_change_nothing_that_was_said(seed: int, until: int) -> None:
    values = stable(40, seed)
    values[20:] += 0.5
    whole, part = drawn(values), drawn(values[:until])
    np.testing.assert_array_equal(whole.state[:until], part.state)
    np.testing.assert_array_equal(whole.since[:until], part.since)
    np.testing.assert_allclose(whole.ewma[:until], part.ewma)


def test_a_run_is_told_once() -> None:
    values = stable(40, 6)
    values[15:] += 1.0
    state = drawn(values).state[:, 0]
    assert ((state[1:] != 0) & (state[:-1] == 0)).sum() == 1


def test_a_run_ends_where_the_average_is_back() -> None:
    values = stable(60, 4)
    values[20:30] += 1.0
    told = drawn(values)
    last = int(np.flatnonzero(told.state[:, 0])[-1])
    assert abs(told.ewma[last + 1, 0]) < BACK * told.limit[last + 1, 0] or told.up[last + 1, 0] == 0


def test_who_is_heard_more_often_has_wider_limits() -> None:
    daily, weekly, monthly = (LIMITS.at(Rhythm(gap)) for gap in (1.0, 7.0, 30.0))
    assert weekly == LIMITS
    assert daily.width > weekly.width > monthly.width
    assert daily.decision > weekly.decision >= monthly.decision >= MOST - LIMITS.reference


def test_a_measure_that_is_missing_on_a_day_is_not_judged_on_it() -> None:
    values = stable(30, 7)
    values[20] = np.nan
    told = drawn(values)
    assert np.isnan(told.z[20, 0])
    assert told.up[20, 0] == told.up[19, 0]


def test_many_patients_at_once_are_the_same_as_one_by_one() -> None:
    values = np.stack([stable(50, seed) + (np.arange(50) > 30) * 0.6 for seed in range(8)], axis=1)[..., None]
    together = chart(values, np.full_like(values, 0.01), PRIOR, LIMITS, Rhythm())
    for one in range(8):
        np.testing.assert_array_equal(together.state[:, one, 0], drawn(values[:, one, 0]).state[:, 0])


def test_of_no_days_there_is_an_empty_chart() -> None:
    assert drawn(np.empty(0)).state.shape == (0, 1)
