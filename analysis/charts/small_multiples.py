"""Shares by session: eight small plots on one scale, each share with its interval on the patient's usual."""

from __future__ import annotations

import math
from datetime import timedelta
from itertools import pairwise
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from analysis.change import RECENT
from analysis.charts.frame import Figure, axis, day_of, frame, link_to, packed, stamp
from analysis.palette import Palette
from analysis.phrases import SOUNDS, percent, short_result
from analysis.trends import Heard, SessionPoint, Trend
from ml.labels import EMOTIONS, Emotion, index_of

LONG_PAUSE = 3.0  # times the patient's usual distance between sessions: longer, and the line breaks
ROW_PX = 132
TITLE_PX = 26
BOTTOM_PX = 26
COLUMN_GAP = 0.045


def draw(trend: Trend, palette: Palette, *, columns: int) -> Figure:
    rows = math.ceil(len(EMOTIONS) / columns)
    layout = frame(
        palette,
        height=rows * ROW_PX + BOTTOM_PX,
        margin={"l": 40, "r": 10, "t": 0, "b": BOTTOM_PX},
        hovermode="closest",
        shapes=[],
        annotations=[],
    )
    traces: list[dict[str, Any]] = []
    for place, emotion in enumerate(EMOTIONS):
        suffix = "" if place == 0 else str(place + 1)
        layout |= _axes(trend, palette, place, suffix, rows, columns)
        layout["annotations"].append(_title(emotion, suffix, trend, palette))
        layout["shapes"].append(_spot(emotion, suffix, palette))
        if usual := trend.comparison.usual:
            layout["shapes"].append(_band(suffix, float(usual.low[place]), float(usual.high[place]), palette))
        traces.append(_line(trend, emotion, suffix, palette))
        traces += _crosses(trend, suffix, palette)
    return {"data": traces, "layout": layout}


def _axes(trend: Trend, palette: Palette, place: int, suffix: str, rows: int, columns: int) -> dict[str, Any]:
    """Where one small plot stands; the scale is named once per row, the dates once per column."""
    row, column = divmod(place, columns)
    width = (1 - COLUMN_GAP * (columns - 1)) / columns
    left = column * (width + COLUMN_GAP)
    top = 1 - row / rows - TITLE_PX / (rows * ROW_PX)
    bottom = 1 - (row + 1) / rows + 8 / (rows * ROW_PX)
    is_last_row = place + columns >= len(EMOTIONS)
    return {
        f"xaxis{suffix}": axis(
            palette,
            domain=[left, min(left + width, 1)],
            anchor=f"y{suffix}",
            range=_dates(trend),
            showgrid=False,
            nticks=4,
            tickformat="%-d %b",
            showticklabels=is_last_row,
        ),
        f"yaxis{suffix}": axis(
            palette,
            domain=[max(bottom, 0), top],
            anchor=f"x{suffix}",
            range=[0, _ceiling(trend)],
            tickformat=".0%",
            nticks=4,
            showticklabels=column == 0,
        ),
    }


def _ceiling(trend: Trend) -> float:
    """The top of the common scale: the highest interval, rounded up to the next tenth."""
    highest = max(
        (float(point.heard.high.max()) for point in trend.drawn if point.counts and point.heard), default=0.5
    )
    return min(1.0, math.ceil(highest * 10) / 10)


def _dates(trend: Trend) -> list[str]:
    """The common time axis, with some air at both ends."""
    first, last = trend.drawn[0].held_at, trend.drawn[-1].held_at
    air = max((last - first) * 0.05, timedelta(days=1))
    return [stamp(first - air), stamp(last + air)]


def _title(emotion: Emotion, suffix: str, trend: Trend, palette: Palette) -> dict[str, Any]:
    """Name and latest share in words, beside the spot that ``_spot`` draws: never colour alone."""
    latest = trend.compared[-1][1].shares[index_of(emotion)] if trend.compared else None
    return {
        "text": str(SOUNDS[emotion]) + (f"  {percent(float(latest))}" if latest is not None else ""),
        "xref": f"x{suffix} domain",
        "yref": f"y{suffix} domain",
        "x": 0,
        "y": 1,
        "xanchor": "left",
        "yanchor": "bottom",
        "xshift": 11,
        "yshift": 3,
        "showarrow": False,
        "font": {"size": 12, "color": palette.ink, "weight": 600},
    }


