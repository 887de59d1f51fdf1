"""Small pictures that the server draws itself as SVG: they need no script and follow the page's colours."""

from __future__ import annotations

import math
from dataclasses import dataclass

from analysis.trends.gist import Spark
from analysis.trends.trend import Heard
from analysis.wording.phrases import SOUNDS, percent
from ml.labels import EMOTIONS, Emotion

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

    @property
    def path(self) -> str:
        return "".join(f"M{line}" for line in self.lines)

    @property
    def spots(self) -> str:
        """All dots but the last as one path, to be drawn with round ends: an element each takes time."""
        return "".join(f"M{x},{y}h0" for x, y in self.dots[:-1])

    @property
    def last_spot(self) -> str:
        return "M{},{}h0".format(*self.dots[-1])

    @property
    def band_path(self) -> str:
        return "" if self.band is None else f"M0,{self.band[0]}h{self.WIDTH}v{self.band[1]}H0z"


def sparkline(spark: Spark | None) -> Sparkline | None:
    """None where nothing is to be drawn."""
    if spark is None:
        return None
    shown = [share for share in spark.shares if share is not None]
    top = max([*shown, spark.usual[1] if spark.usual else 0.0]) * 1.05

    def height(share: float) -> float:
        return round(Sparkline.HEIGHT - 3 - (Sparkline.HEIGHT - 6) * min(share / max(top, 0.05), 1), 1)

    step = (Sparkline.WIDTH - 8) / max(len(spark.shares) - 1, 1)
    places = [
        None if share is None else (round(4 + step * index, 1), height(share))
        for index, share in enumerate(spark.shares)
    ]
    band = None if spark.usual is None else (height(spark.usual[1]), height(spark.usual[0]))
    return Sparkline(
        emotion=spark.emotion,
        lines=_unbroken(places),
        dots=[spot for spot in places if spot is not None],
        band=None if band is None else (band[0], round(band[1] - band[0], 1)),
        latest=percent(shown[-1]),
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
