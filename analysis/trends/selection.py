"""What a clinician chose to see of a patient: which days, gathered how, and which two periods compared.

All of it stands in the page's address, so that a view can be kept, sent to a colleague and gone back to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import TextChoices
from django.http import QueryDict
from django.utils.timezone import localdate
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from analysis.trends.excerpts import MOST_DRAWN, Excerpt, excerpt
from analysis.trends.grouping import Grouping
from analysis.trends.marks import Mark
from analysis.trends.periods import Period
from analysis.trends.trend import Trend


class Range(TextChoices):
    FOUR_WEEKS = "4w", _("4 weeks")
    THREE_MONTHS = "3m", _("3 months")
    YEAR = "1y", _("1 year")
    ALL = "all", _("All")
    OWN = "own", _("Own dates")


# Counted back from today, which is the last of these days.
LENGTHS = {Range.FOUR_WEEKS: 28, Range.THREE_MONTHS: 91, Range.YEAR: 365}
GROUPINGS = [
    (Grouping.SESSION.value, _("Session")),
    (Grouping.DAY.value, _("Day")),
    (Grouping.WEEK.value, _("Week")),
    (Grouping.FORTNIGHT.value, _("Two weeks")),
]
COMPARED = ("a_since", "a_until", "b_since", "b_until")


def _day(label: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date", "form": "view"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, widget=widget)


def _choice(choices: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        choices=choices, required=False, widget=forms.RadioSelect(attrs={"form": "view"})
    )


class SelectionForm(forms.Form):
    """Sent by address. Every field may be absent; a wrong one is said and leaves its default standing."""

    range = _choice(Range.choices)
    since = _day(_("From"))
    until = _day(_("To"))
    by = _choice(GROUPINGS)
    a_since = _day(_("From"))
    a_until = _day(_("To"))
    b_since = _day(_("From"))
    b_until = _day(_("To"))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for first, last in (("since", "until"), ("a_since", "a_until"), ("b_since", "b_until")):
            begin, end = cleaned.get(first), cleaned.get(last)
            if begin and end and end < begin:
                self.add_error(last, gettext("This is before the first day."))
        if not self.errors:
            chosen = [cleaned[name] for name in COMPARED]
            if any(chosen) and not all(chosen):
                self.add_error("b_until", gettext("Choose the first and the last day of both periods."))
            elif all(chosen) and Period(*chosen[:2]).overlaps(Period(*chosen[2:])):
                self.add_error("b_since", gettext("The two periods overlap."))
        return cleaned


@dataclass(frozen=True)
class Selection:
    """``range`` and the days that it means today; ``compared`` are the periods A and B, if both are given."""

    range: Range
    since: date | None
    until: date | None
    by: Grouping
    compared: tuple[Period, Period] | None

    def of(self, trend: Trend, *, marks: tuple[Mark, ...] = (), most: int = MOST_DRAWN) -> Excerpt:
        """What of a trend is chosen, with ``marks`` on its time axis."""
        return excerpt(trend, since=self.since, until=self.until, by=self.by, marks=marks, most=most)

    def calendar_days(self, chosen: Excerpt) -> tuple[date, date]:
        """From the first day chosen, or else of the first session, to the last, or else today."""
        held = [chosen.sessions[place].on for place in (0, -1)] if chosen.sessions else []
        first, last = self.since or min(held, default=localdate()), self.until or max([*held, localdate()])
        return first, max(first, last)

    def query(self, **changes: Any) -> str:
        """This selection as an address, with ``changes``; what is a default is left out."""
        periods = self.compared or ()
        days = [day for period in periods for day in (period.since, period.until)]
        fields: dict[str, Any] = {
            "range": "" if self.range is Range.ALL else self.range.value,
            "since": self.since if self.range is Range.OWN else None,
            "until": self.until if self.range is Range.OWN else None,
            "by": "" if self.by is Grouping.SESSION else self.by.value,
            **dict(zip(COMPARED, days, strict=False)),
            **changes,
        }
        return urlencode({name: value for name, value in fields.items() if value})


def select(query: QueryDict) -> tuple[Selection, SelectionForm]:
    """What an address asks for, and the form that shows it; what makes no sense is as good as not said."""
    form = SelectionForm(query)
    form.is_valid()
    cleaned = form.cleaned_data
    chosen, since, until = (cleaned.get(name) for name in ("range", "since", "until"))
    if not chosen:
        chosen = Range.OWN if since or until else Range.ALL
    range_ = Range(chosen)
    if range_ in LENGTHS:
        until = localdate()
        since = until - timedelta(days=LENGTHS[range_] - 1)
    elif range_ is Range.ALL or "until" in form.errors or "since" in form.errors:
        since = until = None
    days = [cleaned.get(name) for name in COMPARED]
    is_comparing = all(days) and not form.errors
    selection = Selection(
        range=range_,
        since=since,
        until=until,
        by=Grouping(cleaned.get("by") or Grouping.SESSION),
        compared=(Period(*days[:2]), Period(*days[2:])) if is_comparing else None,  # type: ignore[arg-type]
    )
    return selection, form


@dataclass(frozen=True)
class Suggestion:
    """Two periods that are often compared, by name."""

    label: str
    a: Period
    b: Period

    @property
    def days(self) -> dict[str, date]:
        return dict(zip(COMPARED, (self.a.since, self.a.until, self.b.since, self.b.until), strict=True))


def latest_against_before(days: int, label: str, *, today: date) -> Suggestion:
    middle = today - timedelta(days=days)
    before = Period(middle - timedelta(days=days - 1), middle)
    return Suggestion(label, before, Period(middle + timedelta(days=1), today))


def around(day: date, days: int, label: str) -> Suggestion:
    """So many days before ``day``, against as many from it on."""
    before = Period(day - timedelta(days=days), day - timedelta(days=1))
    return Suggestion(label, before, Period(day, day + timedelta(days=days - 1)))
