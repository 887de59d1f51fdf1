"""Sessions gathered by day, week or two weeks: each stretch of time is one point of a chart.

What is gathered is weighted by clear speech (``analysis.change.pooling``). Like goes with like: sessions that
were heard by another model, or over a telephone, make a stretch of their own beside the others of that time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np

from analysis.change.pooling import weigh
from analysis.trends.trend import Heard, Kind, SessionPoint, heard_in, results_of


class Grouping(StrEnum):
    """From the finest to the coarsest. The last two are only used where finer ones are too many to draw."""

    SESSION = "session"
    DAY = "day"
    WEEK = "week"
    FORTNIGHT = "fortnight"
    FOUR_WEEKS = "four_weeks"
    QUARTER = "quarter"

    @property
    def coarser(self) -> Grouping | None:
        finest_first = list(Grouping)
        place = finest_first.index(self) + 1
        return finest_first[place] if place < len(finest_first) else None


DAYS = {
    Grouping.DAY: 1,
    Grouping.WEEK: 7,
    Grouping.FORTNIGHT: 14,
    Grouping.FOUR_WEEKS: 28,
    Grouping.QUARTER: 91,
}


@dataclass(frozen=True, eq=False)
class Stretch:
    """One place on a chart's time axis: a session, or those of a day or of weeks that are alike.

    ``at`` is the mean of the sessions' times, weighted as their shares are. ``heard`` is None where there is
    no result; sessions without one are kept with the others of their time.
    """

    at: datetime
    sessions: tuple[SessionPoint, ...]
    heard: Heard | None

    @property
    def counts(self) -> bool:
        """Whether there is enough clear speech to be drawn; where there is not, a chart shows a gap."""
        return self.heard is not None and self.heard.is_enough

    @property
    def first(self) -> SessionPoint:
        return self.sessions[0]

    @property
    def last(self) -> SessionPoint:
        return self.sessions[-1]

    @property
    def is_one(self) -> bool:
        return len(self.sessions) == 1

    @property
    def without_result(self) -> int:
        """How many of its sessions say nothing."""
        return sum(point.heard is None for point in self.sessions)


def group(points: Iterable[SessionPoint], by: Grouping) -> tuple[Stretch, ...]:
    """Stretches in order of time, of ``points`` from the oldest to the newest."""
    if by is Grouping.SESSION:
        return tuple(Stretch(point.held_at, (point,), point.heard) for point in points)
    stretches = _pooled(list(_alike(points, by)))
    return tuple(sorted(stretches, key=lambda stretch: stretch.at))


def period(point: SessionPoint, by: Grouping) -> int:
    """In which day, week or weeks of the clinic's calendar it lies; weeks begin on Mondays."""
    return (point.on.toordinal() - 1) // DAYS[by]


def finest(points: Sequence[SessionPoint], by: Grouping, most: int) -> Grouping:
    """``by``, or the finest coarser grouping that has at most ``most`` periods."""
    days = np.array([point.on.toordinal() - 1 for point in points])
    while by.coarser and (len(np.unique(days // DAYS[by])) if by in DAYS else len(days)) > most:
        by = by.coarser
    return by


def _alike(points: Iterable[SessionPoint], by: Grouping) -> Iterator[list[SessionPoint]]:
    periods: dict[int, list[SessionPoint]] = defaultdict(list)
    for point in points:
        periods[period(point, by)].append(point)
    for within in periods.values():
        kinds: dict[Kind, list[SessionPoint]] = defaultdict(list)
        silent: list[SessionPoint] = []
        for point in within:
            (silent if point.heard is None else kinds[point.heard.kind]).append(point)
        first, *others = kinds.values() or [[]]
        yield sorted(first + silent, key=lambda point: point.held_at) if silent else first
        yield from others


def _pooled(runs: Sequence[list[SessionPoint]]) -> Iterator[Stretch]:
    """Each run as one stretch, all of them in one go."""
    telling = [[(point, point.heard) for point in run if point.heard] for run in runs]
    heard = [result for run in telling for _point, result in run]
    starts = np.cumsum([0, *(len(run) for run in telling if run)])[:-1].astype(np.intp)
    results = results_of(heard)
    weights = iter(weigh(results, starts).tolist())
    numbers = [run[0][1].model_number for run in telling if run]
    pooled = iter(heard_in(results, [result.quality for result in heard], numbers, starts))
    for run, told in zip(runs, telling, strict=True):
        begin = run[0].held_at
        after = sum((point.held_at - begin).total_seconds() * next(weights) for point, _ in told)
        yield Stretch(begin + timedelta(seconds=after), tuple(run), next(pooled) if told else None)
