"""All shares on top of each other in the one order of emotions, with what was not sure hatched above them."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

import numpy as np
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from analysis.charts import over_time
from analysis.charts.frame import Figure, axis, captioned, frame, packed
from analysis.charts.palette import Palette
from analysis.trends.excerpts import Excerpt
from analysis.wording.captions import stretch_name, trend_summary
from analysis.wording.dates import written
from analysis.wording.phrases import SOUNDS, session_sentence
from ml.labels import EMOTIONS

MOST_TICKS = {True: 8, False: 4}  # on a desk, in a hand
PAPER_LINE = 0.006  # of the height, between two layers: about a pixel, so that no two colours touch
PATTERNS = ("", "/", "\\", "-", "|", "x", "+", ".")  # beside colour, in the order of the emotions
LABEL_GAP = 0.052  # of the height: what two labels at the end need between them
TOP = 1.08  # of the axis: room for the numbers of marks


def draw(excerpt: Excerpt, palette: Palette, *, reference: str, is_wide: bool = True) -> Figure:
    """Stretches side by side in order of time, evenly spaced, with an empty place for each long gap."""
    stretches = excerpt.stretches
    heard = [stretch.heard if stretch.counts else None for stretch in stretches]
    unsure = np.array([one.abstained_share if one else 0 for one in heard], np.float32)
    nothing = np.zeros(len(EMOTIONS), np.float32)
    shares = np.stack([one.shares if one else nothing for one in heard]) * (1 - unsure)[:, None]
    slots = _slots(excerpt)
    last = max((place for place, one in enumerate(heard) if one), default=0)
    every = max(1, math.ceil(len(stretches) / MOST_TICKS[is_wide]))
    layout = frame(
        palette,
        height=2 * 132 + 52,
        margin={"l": 40, "r": 84, "t": 12, "b": 26},
        barmode="overlay",
        bargap=0.25 if len(stretches) < 80 else 0.05,
        hovermode="closest",
        shapes=_lines(excerpt, slots, palette),
        annotations=[
            *_labels(shares[last], float(unsure[last]), palette),
            *_change_words(excerpt, slots, palette),
        ],
        xaxis=axis(
            palette,
            showgrid=False,
            range=[-0.7, slots[-1] + 0.7],
            tickangle=0,
            tickvals=slots[::every],
            ticktext=[written(localtime(stretch.at), "j M") for stretch in stretches[::every]],
        ),
        yaxis=axis(palette, range=[0, TOP], tickformat=".0%", tickvals=[0, 0.25, 0.5, 0.75, 1]),
    )
    words = [
        f"{stretch_name(stretch, excerpt.by)}<br>{session_sentence(stretch.heard)}" for stretch in stretches
    ]
    links = [[link] for link in over_time.links_to(stretches, reference)]
    bars = [*_layers(shares, unsure, palette), _whole(words, links)]
    for bar in bars:
        bar["shared"] = "slots"
    marks = _marks(excerpt, slots, palette)
    return {
        "data": bars + marks,
        "layout": captioned(
            layout, palette, _("Share of all speech, stacked") + ". " + trend_summary(excerpt)
        ),
        "shared": {"slots": {"x": packed(slots)}},
    }


def _slots(excerpt: Excerpt) -> list[int]:
    """The place of each stretch: one after the other, and one left free where a long gap lies between."""
    after_pause = {id(later) for _earlier, later in excerpt.pauses}
    slots: list[int] = []
    for stretch in excerpt.stretches:
        slots.append(slots[-1] + 1 + (id(stretch) in after_pause) if slots else 0)
    return slots


def _layers(
    shares: NDArray[np.float32], unsure: NDArray[np.float32], palette: Palette
) -> list[dict[str, Any]]:
    """``shares`` (n, 8) and ``unsure`` (n,) as nine layers."""
    tops = np.cumsum(shares, axis=1)
    layers: list[dict[str, Any]] = [
        {
            "type": "bar",
            "name": str(SOUNDS[emotion]),
            "base": packed(tops[:, place] - shares[:, place]),
            "y": packed(np.maximum(shares[:, place] - PAPER_LINE, 0)),
            "marker": {
                "color": palette.emotions[emotion],
                "line": {"width": 0},
                "pattern": {
                    "shape": PATTERNS[place],
                    "fgcolor": palette.paper,
                    "size": 7,
                    "solidity": 0.12,
                    "fillmode": "overlay",
                },
            },
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
            "hoverinfo": "skip",
        }
    )
    return layers


def _whole(words: list[str], links: list[list[str]]) -> dict[str, Any]:
    """A column over the whole height that is not seen: it tells the words, also where there is no result."""
    return {
        "type": "bar",
        "y": packed(np.ones(len(words))),
        "marker": {"color": "rgba(0,0,0,0)", "line": {"width": 0}},
        "hovertext": words,
        "hovertemplate": "%{hovertext}<extra></extra>",
        "customdata": links,
    }


def _apart(heights: Sequence[float]) -> list[float]:
    """Heights, from the lowest up, moved so that no name runs into another or out above the columns."""
    raised: list[float] = []
    for height in heights:
        raised.append(max(height, raised[-1] + LABEL_GAP) if raised else height)
    limit = 1.0
    for place in reversed(range(len(raised))):
        raised[place] = min(raised[place], limit)
        limit = raised[place] - LABEL_GAP
    return raised


def _labels(shares: NDArray[np.float32], unsure: float, palette: Palette) -> list[dict[str, Any]]:
    """The layers of the last column by name, each at its height or next to it: never colour alone."""
    if not shares.any():
        return []
    middles = np.cumsum(shares) - shares / 2
    named = [(float(middle), str(SOUNDS[emotion])) for emotion, middle in zip(EMOTIONS, middles, strict=True)]
    if unsure >= LABEL_GAP / 2:
        named.append((1 - unsure / 2, _("not sure")))
    heights = _apart([middle for middle, _name in named])
    return [
        {
            "text": name,
            "xref": "x domain",
            "x": 1,
            "xanchor": "left",
            "xshift": 6,
            "y": height,
            "yanchor": "middle",
            "showarrow": False,
            "font": {"size": 11, "color": palette.ink},
        }
        for height, (_middle, name) in zip(heights, named, strict=True)
    ]


def _between(excerpt: Excerpt, slots: list[int], moment: Any) -> float:
    """Where a moment lies between evenly spaced columns: before the first one that is later."""
    later = bisect_right([stretch.at for stretch in excerpt.stretches], moment)
    if later == 0:
        return -0.5
    if later == len(slots):
        return slots[-1] + 0.5
    return (slots[later - 1] + slots[later]) / 2


def _lines(excerpt: Excerpt, slots: list[int], palette: Palette) -> list[dict[str, Any]]:
    upright = {"type": "line", "y0": 0, "y1": 1, "yref": "y"}
    marks = [
        {"x": _between(excerpt, slots, over_time.noon(mark.on)), "line": over_time.line_of(mark, palette)}
        for mark in excerpt.marks
    ]
    changes = [
        {"x": _between(excerpt, slots, change.at), "line": {"color": palette.ink, "width": 1.5}}
        for change in excerpt.model_changes
    ]
    return [{**upright, "x0": one["x"], "x1": one["x"], "line": one["line"]} for one in marks + changes]


def _change_words(excerpt: Excerpt, slots: list[int], palette: Palette) -> list[dict[str, Any]]:
    return [
        {
            **over_time.change_word(change.number, palette),
            "x": x,
            "y": 0.97,
            "xanchor": anchor,
            "xshift": shift,
        }
        for change in excerpt.model_changes
        for x in [_between(excerpt, slots, change.at)]
        for anchor, shift in [("left", 3) if x < slots[-1] / 2 else ("right", -3)]
    ]


def _marks(excerpt: Excerpt, slots: list[int], palette: Palette) -> list[dict[str, Any]]:
    if not excerpt.marks:
        return []
    at = [_between(excerpt, slots, over_time.noon(mark.on)) for mark in excerpt.marks]
    close = max(1.0, (slots[-1] + 1) * over_time.CLOSE / 3)
    places = over_time.mark_places(excerpt.marks, excerpt, palette)
    return [
        {
            "type": "scatter",
            **places,
            "mode": "markers+text",
            "x": packed(at),
            "y": packed(np.full(len(at), 1.04)),
            "text": over_time.labels(at, excerpt.marks, close),
            "textposition": "middle right",
            "textfont": {"size": 10, "color": palette.ink},
            "hovertemplate": "%{hovertext}<extra></extra>",
        }
    ]
