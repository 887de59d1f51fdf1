"""The way over the plane of valence and arousal: where each stretch of time lies, and how surely."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from analysis.charts import over_time
from analysis.charts.frame import Figure, axis, captioned, frame, packed
from analysis.charts.palette import Palette
from analysis.decimals import decimal, signed_decimal
from analysis.trends.affect import PLANE, Places
from analysis.trends.excerpts import Excerpt
from analysis.wording.captions import day, path_title
from analysis.wording.phrases import SOUNDS
from ml.labels import EMOTIONS

CORNERS = 24
HEIGHT = 420  # px, at most
EDGE = 1.12
# Beside the places of the emotions, in their order, so that no name covers another.
NAME_PLACES = (
    *("bottom right", "bottom center", "top center", "bottom center"),
    *("top center", "bottom center", "bottom center", "top center"),
)


def draw(excerpt: Excerpt, found: Places, palette: Palette, *, reference: str) -> Figure:
    """``found`` are the places of the excerpt's stretches that count, in their order."""
    layout = frame(
        palette,
        height=HEIGHT,
        margin={"l": 46, "r": 10, "t": 8, "b": 44},
        hovermode="closest",
        xaxis=_axis(palette, _("valence: −1 unpleasant, 1 pleasant")),
        yaxis=_axis(palette, _("arousal: −1 low, 1 high"), scaleanchor="x"),
        shapes=[
            _line(palette, x0=-EDGE, x1=EDGE, y0=0, y1=0),
            _line(palette, x0=0, x1=0, y0=-EDGE, y1=EDGE),
        ],
    )
    traces = [_emotions(palette)]
    if len(found):
        traces += [
            _regions(found, palette),
            _way(excerpt, found, palette),
            _stops(excerpt, found, palette, reference),
        ]
    title = path_title(excerpt.telling, found, excerpt.by)
    shown = captioned(layout, palette, title)
    shown["meta"] |= {"square_px": HEIGHT}  # where there is less room across, it is less high, too
    return {"data": traces, "layout": shown, "shared": {}}


def _axis(palette: Palette, title: str, **more: Any) -> dict[str, Any]:
    return axis(
        palette,
        range=[-EDGE, EDGE],
        tickvals=[-1, -0.5, 0, 0.5, 1],
        title={"text": title, "standoff": 6},
        constrain="domain",
        **more,
    )


def _line(palette: Palette, **ends: float) -> dict[str, Any]:
    return {"type": "line", "line": {"color": palette.muted, "width": 1}, "layer": "below", **ends}


def _emotions(palette: Palette) -> dict[str, Any]:
    """The places that the emotions were given, as landmarks."""
    return {
        "type": "scatter",
        "mode": "markers+text",
        "x": packed(PLANE[:, 0]),
        "y": packed(PLANE[:, 1]),
        "text": [str(SOUNDS[emotion]) for emotion in EMOTIONS],
        "textposition": list(NAME_PLACES),
        "textfont": {"size": 11, "color": palette.muted},
        "marker": {
            "symbol": "square",
            "size": 7,
            "color": [palette.emotions[emotion] for emotion in EMOTIONS],
        },
        "hoverinfo": "skip",
    }


def _regions(found: Places, palette: Palette) -> dict[str, Any]:
    """The 95 % region of each stop, all as one trace."""
    outlines = found.regions(CORNERS)
    gap = np.full((len(found), 1, 2), np.nan)
    flat = np.concatenate([outlines, gap], axis=1).reshape(-1, 2)
    return {
        "type": "scatter",
        "mode": "lines",
        "x": packed(flat[:, 0]),
        "y": packed(flat[:, 1]),
        "line": {"color": palette.muted, "width": 0.75},
        "opacity": 0.55,
        "hoverinfo": "skip",
        "connectgaps": False,
    }


def _way(excerpt: Excerpt, found: Places, palette: Palette) -> dict[str, Any]:
    """The line from stop to stop; it breaks where the lines over time break."""
    place_of = {id(stretch): mean for stretch, mean in zip(excerpt.telling, found.means, strict=True)}
    nowhere = np.full(2, np.nan)
    way = [place for line in excerpt.lines for place in (*(place_of[id(one)] for one in line), nowhere)]
    points = np.array(way or [nowhere])
    return {
        "type": "scatter",
        "mode": "lines",
        "x": packed(points[:, 0]),
        "y": packed(points[:, 1]),
        "line": {"color": palette.muted, "width": 1.5},
        "hoverinfo": "skip",
        "connectgaps": False,
    }


def _stops(excerpt: Excerpt, found: Places, palette: Palette, reference: str) -> dict[str, Any]:
    """Small and open at first, then larger, the latest filled: time without colour."""
    stops = excerpt.telling
    last = len(stops) - 1
    return {
        "type": "scatter",
        "mode": "markers+text",
        "x": packed(found.means[:, 0]),
        "y": packed(found.means[:, 1]),
        "marker": {
            "symbol": ["diamond" if stop in excerpt.apart else "circle" for stop in stops],
            "size": packed(np.linspace(5, 10, len(stops)) if last else np.full(1, 10.0)),
            "color": [palette.ink if place == last else palette.paper for place in range(len(stops))],
            "line": {"color": palette.ink, "width": 1.5},
        },
        "text": [day(stop.at) if place in (0, last) else "" for place, stop in enumerate(stops)],
        "textposition": _away(found, last),
        "textfont": {"size": 11, "color": palette.ink},
        "customdata": over_time.places(stops, excerpt.by, reference)["customdata"],
        "hovertext": [_words(mean, reach) for mean, reach in zip(found.means, found.reach, strict=True)],
        "hovertemplate": "%{customdata[1]}<br>%{hovertext}<extra></extra>",
    }


def _away(found: Places, last: int) -> list[str]:
    """The names of the first and the last stop on opposite sides, so that they do not meet."""
    first_is_left = bool(found.means[0, 0] <= found.means[last, 0])
    sides = ("middle left", "middle right") if first_is_left else ("middle right", "middle left")
    return [sides[1] if place == last else sides[0] for place in range(last + 1)]


def _words(mean: Sequence[float], reach: Sequence[float]) -> str:
    return _("valence %(v)s ± %(vr)s<br>arousal %(a)s ± %(ar)s") % {
        "v": signed_decimal(mean[0], 2),
        "a": signed_decimal(mean[1], 2),
        "vr": decimal(reach[0], 2),
        "ar": decimal(reach[1], 2),
    }
