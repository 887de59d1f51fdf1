"""Two periods compared: what is called reliable is, and what cannot be compared is not."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.change.comparison import SMALLEST_CHANGE
from analysis.trends.periods import NotJudged, Period, compare_periods, contrasts, t_quantile
from analysis.trends.trend import Heard, Trend
from ml.labels import EMOTIONS
from tests.analysis.hearing import mixture
from tests.analysis.trending import heard, point, trend

COMPARISONS = 600


def halves(whole: Trend) -> tuple[Period, Period]:
    days = [one.on for one in whole.points]
    middle = len(days) // 2
    return Period(days[0], days[middle - 1]), Period(days[middle], days[-1])


def scattered(
    chance: np.random.Generator, count: int, *, clear_s: tuple[float, float] = (300, 300)
) -> list[Heard]:
    """Days that differ from each other around one and the same mean."""
    made: list[Heard] = []
    for _ in range(count):
        shares = mixture(calm=0.4, sad=0.2) * np.exp(chance.normal(0, 0.35, len(EMOTIONS)))
        made.append(
            heard((shares / shares.sum()).astype(np.float32), half=0.03, clear_s=chance.uniform(*clear_s))
        )
    return made


@pytest.mark.parametrize(
    ("days", "clear_s"), [((3, 3), (300, 300)), ((8, 8), (300, 300)), ((4, 20), (60, 1800))]
)
def test_where_nothing_changes_at_most_one_comparison_in_twenty_says_so(
    days: tuple[int, int], clear_s: tuple[float, float]
) -> None:
    chance = np.random.default_rng(5)
    found = sum(
        any(
            one.is_reliable
            for one in contrasts(*(scattered(chance, count, clear_s=clear_s) for count in days))
        )
        for _ in range(COMPARISONS)
    )
    assert found <= 0.05 * COMPARISONS + 2 * np.sqrt(0.05 * 0.95 * COMPARISONS)


def test_a_large_change_is_found() -> None:
    before = [heard(mixture(calm=0.5, sad=0.1))] * 6
    after = [heard(mixture(calm=0.2, sad=0.5))] * 6
    whole = trend([*before, *after])
    compared = compare_periods(whole, *halves(whole))
    assert compared.not_judged is None
    told = {str(one.emotion): one.difference for one in compared.reliable}
    assert told["sad"] == pytest.approx(0.4, abs=1e-6)
    assert told["calm"] == pytest.approx(-0.3, abs=1e-6)
    assert abs(compared.reliable[0].difference) >= abs(compared.reliable[-1].difference)


def test_what_the_intervals_leave_open_is_not_reliable() -> None:
    """Days that agree by chance are no surer than each of them was heard."""
    before, after = ([heard(mixture(sad=share), half=0.4)] * 4 for share in (0.2, 0.4))
    whole = trend([*before, *after])
    assert compare_periods(whole, *halves(whole)).reliable == ()


@given(st.integers(2, 12), st.integers(2, 12), st.integers(0, 1000))
def test_a_difference_lies_in_its_interval_and_turns_with_the_periods(a: int, b: int, seed: int) -> None:
    chance = np.random.default_rng(seed)
    first, second = scattered(chance, a, clear_s=(20, 900)), scattered(chance, b, clear_s=(20, 900))
    for there, back in zip(contrasts(first, second), contrasts(second, first), strict=True):
        assert there.low <= there.difference <= there.high
        assert there.difference == pytest.approx(there.after - there.before)
        assert (back.difference, back.low) == pytest.approx((-there.difference, -there.high))
        assert there.is_reliable == back.is_reliable
        assert not there.is_reliable or abs(there.difference) >= SMALLEST_CHANGE


def test_sessions_of_one_day_are_one_witness() -> None:
    whole = trend([heard()] * 4 + [heard(mixture(sad=0.9))] * 8, every_days=0.04)
    days = sorted({one.on for one in whole.points})
    a, b = Period(days[0] - timedelta(days=9), days[0] - timedelta(days=5)), Period(days[0], days[-1])
    assert compare_periods(whole, a, b).not_judged is NotJudged.EMPTY
    early = Trend((*(point(p.held_at - timedelta(days=7), p.heard) for p in whole.points), *whole.points))
    compared = compare_periods(early, a, b)
    assert compared.not_judged is NotJudged.TOO_FEW
    assert compared.b.sessions == 12
    assert compared.b.days == len(days)


def test_models_are_never_compared_with_each_other() -> None:
    whole = trend([heard(model=1)] * 5 + [heard(model=2)] * 5)
    compared = compare_periods(whole, *halves(whole))
    assert compared.not_judged is NotJudged.UNLIKE
    assert compared.contrasts == ()


def test_of_several_kinds_the_one_that_both_periods_have_is_compared() -> None:
    phone, visit = heard(mixture(happy=0.8), telephone=True), heard(mixture(calm=0.5))
    whole = trend([visit, visit, phone, visit, visit, phone, visit, visit])
    compared = compare_periods(whole, *halves(whole))
    assert (compared.a.left_out, compared.b.left_out) == (1, 1)
    assert compared.reliable == ()
    assert all(abs(one.difference) < 1e-6 for one in compared.contrasts)


def test_an_empty_period_is_said() -> None:
    whole = trend([heard()] * 5)
    long_ago = Period(date(2000, 1, 1), date(2000, 2, 1))
    compared = compare_periods(whole, long_ago, Period(whole.points[0].on, whole.points[-1].on))
    assert compared.not_judged is NotJudged.EMPTY
    assert compared.a.heard is None


@pytest.mark.parametrize(
    ("tails", "degrees", "published"), [(0.05, 4, 2.776), (0.01, 10, 3.169), (0.05, 120, 1.980)]
)
def test_quantiles_of_student(tails: float, degrees: int, published: float) -> None:
    assert t_quantile(tails, degrees) == pytest.approx(published, abs=5e-4)


def test_periods_that_share_a_day_overlap() -> None:
    march = Period(date(2026, 3, 1), date(2026, 3, 31))
    assert march.overlaps(Period(date(2026, 3, 31), date(2026, 4, 2)))
    assert not march.overlaps(Period(date(2026, 4, 1), date(2026, 4, 2)))
