"""The own-baseline chart: days against this patient's usual, EWMA and CUSUM with their limits, and runs."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from analysis.change.baseline import NEEDED, Reals
from analysis.change.control import MOST, Chart
from analysis.change.days import Days
from analysis.change.runs import Run
from analysis.charts.frame import Figure, axis, frame, packed
from analysis.charts.palette import Palette
from analysis.wording.dates import on_axis, written

HEIGHT = 340
UPPER, LOWER = (0.38, 1.0), (0.0, 0.3)
"""Of the drawing's height: days with their EWMA above, the CUSUM below."""
MOST_DAYS = 400
ROOM = 0.2  # of the width, for the words of one run
MOST_OF_A_YEAR = timedelta(days=330)  # drawn together, days need no year
TICKS = "~g"


def draw(days: Days, drawn: Chart, runs: list[Run], palette: Palette, *, decision: float) -> Figure:
    """``days`` and ``drawn`` hold one measure; ``decision`` is the CUSUM's limit.

    In standard deviations of a day, 0 being the usual.
    """
    first = max(0, len(days) - MOST_DAYS)
    dates = [day.isoformat() for day in days.dates[first:]]
    z, ewma, limit = (part[first:, 0] for part in (drawn.z, drawn.ewma, drawn.limit))
    judged = np.isfinite(ewma)
    up, down = (np.where(judged, part[first:, 0], np.nan) for part in (drawn.up, drawn.down))
    learnt = _learnt_from(days, drawn)[first:]
    limit = np.where(judged, limit, np.nan)
    reach = float(np.nanmax(np.abs(np.concatenate([z, learnt, ewma, limit, [2.0]])))) * 1.1
    highest = float(np.nanmax(np.concatenate([up, down, [decision]]))) * 1.15
    return {
        "data": [
            *_band(dates, limit, palette),
            _points(days, learnt, first, dates, palette, symbol="x-thin"),
            _points(days, z, first, dates, palette, symbol="circle"),
            _average(days, ewma, first, dates, palette),
            *_band(dates, np.where(judged, decision, np.nan), palette, below=True),
            _sum(days, up, first, dates, palette, 1),
            _sum(days, down, first, dates, palette, -1),
        ],
        "layout": _layout(days, first, runs, reach, highest, palette),
    }


def _layout(
    days: Days, first: int, runs: list[Run], reach: float, highest: float, palette: Palette
) -> dict[str, Any]:
    length = days.dates[-1] - days.dates[first]
    air = max(length * 0.04, timedelta(days=1))
    late = days.dates[-1] - length * (ROOM / 2)
    told = _told(runs, days.dates[first], length)
    of_both = {"nticks": 6, "zeroline": True, "zerolinecolor": palette.line}
    return frame(
        palette,
        height=HEIGHT,
        margin={"l": 40, "r": 10, "t": 8, "b": 26},
        hovermode="closest",
        shapes=[_shade(run, palette) for run in runs] + _learning(days, first, palette),
        annotations=[
            *(_mark(run, palette, is_at_end=run.began_on > late) for run in told),
            *_names(palette),
        ],
        xaxis=axis(
            palette,
            type="date",
            range=[(days.dates[first] - air).isoformat(), (days.dates[-1] + air).isoformat()],
            showgrid=False,
            nticks=6,
            tickformat=on_axis("%-d %b" if length < MOST_OF_A_YEAR else "%b %Y"),
            anchor="y2",
        ),
        yaxis=axis(palette, range=[-reach, reach], tickformat=TICKS, domain=list(UPPER), **of_both),
        yaxis2=axis(
            palette,
            range=[-highest, highest],
            tickformat=TICKS,
            domain=list(LOWER),
            **of_both | {"nticks": 4},
        ),
    )


def _band(dates: list[str], limit: Any, palette: Palette, *, below: bool = False) -> list[dict[str, Any]]:
    """The limits: what lies between them is usual."""
    edge = {"color": palette.muted, "width": 1, "dash": "dash"}
    base = {"type": "scatter", "mode": "lines", "x": dates, "hoverinfo": "skip", "line": edge}
    base |= {"yaxis": "y2"} if below else {}
    return [
        {**base, "y": packed(-limit)},
        {**base, "y": packed(limit), "fill": "tonexty", "fillcolor": palette.usual},
    ]


def _learnt_from(days: Days, drawn: Chart) -> Reals:
    """Where the days that the baseline began with lie in it, (days,); NaN for those that are judged."""
    judged = np.isfinite(drawn.z[:, 0])
    lies = np.full(len(days), np.nan)
    if judged.any():
        then = int(judged.argmax())
        mean, spread = drawn.usual_mean[then, 0], drawn.usual_spread[then, 0]
        lies[:then] = np.clip((days.values[:then, 0] - mean) / spread, -MOST, MOST)
    return lies


