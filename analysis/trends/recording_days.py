"""On which days there were sessions, how much clear speech they held, and how long there were none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise

from analysis.trends.trend import ENOUGH_SPEECH_S, SessionPoint

STEPS_MIN = (5, 15, 30)
"""Minutes of clear speech at which a day is drawn darker."""


@dataclass(frozen=True)
class RecordingDay:
    on: date
    sessions: tuple[SessionPoint, ...]

    @cached_property
    def clear_s(self) -> float:
        return sum(point.heard.clear_s for point in self.sessions if point.heard)

    @property
    def is_enough(self) -> bool:
        return self.clear_s >= ENOUGH_SPEECH_S

    @property
    def level(self) -> int:
        """0 where there is too little clear speech, then 1 to 4."""
        return 1 + sum(self.clear_s >= 60 * step for step in STEPS_MIN) if self.is_enough else 0


@dataclass(frozen=True)
class Calendar:
    """Days with a session, the earliest first."""

    days: tuple[RecordingDay, ...]

    @cached_property
    def recorded(self) -> tuple[RecordingDay, ...]:
        """Days with enough clear speech to count."""
        return tuple(day for day in self.days if day.is_enough)

    @cached_property
    def clear_s(self) -> float:
        return sum(day.clear_s for day in self.days)

    @property
    def longest_gap(self) -> tuple[RecordingDay, RecordingDay] | None:
        """The two days that counted, one after the other, with the most days between them."""
        neighbours = pairwise(self.recorded)
        return max(neighbours, key=lambda pair: (pair[1].on - pair[0].on, pair[1].on), default=None)


def calendar_of(points: Iterable[SessionPoint]) -> Calendar:
    by_day: dict[date, list[SessionPoint]] = defaultdict(list)
    for point in points:
        by_day[point.on].append(point)
    return Calendar(tuple(RecordingDay(on, tuple(found)) for on, found in sorted(by_day.items())))
