"""Shares over time: eight small plots on one scale, each share with its interval on the patient's usual."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from analysis.charts import over_time
from analysis.charts.frame import Figure, axis, captioned, error_bars, frame, packed, rounded
from analysis.charts.palette import Palette
from analysis.trends.excerpts import Excerpt
from analysis.trends.grouping import Stretch
from analysis.wording.captions import trend_summary
from analysis.wording.phrases import SOUNDS, percent, session_sentence
from ml.labels import EMOTIONS, Emotion, index_of

ROW_PX = 132
TITLE_PX = 26
BOTTOM_PX = 26
COLUMN_GAP = 0.045
MANY = 80  # points on a line: more, and they are drawn smaller


def draw(excerpt: Excerpt, palette: Palette, *, columns: int, reference: str) -> Figure:
    rows = math.ceil(len(EMOTIONS) / columns)
    layout = frame(
        palette,
        height=rows * ROW_PX + BOTTOM_PX,
        margin={"l": 40, "r": 14, "t": 0, "b": BOTTOM_PX},
        hovermode="closest",
        shapes=[],
        annotations=[],
    )
    traces: list[dict[str, Any]] = []
    top = _ceiling(excerpt)
    for place, emotion in enumerate(EMOTIONS):
        suffix = "" if place == 0 else str(place + 1)
        layout |= _axes(excerpt, palette, place, suffix, rows, columns)
        layout["annotations"].append(_title(emotion, suffix, excerpt, palette))
        layout["shapes"].append(_spot(emotion, suffix, palette))
        if usual := excerpt.trend.comparison.usual:
            layout["shapes"].append(_band(suffix, float(usual.low[place]), float(usual.high[place]), palette))
        layout["shapes"] += over_time.mark_lines(excerpt, suffix, palette)
        layout["shapes"] += over_time.change_lines(excerpt, suffix, palette)
        traces += _emotion(excerpt, emotion, suffix, palette, top, numbered=place < columns)
    layout["annotations"] += over_time.change_words(excerpt, "", palette)
    return {
        "data": traces,
        "layout": captioned(
            layout, palette, _("Share of clear speech, 95 % intervals") + ". " + trend_summary(excerpt)
        ),
        "shared": _shared(excerpt, palette, reference),
    }


def _emotion(
    excerpt: Excerpt, emotion: Emotion, suffix: str, palette: Palette, top: float, *, numbered: bool
) -> list[dict[str, Any]]:
    traces = [_line(excerpt, emotion, suffix, palette)]
    if excerpt.silent:
        traces.append(_crosses(len(excerpt.silent), suffix, palette))
    if excerpt.off_the_line:
        traces.append(_beside(excerpt, emotion, suffix, palette))
    if excerpt.marks:
        traces.append(over_time.marks_trace(suffix, top, len(excerpt.marks), palette, numbered=numbered))
    return traces


def _axes(
    excerpt: Excerpt, palette: Palette, place: int, suffix: str, rows: int, columns: int
) -> dict[str, Any]:
    """Where one small plot stands; the scale is named once per row, the dates once per column."""
    row, column = divmod(place, columns)
    width = (1 - COLUMN_GAP * (columns - 1)) / columns
    left = column * (width + COLUMN_GAP)
    top = 1 - row / rows - TITLE_PX / (rows * ROW_PX)
    bottom = 1 - (row + 1) / rows + 8 / (rows * ROW_PX)
    is_last_row = place + columns >= len(EMOTIONS)
    return {
        f"xaxis{suffix}": over_time.days_axis(
            excerpt,
            palette,
            domain=[left, min(left + width, 1)],
            anchor=f"y{suffix}",
            nticks=3 if columns == 4 else 2,  # on a phone three dates run into each other
            showticklabels=is_last_row,
        ),
        f"yaxis{suffix}": axis(
            palette,
            domain=[max(bottom, 0), top],
            anchor=f"x{suffix}",
            range=[0, _ceiling(excerpt)],
            tickformat=".0%",
            nticks=4,
            showticklabels=column == 0,
        ),
    }


def _ceiling(excerpt: Excerpt) -> float:
    """The top of the common scale: the highest interval, rounded up to the next tenth."""
    highest = max((float(one.heard.high.max()) for one in excerpt.telling if one.heard), default=0.5)
    return min(1.0, math.ceil(highest * 10) / 10)


def _title(emotion: Emotion, suffix: str, excerpt: Excerpt, palette: Palette) -> dict[str, Any]:
    """Name and latest share in words, beside the spot that ``_spot`` draws: never colour alone."""
    alike = [one.heard for one in excerpt.telling if one not in excerpt.apart]
    latest = alike[-1].shares[index_of(emotion)] if alike and alike[-1] else None
    return {
        "text": str(SOUNDS[emotion]) + (f"  {percent(float(latest))}" if latest is not None else ""),
        "xref": f"x{suffix} domain",
        "yref": f"y{suffix} domain",
        "x": 0,
        "y": 1,
        "xanchor": "left",
        "yanchor": "bottom",
        "xshift": 11,
        "yshift": 5,
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
        "y0": 9,
        "y1": 19,
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


def _with_breaks(excerpt: Excerpt) -> list[Stretch | None]:
    """What stands on the line, and None where the line breaks."""
    drawn: list[Stretch | None] = []
    for line in excerpt.lines:
        drawn += [None, *line] if drawn else line
    return drawn


def _shared(excerpt: Excerpt, palette: Palette, reference: str) -> dict[str, Any]:
    """What all eight plots hold alike, sent once."""
    silent = over_time.places(excerpt.silent, excerpt.by, reference)
    return {
        "line": over_time.places(_with_breaks(excerpt), excerpt.by, reference),
        "silent": silent | {"text": [session_sentence(stretch.heard) for stretch in excerpt.silent]},
        "beside": over_time.places(_off_the_line(excerpt), excerpt.by, reference),
        "marks": over_time.mark_places(excerpt.marks, excerpt, palette),
    }


def _off_the_line(excerpt: Excerpt) -> list[Stretch]:
    return [stretch for stretch in excerpt.stretches if stretch in excerpt.off_the_line]


def _is_recent(excerpt: Excerpt, stretch: Stretch | None) -> bool:
    """Whether it holds a session of the run that is beyond this patient's usual."""
    return stretch is not None and any(point.session_id in excerpt.trend.recent for point in stretch.sessions)