def _points(
    days: Days, z: Reals, first: int, dates: list[str], palette: Palette, *, symbol: str
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": dates,
        "y": packed(z),
        "marker": {
            "size": 6,
            "symbol": symbol,
            "color": palette.paper,
            "line": {"color": palette.muted, "width": 1.25},
        },
        "text": [
            _("%(day)s: this day %(value)s") % {"day": _when(days, first + place), "value": signed(value)}
            for place, value in enumerate(z)
        ],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _average(days: Days, ewma: Any, first: int, dates: list[str], palette: Palette) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": dates,
        "y": packed(ewma),
        "line": {"color": palette.ink, "width": 2},
        "text": [
            _("%(day)s: moving average %(value)s")
            % {"day": _when(days, first + place), "value": signed(value)}
            for place, value in enumerate(ewma)
        ],
        "hovertemplate": "%{text}<extra></extra>",
        "connectgaps": True,
    }


def _sum(days: Days, total: Any, first: int, dates: list[str], palette: Palette, sign: int) -> dict[str, Any]:
    """The CUSUM of one side: that of days below the usual is drawn downwards."""
    said = _("%(day)s: running sum above %(sum)s") if sign > 0 else _("%(day)s: running sum below %(sum)s")
    return {
        "type": "scatter",
        "mode": "lines",
        "yaxis": "y2",
        "x": dates,
        "y": packed(sign * total),
        "line": {"color": palette.ink, "width": 2},
        "text": [
            said % {"day": _when(days, first + place), "sum": number_format(round(float(value), 1), 1)}
            if np.isfinite(value)
            else ""
            for place, value in enumerate(total)
        ],
        "hovertemplate": "%{text}<extra></extra>",
        "connectgaps": True,
    }


def _names(palette: Palette) -> list[dict[str, Any]]:
    """Which of the two is drawn where."""
    return [
        {
            "text": name,
            "xref": "paper",
            "yref": "paper",
            "x": 0,
            "y": top,
            "xanchor": "left",
            "yanchor": "top",
            "showarrow": False,
            "font": {"size": 11, "color": palette.muted},
        }
        for name, top in (("EWMA", UPPER[1]), ("CUSUM", LOWER[1]))
    ]


def _shade(run: Run, palette: Palette) -> dict[str, Any]:
    """The days of a run, from where the CUSUM left zero."""
    return {
        "type": "rect",
        "x0": run.began_on.isoformat(),
        "x1": (run.last_on + timedelta(days=1)).isoformat(),
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "fillcolor": palette.line,
        "opacity": 0.6,
        "line": {"width": 0},
        "layer": "below",
    }


def _told(runs: list[Run], begin: date, length: timedelta) -> list[Run]:
    """The latest runs whose words have room beside each other and the name on the left; all are shaded."""
    told: list[Run] = []
    limit = 1.0
    for run in sorted(runs, key=lambda one: one.began_on, reverse=True):
        share = (run.began_on - begin) / length if length else 1.0
        if share >= ROOM / 2 and (not told or share <= limit - ROOM):
            told.append(run)
            limit = share
    return told


def _mark(run: Run, palette: Palette, *, is_at_end: bool) -> dict[str, Any]:
    """In words, never by shade alone; at the end of the axis they stand before it."""
    return {
        "text": _("run above") if run.direction > 0 else _("run below"),
        "x": run.began_on.isoformat(),
        "yref": "paper",
        "y": UPPER[1],
        "xanchor": "right" if is_at_end else "left",
        "yanchor": "top",
        "showarrow": False,
        "font": {"size": 11, "color": palette.ink},
    }


def _learning(days: Days, first: int, palette: Palette) -> list[dict[str, Any]]:
    """Until where the baseline was learnt first: a dotted line, with nothing judged before it."""
    if first or len(days) <= NEEDED:
        return []
    at = days.dates[NEEDED - 1].isoformat()
    line = {"color": palette.muted, "width": 1, "dash": "dot"}
    return [
        {
            "type": "line",
            "x0": at,
            "x1": at,
            "yref": "paper",
            "y0": 0,
            "y1": 1,
            "line": line,
            "layer": "below",
        }
    ]


def _when(days: Days, place: int) -> str:
    return written(days.dates[place], "j M Y")


def signed(value: float) -> str:
    """A number of standard deviations, with its sign."""
    if not np.isfinite(value):
        return ""
    sign = "+" if value > 0 else "−" if value < 0 else ""
    return _("%(sd)s SD from usual") % {"sd": f"{sign}{number_format(round(float(abs(value)), 1), 1)}"}
