"""Sessions gathered by day and week: like with like, weighted by clear speech, each in its place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.trends.grouping import DAYS, Grouping, finest, group, period
from analysis.trends.trend import SessionPoint
from ml.labels import EMOTIONS
from tests.analysis.hearing import mixture
from tests.analysis.trending import heard, point

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
COARSE = st.sampled_from([by for by in Grouping if by is not Grouping.SESSION])


@st.composite
def sessions(draw: st.DrawFn, most: int = 25) -> list[SessionPoint]:
    """Sessions in order of time, some of them silent, by telephone or heard by another model."""
    hours = draw(st.lists(st.integers(0, 24 * 400), min_size=1, max_size=most, unique=True))
    made: list[SessionPoint] = []
    for after in sorted(hours):
        weights = np.array(draw(st.lists(st.floats(0.01, 1), min_size=8, max_size=8)), np.float32)
        result = heard(
            weights / weights.sum(),
            clear_s=draw(st.floats(1, 4000)),
            model=draw(st.integers(1, 2)),
            telephone=draw(st.booleans()),
        )
        made.append(point(MONDAY + timedelta(hours=after), result if draw(st.integers(0, 4)) else None))
    return made


@given(sessions(), st.sampled_from(list(Grouping)))
def test_every_session_is_in_one_stretch_and_those_are_in_order(
    made: list[SessionPoint], by: Grouping
) -> None:
    stretches = group(made, by)
    gathered = [session for stretch in stretches for session in stretch.sessions]
    assert sorted(one.session_id for one in gathered) == sorted(one.session_id for one in made)
    assert [stretch.at for stretch in stretches] == sorted(stretch.at for stretch in stretches)


@given(sessions(), COARSE)
def test_a_stretch_is_of_one_kind_and_of_one_period(made: list[SessionPoint], by: Grouping) -> None:
    for stretch in group(made, by):
        kinds = {one.heard.kind for one in stretch.sessions if one.heard}
        assert len(kinds) <= 1
        assert len({period(one, by) for one in stretch.sessions}) == 1
        assert stretch.heard is None or {stretch.heard.kind} == kinds
        assert stretch.first.held_at <= stretch.at <= stretch.last.held_at


@given(sessions(), COARSE)
def test_shares_are_the_mean_weighted_by_clear_speech(made: list[SessionPoint], by: Grouping) -> None:
    for stretch in group(made, by):
        told = [one.heard for one in stretch.sessions if one.heard]
        if stretch.heard is None:
            assert not told
            continue
        clear = np.array([one.clear_s for one in told])
        expected = clear @ np.stack([one.shares for one in told]) / clear.sum()
        assert stretch.heard.shares == pytest.approx(expected, abs=1e-5)
        assert stretch.heard.clear_s == pytest.approx(clear.sum(), rel=1e-6)
        assert float(stretch.heard.shares.sum()) == pytest.approx(1, abs=1e-5)


@given(sessions(), COARSE)
def test_a_stretch_of_one_session_is_that_session(made: list[SessionPoint], by: Grouping) -> None:
    by_session = {one.sessions[0].session_id: one for one in group(made, Grouping.SESSION)}
    for stretch in group(made, by):
        if not stretch.is_one:
            continue
        alone = by_session[stretch.first.session_id]
        assert stretch.at == alone.at
        assert (stretch.heard is None) == (alone.heard is None)
        if stretch.heard and alone.heard:
            for name in ("shares", "low", "high"):
                assert getattr(stretch.heard, name) == pytest.approx(getattr(alone.heard, name), abs=1e-6)
            assert stretch.heard.model_number == alone.heard.model_number


@given(sessions(most=40), st.integers(1, 12))
def test_the_finest_grouping_that_fits_is_taken(made: list[SessionPoint], most: int) -> None:
    by = finest(made, Grouping.SESSION, most)
    periods = {period(one, by) for one in made} if by in DAYS else made
    assert len(periods) <= most or by.coarser is None
    finer = [one for one in Grouping if list(Grouping).index(one) < list(Grouping).index(by)]
    for one in finer:
        assert len({period(session, one) for session in made} if one in DAYS else made) > most


def test_a_week_begins_on_monday_in_the_clinic() -> None:
    sunday, monday = MONDAY - timedelta(days=1), MONDAY
    same, other = point(monday, heard()), point(sunday, heard())
    assert period(same, Grouping.WEEK) == period(point(monday + timedelta(days=6), heard()), Grouping.WEEK)
    assert period(other, Grouping.WEEK) == period(same, Grouping.WEEK) - 1
    assert [len(one.sessions) for one in group([other, same], Grouping.WEEK)] == [1, 1]


def test_an_hour_counts_sixty_times_a_minute() -> None:
    long, short = heard(mixture(calm=0.9), clear_s=3600), heard(mixture(sad=0.9), clear_s=60)
    (day,) = group([point(MONDAY, short), point(MONDAY + timedelta(hours=1), long)], Grouping.DAY)
    assert day.heard is not None
    assert day.heard.shares == pytest.approx((60 * long.shares + short.shares) / 61, abs=1e-6)
    assert day.at == MONDAY + timedelta(hours=1) * 60 / 61


def test_short_sessions_can_be_enough_together() -> None:
    """Five diary entries of ten seconds say something as a day that none of them says alone."""
    entries = [point(MONDAY + timedelta(hours=hour), heard(clear_s=10)) for hour in range(5)]
    assert not any(one.counts for one in group(entries, Grouping.SESSION))
    (day,) = group(entries, Grouping.DAY)
    assert day.counts


def test_a_day_of_silence_is_a_gap_and_not_a_zero() -> None:
    (day,) = group([point(MONDAY, None), point(MONDAY + timedelta(hours=1), None)], Grouping.DAY)
    assert day.heard is None
    assert not day.counts
    assert day.without_result == 2


def test_models_and_bands_are_not_mixed() -> None:
    made = [
        point(MONDAY, heard(model=1)),
        point(MONDAY + timedelta(hours=1), heard(model=2)),
        point(MONDAY + timedelta(hours=2), heard(model=2, telephone=True)),
        point(MONDAY + timedelta(hours=3), None),
    ]
    days = group(made, Grouping.DAY)
    assert len(days) == 3
    assert sum(len(one.sessions) for one in days) == 4
    assert len(days[0].heard.shares if days[0].heard else []) == len(EMOTIONS)
