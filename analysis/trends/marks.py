"""Life events and medication as numbered marks on a time axis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from patients.models import CourseEvent


@dataclass(frozen=True)
class Mark:
    """An event, numbered in order of time among all of the patient's: the number is its own in any range."""

    number: int
    kind: str
    on: date
    until: date | None
    label: str
    detail: str

    @property
    def kind_label(self) -> str:
        return str(CourseEvent.Kind(self.kind).label)

    @property
    def words(self) -> str:
        """ "medication started: sertraline (50 mg)"."""
        return f"{self.kind_label}: {self.label}" + (f" ({self.detail})" if self.detail else "")

    def touches(self, since: date, until: date) -> bool:
        """Whether any of it lies between the two days, both included."""
        return self.on <= until and (self.until or self.on) >= since


def marks_among(events: Sequence[CourseEvent]) -> tuple[Mark, ...]:
    """Of everything that was written down, the latest first. What was voided is not marked."""
    return numbered(event for event in reversed(events) if not event.is_voided)


def numbered(events: Iterable[CourseEvent]) -> tuple[Mark, ...]:
    return tuple(
        Mark(number, event.kind, event.on, event.until, event.label, event.detail)
        for number, event in enumerate(events, start=1)
    )
