"""Sessions' acoustic measures as days: weighted by the seconds they rest on, whichever are absent."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.change.days import HALF_WIDTHS, days_of_acoustics, days_of_shares, with_acoustics
from analysis.change.pooling import Results

START = date(2026, 1, 5)
NAMES = ("harmonicity", "pause_duration")  # in decibels, and one of which the logarithm is charted

measured = st.one_of(st.none(), st.tuples(st.floats(0.1, 9.0), st.floats(0.01, 0.5), st.floats(1.0, 900.0)))
sessions = st.lists(st.tuples(st.integers(0, 4), measured, measured), min_size=1, max_size=12)


def row(one: tuple[float, float, float] | None) -> list[float]:
    return [np.nan] * 4 if one is None else [one[0], one[0] - one[1], one[0] + one[1], one[2]]


@given(sessions)
def test_a_day_is_the_mean_of_its_sessions_by_their_seconds(made: list[tuple[int, object, object]]) -> None:
    made.sort(key=lambda one: one[0])
    dates = [START + timedelta(days=day) for day, *_ in made]
    table = np.array([[row(one) for one in values] for _, *values in made])  # type: ignore[arg-type]
    days = days_of_acoustics(dates, NAMES, table)
    assert days.dates == tuple(sorted(set(dates)))
    for place, day in enumerate(days.dates):
        for column, name in enumerate(NAMES):
            known = [one for one, on in zip(table[:, column], dates, strict=True) if on == day]
            known = [one for one in known if np.isfinite(one[0])]
            if not known:
                assert np.isnan(days.values[place, column])
                continue
            weights = np.array([one[3] for one in known]) / sum(one[3] for one in known)
            mean = float(weights @ [one[0] for one in known])
            error = float(
                sum(
                    (w * (one[2] - one[1]) / 2 / HALF_WIDTHS) ** 2
                    for w, one in zip(weights, known, strict=True)
                )
            )
            is_decibels = name == "harmonicity"
            assert days.values[place, column] == pytest.approx(mean if is_decibels else np.log(mean))
            assert days.noise[place, column] == pytest.approx(error if is_decibels else error / mean**2)


def test_days_of_both_kinds_stand_side_by_side() -> None:
    shares = np.full((2, 8), 1 / 8)
    ones = np.ones(2)
    heard = Results(shares, shares - 0.05, shares + 0.05, 60 * ones, 60 * ones, 0 * ones)
    days = days_of_shares([START, START + timedelta(days=2)], heard)
    table = np.array([[row((0.5, 0.1, 60.0))], [row((0.6, 0.1, 60.0))]])
    acoustic = days_of_acoustics(
        [START + timedelta(days=1), START + timedelta(days=2)], ["pause_duration"], table
    )
    both = with_acoustics(days, acoustic)
    assert both.dates == tuple(START + timedelta(days=day) for day in range(3))
    assert both.measures == (*days.measures, "pause_duration")
    assert np.isnan(both.column("pause_duration")).tolist() == [True, False, False]
    assert np.isnan(both.column("unsettled")).tolist() == [False, True, False]
    assert both.members == ((0,), (), (1,))


def test_nothing_measured_leaves_the_days_as_they_are() -> None:
    none = days_of_acoustics([], [], np.empty((0, 0, 4)))
    assert len(none) == 0
    assert with_acoustics(none, none).dates == ()
