"""The calendar of sessions: each day in its place, its clear speech, and how long there was none."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.charts import calendar
from analysis.charts.calendar import MOST_ROWS, ROW, WEEKS, Grid, mixed
from analysis.charts.palette import LIGHT
from analysis.charts.tables import months
from analysis.trends.marks import Mark
from analysis.trends.recording_days import calendar_of
from analysis.wording.captions import calendar_summary, calendar_title
from tests.analysis.trending import heard, point

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
DAYS = st.dates(date(2015, 1, 1), date(2030, 1, 1))


@given(DAYS, st.integers(0, 3000), st.booleans())
def test_every_day_has_a_cell_of_its_own_under_its_weekday(first: date, length: int, is_wide: bool) -> None:
    grid = Grid.over(first, first + timedelta(days=length), WEEKS[is_wide])
    cells = [grid.place(on) for on in grid.days]
    assert len(set(cells)) == len(cells)
    assert all(line % ROW == on.weekday() for on, (_column, line) in zip(grid.days, cells, strict=True))
    assert all(0 <= column < grid.weeks and line < grid.rows * ROW for column, line in cells)
    assert grid.rows <= MOST_ROWS
    assert grid.holds(first + timedelta(days=length))


def test_the_sessions_of_a_day_add_up() -> None:
    points = [point(NOON, heard(clear_s=200)), point(NOON + timedelta(hours=1), heard(clear_s=220))]
    (day,) = calendar_of(points).days
    assert day.clear_s == 420
    assert day.level == 2
    assert len(day.sessions) == 2


@pytest.mark.parametrize(
    ("clear_s", "level"), [(0, 0), (14, 0), (15, 1), (299, 1), (300, 2), (900, 3), (1800, 4), (9000, 4)]
)
def test_days_are_told_apart_by_their_clear_speech(clear_s: float, level: int) -> None:
    assert calendar_of([point(NOON, heard(clear_s=clear_s))]).days[0].level == level


def test_the_longest_time_without_is_between_days_that_counted() -> None:
    points = [
        point(NOON, heard()),
        point(NOON + timedelta(days=3), heard()),
        point(NOON + timedelta(days=8), None),
        point(NOON + timedelta(days=20), heard()),
    ]
    found = calendar_of(points)
    gap = found.longest_gap
    assert gap is not None
    assert (gap[1].on - gap[0].on).days == 17
    assert "17 days" in calendar_summary(found)
    assert calendar_title(found) == "4 days with a session, 3 with enough clear speech"


def test_of_no_sessions_nothing_is_claimed() -> None:
    empty = calendar_of([])
    assert empty.longest_gap is None
    assert calendar_title(empty) == "No sessions in this range"
    figure = calendar.draw(
        empty, (), LIGHT, since=NOON.date(), until=NOON.date(), is_wide=True, reference="R-1"
    )
    assert [len(trace["x"]) for trace in figure["data"]] == [1, 0, 0, 0]


def test_days_without_enough_are_crosses_and_marks_are_on_their_day() -> None:
    points = [point(NOON, heard()), point(NOON + timedelta(days=1), heard(clear_s=4))]
    mark = Mark(1, "started", NOON.date(), None, "sertraline", "50 mg")
    since, until = NOON.date(), NOON.date() + timedelta(days=6)
    figure = calendar.draw(
        calendar_of(points), (mark,), LIGHT, since=since, until=until, is_wide=True, reference="R-1"
    )
    cells, days, crosses, marks = figure["data"]
    assert len(cells["x"]) == 7
    assert len(days["x"]) == len(crosses["x"]) == len(marks["x"]) == 1
    assert crosses["marker"]["symbol"] == "x-thin"
    assert (marks["x"], marks["y"]) == (days["x"], days["y"])
    assert "sertraline (50 mg)" in marks["hovertext"][0]


def test_a_month_lists_its_days() -> None:
    points = [point(NOON, heard(clear_s=300)), point(NOON + timedelta(days=40), heard(clear_s=5))]
    april, march = months(calendar_of(points))
    assert (march.name, march.days) == ("March 2026", "4 (5 min)")
    assert (april.name, april.days) == ("April 2026", "13 (too little)")


@pytest.mark.parametrize("is_wide", [True, False])
def test_a_year_stands_where_it_covers_no_other_month(is_wide: bool) -> None:
    grid = Grid.over(date(2025, 12, 1), date(2026, 11, 21), WEEKS[is_wide])
    names = calendar._months(grid, LIGHT, is_wide=is_wide)
    told = [(one["x"], one["y"], one["text"]) for one in names]
    assert len(told) == 12
    assert {row for _x, row, _text in told} == {row for _x, row, text in told if " 20" in text}
    for (x, row, text), (next_x, next_row, _next) in pairwise(told):
        assert row != next_row or " 20" not in text or next_x - x >= (4 if is_wide else 5)


def test_the_palest_level_can_be_seen_on_paper() -> None:
    assert mixed("#ffffff", "#000000", 0.5) == "#808080"
    assert len({mixed(LIGHT.paper, LIGHT.ink, part) for part in calendar.INKS}) == len(calendar.INKS)
