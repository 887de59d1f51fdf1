"""What was heard of a patient session by session, and how it compares with before; ``reading`` reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import numpy as np
from django.utils.timezone import get_default_timezone

from analysis import reasons
from analysis.change.baseline import Prior
from analysis.change.comparison import Comparison, Shares, compare
from analysis.change.days import Days, days_of_shares
from analysis.change.pooling import Places, Results, pool
from analysis.models import Summary
from ml.labels import EMOTIONS

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

# With less clear speech than this a session says too little to be compared with others.
ENOUGH_SPEECH_S = 15.0


class Kind(NamedTuple):
    """What has to be alike for results to be compared or averaged."""

    model_number: int
    is_telephone: bool


@dataclass(frozen=True, slots=True)
class Heard(Shares):
    """What was heard in one session, its recordings weighted by their seconds of clear speech."""

    speech_s: float
    duration_s: float
    abstained_share: float
    quality: tuple[str, ...]
    model_number: int
    clear_s: float = field(init=False)
    """Seconds of speech that were clear enough to judge."""
    kind: Kind = field(init=False)

    def __post_init__(self) -> None:
        # A page asks for these of every session several times.
        object.__setattr__(self, "clear_s", self.speech_s * (1 - self.abstained_share))
        object.__setattr__(self, "kind", Kind(self.model_number, self.is_telephone))

    @property
    def is_enough(self) -> bool:
        return self.clear_s >= ENOUGH_SPEECH_S

    @property
    def is_telephone(self) -> bool:
        """Whether a telephone's narrow band was heard: that alone shifts the shares more than changes do."""
        return "band_limited" in self.quality

    @property
    def sure_share(self) -> float:
        """Of the speech, how much was clear enough to judge."""
        return 1 - self.abstained_share

    @property
    def notes(self) -> list[str]:
        """What to know beside the result, in words."""
        return reasons.notes(list(self.quality))

    @property
    def rows(self) -> list[tuple[int, int, int]]:
        """Share, low and high of each emotion in whole per cent, for tables."""
        table = np.rint(np.column_stack([self.shares, self.low, self.high]) * 100).astype(int)
        return [(int(share), int(low), int(high)) for share, low, high in table]