def _spot(emotion: Emotion, suffix: str, palette: Palette) -> dict[str, Any]:
    """The emotion's colour before its name; drawn, since styled text breaks the content security policy."""
    return {
        "type": "rect",
        "xref": f"x{suffix} domain",
        "yref": f"y{suffix} domain",
        "xsizemode": "pixel",
        "ysizemode": "pixel",
        "xanchor": 0,
        "yanchor": 1,
        "x0": 0,
        "x1": 10,
        "y0": 7,
        "y1": 17,
        "fillcolor": palette.emotions[emotion],
        "line": {"width": 0},
    }


def _band(suffix: str, low: float, high: float, palette: Palette) -> dict[str, Any]:
    """The patient's usual."""
    return {
        "type": "rect",
        "xref": f"x{suffix} domain",
        "yref": f"y{suffix}",
        "x0": 0,
        "x1": 1,
        "y0": low,
        "y1": high,
        "fillcolor": palette.usual,
        "line": {"width": 0},
        "layer": "below",
    }


def _line(trend: Trend, emotion: Emotion, suffix: str, palette: Palette) -> dict[str, Any]:
    """One emotion's shares with their intervals; where a session says nothing, the line breaks."""
    place, colour = index_of(emotion), palette.emotions[emotion]
    points = [(point, point.heard if point.counts else None) for point in _with_pauses(trend)]
    shares, low, high = (
        np.array([getattr(heard, name)[place] if heard else np.nan for _point, heard in points])
        for name in ("shares", "low", "high")
    )
    recent = {point.session_id for point, _heard in trend.compared[-RECENT:] if trend.comparison.usual}
    return {
        "type": "scatter",
        "xaxis": f"x{suffix}",
        "yaxis": f"y{suffix}",
        "mode": "lines+markers",
        "x": [stamp(point.held_at) for point, _heard in points],
        "y": packed(shares),
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": packed(high - shares),
            "arrayminus": packed(shares - low),
            "color": colour,
            "thickness": 1.25,
            "width": 0,
        },
        "line": {"color": colour, "width": 1.5},
        "marker": {
            "size": 7,
            "symbol": ["diamond" if p.session_id in trend.set_apart else "circle" for p, _heard in points],
            "color": [colour if point.session_id in recent else palette.paper for point, _heard in points],
            "line": {"color": colour, "width": 1.5},
        },
        "customdata": [link_to(point) for point, _heard in points],
        "text": [_in_words(point, heard, emotion) for point, heard in points],
        "hovertemplate": "%{text}<extra></extra>",
        "connectgaps": False,
    }


def _with_pauses(trend: Trend) -> list[SessionPoint]:
    """The sessions, and an empty one in the middle of each long pause, so that the line breaks there."""
    points = list(trend.drawn)
    pauses = [later.held_at - earlier.held_at for earlier, later in pairwise(points)]
    if not pauses:
        return points
    long = sorted(pauses)[len(pauses) // 2] * LONG_PAUSE
    drawn = points[:1]
    for pause, point in zip(pauses, points[1:], strict=True):
        if timedelta(0) < long < pause:
            middle = point.held_at - pause / 2
            drawn.append(SessionPoint(point.session_id, middle, point.kind, False, 0, 0, 0, None))
        drawn.append(point)
    return drawn


def _crosses(trend: Trend, suffix: str, palette: Palette) -> list[dict[str, Any]]:
    """Sessions that say nothing stand as crosses on the floor: a gap that can be asked why."""
    silent = [point for point in trend.drawn if not point.counts]
    if not silent:
        return []
    return [
        {
            "type": "scatter",
            "xaxis": f"x{suffix}",
            "yaxis": f"y{suffix}",
            "mode": "markers",
            "x": [stamp(point.held_at) for point in silent],
            "y": packed(np.zeros(len(silent))),
            "cliponaxis": False,
            "marker": {"symbol": "x-thin", "size": 6, "line": {"color": palette.muted, "width": 1.25}},
            "customdata": [link_to(point) for point in silent],
            "text": [f"{day_of(point)}<br>{short_result(point)}" for point in silent],
            "hovertemplate": "%{text}<extra></extra>",
        }
    ]


def _in_words(point: SessionPoint, heard: Heard | None, emotion: Emotion) -> str:
    if heard is None:
        return ""
    place = index_of(emotion)
    return _("%(day)s: sounds %(emotion)s %(share)s<br>95 %% interval %(low)s to %(high)s") % {
        "day": day_of(point),
        "emotion": SOUNDS[emotion],
        "share": percent(float(heard.shares[place])),
        "low": percent(float(heard.low[place])),
        "high": percent(float(heard.high[place])),
    }
