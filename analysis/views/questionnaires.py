"""Questionnaires on the patient's page: scores, item 9's notice, and the voice beside them."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_GET

from analysis import jurisdiction
from analysis.charts import questionnaires as chart
from analysis.charts.palette import palette_of
from analysis.trends.beside import HEARD_BESIDE, shares_of
from analysis.trends.kept import kept_trend
from analysis.trends.trend import Trend
from analysis.wording.beside import beside
from analysis.wording.dates import written
from analysis.wording.phrases import SOUNDS
from analysis.wording.validity import not_validated
from patients.access import NotVisible, SignedInRequest, open_patient
from patients.audit import Action, record
from patients.models import Clinician, Instrument, Patient
from patients.questionnaires.course import Filled, course_of, latest
from patients.questionnaires.instruments import QUESTIONNAIRES
from patients.questionnaires.notices import is_waiting, unseen

MOST_DRAWN = 200


def shown_on_patient(
    clinician: Clinician, patient: Patient, course: list[Filled], trend: Trend
) -> dict[str, Any]:
    """What ``analysis/_questionnaires.html`` and ``analysis/_eyes.html`` need."""
    if not clinician.sees_results:
        return {"eyes_wanted": list(unseen([patient]).order_by("filled_at"))}
    waiting = [one.response for one in reversed(course) if is_waiting(one.response)]
    newest = latest(course)
    said = [beside(one, trend) for one in newest] if jurisdiction.shows_emotion() else []
    scored = _scored(course)
    return {
        "eyes_wanted": waiting,
        "newest_scores": newest,
        "scored": scored,
        "scored_in_words": _course_in_words(scored),
        "beside": said,
    }


def _scored(course: list[Filled]) -> list[Filled]:
    return [one for one in course if one.counts][:MOST_DRAWN]


def _course_in_words(scored: list[Filled]) -> str:
    """What the chart shows, as a sentence; empty without a score. ``scored`` has the newest first."""
    if not scored:
        return ""
    count = ngettext("%(n)d questionnaire", "%(n)d questionnaires", len(scored)) % {"n": len(scored)}
    first, last = (written(localtime(one.at), "j M Y") for one in (scored[-1], scored[0]))
    days = last if first == last else f"{first} – {last}"
    newest = "; ".join(f"{one.questionnaire.name}: {one.score_in_words}" for one in latest(scored))
    return _("%(count)s, %(days)s. The newest are %(newest)s.") % {
        "count": count,
        "days": days,
        "newest": newest,
    }


@require_GET
@gzip_page
def questionnaire_figure(request: SignedInRequest, reference: str) -> HttpResponse:
    patient = open_patient(request.user, reference)
    scored = _scored(course_of(patient)) if request.user.sees_results else []
    if not scored:
        raise NotVisible
    detail = {"figure": "questionnaires"}
    record(
        actor=request.user,
        action=Action.QUESTIONNAIRES_VIEWED,
        patient=patient,
        subject=patient,
        detail=detail,
    )
    kinds = [kind for kind in Instrument.values if any(one.response.instrument == kind for one in scored)]
    trend = kept_trend(patient)
    voice = [
        (HEARD_BESIDE[kind], str(SOUNDS[HEARD_BESIDE[kind]]), shares_of(trend, HEARD_BESIDE[kind]))
        for kind in kinds
    ]
    palette = palette_of(request.GET.get("theme", ""), is_greyed=bool(not_validated(request.user, patient)))
    title = _("Questionnaires and, under them, the voice")
    return JsonResponse(chart.draw([_series(kind, scored) for kind in kinds], voice, palette, title=title))


def _series(kind: str, scored: list[Filled]) -> chart.Series:
    rows = [one for one in reversed(scored) if one.response.instrument == kind]
    return chart.Series(
        key=kind,
        name=QUESTIONNAIRES[kind].name,
        highest=QUESTIONNAIRES[kind].highest,
        at=[one.at for one in rows],
        totals=[one.score.total or 0 for one in rows],
        words=[_in_words(one) for one in rows],
    )


def _in_words(one: Filled) -> str:
    day = written(localtime(one.at), "j M Y")
    change = f"<br>{one.change_in_words}" if one.change else ""
    return f"{one.questionnaire.name}, {day}: {one.score_in_words}{change}"
