"""What every figure shares: how numbers are packed, how axes and paper look. No database, no models."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from django.utils.timezone import localtime
from numpy.typing import NDArray

from analysis.charts.palette import Palette
from analysis.decimals import separators

Figure = dict[str, Any]
"""As Plotly takes it, and ``shared``: parts that several traces have alike, sent once (see ``charts.js``)."""

FACE = '-apple-system, "Segoe UI", Roboto, Inter, "Noto Sans", Cantarell, system-ui, sans-serif'


def packed(values: NDArray[Any] | Sequence[float]) -> dict[str, str]:
    """Numbers as Plotly reads them fastest: little-endian float32 in base64."""
    return {"dtype": "f4", "bdata": base64.b64encode(np.asarray(values, "<f4").tobytes()).decode()}


def rounded(values: NDArray[Any]) -> list[float | None]:
    """Numbers to four significant digits, None for NaN: compressed they are three fifths of packed ones."""
    return [None if value != value else float(f"{value:.4g}") for value in values.tolist()]


def error_bars(middle: NDArray[Any], low: NDArray[Any], high: NDArray[Any], colour: str) -> dict[str, Any]:
    """Intervals from `low` to `high`, drawn around `middle`; each (points,)."""
    return {
        "type": "data",
        "symmetric": False,
        "array": rounded(high - middle),
        "arrayminus": rounded(middle - low),
        "color": colour,
        "thickness": 1.25,
        "width": 0,
    }


def frame(palette: Palette, **layout: Any) -> dict[str, Any]:
    return {
        "font": {"family": FACE, "size": 12, "color": palette.muted},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "separators": separators(),
        "showlegend": False,
        "dragmode": False,
        "hoverlabel": {
            "bgcolor": palette.paper,
            "bordercolor": palette.muted,
            "font": {"family": FACE, "size": 12, "color": palette.ink},
            "align": "left",
        },
        **layout,
    }


def axis(palette: Palette, **more: Any) -> dict[str, Any]:
    return {
        "gridcolor": palette.line,
        "linecolor": palette.line,
        "zeroline": False,
        "fixedrange": True,
        "ticks": "",
        "automargin": False,
        **more,
    }


def stamp(moment: datetime) -> str:
    """A moment for a date axis, in the clinic's time."""
    return localtime(moment).strftime("%Y-%m-%dT%H:%M:%S")


def moments(values: Sequence[datetime | None]) -> dict[str, str]:
    """Moments for a date axis, as it counts them: milliseconds since 1970 on the clinic's clock."""
    clock = [
        np.nan if value is None else localtime(value).replace(tzinfo=UTC).timestamp() * 1000
        for value in values
    ]
    return {"dtype": "f8", "bdata": base64.b64encode(np.array(clock, "<f8").tobytes()).decode()}


def captioned(layout: dict[str, Any], palette: Palette, title: str) -> dict[str, Any]:
    """With what a downloaded picture needs beside the drawing: its title, and paper under it."""
    return layout | {
        "meta": {"title": title, "paper": palette.paper, "ink": palette.ink, "muted": palette.muted}
    }
