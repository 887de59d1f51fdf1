"""What charts over time share: days, marks for events and medication, and where a model changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext as _

from analysis.charts.frame import axis, moments, stamp
from analysis.charts.palette import Palette
from analysis.trends.excerpts import Excerpt
from analysis.trends.grouping import Grouping, Stretch
from analysis.trends.marks import Mark
from analysis.wording.captions import days, stretch_name
from analysis.wording.dates import on_axis

AIR = 0.04  # of the axis, at both ends
CLOSE = 0.09  # of a small plot's width: marks nearer than this share one label
SYMBOLS = {
    "life": "circle",
    "started": "triangle-up",
    "changed": "diamond",
    "stopped": "triangle-down",
    "care": "square",
}


def noon(day: date) -> datetime:
    """Where a day without an hour stands on a time axis."""
    return datetime.combine(day, time(12), get_current_timezone())


def ends(excerpt: Excerpt) -> tuple[datetime, datetime]:
    """The time axis from end to end, with some air."""
    first, last = excerpt.days
    begin, end = noon(first) - timedelta(hours=12), noon(last) + timedelta(hours=12)
    air = max((end - begin) * AIR, timedelta(hours=12))
    return begin - air, end + air


def days_axis(excerpt: Excerpt, palette: Palette, **more: Any) -> dict[str, Any]:
    begin, end = ends(excerpt)
    is_long = end - begin > timedelta(days=300)
    return axis(
        palette,
        type="date",
        range=[stamp(begin), stamp(end)],
        showgrid=False,
        tickangle=0,
        tickformat=on_axis("%b %Y" if is_long else "%-d %b"),
        **more,
    )


NOBODY = UUID(int=0)


def session_addresses(ids: Iterable[UUID]) -> list[str]:
    """The address is asked for once and each put into it: asking for hundreds takes longer than the rest."""
    of_session = reverse("session", args=[NOBODY])
    return [of_session.replace(str(NOBODY), str(one)) for one in ids]


def links_to(stretches: Sequence[Stretch], reference: str) -> list[str]:
    """Where a click on each leads: to the session, or to the sessions that a point is made of."""
    of_patient = reverse("patient", args=[reference])
    addresses = session_addresses(one.first.session_id for one in stretches)
    return [
        address if one.is_one else f"{of_patient}?range=own&since={one.first.on}&until={one.last.on}#sessions"
        for one, address in zip(stretches, addresses, strict=True)
    ]


def places(stretches: Sequence[Stretch | None], by: Grouping, reference: str) -> dict[str, Any]:
    """The part of a trace that is alike for every emotion: when, where a click leads, what hover says."""
    links = iter(links_to([stretch for stretch in stretches if stretch], reference))
    return {
        "x": moments([stretch.at if stretch else None for stretch in stretches]),
        "customdata": [
            [next(links), stretch_name(stretch, by)] if stretch else ["", ""] for stretch in stretches
        ],
    }


def mark_places(
    marks: Sequence[Mark], excerpt: Excerpt, palette: Palette, close: float = CLOSE
) -> dict[str, Any]:
    """The part of a trace of marks that is alike in every plot."""
    begin, end = ends(excerpt)
    return {
        "x": moments([noon(mark.on) for mark in marks]),
        "text": labels([noon(mark.on) for mark in marks], marks, (end - begin) * close),
        "hovertext": [mark_name(mark) for mark in marks],
        "marker": {
            "symbol": [SYMBOLS[mark.kind] for mark in marks],
            "size": 8,
            "color": palette.muted,
            "line": {"color": palette.paper, "width": 1},
        },
    }


def labels(moments_: Sequence[Any], marks: Sequence[Mark], close: Any) -> list[str]:
    """Numbers beside marks; those that would run into each other are named together, at the first."""
    texts: list[str] = []
    first = 0
    for place, moment in enumerate(moments_):
        if place and moment - moments_[first] < close:
            texts[first] = f"{marks[first].number}–{marks[place].number}"
            texts.append("")
        else:
            first = place
            texts.append(str(marks[place].number))
    return texts


def mark_name(mark: Mark) -> str:
    return f"{mark.number}  {days(mark.on, mark.until)}<br>{_plain(mark.words)}"


def _plain(words: str) -> str:
    """Plotly reads tags in text; what a clinician wrote has none."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def mark_lines(excerpt: Excerpt, suffix: str, palette: Palette) -> list[dict[str, Any]]:
    """A line at each mark, over the height of the plot; what lasts is shaded to its end."""
    shapes: list[dict[str, Any]] = []
    across = {"xref": f"x{suffix}", "yref": f"y{suffix} domain", "y0": 0, "y1": 1, "layer": "below"}
    _begin, end = ends(excerpt)
    for mark in excerpt.marks:
        at = stamp(noon(mark.on))
        shapes.append({"type": "line", "x0": at, "x1": at, "line": line_of(mark, palette), **across})
        if mark.until and mark.until > mark.on:
            to = min(noon(mark.until), end)
            shade = {"fillcolor": palette.muted, "opacity": 0.1, "line": {"width": 0}}
            shapes.append({"type": "rect", "x0": at, "x1": stamp(to), **shade, **across})
    return shapes


def line_of(mark: Mark, palette: Palette) -> dict[str, Any]:
    is_medication = mark.kind in ("started", "changed", "stopped")
    return {"color": palette.muted, "width": 1, "dash": "dash" if is_medication else "dot"}


def change_lines(excerpt: Excerpt, suffix: str, palette: Palette) -> list[dict[str, Any]]:
    """A line where another model began to hear: nothing is joined or compared across it."""
    return [
        {
            "type": "line",
            "xref": f"x{suffix}",
            "yref": f"y{suffix} domain",
            "x0": stamp(change.at),
            "x1": stamp(change.at),
            "y0": 0,
            "y1": 1,
            "line": {"color": palette.ink, "width": 1.5},
        }
        for change in excerpt.model_changes
    ]


def change_words(excerpt: Excerpt, suffix: str, palette: Palette) -> list[dict[str, Any]]:
    """Beside each such line, on the side where there is room."""
    begin, end = ends(excerpt)
    return [
        {
            **change_word(change.number, palette),
            "xref": f"x{suffix}",
            "yref": f"y{suffix} domain",
            "x": stamp(change.at),
            "y": 0.97,
            "xanchor": anchor,
            "xshift": shift,
        }
        for change in excerpt.model_changes
        for anchor, shift in [("left", 3) if change.at < begin + (end - begin) / 2 else ("right", -3)]
    ]


def change_word(number: int, palette: Palette) -> dict[str, Any]:
    return {
        "text": _("Model v%(n)d from here") % {"n": number},
        "yanchor": "top",
        "showarrow": False,
        "bgcolor": palette.paper,
        "opacity": 0.9,
        "font": {"size": 11, "color": palette.ink},
    }


def marks_trace(
    suffix: str, height: float, count: int, palette: Palette, *, numbered: bool
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "shared": "marks",
        "xaxis": f"x{suffix}",
        "yaxis": f"y{suffix}",
        "mode": "markers+text" if numbered else "markers",
        "y": [height] * count,  # exactly: what float32 rounds up lies outside the plot
        "cliponaxis": False,
        "textposition": "middle right",
        "textfont": {"size": 10, "color": palette.ink},
        "hovertemplate": "%{hovertext}<extra></extra>",
    }
