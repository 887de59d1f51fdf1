"""Acoustic measures by session: a small plot each, on the patient's own usual, beside the published range."""

from __future__ import annotations

import math
from textwrap import wrap
from typing import Any

import numpy as np
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from analysis.charts.frame import Figure, axis, captioned, error_bars, frame, moments, rounded, stamp
from analysis.charts.palette import Palette
from analysis.voice.measures import KEYS, MOST_SHOWN, Series, VoiceTrend
from analysis.voice.words import amount, finding, span
from analysis.wording.dates import on_axis, written
from ml.acoustics.measures import MEASURES, Range

ROW_PX = 134
TITLE_PX = 42
LINE_PX = 16
NAME_CHARACTERS = 19
"""Of a measure's name on one line: the widest that a plot holds on a phone."""
BOTTOM_PX = 26
GAP, NARROW_GAP = 0.075, 0.15
"""Between columns, of the width: a scale stands there beside the published range of the plot before."""
AIR = 0.06
MANY = 60


def draw(trend: VoiceTrend, palette: Palette, *, columns: int, sex: str) -> Figure:
    rows = math.ceil(len(trend.series) / columns)
    more_px = LINE_PX * (max((len(_name_lines(one)) for one in trend.series), default=1) - 1)
    row_px, title_px = ROW_PX + more_px, TITLE_PX + more_px
    layout = frame(
        palette,
        height=rows * row_px + BOTTOM_PX,
        margin={"l": 36, "r": 14, "t": 0, "b": BOTTOM_PX},
        hovermode="closest",
        shapes=[],
        annotations=[],
    )
    traces = []
    for place, series in enumerate(trend.series):
        suffix = "" if place == 0 else str(place + 1)
        published = MEASURES[series.key].range_for(sex)
        layout |= _axes(trend, series, published, palette, suffix)
        layout[f"xaxis{suffix}"] |= _across(place, len(trend.series), columns)
        layout[f"yaxis{suffix}"] |= _along(place // columns, rows, row_px, title_px)
        layout["annotations"] += _titles(series, suffix, palette)
        layout["shapes"] += _bands(series, published, suffix, palette)
        traces.append(_line(trend, series, suffix, palette))
    title = _("Measures of the voice, 95 % intervals") + ". " + finding(trend)
    return {"data": traces, "layout": captioned(layout, palette, title), "shared": _shared(trend)}


def _axes(
    trend: VoiceTrend, series: Series, published: Range | None, palette: Palette, suffix: str
) -> dict[str, Any]:
    """The days that all plots share, and each plot's own scale."""
    return {
        f"xaxis{suffix}": axis(
            palette,
            type="date",
            anchor=f"y{suffix}",
            range=_days(trend),
            showgrid=False,
            nticks=3,
            tickformat=on_axis("%-d %b"),
        ),
        f"yaxis{suffix}": axis(palette, anchor=f"x{suffix}", range=_scale(series, published), nticks=4),
    }


def _across(place: int, count: int, columns: int) -> dict[str, Any]:
    """Where one small plot stands in its row; the dates stand once per column."""
    column = place % columns
    gap = GAP if columns == 4 else NARROW_GAP
    width = (1 - gap * (columns - 1)) / columns
    left = column * (width + gap)
    return {"domain": [left, min(left + width, 1)], "showticklabels": place + columns >= count}


def _along(row: int, rows: int, row_px: int, title_px: int) -> dict[str, Any]:
    """Where a row of small plots stands, below the lines of their titles."""
    top = 1 - row / rows - title_px / (rows * row_px)
    bottom = 1 - (row + 1) / rows + 10 / (rows * row_px)
    return {"domain": [max(bottom, 0), top]}


def _days(trend: VoiceTrend) -> list[str]:
    shown = trend.shown
    first, last = shown[0][1], shown[-1][1]
    air = AIR * (last - first).total_seconds() + 43_200
    begin, end = first.timestamp() - air, last.timestamp() + air
    zone = first.tzinfo
    return [stamp(type(first).fromtimestamp(moment, zone)) for moment in (begin, end)]


def _scale(series: Series, published: Range | None) -> list[float]:
    """All intervals, the usual and the published range, with some air; 0 only where values come near it."""
    shown = series.table[-MOST_SHOWN:]
    bands = [band for band in (series.usual, published) if band]
    lowest = min([float(shown[:, 1].min()), *(band.low for band in bands)])
    highest = max([float(shown[:, 2].max()), *(band.high for band in bands)])
    air = AIR * (highest - lowest) or AIR * abs(highest) or 1.0
    floor = lowest - air
    return [0.0 if lowest >= 0 and floor < 0 else floor, highest + air]


def _titles(series: Series, suffix: str, palette: Palette) -> list[dict[str, Any]]:
    """The measure, and under its name the latest value with the unit of the scale."""
    measure = MEASURES[series.key]
    lines = (
        ("<br>".join(_name_lines(series)), LINE_PX, {"size": 12, "color": palette.ink, "weight": 600}),
        (amount(measure, series.latest.value), 0, {"size": 12, "color": palette.muted}),
    )
    return [
        {
            "text": text,
            "xref": f"x{suffix} domain",
            "yref": f"y{suffix} domain",
            "x": 0,
            "y": 1,
            "xanchor": "left",
            "yanchor": "bottom",
            "yshift": 2 + above,
            "align": "left",
            "showarrow": False,
            "font": font,
        }
        for text, above, font in lines
    ]


def _name_lines(series: Series) -> list[str]:
    """The measure's name, broken where it would run into the next plot's or out of the figure."""
    return wrap(_(MEASURES[series.key].name), NAME_CHARACTERS, break_long_words=False)


def _bands(series: Series, published: Range | None, suffix: str, palette: Palette) -> list[dict[str, Any]]:
    """The patient's usual over the whole width; the published range as a bar at the right edge."""
    bands = []
    if usual := series.usual:
        bands.append(_band(suffix, 0, 1, usual.low, usual.high, palette.usual))
    if published:
        bands.append(_band(suffix, 1.01, 1.03, published.low, published.high, palette.muted))
    return bands


def _band(suffix: str, left: float, right: float, low: float, high: float, colour: str) -> dict[str, Any]:
    return {
        "type": "rect",
        "xref": f"x{suffix} domain",
        "yref": f"y{suffix}",
        "x0": left,
        "x1": right,
        "y0": low,
        "y1": high,
        "fillcolor": colour,
        "line": {"width": 0},
        "layer": "below",
    }


def _line(trend: VoiceTrend, series: Series, suffix: str, palette: Palette) -> dict[str, Any]:
    """A gap where a session has no such measure; filled where its interval leaves the usual."""
    measure = MEASURES[series.key]
    values = [reading[2].get(series.key) for reading in trend.shown]
    middle, low, high, _seconds = trend.tables[-MOST_SHOWN:, KEYS.index(series.key)].astype(np.float32).T
    departs = [bool(one and series.departure(one)) for one in values]
    return {
        "type": "scatter",
        "shared": "sessions",
        "xaxis": f"x{suffix}",
        "yaxis": f"y{suffix}",
        "mode": "lines+markers",
        "connectgaps": False,
        "y": rounded(middle),
        "error_y": error_bars(middle, low, high, palette.muted),
        "line": {"color": palette.ink, "width": 1},
        "marker": {
            "size": 4 if len(values) > MANY else 6,
            "color": [palette.ink if one else palette.paper for one in departs],
            "line": {"color": palette.ink, "width": 1.25},
        },
        "text": ["" if one is None else span(measure, one.low, one.high) for one in values],
        "hovertemplate": "%{customdata[1]}: %{y:"
        + measure.step
        + "} "
        + _(measure.unit)
        + "<br>"
        + _("95 % interval")
        + " %{text}<extra></extra>",
    }


def _shared(trend: VoiceTrend) -> dict[str, Any]:
    """When, where a click leads, and the day in words: alike in every plot."""
    shown = trend.shown
    return {
        "sessions": {
            "x": moments([held_at for _, held_at, _ in shown]),
            "customdata": [
                [reverse("session", args=[pk]), written(localtime(held_at), "j M Y")]
                for pk, held_at, _ in shown
            ],
        }
    }