@dataclass(frozen=True, slots=True)
class SessionPoint:
    """One session on the time axis; ``heard`` is None while or because there is no result.

    With slots, as what was heard in it: thousands of them are kept, and objects without a dictionary each are
    made faster and give the garbage collector half the work.
    """

    session_id: UUID
    held_at: datetime
    kind: str | StrPromise
    is_voided: bool
    recordings: int
    failed: int
    pending: int
    heard: Heard | None
    is_visit: bool = False
    """Whether a clinician met the patient, or signed what was heard."""
    on: date = field(init=False)
    """The day in the clinic's calendar."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "on", self.held_at.astimezone(get_default_timezone()).date())

    @property
    def counts(self) -> bool:
        """Whether this session takes part in comparisons; where it does not, a chart shows a gap."""
        return self.heard is not None and self.heard.is_enough


@dataclass(frozen=True)
class Trend:
    """A patient's sessions from the oldest to the newest, voided ones included and marked."""

    all_points: tuple[SessionPoint, ...]
    prior: Prior | None = None
    """What the rule that says what has changed borrows from the caseload."""

    def amended(self, changed: Trend) -> Trend:
        """This trend with the sessions of ``changed`` as they are there, new ones among them."""
        now = {point.session_id: point for point in changed.all_points}
        points = [now.pop(point.session_id, point) for point in self.all_points]
        points += now.values()
        return Trend(tuple(sorted(points, key=lambda point: point.held_at)), changed.prior or self.prior)

    @cached_property
    def points(self) -> tuple[SessionPoint, ...]:
        return tuple(point for point in self.all_points if not point.is_voided)

    @cached_property
    def kind(self) -> Kind | None:
        """The kind that is compared: by the newest model, and over the band that most of it came over."""
        kinds = [point.heard.kind for point in self.points if point.heard and point.counts]
        newest = max((kind.model_number for kind in kinds), default=None)
        over_telephone = [kind.is_telephone for kind in kinds if kind.model_number == newest]
        return None if newest is None else Kind(newest, 2 * sum(over_telephone) > len(over_telephone))

    @cached_property
    def compared(self) -> tuple[tuple[SessionPoint, Heard], ...]:
        """Like with like: enough speech, and of the one kind."""
        counting = [(point, point.heard) for point in self.points if point.heard and point.counts]
        return tuple((point, heard) for point, heard in counting if heard.kind == self.kind)

    @cached_property
    def set_apart(self) -> frozenset[UUID]:
        """Sessions with a result that is drawn but not compared with the others."""
        compared = {point.session_id for point, _ in self.compared}
        return frozenset(p.session_id for p in self.points if p.counts and p.session_id not in compared)

    @cached_property
    def compared_results(self) -> Results:
        """The sessions that are compared, as one set of numbers."""
        return results_of([heard for _, heard in self.compared])

    @cached_property
    def days(self) -> Days:
        """The days on which something can be compared: what charts and rules work on."""
        dates = [point.on for point, _ in self.compared]
        return days_of_shares(dates, self.compared_results)

    @cached_property
    def comparison(self) -> Comparison:
        return compare(self.days, self.compared_results, self.prior)

    @cached_property
    def recent(self) -> frozenset[UUID]:
        """The sessions of the run that is beyond this patient's usual; none where nothing has changed."""
        return frozenset(self.compared[place][0].session_id for place in self.comparison.recent)

    @property
    def changed_since(self) -> datetime | None:
        """When the run began that is beyond this patient's usual; None where nothing has changed."""
        recent = self.comparison.recent
        return self.compared[recent[0]][0].held_at if recent else None

    @property
    def latest(self) -> SessionPoint | None:
        return self.points[-1] if self.points else None

    @property
    def pending(self) -> int:
        return sum(point.pending for point in self.points)

    @property
    def failed_lately(self) -> int:
        return self.latest.failed if self.latest else 0

    @property
    def is_silent_lately(self) -> bool:
        """Whether the last two sessions were recorded and analysed, and neither held enough speech."""
        finished = [point for point in self.points if point.recordings and not point.pending]
        return len(finished) >= 2 and not any(point.counts for point in finished[-2:])


def combine(summaries: list[tuple[int, Summary]]) -> Heard | None:
    """One result for a session of several recordings, of which each comes with its model's number."""
    if not summaries:
        return None
    newest = max(number for number, _ in summaries)
    kept = [summary for number, summary in summaries if number == newest]
    columns = ("shares", "low", "high", "speech_s", "duration_s", "abstained_share")
    results = Results(
        **{name: np.array([getattr(summary, name) for summary in kept], np.float64) for name in columns}
    )
    return heard_in(results, [summary.quality for summary in kept], [newest], np.zeros(1, np.intp))[0]


def heard_in(
    results: Results, quality: Sequence[Sequence[str]], numbers: Sequence[int], starts: Places
) -> list[Heard]:
    """What was heard in each run of ``results``: they begin at ``starts``, their models have ``numbers``."""
    pooled = pool(results, starts)
    columns = (
        *(list(part.astype(np.float32)) for part in (pooled.shares, pooled.low, pooled.high)),
        *(part.tolist() for part in (pooled.speech_s, pooled.duration_s, pooled.abstained_share)),
    )
    begins = starts.tolist()
    ends = [*begins, len(results)][1:]
    codes = [_named(quality[begin:end]) for begin, end in zip(begins, ends, strict=True)]
    return list(map(Heard, *columns, codes, numbers))


def _named(quality: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Each code once, in the order in which they come."""
    return tuple(dict.fromkeys(chain.from_iterable(quality))) if any(quality) else ()


def results_of(heard: Sequence[Heard]) -> Results:
    """Side by side, for the arithmetic."""
    shares, low, high = (
        np.concatenate([getattr(one, name) for one in heard]).astype(np.float64).reshape(-1, len(EMOTIONS))
        if heard
        else np.empty((0, len(EMOTIONS)))
        for name in ("shares", "low", "high")
    )
    return Results(
        *(shares, low, high),
        speech_s=np.array([one.speech_s for one in heard], np.float64),
        duration_s=np.array([one.duration_s for one in heard], np.float64),
        abstained_share=np.array([one.abstained_share for one in heard], np.float64),
    )
