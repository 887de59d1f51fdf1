"""PHQ-9 and GAD-7 over time; under them, on the same dates, the share of speech that is set beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from analysis.charts.frame import Figure, axis, captioned, error_bars, frame, moments, packed, stamp
from analysis.charts.palette import Palette
from analysis.trends.beside import Point
from analysis.wording.dates import on_axis, written
from ml.labels import Emotion

SCORES_PX, VOICE_PX, GAP_PX, BOTTOM_PX = 150, 110, 30, 26
NAMES_PX = 64  # at the lines' ends
# Never colour alone: each has its own line and its own mark.
LOOKS = {"phq9": ("solid", "circle"), "gad7": ("dot", "square")}


@dataclass(frozen=True)
class Series:
    """One questionnaire's totals, the oldest first. ``words`` are what hover says of each."""

    key: str
    name: str
    highest: int
    at: Sequence[datetime]
    totals: Sequence[int]
    words: Sequence[str]


def draw(
    series: Sequence[Series],
    voice: Sequence[tuple[Emotion, str, Sequence[Point]]],
    palette: Palette,
    *,
    title: str,
) -> Figure:
    """``voice``: an emotion, what it is called, and its sessions, for each questionnaire; may be empty."""
    voice = [one for one in voice if one[2]]
    height = SCORES_PX + BOTTOM_PX + (GAP_PX + VOICE_PX if voice else 0)
    inner = height - BOTTOM_PX
    floor = (GAP_PX + VOICE_PX) / inner if voice else 0
    dates = [moment for one in series for moment in one.at]
    dates += [point.at for _emotion, _name, points in voice for point in points]
    air = max((max(dates) - min(dates)) * 0.05, timedelta(days=1))
    span = [stamp(min(dates) - air), stamp(max(dates) + air)]
    layout = frame(
        palette,
        height=height,
        margin={"l": 40, "r": NAMES_PX, "t": 8, "b": BOTTOM_PX},
        hovermode="closest",
        annotations=[_end(one, palette) for one in series if one.at],
        xaxis=axis(
            palette,
            type="date",
            range=span,
            showgrid=False,
            nticks=6,
            tickformat=on_axis("%-d %b"),
            anchor="y2" if voice else "y",
        ),
        yaxis=axis(
            palette,
            domain=[floor, 1],
            range=[0, max(one.highest for one in series)],
            tickvals=[0, 5, 10, 15, 20, 27]
            if any(one.key == "phq9" for one in series)
            else [0, 5, 10, 15, 21],
        ),
    )
    traces = [_totals(one, palette) for one in series]
    if voice:
        top = max(point.high for _emotion, _name, points in voice for point in points)
        layout["yaxis2"] = axis(
            palette,
            domain=[0, VOICE_PX / inner],
            range=[0, min(1.0, np.ceil(top * 10) / 10)],
            tickformat=".0%",
            nticks=4,
            anchor="x",
        )
        for emotion, name, points in voice:
            traces.append(_shares(emotion, name, points, palette))
            layout["annotations"].append(_voice_end(emotion, name, points, palette))
    return {"data": traces, "layout": captioned(layout, palette, title)}


def _totals(one: Series, palette: Palette) -> dict[str, Any]:
    dash, symbol = LOOKS[one.key]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": moments(one.at),
        "y": packed(one.totals),
        "line": {"color": palette.ink, "width": 1.5, "dash": dash},
        "marker": {"symbol": symbol, "size": 8, "color": palette.ink},
        "text": list(one.words),
        "hovertemplate": "%{text}<extra></extra>",
    }


def _shares(emotion: Emotion, name: str, points: Sequence[Point], palette: Palette) -> dict[str, Any]:
    shares, low, high = (
        np.array([getattr(point, part) for point in points]) for part in ("share", "low", "high")
    )
    colour = palette.emotions[emotion]
    return {
        "type": "scatter",
        "yaxis": "y2",
        "mode": "lines+markers",
        "x": moments([point.at for point in points]),
        "y": packed(shares),
        "error_y": error_bars(shares, low, high, colour),
        "line": {"color": colour, "width": 1.5},
        "marker": {"size": 6, "color": colour},
        "text": [_in_words(name, point) for point in points],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _in_words(name: str, point: Point) -> str:
    return _("%(day)s: sounds %(name)s %(share)s<br>95 %% interval %(low)s to %(high)s") % {
        "day": written(localtime(point.at), "j M Y"),
        "name": name,
        "share": f"{point.share * 100:.0f}\u202f%",
        "low": f"{point.low * 100:.0f}\u202f%",
        "high": f"{point.high * 100:.0f}\u202f%",
    }


def _end(one: Series, palette: Palette) -> dict[str, Any]:
    # The PHQ-9 above its end and the GAD-7 below, so that names never cover each other.
    return _label(one.name, stamp(one.at[-1]), one.totals[-1], "y", palette) | {
        "yshift": 7 if one.key == "phq9" else -7
    }


def _voice_end(emotion: Emotion, name: str, points: Sequence[Point], palette: Palette) -> dict[str, Any]:
    return _label(name, stamp(points[-1].at), points[-1].share, "y2", palette)


def _label(text: str, x: str, y: float, yref: str, palette: Palette) -> dict[str, Any]:
    """A name at the end of its line."""
    return {
        "text": text,
        "x": x,
        "y": y,
        "xref": "x",
        "yref": yref,
        "xanchor": "left",
        "yanchor": "middle",
        "xshift": 8,
        "showarrow": False,
        "font": {"size": 12, "color": palette.ink},
    }
