"""The gist of a patient's sessions: what one line of the caseload says, small enough to be kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

from analysis import jurisdiction
from analysis.change.comparison import Shift, Sureness
from analysis.change.since import SinceVisit, since_told
from analysis.trends.trend import Trend
from analysis.trends.watchable import days_in, since_last_visit
from analysis.voice.measures import Reading
from ml.labels import EMOTIONS, Emotion, index_of

SPARK_SESSIONS = 12


@dataclass(frozen=True)
class Spark:
    """One emotion's share by session, None where there is a gap, and the band of this patient's usual."""

    emotion: Emotion
    shares: tuple[float | None, ...]
    usual: tuple[float, float] | None


@dataclass(frozen=True)
class Gist:
    """What stands out of a trend, without the trend. Voided sessions and recordings count nowhere."""

    sessions: int
    recordings: int
    pending: int
    failed: int
    failed_lately: int
    is_silent: bool
    compared: int
    last_held_at: datetime | None
    changed_since: datetime | None
    shifts: tuple[Shift, ...]
    run_days: int
    spark: Spark | None
    mode: str
    """The clinic's setting under which ``since`` was made: under another it is not told."""
    since: SinceVisit | None

    @property
    def since_here(self) -> SinceVisit | None:
        """What is different since the last visit, if it was made of what may be shown here now."""
        return self.since if self.mode == jurisdiction.mode() else None

    def told(self) -> dict[str, Any]:
        """What has no column of its own, for JSON; ``shifts_told`` and ``spark_told`` read it again."""
        return {
            "shifts": [[str(shift.emotion), shift.points, str(shift.sureness)] for shift in self.shifts],
            "run_days": self.run_days,
            "spark": self.spark and [str(self.spark.emotion), self.spark.shares, self.spark.usual],
            "mode": self.mode,
            "since": self.since and self.since.told(),
        }


def shifts_told(told: dict[str, Any]) -> tuple[Shift, ...]:
    return tuple(
        Shift(Emotion(emotion), points, Sureness(sureness)) for emotion, points, sureness in told["shifts"]
    )


def spark_told(told: dict[str, Any]) -> Spark | None:
    if told["spark"] is None:
        return None
    emotion, shares, usual = told["spark"]
    return Spark(Emotion(emotion), tuple(shares), None if usual is None else (usual[0], usual[1]))


def last_visit_told(told: dict[str, Any]) -> tuple[str, SinceVisit | None]:
    """The setting and what was told under it; neither is in what earlier versions kept."""
    return told.get("mode", ""), since_told(told["since"]) if told.get("since") else None


def gist_of(trend: Trend, readings: Sequence[Reading] | None = ()) -> Gist:
    """``readings``: the same patient's acoustic measures; None leaves out what is new since a visit."""
    comparison = trend.comparison
    return Gist(
        sessions=len(trend.points),
        recordings=sum(point.recordings for point in trend.points),
        pending=trend.pending,
        failed=sum(point.failed for point in trend.points),
        failed_lately=trend.failed_lately,
        is_silent=trend.is_silent_lately and not trend.failed_lately,
        compared=comparison.days,
        last_held_at=trend.latest.held_at if trend.latest else None,
        changed_since=trend.changed_since,
        shifts=comparison.shifts,
        run_days=comparison.run,
        spark=_spark(trend),
        mode=jurisdiction.mode(),
        since=None if readings is None else _since(trend, readings),
    )


def _since(trend: Trend, readings: Sequence[Reading]) -> SinceVisit | None:
    shown = trend if jurisdiction.shows_emotion() else _without_estimates(trend)
    return since_last_visit(shown, days_in(shown, readings))


def _without_estimates(trend: Trend) -> Trend:
    return Trend(tuple(replace(point, heard=None) for point in trend.all_points))


def _spark(trend: Trend) -> Spark | None:
    """The emotion that changed most, or else the one heard most; None where nothing is to be drawn."""
    points = trend.points[-SPARK_SESSIONS:]
    shown = [point.heard.shares if point.heard and point.counts else None for point in points]
    heard = [shares for shares in shown if shares is not None]
    if not heard:
        return None
    shifts, usual = trend.comparison.shifts, trend.comparison.usual
    place = index_of(shifts[0].emotion) if shifts else int(np.mean(heard, axis=0).argmax())
    return Spark(
        emotion=EMOTIONS[place],
        shares=tuple(None if shares is None else float(shares[place]) for shares in shown),
        usual=None if usual is None else (float(usual.low[place]), float(usual.high[place])),
    )
