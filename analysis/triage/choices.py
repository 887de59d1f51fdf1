"""Which patients the caseload shows, in which order: small tables, asked of the database over all at once.

To add a filter or an order, add its row. A filter's count beside its name costs no query of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.core.paginator import Page, Paginator
from django.db.models import BooleanField, Case, Count, Exists, F, IntegerField, Q, QuerySet, Sum, Value, When
from django.utils.translation import gettext_lazy as _

from analysis.triage.reasons import REASONS, Asked, Line, is_learning, is_stale, kept
from patients.models import Patient

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

LINES_PER_PAGE = 50
SOON = timedelta(days=7)


@dataclass(frozen=True)
class Filter:
    """Some of the patients under care, or (``of_discharged``) of those who are not."""

    key: str
    label: StrPromise
    condition: Callable[[Asked], Q | Exists]
    of_results: bool = False
    of_discharged: bool = False

    def over(self, asked: Asked) -> Q:
        return Q(discharged_at__isnull=not self.of_discharged) & Q(self.condition(asked))


def _anyone(asked: Asked) -> Q:
    return Q(pk__isnull=False)


def _pressing(asked: Asked) -> Q:
    return Q(*(reason.condition(asked) for reason in asked.reasons if reason.is_pressing), _connector=Q.OR)


def _visit_soon(asked: Asked) -> Q:
    return Q(next_visit__gte=asked.now, next_visit__lt=asked.now + SOON)


FILTERS = (
    Filter("all", _("All"), _anyone),
    Filter("need", _("Needs a look"), _pressing),
    Filter("unreviewed", _("To review"), kept(unreviewed__gt=0), of_results=True),
    Filter("failed", _("Failed recording"), kept(failed__gt=0)),
    Filter("analysing", _("Being analysed"), kept(pending__gt=0)),
    Filter("soon", _("Visit within 7 days"), _visit_soon),
    Filter("stale", _("Stale"), is_stale),
    Filter("learning", _("Learning baseline"), is_learning, of_results=True),
    Filter("none", _("Nothing recorded yet"), kept(recordings=0)),
    Filter("discharged", _("Discharged"), _anyone, of_discharged=True),
)


@dataclass(frozen=True)
class Order:
    """``by``: what to sort by; the reference decides where that is equal."""

    key: str
    label: StrPromise
    by: Callable[[Asked], tuple[Any, ...]]
    of_results: bool = False


def _latest_first(column: str) -> tuple[Any, ...]:
    return (F(column).desc(nulls_last=True),)


def _rank(asked: Asked) -> Case:
    """The place of the first reason that holds."""
    places = (When(reason.condition(asked), then=Value(place)) for place, reason in enumerate(asked.reasons))
    return Case(*places, default=Value(len(REASONS)), output_field=IntegerField())


def _next_visit(asked: Asked) -> tuple[Any, ...]:
    """Visits to come, then those that are past, then patients without one."""
    upcoming = When(next_visit__gte=asked.now, then=Value(0))
    return Case(upcoming, default=Value(1), output_field=IntegerField()), F("next_visit").asc(nulls_last=True)


ORDERS = (
    Order(
        "need", _("what needs a look"), lambda asked: (_rank(asked), *_latest_first("digest__last_held_at"))
    ),
    Order("reference", _("reference"), lambda asked: ()),
    Order("last", _("last session"), lambda asked: _latest_first("digest__last_held_at")),
    Order("received", _("last recording"), lambda asked: _latest_first("digest__last_received_at")),
    Order("next", _("next visit"), _next_visit),
    Order("unreviewed", _("to review"), lambda asked: _latest_first("digest__unreviewed"), of_results=True),
)


@dataclass(frozen=True)
class Counts:
    """How many patients each filter finds, and what there is to do for those under care."""

    by_filter: Mapping[str, int]
    to_review: int
    failed: int
    pending: int


@dataclass(frozen=True)
class Choice:
    """What someone asks of their caseload; anything unknown in ``query`` is as if it were not there."""

    asked: Asked
    sought: str
    filter: Filter
    order: Order

    @classmethod
    def read(cls, asked: Asked, query: Mapping[str, str]) -> Choice:
        sought = query.get("q", "").replace("\0", "").strip()  # which PostgreSQL's text cannot hold
        filters = {one.key: one for one in cls.filters_for(asked)}
        orders = {one.key: one for one in cls.orders_for(asked)}
        return cls(
            asked,
            sought,
            filters.get(query.get("show", ""), FILTERS[0]),
            orders.get(query.get("sort", ""), ORDERS[0]),
        )

    @staticmethod
    def filters_for(asked: Asked) -> list[Filter]:
        return [one for one in FILTERS if asked.sees_estimates or not one.of_results]

    @staticmethod
    def orders_for(asked: Asked) -> list[Order]:
        return [one for one in ORDERS if asked.sees_estimates or not one.of_results]

    def found(self, patients: QuerySet[Patient]) -> QuerySet[Patient]:
        if not self.sought:
            return patients
        return patients.filter(Q(reference__icontains=self.sought) | Q(name__icontains=self.sought))

    def counts(self, patients: QuerySet[Patient]) -> Counts:
        """Of what the search found, in one query."""
        filters = self.filters_for(self.asked)
        under_care = Q(discharged_at=None)
        counted = self.found(patients).aggregate(
            **{f"of_{one.key}": Count("pk", filter=one.over(self.asked)) for one in filters},
            **{
                name: Sum(f"digest__{name}", filter=under_care)
                for name in ("unreviewed", "failed", "pending")
            },
        )
        return Counts(
            {one.key: counted[f"of_{one.key}"] for one in filters},
            *(counted[name] or 0 for name in ("unreviewed", "failed", "pending")),
        )

    def page(self, patients: QuerySet[Patient], counts: Counts, number: str | None) -> Page[Any]:
        """One page of lines; a page that is not there is the nearest that is."""
        chosen = self.found(patients).filter(self.filter.over(self.asked))
        ordered = chosen.order_by(*self.order.by(self.asked), "reference").select_related("digest")
        holds = {
            f"holds_{reason.key}": Case(
                When(reason.condition(self.asked), then=True), default=False, output_field=BooleanField()
            )
            for reason in self.asked.reasons
        }
        paginator = CountedPaginator(ordered.annotate(**holds), counts.by_filter[self.filter.key])
        page: Page[Any] = paginator.get_page(number)
        page.object_list = [self._line(patient) for patient in page.object_list]
        return page

    def _line(self, patient: Patient) -> Line:
        keys = (reason.key for reason in self.asked.reasons)
        return Line(patient, frozenset(key for key in keys if getattr(patient, f"holds_{key}")), self.asked)


class CountedPaginator(Paginator[Patient]):
    """Cuts what is already counted."""

    def __init__(self, found: QuerySet[Patient], total: int) -> None:
        super().__init__(found, LINES_PER_PAGE)
        self.total = total

    @cached_property
    def count(self) -> int:
        return self.total
