"""What the charts of a patient's page need: what each says, its numbers as a table, and what was chosen."""

from __future__ import annotations

from typing import Any

from django.forms import BoundField
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from analysis.charts.tables import months, path_rows, trend_rows
from analysis.trends.excerpts import MOST_STOPS, Excerpt, places_of
from analysis.trends.kept import kept_marks
from analysis.trends.marks import Mark
from analysis.trends.periods import compare_periods
from analysis.trends.recording_days import calendar_of
from analysis.trends.selection import (
    COMPARED,
    Selection,
    SelectionForm,
    Suggestion,
    around,
    latest_against_before,
)
from analysis.trends.trend import Trend
from analysis.wording import captions
from analysis.wording.phrases import SOUNDS
from ml.labels import AFFECT, EMOTIONS
from patients.models import Patient

MARKS_SUGGESTED = 3
FOUR_WEEKS, QUARTER = 28, 91


def charts(patient: Patient, trend: Trend, selection: Selection, form: SelectionForm) -> dict[str, Any]:
    """One query, for the marks."""
    marks = kept_marks(patient)
    chosen = selection.of(trend, marks=marks)
    return {
        "charts": True,
        "chosen": chosen,
        "view_query": selection.query(),
        "emotions": [(emotion, SOUNDS[emotion]) for emotion in EMOTIONS],
        "trend_words": captions.trend_summary(chosen),
        "table": trend_rows(chosen, patient.reference),
        **_view(selection, form, chosen),
        **_periods(trend, selection, form, marks),
        **_path(trend, selection, patient),
        **_calendar(chosen),
    }


def _view(selection: Selection, form: SelectionForm, chosen: Excerpt) -> dict[str, Any]:
    first, last = chosen.days if chosen.stretches else (selection.since, selection.until)
    fields = (form["since"], form["until"])
    return {
        "view_form": form,
        "selection": selection,
        "own_days": list(zip(fields, (selection.since or first, selection.until or last), strict=True)),
        "view_errors": [error for field in fields for error in field.errors],
    }


def _periods(
    trend: Trend, selection: Selection, form: SelectionForm, marks: tuple[Mark, ...]
) -> dict[str, Any]:
    compared = compare_periods(trend, *selection.compared) if selection.compared else None
    context: dict[str, Any] = {
        "compared": compared,
        "suggestions": [(one, selection.query(**one.days)) for one in _suggestions(marks)],
        "period_fields": _period_fields(form),
    }
    if compared:
        context |= {
            "periods_title": captions.periods_title(compared),
            "periods_words": captions.periods_summary(compared),
            "contrasts": [
                (SOUNDS[one.emotion], one, *map(captions.signed, (one.difference, one.low, one.high)))
                for one in compared.contrasts
            ],
        }
    return context


def _suggestions(marks: tuple[Mark, ...]) -> list[Suggestion]:
    today = localdate()
    latest = [
        latest_against_before(FOUR_WEEKS, _("Last 4 weeks against the 4 before"), today=today),
        latest_against_before(QUARTER, _("Last 3 months against the 3 before"), today=today),
    ]
    past = [mark for mark in marks if mark.on <= today][-MARKS_SUGGESTED:]
    label = _("4 weeks before and after mark %(n)d: %(what)s")
    return latest + [
        around(mark.on, FOUR_WEEKS, label % {"n": mark.number, "what": mark.label}) for mark in reversed(past)
    ]


def _period_fields(form: SelectionForm) -> list[tuple[str, list[tuple[BoundField, Any]]]]:
    """The two periods by their letters, with the days that were sent."""
    pairs = [(form[name], form.cleaned_data.get(name)) for name in COMPARED]
    return [(_("Period A"), pairs[:2]), (_("Period B"), pairs[2:])]


def _path(trend: Trend, selection: Selection, patient: Patient) -> dict[str, Any]:
    chosen = selection.of(trend, most=MOST_STOPS)
    places = places_of(chosen)
    return {
        "path_title": captions.path_title(chosen.telling, places, chosen.by),
        "path_words": captions.path_summary(chosen.telling, places),
        "path_table": path_rows(chosen, places, patient.reference),
        "affect": [(SOUNDS[emotion], AFFECT[emotion]) for emotion in EMOTIONS],
    }


def _calendar(chosen: Excerpt) -> dict[str, Any]:
    calendar = calendar_of(chosen.sessions)
    return {
        "calendar_title": captions.calendar_title(calendar),
        "calendar_words": captions.calendar_summary(calendar),
        "months": months(calendar),
    }
