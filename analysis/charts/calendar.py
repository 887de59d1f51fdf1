"""A calendar of sessions: a square for each day, darker the more clear speech, faint without."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
from django.urls import reverse
from django.utils.translation import gettext as _

from analysis.charts.frame import Figure, axis, captioned, frame
from analysis.charts.over_time import SYMBOLS, mark_name
from analysis.charts.palette import Palette
from analysis.trends.marks import Mark
from analysis.trends.recording_days import Calendar, RecordingDay
from analysis.wording.captions import calendar_title, day, sessions
from analysis.wording.dates import written

WEEKS = {True: 53, False: 26}
"""In one row, on a wide and on a narrow screen."""
MOST_ROWS = 4
CELL_PX = {True: 15, False: 12}
WEEKS_OF_YEAR = {True: 4, False: 5}  # that a month and its year are wide
ROW = 9  # lines of a row: seven days, one for its months, one free
INKS = (0.42, 0.6, 0.8, 1.0)
"""How far from paper to ink the four levels of clear speech lie; the palest is 3:1 on paper."""


def draw(
    calendar: Calendar,
    marks: Sequence[Mark],
    palette: Palette,
    *,
    since: date,
    until: date,
    is_wide: bool,
    reference: str,
) -> Figure:
    """The latest days between the two, as many as there is room for."""
    grid = Grid.over(since, until, WEEKS[is_wide])
    shown = [one for one in calendar.days if grid.holds(one.on)]
    marked = [mark for mark in marks if grid.holds(mark.on)]
    cell = CELL_PX[is_wide]
    layout = frame(
        palette,
        height=grid.rows * ROW * cell + 8,
        margin={"l": 34, "r": 4, "t": 4, "b": 4},
        hovermode="closest",
        annotations=_months(grid, palette, is_wide=is_wide),
        xaxis=axis(
            palette, range=[-0.7, WEEKS[is_wide] - 0.3], showgrid=False, showline=False, showticklabels=False
        ),
        yaxis=axis(
            palette,
            range=[grid.rows * ROW - 1.5, -1.5],
            showgrid=False,
            showline=False,
            tickvals=[row * ROW + weekday for row in range(grid.rows) for weekday in (0, 2, 4)],
            ticktext=[written(date(2024, 1, 1 + weekday), "D") for weekday in (0, 2, 4)] * grid.rows,
        ),
    )
    traces = [
        _cells(grid, palette, cell),
        _days([one for one in shown if one.is_enough], grid, palette, cell, reference),
        _too_little([one for one in shown if not one.is_enough], grid, palette, reference),
        _marks(marked, grid, palette),
    ]
    return {"data": traces, "layout": captioned(layout, palette, calendar_title(calendar)), "shared": {}}


class Grid:
    """Days in columns of a week, Mondays on top, in rows of so many ``weeks``."""

    def __init__(self, first: date, last: date, weeks: int) -> None:
        self.first, self.last, self.weeks = first, last, weeks
        self.monday = first - timedelta(days=first.weekday())
        self.rows = (last - self.monday).days // 7 // weeks + 1

    @classmethod
    def over(cls, since: date, until: date, weeks: int) -> Grid:
        """Of a longer time than there is room for, the latest part."""
        earliest = until - timedelta(days=until.weekday(), weeks=weeks * MOST_ROWS - 1)
        return cls(max(since, earliest), until, weeks)

    def holds(self, on: date) -> bool:
        return self.first <= on <= self.last

    def place(self, on: date) -> tuple[int, int]:
        """Column and line."""
        weeks, weekday = divmod((on - self.monday).days, 7)
        row, column = divmod(weeks, self.weeks)
        return column, row * ROW + weekday

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=past) for past in range((self.last - self.first).days + 1)]


def _scatter(grid: Grid, days: Sequence[date], **more: Any) -> dict[str, Any]:
    places = [grid.place(on) for on in days]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [column for column, _line in places],
        "y": [line for _column, line in places],
        "cliponaxis": False,
        **more,
    }


def _cells(grid: Grid, palette: Palette, cell: int) -> dict[str, Any]:
    marker = {"symbol": "square", "size": cell - 3, "color": palette.usual}
    return _scatter(grid, grid.days, marker=marker, hoverinfo="skip")


def _days(
    days: Sequence[RecordingDay], grid: Grid, palette: Palette, cell: int, reference: str
) -> dict[str, Any]:
    inks = [mixed(palette.paper, palette.ink, part) for part in INKS]
    marker = {"symbol": "square", "size": cell - 3, "color": [inks[one.level - 1] for one in days]}
    return _scatter(grid, [one.on for one in days], marker=marker, **_told(days, reference))


def _too_little(days: Sequence[RecordingDay], grid: Grid, palette: Palette, reference: str) -> dict[str, Any]:
    marker = {"symbol": "x-thin", "size": 6, "line": {"color": palette.ink, "width": 1.25}}
    return _scatter(grid, [one.on for one in days], marker=marker, **_told(days, reference))


def _marks(marks: Sequence[Mark], grid: Grid, palette: Palette) -> dict[str, Any]:
    """A small mark in the corner of its day."""
    marker = {
        "symbol": [SYMBOLS[mark.kind] for mark in marks],
        "size": 7,
        "color": palette.paper,
        "line": {"color": palette.ink, "width": 1.25},
    }
    told = {"hovertext": [mark_name(mark) for mark in marks], "hovertemplate": "%{hovertext}<extra></extra>"}
    return _scatter(grid, [mark.on for mark in marks], marker=marker, **told)


def _told(days: Sequence[RecordingDay], reference: str) -> dict[str, Any]:
    return {
        "hovertext": [day_in_words(one) for one in days],
        "hovertemplate": "%{hovertext}<extra></extra>",
        "customdata": [[_link(one, reference)] for one in days],
    }


def _link(one: RecordingDay, reference: str) -> str:
    if len(one.sessions) == 1:
        return reverse("session", args=[one.sessions[0].session_id])
    return f"{reverse('patient', args=[reference])}?range=own&since={one.on}&until={one.on}#sessions"


def day_in_words(one: RecordingDay) -> str:
    speech = (
        _("%(n).0f min of clear speech") % {"n": one.clear_s / 60}
        if one.clear_s >= 60
        else _("%(n).0f s of clear speech") % {"n": one.clear_s}
    )
    return f"{day(one.on)}: {sessions(len(one.sessions))}, {speech}"


def _months(grid: Grid, palette: Palette, *, is_wide: bool) -> list[dict[str, Any]]:
    """The name of each month over the week in which it begins, the year with the first that has room."""
    starts = [on for on in grid.days if on.day == 1]
    annotations: list[dict[str, Any]] = []
    rows: set[int] = set()
    for place, on in enumerate(starts):
        column, line = grid.place(on)
        row = line // ROW
        following = grid.place(starts[place + 1]) if on != starts[-1] else (grid.weeks, line)
        has_room = following[1] // ROW != row or following[0] - column >= WEEKS_OF_YEAR[is_wide]
        tells_year = row not in rows and has_room
        annotations.append(
            {
                "text": written(on, "M Y" if tells_year else "M"),
                "x": column - 0.5,
                "y": row * ROW - 0.6,
                "xanchor": "left",
                "yanchor": "bottom",
                "showarrow": False,
                "font": {"size": 10, "color": palette.muted},
            }
        )
        rows |= {row} if tells_year else set()
    return annotations


def mixed(paper: str, ink: str, part: float) -> str:
    """A colour between two of the form #rrggbb."""
    ends = [np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) for colour in (paper, ink)]
    between = np.rint(ends[0] + (ends[1] - ends[0]) * part).astype(int)
    return "#" + "".join(f"{channel:02x}" for channel in between)
