"""What of a trend is drawn, what is joined by a line, and where the line breaks."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from analysis.trends.excerpts import MOST_DRAWN, excerpt
from analysis.trends.grouping import Grouping
from analysis.trends.marks import Mark
from analysis.trends.trend import Trend
from tests.analysis.trending import heard, point, trend


def test_a_range_holds_its_first_and_last_day() -> None:
    whole = trend([heard()] * 10, every_days=1)
    days = [one.on for one in whole.points]
    chosen = excerpt(whole, since=days[2], until=days[6])
    assert [one.on for one in chosen.sessions] == days[2:7]
    assert len(excerpt(whole, since=days[8]).stretches) == 2
    assert excerpt(whole, until=days[0] - timedelta(days=1)).stretches == ()


def test_a_line_joins_neighbours_and_breaks_at_gaps() -> None:
    chosen = excerpt(trend([heard(), heard(), None, heard(), heard(clear_s=3), heard()]))
    assert [len(line) for line in chosen.lines] == [2, 1, 1]
    assert len(chosen.silent) == 2


def test_a_long_pause_is_not_bridged_and_is_told() -> None:
    early = trend([heard()] * 5, every_days=7)
    later = point(early.points[-1].held_at + timedelta(days=60), heard())
    chosen = excerpt(Trend((*early.all_points, later)))
    assert [len(line) for line in chosen.lines] == [5, 1]
    assert [(a.last.on, b.first.on) for a, b in chosen.pauses] == [(early.points[-1].on, later.on)]


def test_two_sessions_a_year_apart_are_joined_since_nothing_says_what_is_usual() -> None:
    chosen = excerpt(trend([heard()] * 2, every_days=365))
    assert [len(line) for line in chosen.lines] == [2]
    assert chosen.pauses == ()


def test_no_line_crosses_a_change_of_model() -> None:
    chosen = excerpt(trend([heard(model=1)] * 3 + [heard(model=2)] * 2))
    assert [len(line) for line in chosen.lines] == [3, 2]
    (change,) = chosen.model_changes
    assert change.number == 2
    before, after = chosen.stretches[2].at, chosen.stretches[3].at
    assert before < change.at < after
    assert len(chosen.apart) == 3
    assert not chosen.off_the_line


def test_what_came_by_telephone_stands_beside_the_line() -> None:
    chosen = excerpt(trend([heard(), heard(), heard(telephone=True), heard()]))
    assert [len(line) for line in chosen.lines] == [3]
    assert len(chosen.off_the_line) == 1
    assert chosen.model_changes == ()


@pytest.mark.parametrize(("count", "by"), [(100, Grouping.SESSION), (1000, Grouping.WEEK)])
def test_what_is_too_much_to_draw_is_gathered_and_said(count: int, by: Grouping) -> None:
    chosen = excerpt(trend([heard()] * count, every_days=1))
    assert chosen.by is by
    assert chosen.is_coarser == (by is not Grouping.SESSION)
    assert len(chosen.stretches) <= MOST_DRAWN
    assert sum(len(one.sessions) for one in chosen.stretches) == count
    assert chosen.left_out == 0


def test_of_a_lifetime_the_latest_part_is_drawn() -> None:
    chosen = excerpt(trend([heard()] * 30, every_days=200), most=20)
    assert chosen.by is Grouping.QUARTER
    assert len(chosen.stretches) == 20
    assert chosen.left_out == 10
    assert chosen.stretches[-1].last is chosen.trend.points[-1]


def test_marks_outside_the_range_are_left_out_and_keep_their_numbers() -> None:
    whole = trend([heard()] * 10, every_days=1)
    first, last = whole.points[0].on, whole.points[-1].on

    def mark(number: int, on: date, until: date | None = None) -> Mark:
        return Mark(number, "life", on, until, "moved house", "")

    marks = (
        mark(1, first - timedelta(days=40), first - timedelta(days=9)),
        mark(2, first - timedelta(days=3), first + timedelta(days=1)),
        mark(3, last),
        mark(4, last + timedelta(days=5)),
    )
    assert [one.number for one in excerpt(whole, marks=marks).marks] == [2, 3]
