"""The player's tracks as SVG paths, all on one axis of time: waveform, speech, and how it sounds.

A path lies in a box of ``WIDTH`` × ``HEIGHT`` that stands for the stretch that is looked at, so the page that
comes from the server and a stretch that is asked for later are drawn by the same arithmetic.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.session.stretches import Stretch, runs
from analysis.session.timeline import Timeline
from ml.peaks import PEAKS_PER_SECOND

WIDTH = 1200
HEIGHT = 200
CELLS = 240  # of a timeline: finer than eyes tell apart at its height, and a few kilobytes
COLUMNS = 600  # of a waveform
QUIETEST = 6  # of 127: what is quieter than this all through is drawn as quiet

CLOCK_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1200, 1800)
MOST_TICKS = 6


def loudest(peaks: NDArray[np.int8]) -> float:
    """The scale of a waveform: its own loudest place, so that quiet speech is seen."""
    return max(float(np.abs(peaks.astype(np.int16)).max(initial=0)), QUIETEST)


def waveform(peaks: NDArray[np.int8], view: Stretch, scale: float) -> str:
    """The outline of what lies in ``view``; ``peaks`` (n, 2) of the whole recording, ``scale`` its top."""
    first = max(0, round(view[0] * PEAKS_PER_SECOND))
    pairs = peaks[first : max(first + 1, round(view[1] * PEAKS_PER_SECOND))]
    if not len(pairs):
        return ""
    edges = np.linspace(0, len(pairs), min(COLUMNS, len(pairs)) + 1).astype(int)[:-1]
    middle = HEIGHT / 2
    high = middle - np.maximum.reduceat(pairs[:, 1], edges) / scale * middle
    low = middle - np.minimum.reduceat(pairs[:, 0], edges) / scale * middle + 1
    times = (first + edges) / PEAKS_PER_SECOND
    across = (times - view[0]) / (view[1] - view[0]) * WIDTH
    outline = [f"{x:.0f} {y:.0f}" for x, y in zip(across, high, strict=True)]
    outline += [f"{x:.0f} {y:.0f}" for x, y in zip(across[::-1], low[::-1], strict=True)]
    return f"M{'L'.join(outline)}Z"


def bars(stretches: NDArray[Any] | list[Stretch], view: Stretch) -> str:
    """Stretches of time as bars over the whole height."""
    scale = WIDTH / (view[1] - view[0])
    drawn = []
    for start, end in np.reshape(stretches, (-1, 2)).tolist():
        first, last = max(start, view[0]), min(end, view[1])
        if last > first:
            drawn.append(f"M{(first - view[0]) * scale:.1f} 0h{(last - first) * scale:.1f}v{HEIGHT}")
            drawn[-1] += f"h-{(last - first) * scale:.1f}z"
    return "".join(drawn)


def layers(timeline: Timeline, view: Stretch) -> list[str]:
    """One path for each emotion, from the ground to the top of its share and of those below it.

    To be painted from the last to the first, each over the ones before. What is left above all of them was
    not sure.
    """
    edges = _edges(timeline, view)
    tops = HEIGHT * (1 - np.cumsum(timeline.shares, axis=1))
    heard = runs(timeline.shares.sum(1) > 0)
    return ["".join(_steps(edges, tops[:, place], run) for run in heard) for place in range(tops.shape[1])]


def gaps(timeline: Timeline, view: Stretch) -> str:
    """Where nobody spoke: neither sure nor unsure."""
    edges, still = _edges(timeline, view), np.zeros(len(timeline.unsure))
    return "".join(_steps(edges, still, run) for run in runs(timeline.is_gap))


def _edges(timeline: Timeline, view: Stretch) -> NDArray[np.float64]:
    times = timeline.begin_s + np.arange(len(timeline.unsure) + 1) * timeline.cell_s
    return np.asarray((times - view[0]) / (view[1] - view[0]) * WIDTH, np.float64)


def _steps(edges: NDArray[np.float64], tops: NDArray[Any], run: tuple[int, int]) -> str:
    """An area from the ground up, level within each cell."""
    first, after = run
    stairs = [
        f"V{top:.0f}H{edge:.1f}"
        for top, edge in zip(tops[first:after], edges[first + 1 : after + 1], strict=True)
    ]
    return f"M{edges[first]:.1f} {HEIGHT}{''.join(stairs)}V{HEIGHT}z"


def ticks(view: Stretch) -> list[tuple[float, int]]:
    """Round times for the axis: (per cent of the width, seconds)."""
    length = view[1] - view[0]
    step = next((step for step in CLOCK_STEPS if length / step <= MOST_TICKS), CLOCK_STEPS[-1])
    first = int(np.ceil(view[0] / step)) * step
    # One at the far end would have no room for its words.
    return [
        (round((place - view[0]) / length * 100, 3), place)
        for place in range(first, int(view[1]) + 1, step)
        if view[0] <= place and (place - view[0]) / length < 0.93
    ]
