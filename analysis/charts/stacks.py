"""All shares on top of each other in the one order of emotions, with what was not sure hatched above them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from analysis.charts.frame import Figure, axis, day_of, frame, link_to, packed
from analysis.palette import Palette
from analysis.phrases import SOUNDS, moment, short_result
from analysis.timeline import Timeline
from analysis.trends import Trend
from ml.labels import EMOTIONS

CLOCK_STEPS = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1200, 1800)
MOST_TICKS = 8
PAPER_LINE = 0.006  # of the height, between two layers: about a pixel, so that no two colours touch


def draw_timeline(timeline: Timeline, palette: Palette) -> Figure:
    """How a recording sounds from moment to moment, each in words too; gaps where nobody spoke."""
    words = [
        moment(shares, float(unsure)) for shares, unsure in zip(timeline.shares, timeline.unsure, strict=True)
    ]
    step = next((step for step in CLOCK_STEPS if timeline.duration_s / step <= MOST_TICKS), CLOCK_STEPS[-1])
    ticks = list(range(0, int(timeline.duration_s) + 1, step))
    layout = frame(
        palette,
        height=200,
        margin={"l": 0, "r": 0, "t": 4, "b": 26},
        barmode="overlay",
        bargap=0,
        hovermode="x",
        xaxis=axis(
            palette,
            range=[0, timeline.duration_s],
            showgrid=False,
            tickvals=ticks,
            ticktext=[f"{tick // 60}:{tick % 60:02}" for tick in ticks],
            ticklabelposition="outside right",
            ticks="outside",
            ticklen=5,
            tickcolor=palette.line,
        ),
        yaxis=axis(palette, range=[0, 1], tickvals=[0, 0.5, 1], showticklabels=False),
    )
    bars = _layers(timeline.shares, timeline.unsure, palette, words)
    for bar in bars:
        bar |= {"x0": timeline.cell_s / 2, "dx": timeline.cell_s, "width": timeline.cell_s}
    return {"data": bars, "layout": layout}


def draw_sessions(trend: Trend, palette: Palette) -> Figure:
    """Sessions side by side in order of time, evenly spaced; one without a result leaves its place empty."""
    points = trend.drawn
    heard = [point.heard if point.counts else None for point in points]
    unsure = np.array([one.abstained_share if one else 0 for one in heard], np.float32)
    nothing = np.zeros(len(EMOTIONS), np.float32)
    shares = np.stack([one.shares if one else nothing for one in heard]) * (1 - unsure)[:, None]
    every = max(1, math.ceil(len(points) / MOST_TICKS))
    layout = frame(
        palette,
        height=2 * 132 + 26,
        margin={"l": 40, "r": 10, "t": 12, "b": 26},
        barmode="overlay",
        bargap=0.25,
        hovermode="x",
        xaxis=axis(
            palette,
            showgrid=False,
            tickvals=list(range(0, len(points), every)),
            ticktext=[date_format(localtime(point.held_at), "j M") for point in points[::every]],
        ),
        yaxis=axis(palette, range=[0, 1], tickformat=".0%", tickvals=[0, 0.25, 0.5, 0.75, 1]),
    )
    bars = _layers(shares, unsure, palette, [f"{day_of(point)}<br>{short_result(point)}" for point in points])
    for bar in bars:
        bar |= {"x0": 0, "dx": 1, "customdata": [link_to(point) for point in points]}
    return {"data": bars, "layout": layout}


def _layers(
    shares: NDArray[np.float32], unsure: NDArray[np.float32], palette: Palette, words: list[str]
) -> list[dict[str, Any]]:
    """``shares`` (n, 8) and ``unsure`` (n,) as nine layers; the lowest tells the ``words`` (n) for all."""
    tops = np.cumsum(shares, axis=1)
    layers: list[dict[str, Any]] = [
        {
            "type": "bar",
            "name": str(SOUNDS[emotion]),
            "base": packed(tops[:, place] - shares[:, place]),
            "y": packed(np.maximum(shares[:, place] - PAPER_LINE, 0)),
            "marker": {"color": palette.emotions[emotion], "line": {"width": 0}},
            "textposition": "none",
            "hoverinfo": "skip",
        }
        for place, emotion in enumerate(EMOTIONS)
    ]
    hatched = {
        "color": "rgba(0,0,0,0)",
        "line": {"width": 0},
        "pattern": {"shape": "/", "fgcolor": palette.muted, "size": 5, "solidity": 0.16},
    }
    layers.append(
        {
            "type": "bar",
            "name": _("not sure"),
            "base": packed(tops[:, -1]),
            "y": packed(unsure),
            "marker": hatched,
            "textposition": "none",
            "hoverinfo": "skip",
        }
    )
    layers[0] |= {"text": words, "hoverinfo": "text"}
    return layers
