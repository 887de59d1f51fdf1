"""What of a trend a chart shows: days, in stretches of time, with what interrupts and marks them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import pairwise

from django.utils.timezone import localdate

from analysis.trends.affect import Places, places
from analysis.trends.grouping import Grouping, Stretch, finest, group
from analysis.trends.marks import Mark
from analysis.trends.trend import SessionPoint, Trend, results_of

# Nine layers of as many stretches are just under 2,400 numbers: what a chart draws without a noticeable wait.
MOST_DRAWN = 260
MOST_STOPS = 16  # of a path: more, and it is a scribble
LONG_PAUSE = 3.0  # times the usual distance between neighbours: longer, and no line is drawn across


@dataclass(frozen=True)
class ModelChange:
    """From ``at`` on another model heard; what lies on both sides of it is not compared."""

    at: datetime
    number: int


@dataclass(frozen=True)
class Excerpt:
    """``by`` is coarser than what was ``asked`` for where that would be too much to draw."""

    trend: Trend
    since: date | None
    until: date | None
    asked: Grouping
    by: Grouping
    stretches: tuple[Stretch, ...]
    left_out: int
    all_marks: tuple[Mark, ...] = ()

    @property
    def is_coarser(self) -> bool:
        return self.by is not self.asked

    @cached_property
    def sessions(self) -> tuple[SessionPoint, ...]:
        """All sessions of the range, drawn or not."""
        return within(self.trend.points, self.since, self.until)

    @cached_property
    def telling(self) -> tuple[Stretch, ...]:
        """Stretches with enough clear speech."""
        return tuple(stretch for stretch in self.stretches if stretch.counts)

    @cached_property
    def silent(self) -> tuple[Stretch, ...]:
        return tuple(stretch for stretch in self.stretches if not stretch.counts)

    @cached_property
    def apart(self) -> frozenset[Stretch]:
        """Stretches with a result that is not compared with the others: another band or another model."""
        return frozenset(one for one in self.telling if one.heard and one.heard.kind != self.trend.kind)

    @cached_property
    def off_the_line(self) -> frozenset[Stretch]:
        """Of those apart, the ones that came over another band: they stand beside the line, not on it."""
        usual = self.trend.kind
        return frozenset(
            one for one in self.apart if one.heard and usual and one.heard.is_telephone != usual.is_telephone
        )

    @cached_property
    def lines(self) -> tuple[tuple[Stretch, ...], ...]:
        """Stretches that a line may join: alike, by one model, with no gap and no long pause between them."""
        joined: list[list[Stretch]] = [[]]
        for stretch in self.stretches:
            if stretch in self.off_the_line:
                continue
            if not stretch.counts:
                joined.append([])
                continue
            if joined[-1] and not self._is_joined(joined[-1][-1], stretch):
                joined.append([])
            joined[-1].append(stretch)
        return tuple(tuple(line) for line in joined if line)

    @cached_property
    def model_changes(self) -> tuple[ModelChange, ...]:
        """Halfway between the last result of one model and the first of another."""
        return tuple(
            ModelChange(before.at + (after.at - before.at) / 2, after.heard.model_number)
            for before, after in pairwise(self.telling)
            if before.heard and after.heard and before.heard.model_number != after.heard.model_number
        )

    @cached_property
    def pauses(self) -> tuple[tuple[Stretch, Stretch], ...]:
        """Neighbours that lie further apart than is usual in this excerpt."""
        limit = self._longest_bridged
        return tuple((a, b) for a, b in pairwise(self.stretches) if limit and b.at - a.at > limit)

    @cached_property
    def days(self) -> tuple[date, date]:
        """First and last day of the time axis: those asked for, or else of the first and last stretch."""
        first, last = (localdate(self.stretches[place].at) for place in (0, -1))
        if self.left_out:
            return first, last
        return min(self.since or first, first), max(self.until or last, last)

    @cached_property
    def marks(self) -> tuple[Mark, ...]:
        """Marks on the time axis."""
        return tuple(mark for mark in self.all_marks if mark.touches(*self.days)) if self.stretches else ()

    @cached_property
    def _longest_bridged(self) -> timedelta | None:
        distances = sorted(b.at - a.at for a, b in pairwise(self.stretches))
        return max(distances[len(distances) // 2], timedelta(hours=12)) * LONG_PAUSE if distances else None

    def _is_joined(self, before: Stretch, after: Stretch) -> bool:
        assert before.heard and after.heard  # noqa: PT018  only stretches that count are on a line
        limit = self._longest_bridged
        is_near = limit is None or after.at - before.at <= limit
        return is_near and before.heard.model_number == after.heard.model_number


def within(
    points: Sequence[SessionPoint], since: date | None, until: date | None
) -> tuple[SessionPoint, ...]:
    """Of ``points`` in order of time those between the two days of the clinic's calendar, both included."""
    if since is None and until is None:
        return tuple(points)
    first, last = since or date.min, until or date.max
    return tuple(point for point in points if first <= point.on <= last)


def excerpt(
    trend: Trend,
    *,
    since: date | None = None,
    until: date | None = None,
    by: Grouping = Grouping.SESSION,
    marks: tuple[Mark, ...] = (),
    most: int = MOST_DRAWN,
) -> Excerpt:
    """The sessions between two days by ``by``, or by the finest coarser grouping of at most ``most``."""
    points = within(trend.points, since, until)
    drawn_by = finest(points, by, most)
    stretches = group(points, drawn_by)
    kept = stretches[-most:]
    return Excerpt(trend, since, until, by, drawn_by, kept, len(stretches) - len(kept), marks)


def places_of(chosen: Excerpt) -> Places:
    """Where its stretches that count lie on the plane of valence and arousal."""
    results = results_of([stretch.heard for stretch in chosen.telling if stretch.heard])
    return places(results.shares, results.low, results.high)
