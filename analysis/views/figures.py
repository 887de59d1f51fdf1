"""Figures of a patient as JSON for Plotly, in the reader's colours. Staff, who see no results, find none.

They are compressed: nothing that a request brings comes back in them, so their size betrays nothing (BREACH).
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpResponse, JsonResponse
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_GET

from analysis.charts import calendar, differences, path, small_multiples, stacks
from analysis.charts.frame import Figure
from analysis.charts.palette import Palette, palette_of
from analysis.trends.excerpts import MOST_STOPS, places_of
from analysis.trends.kept import kept_marks, kept_trend
from analysis.trends.periods import compare_periods
from analysis.trends.recording_days import calendar_of
from analysis.trends.selection import Selection, latest_against_before, select
from analysis.trends.trend import Trend
from analysis.wording.validity import not_validated
from patients.access import NotVisible, SignedInRequest, open_patient
from patients.audit import Action, record
from patients.models import Patient

COLUMNS = {"1": 1, "2": 2, "4": 4}
FOUR_WEEKS = 28


def _answer(
    request: SignedInRequest,
    reference: str,
    name: str,
    draw: Callable[[Patient, Trend, Selection, Palette], Figure],
) -> HttpResponse:
    """The door, the trail and the reader's colours, before ``draw`` draws what the address selects."""
    patient = open_patient(request.user, reference)
    if not request.user.sees_results:
        raise NotVisible
    trend = kept_trend(patient)
    if not trend.points:
        raise NotVisible
    detail = {"figure": name}
    record(actor=request.user, action=Action.ANALYSIS_VIEWED, patient=patient, subject=patient, detail=detail)
    selection, _form = select(request.GET)
    palette = palette_of(request.GET.get("theme", ""), is_greyed=bool(not_validated(request.user, patient)))
    return JsonResponse(draw(patient, trend, selection, palette))


def _is_wide(request: SignedInRequest) -> bool:
    """Whether it is drawn for a desk rather than for a hand."""
    return request.GET.get("columns") != "2"


@require_GET
@gzip_page
def trend_figure(request: SignedInRequest, reference: str) -> HttpResponse:
    """Shares over time, each emotion for itself or (``view=stacked``) all on top of each other."""

    def draw(patient: Patient, trend: Trend, selection: Selection, palette: Palette) -> Figure:
        chosen = selection.of(trend, marks=kept_marks(patient))
        if not chosen.stretches:
            raise NotVisible
        if request.GET.get("view") == "stacked":
            return stacks.draw(chosen, palette, reference=reference, is_wide=_is_wide(request))
        columns = COLUMNS.get(request.GET.get("columns", ""), 4)
        return small_multiples.draw(chosen, palette, columns=columns, reference=reference)

    return _answer(request, reference, "trend", draw)


@require_GET
@gzip_page
def path_figure(request: SignedInRequest, reference: str) -> HttpResponse:
    """The way over the plane of valence and arousal."""

    def draw(patient: Patient, trend: Trend, selection: Selection, palette: Palette) -> Figure:
        chosen = selection.of(trend, most=MOST_STOPS)
        return path.draw(chosen, places_of(chosen), palette, reference=reference)

    return _answer(request, reference, "path", draw)


@require_GET
@gzip_page
def calendar_figure(request: SignedInRequest, reference: str) -> HttpResponse:
    """The days on which there were sessions."""

    def draw(patient: Patient, trend: Trend, selection: Selection, palette: Palette) -> Figure:
        chosen = selection.of(trend)
        since, until = selection.calendar_days(chosen)
        return calendar.draw(
            calendar_of(chosen.sessions),
            kept_marks(patient),
            palette,
            since=since,
            until=until,
            is_wide=_is_wide(request),
            reference=reference,
        )

    return _answer(request, reference, "calendar", draw)


@require_GET
@gzip_page
def periods_figure(request: SignedInRequest, reference: str) -> HttpResponse:
    """Two periods compared; if none are given, the last four weeks with the four before."""

    def draw(patient: Patient, trend: Trend, selection: Selection, palette: Palette) -> Figure:
        latest = latest_against_before(FOUR_WEEKS, _("the last 4 weeks"), today=localdate())
        return differences.draw(
            compare_periods(trend, *(selection.compared or (latest.a, latest.b))), palette
        )

    return _answer(request, reference, "periods", draw)
