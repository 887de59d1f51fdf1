"""The own-baseline chart: each day against this patient's usual, its moving average, limits and runs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from analysis.change.baseline import NEEDED, Reals
from analysis.change.control import MOST, Chart
from analysis.change.days import Days
from analysis.change.runs import Run
from analysis.charts.frame import Figure, axis, frame, packed
from analysis.charts.palette import Palette

HEIGHT = 240
MOST_DAYS = 400


def draw(days: Days, drawn: Chart, runs: list[Run], palette: Palette) -> Figure:
    """``days`` and ``drawn`` hold one measure. In standard deviations of a day, 0 being the usual."""
    first = max(0, len(days) - MOST_DAYS)
    dates = [day.isoformat() for day in days.dates[first:]]
    z, ewma, limit = (part[first:, 0] for part in (drawn.z, drawn.ewma, drawn.limit))
    learnt = _learnt_from(days, drawn)[first:]
    limit = np.where(np.isfinite(ewma), limit, np.nan)
    reach = float(np.nanmax(np.abs(np.concatenate([z, learnt, ewma, limit, [2.0]])))) * 1.1
    air = max((days.dates[-1] - days.dates[first]) * 0.04, timedelta(days=1))
    layout = frame(
        palette,
        height=HEIGHT,
        margin={"l": 40, "r": 10, "t": 8, "b": 26},
        hovermode="closest",
        shapes=[_shade(run, reach, palette) for run in runs] + _learning(days, first, reach, palette),
        annotations=[_mark(run, reach, palette) for run in runs],
        xaxis=axis(
            palette,
            type="date",
            range=[(days.dates[first] - air).isoformat(), (days.dates[-1] + air).isoformat()],
            showgrid=False,
            nticks=6,
            tickformat="%-d %b",
        ),
        yaxis=axis(palette, range=[-reach, reach], tickformat="+.0f", nticks=6, zeroline=True),
    )
    layout["yaxis"]["zerolinecolor"] = palette.line
    return {
        "data": [
            *_band(dates, limit, palette),
            _points(days, learnt, first, dates, palette, symbol="x-thin"),
            _points(days, z, first, dates, palette, symbol="circle"),
            _average(days, ewma, first, dates, palette),
        ],
        "layout": layout,
    }


def _band(dates: list[str], limit: Any, palette: Palette) -> list[dict[str, Any]]:
    """The limits: what lies between them is usual."""
    edge = {"color": palette.muted, "width": 1, "dash": "dash"}
    base = {"type": "scatter", "mode": "lines", "x": dates, "hoverinfo": "skip", "line": edge}
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


def _shade(run: Run, reach: float, palette: Palette) -> dict[str, Any]:
    """The days of a run, from where the CUSUM left zero."""
    return {
        "type": "rect",
        "x0": run.began_on.isoformat(),
        "x1": (run.last_on + timedelta(days=1)).isoformat(),
        "y0": -reach,
        "y1": reach,
        "fillcolor": palette.line,
        "opacity": 0.6,
        "line": {"width": 0},
        "layer": "below",
    }


def _mark(run: Run, reach: float, palette: Palette) -> dict[str, Any]:
    """In words, never by shade alone."""
    return {
        "text": _("run above") if run.direction > 0 else _("run below"),
        "x": run.began_on.isoformat(),
        "y": reach * 0.98,
        "xanchor": "left",
        "yanchor": "top",
        "showarrow": False,
        "font": {"size": 11, "color": palette.ink},
    }


def _learning(days: Days, first: int, reach: float, palette: Palette) -> list[dict[str, Any]]:
    """Until where the baseline was learnt first: a dotted line, with nothing judged before it."""
    if first or len(days) <= NEEDED:
        return []
    at = days.dates[NEEDED - 1].isoformat()
    line = {"color": palette.muted, "width": 1, "dash": "dot"}
    return [{"type": "line", "x0": at, "x1": at, "y0": -reach, "y1": reach, "line": line, "layer": "below"}]


def _when(days: Days, place: int) -> str:
    return date_format(days.dates[place], "j M Y")


def signed(value: float) -> str:
    """A number of standard deviations, with its sign."""
    if not np.isfinite(value):
        return ""
    sign = "+" if value > 0 else "−" if value < 0 else ""
    return _("%(sd)s SD from usual") % {"sd": f"{sign}{abs(value):.1f}"}
