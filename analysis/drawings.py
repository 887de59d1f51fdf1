"""Small pictures that the server draws itself as SVG: they need no script and follow the page's colours."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.phrases import SOUNDS, percent
from analysis.trends import Heard, Trend
from ml.labels import EMOTIONS, Emotion, index_of

COLUMNS = 600  # of a waveform
FULL_SCALE = 127
MARK = 3  # hundredths: the width of the mark on an interval


@dataclass(frozen=True)
class Sparkline:
    """One emotion's shares by session in a box of 96 × 28, on the band of the patient's usual."""

    emotion: Emotion
    lines: list[str]
    dots: list[tuple[float, float]]
    band: tuple[float, float] | None
    latest: str

    WIDTH = 96
    HEIGHT = 28

    @property
    def label(self) -> str:
        return str(SOUNDS[self.emotion])


def sparkline(trend: Trend, sessions: int = 12) -> Sparkline | None:
    """The emotion that changed most, or else the one heard most; None where nothing is to be drawn."""
    points = trend.points[-sessions:]
    shown = [point.heard.shares if point.heard and point.counts else None for point in points]
    heard = [shares for shares in shown if shares is not None]
    if not heard:
        return None
    shifts = trend.comparison.shifts
    place = index_of(shifts[0].emotion) if shifts else int(np.mean(heard, axis=0).argmax())
    usual = trend.comparison.usual
    top = (
        max([float(shares[place]) for shares in heard] + ([float(usual.high[place])] if usual else [])) * 1.05
    )

    def height(share: float) -> float:
        return round(Sparkline.HEIGHT - 3 - (Sparkline.HEIGHT - 6) * min(share / max(top, 0.05), 1), 1)

    step = (Sparkline.WIDTH - 8) / max(len(points) - 1, 1)
    places = [
        None if shares is None else (round(4 + step * index, 1), height(float(shares[place])))
        for index, shares in enumerate(shown)
    ]
    band = (height(float(usual.high[place])), height(float(usual.low[place]))) if usual else None
    return Sparkline(
        emotion=EMOTIONS[place],
        lines=_unbroken(places),
        dots=[spot for spot in places if spot is not None],
        band=None if band is None else (band[0], round(band[1] - band[0], 1)),
        latest=percent(float(heard[-1][place])),
    )


def _unbroken(places: list[tuple[float, float] | None]) -> list[str]:
    """Polylines between gaps."""
    lines: list[list[str]] = [[]]
    for spot in places:
        if spot is None:
            lines.append([])
        else:
            lines[-1].append(f"{spot[0]},{spot[1]}")
    return [" ".join(line) for line in lines if len(line) > 1]


@dataclass(frozen=True)
class IntervalBar:
    """One emotion of a summary in words, and as a mark on its interval in hundredths of the width."""

    emotion: Emotion
    label: str
    share: str
    interval: str
    mark: float
    reach_from: float
    reach: float


def interval_bars(heard: Heard) -> tuple[list[IntervalBar], str]:
    """Every emotion with its interval, in the one order, and the share at which the bars' scale ends."""
    end = min(1.0, math.ceil(float(heard.high.max()) * 10) / 10)
    bars = [
        IntervalBar(
            emotion=emotion,
            label=str(SOUNDS[emotion]),
            share=percent(float(share)),
            interval=f"{low * 100:.0f}–{high * 100:.0f}",
            mark=round(float(share / end) * (100 - MARK), 2),
            reach_from=round(float(low / end) * 100, 2),
            reach=round(float((high - low) / end) * 100, 2),
        )
        for emotion, share, low, high in zip(EMOTIONS, heard.shares, heard.low, heard.high, strict=True)
    ]
    return bars, percent(end)


def waveform(peaks: bytes) -> str:
    """The outline of a recording as an SVG path in a box of ``COLUMNS`` × 2, its middle at 1.

    ``peaks``: int8 pairs of minimum and maximum. Drawn to its own loudest place: quiet speech must be seen.
    """
    pairs: NDArray[np.int8] = np.frombuffer(peaks, np.int8).reshape(-1, 2)
    if not len(pairs):
        return ""
    edges = np.linspace(0, len(pairs), min(COLUMNS, len(pairs)) + 1).astype(int)[:-1]
    low = np.minimum.reduceat(pairs[:, 0], edges).astype(float)
    high = np.maximum.reduceat(pairs[:, 1], edges).astype(float)
    loudest = max(float(np.abs([low, high]).max()), FULL_SCALE / 20)
    across = np.linspace(0, COLUMNS, len(edges), endpoint=False)
    outline = [f"{x:.1f},{1 - y / loudest:.2f}" for x, y in zip(across, high, strict=True)]
    outline += [f"{x:.1f},{1 - y / loudest + 0.01:.2f}" for x, y in zip(across[::-1], low[::-1], strict=True)]
    return f"M{'L'.join(outline)}Z"


def speech_bars(spans: NDArray[np.float32], duration_s: float) -> list[tuple[float, float]]:
    """Stretches of speech as (start, width) in ``COLUMNS`` of the whole."""
    scale = COLUMNS / max(duration_s, 1e-6)
    return [
        (round(float(start) * scale, 2), round(float(end - start) * scale, 2))
        for start, end in spans
        if end > start
    ]
