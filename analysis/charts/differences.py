"""Two periods side by side: the difference of each emotion's share, with an interval that holds for all."""

from __future__ import annotations

import math
from typing import Any

from django.utils.translation import gettext as _

from analysis.charts.frame import Figure, axis, captioned, frame, packed
from analysis.charts.palette import Palette
from analysis.trends.periods import Compared
from analysis.wording.captions import contrast_words, periods_title
from analysis.wording.phrases import SOUNDS, whole_points

ROW_PX = 30
MOST_TICKS = 9
STEPS = (1, 2, 5, 10, 20, 25, 50)  # points; no difference is larger than 100


def draw(compared: Compared, palette: Palette) -> Figure:
    """In points; what is reliable is filled, what is not is open. Empty where nothing could be compared."""
    contrasts = compared.contrasts
    reach = max((max(abs(one.low), abs(one.high)) for one in contrasts), default=0.05)
    end = math.ceil(reach * 100 / 5) * 5
    ticks = _ticks(end)
    layout = frame(
        palette,
        height=len(contrasts) * ROW_PX + 52,
        margin={"l": 76, "r": 12, "t": 4, "b": 44},
        hovermode="closest",
        xaxis=axis(
            palette,
            range=[-end, end],
            tickvals=ticks,
            ticktext=[whole_points(tick) for tick in ticks],
            title={"text": _("B less A, points of clear speech"), "standoff": 6},
        ),
        yaxis=axis(
            palette,
            range=[len(contrasts) - 0.5, -0.5],
            tickvals=list(range(len(contrasts))),
            ticktext=[str(SOUNDS[one.emotion]) for one in contrasts],
            showgrid=False,
        ),
        shapes=[
            {
                "type": "line",
                "x0": 0,
                "x1": 0,
                "y0": 0,
                "y1": 1,
                "yref": "paper",
                "line": {"color": palette.muted, "width": 1},
            }
        ],
    )
    traces = [_row(compared, place, palette) for place in range(len(contrasts))]
    return {"data": traces, "layout": captioned(layout, palette, periods_title(compared)), "shared": {}}


def _ticks(end: int) -> list[int]:
    """Round numbers of points on both sides of none, nine at most."""
    step = next(step for step in STEPS if 2 * (end // step) < MOST_TICKS)
    return list(range(-(end // step) * step, end + 1, step))


def _row(compared: Compared, place: int, palette: Palette) -> dict[str, Any]:
    one = compared.contrasts[place]
    colour = palette.emotions[one.emotion]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": packed([one.difference * 100]),
        "y": [place],
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": packed([(one.high - one.difference) * 100]),
            "arrayminus": packed([(one.difference - one.low) * 100]),
            "color": colour,
            "thickness": 2,
            "width": 4,
        },
        "marker": {
            "symbol": "circle",
            "size": 10,
            "color": colour if one.is_reliable else palette.paper,
            "line": {"color": colour, "width": 2},
        },
        "hovertext": [contrast_words(one)],
        "hovertemplate": "%{hovertext}<extra></extra>",
    }
