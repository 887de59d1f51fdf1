"""What every figure shares: how numbers are packed, how axes and paper look. No database, no models."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from numpy.typing import NDArray

from analysis.palette import Palette
from analysis.trends import SessionPoint

Figure = dict[str, Any]

FACE = '-apple-system, "Segoe UI", Roboto, Inter, "Noto Sans", Cantarell, system-ui, sans-serif'


def packed(values: NDArray[Any] | Sequence[float]) -> dict[str, str]:
    """Numbers as Plotly reads them fastest: little-endian float32 in base64."""
    return {"dtype": "f4", "bdata": base64.b64encode(np.asarray(values, "<f4").tobytes()).decode()}


def frame(palette: Palette, **layout: Any) -> dict[str, Any]:
    return {
        "font": {"family": FACE, "size": 12, "color": palette.muted},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
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


def day_of(point: SessionPoint) -> str:
    return date_format(localtime(point.held_at), "j M Y")


def link_to(point: SessionPoint) -> str:
    """Where a click on a session leads: everything leads to the sound."""
    return reverse("session", args=[point.session_id])
