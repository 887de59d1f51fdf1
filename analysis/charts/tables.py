"""The numbers of a patient's charts as rows, for whoever reads them better than a drawing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import numpy as np
from django.utils.translation import gettext as _

from analysis.charts.over_time import links_to, noon
from analysis.decimals import decimal, signed_decimal
from analysis.trends.affect import Places
from analysis.trends.excerpts import Excerpt
from analysis.trends.recording_days import Calendar, RecordingDay
from analysis.trends.trend import Heard, results_of
from analysis.wording.captions import days, stretch_name
from analysis.wording.dates import written
from analysis.wording.phrases import session_sentence


@dataclass(frozen=True)
class TrendRow:
    """A stretch with its shares, or in ``note`` why there are none; or an event, or a change of model."""

    at: datetime
    name: str
    link: str = ""
    cells: list[str] = field(default_factory=list)
    unsure: float | None = None
    speech_s: float | None = None
    note: str = ""


def trend_rows(excerpt: Excerpt, reference: str) -> list[TrendRow]:
    """Everything on the time axis of an excerpt, the latest first."""
    rows = [*_stretches(excerpt, reference), *_marks(excerpt), *_model_changes(excerpt)]
    return sorted(rows, key=lambda row: row.at, reverse=True)


def _stretches(excerpt: Excerpt, reference: str) -> Iterator[TrendRow]:
    cells = iter(_cells([one.heard for one in excerpt.telling if one.heard]))
    for stretch, link in zip(excerpt.stretches, links_to(excerpt.stretches, reference), strict=True):
        name = stretch_name(stretch, excerpt.by)
        if stretch.heard is None or not stretch.counts:
            yield TrendRow(stretch.at, name, link, note=session_sentence(stretch.heard))
        else:
            yield TrendRow(
                at=stretch.at,
                name=name,
                link=link,
                cells=next(cells),
                unsure=stretch.heard.abstained_share,
                speech_s=stretch.heard.speech_s,
            )


def _cells(heard: Sequence[Heard]) -> list[list[str]]:
    """Share and interval of each emotion in whole per cent, of all stretches in one go."""
    results = results_of(heard)
    table = np.rint(np.stack([results.shares, results.low, results.high], -1) * 100).astype(int).tolist()
    return [[f"{share} ({low}–{high})" for share, low, high in row] for row in table]


def _marks(excerpt: Excerpt) -> Iterator[TrendRow]:
    for mark in excerpt.marks:
        note = _("Mark %(n)d: %(words)s") % {"n": mark.number, "words": mark.words}
        yield TrendRow(noon(mark.on), days(mark.on, mark.until), note=note)


def _model_changes(excerpt: Excerpt) -> Iterator[TrendRow]:
    for change in excerpt.model_changes:
        note = _("Model v%(n)d from here: not joined or compared with what was before") % {"n": change.number}
        yield TrendRow(change.at, days(change.at.date(), None), note=note)


@dataclass(frozen=True)
class PathRow:
    name: str
    link: str
    valence: str
    arousal: str


def path_rows(excerpt: Excerpt, places: Places, reference: str) -> list[PathRow]:
    """The latest first."""
    links = links_to(excerpt.telling, reference)
    rows = [
        PathRow(
            stretch_name(stop, excerpt.by),
            link,
            *(
                f"{signed_decimal(value, 2)} ± {decimal(reach, 2)}"
                for value, reach in zip(mean, half, strict=True)
            ),
        )
        for stop, link, mean, half in zip(excerpt.telling, links, places.means, places.reach, strict=True)
    ]
    return rows[::-1]


@dataclass(frozen=True)
class Month:
    """The days of one month with a session, and its clear speech in all."""

    name: str
    days: str
    clear_s: float


def months(calendar: Calendar) -> list[Month]:
    """The latest first."""
    by_month: dict[date, list[RecordingDay]] = defaultdict(list)
    for one in calendar.days:
        by_month[one.on.replace(day=1)].append(one)
    enough, too_little = _("%(day)d (%(n).0f min)"), _("%(day)d (too little)")
    return [
        Month(
            name=written(month, "F Y"),
            days=", ".join(
                (enough if one.is_enough else too_little) % {"day": one.on.day, "n": max(one.clear_s / 60, 1)}
                for one in found
            ),
            clear_s=sum(one.clear_s for one in found),
        )
        for month, found in sorted(by_month.items(), reverse=True)
    ]