def _intervals(stretches: Sequence[Stretch | None], place: int, colour: str) -> dict[str, Any]:
    """One emotion's shares with their intervals, as numbers and in words."""
    heard = [stretch.heard if stretch else None for stretch in stretches]
    shares, low, high = (
        np.array([getattr(one, name)[place] if one else np.nan for one in heard])
        for name in ("shares", "low", "high")
    )
    return {
        "y": rounded(shares),
        "error_y": error_bars(shares, low, high, colour),
        "text": [
            f"{below:.0f}–{above:.0f}" if one else ""
            for one, below, above in zip(heard, low * 100, high * 100, strict=True)
        ],
        "hovertemplate": _words(EMOTIONS[place]),
    }


def _words(emotion: Emotion) -> str:
    sounds = _("sounds %s") % SOUNDS[emotion]
    return f"%{{customdata[1]}}: {sounds} %{{y:.0%}}<br>{_('95 % interval')} %{{text}} %<extra></extra>"


def _line(excerpt: Excerpt, emotion: Emotion, suffix: str, palette: Palette) -> dict[str, Any]:
    colour = palette.emotions[emotion]
    stretches = _with_breaks(excerpt)
    return {
        "type": "scatter",
        "shared": "line",
        "xaxis": f"x{suffix}",
        "yaxis": f"y{suffix}",
        "mode": "lines+markers",
        **_intervals(stretches, index_of(emotion), colour),
        "line": {"color": colour, "width": 1.5},
        "marker": {
            "size": 7 if len(stretches) <= MANY else 4,
            "symbol": ["diamond" if stretch in excerpt.apart else "circle" for stretch in stretches],
            "color": [colour if _is_recent(excerpt, stretch) else palette.paper for stretch in stretches],
            "line": {"color": colour, "width": 1.5},
        },
        "connectgaps": False,
    }


def _beside(excerpt: Excerpt, emotion: Emotion, suffix: str, palette: Palette) -> dict[str, Any]:
    """What came over another band stands beside the line: it is not compared with what is on it."""
    colour = palette.emotions[emotion]
    return {
        "type": "scatter",
        "shared": "beside",
        "xaxis": f"x{suffix}",
        "yaxis": f"y{suffix}",
        "mode": "markers",
        **_intervals(_off_the_line(excerpt), index_of(emotion), colour),
        "marker": {
            "symbol": "diamond",
            "size": 7,
            "color": palette.paper,
            "line": {"color": colour, "width": 1.5},
        },
    }


def _crosses(count: int, suffix: str, palette: Palette) -> dict[str, Any]:
    """Sessions that say nothing stand as crosses on the floor: a gap that can be asked why."""
    return {
        "type": "scatter",
        "shared": "silent",
        "xaxis": f"x{suffix}",
        "yaxis": f"y{suffix}",
        "mode": "markers",
        "y": packed(np.zeros(count)),
        "cliponaxis": False,
        "marker": {"symbol": "x-thin", "size": 6, "line": {"color": palette.muted, "width": 1.25}},
        "hovertemplate": "%{customdata[1]}<br>%{text}<extra></extra>",
    }
