"""Alerts: the list of what is open, what a clinician does with one, and the own-baseline chart beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_GET, require_POST

from analysis.alerts import alerts
from analysis.alerts.forms import CloseForm, SnoozeForm
from analysis.alerts.shown import shown
from analysis.alerts.watched import control_of, watched
from analysis.charts import control as control_chart
from analysis.charts.frame import captioned
from analysis.charts.palette import palette_of
from analysis.models import Alert
from analysis.trends.kept import kept_days, kept_trend
from analysis.trends.trend import Trend
from analysis.voice.kept import kept_voice
from analysis.voice.measures import VoiceTrend
from analysis.wording.validity import not_validated
from patients.access import NotVisible, SignedInRequest, open_patient
from patients.audit import Action, record
from patients.errors import Refused
from patients.models import Patient
from patients.questionnaires.course import Filled

UNPROCESSABLE = 422
MOST_CLOSED = 30
State = Alert.State


@require_GET
def alerts_page(request: SignedInRequest) -> HttpResponse:
    """Open alerts of the clinician's patients first; held back, taken care of and closed ones after them."""
    if not request.user.sees_results:
        raise NotVisible
    now = timezone.now()
    is_open, has_room = alerts.is_open(now), alerts.shown_to(request.user)
    groups = {
        "open": shown(request.user, is_open & has_room),
        "held_back": shown(request.user, is_open & ~has_room),
        "acknowledged": shown(request.user, Q(state=State.ACKNOWLEDGED)),
        "snoozed": shown(request.user, Q(state=State.SNOOZED, snoozed_until__gt=now)),
        "closed": shown(request.user, Q(state=State.CLOSED), limit=MOST_CLOSED),
    }
    detail = {"alerts": sum(map(len, groups.values()))}
    record(actor=request.user, action=Action.ALERTS_VIEWED, detail=detail)
    return render(request, "analysis/alerts.html", {**groups, **forms_of_alerts(), "back": "alerts"})


def forms_of_alerts() -> dict[str, Any]:
    return {"snooze_form": SnoozeForm(auto_id=False), "close_form": CloseForm(auto_id=False)}


def beside_trend(
    request: SignedInRequest, patient: Patient, trend: Trend, voice: VoiceTrend, course: Sequence[Filled]
) -> dict[str, Any]:
    """What the patient's page shows of change; nothing for a role that sees no results."""
    if not request.user.sees_results:
        return {}
    measure = request.GET.get("measure", "")
    told = watched(request.user, patient, trend, kept_days(patient, trend, voice), course, measure)
    return {"watched": told, **forms_of_alerts(), "back": "patient"}


@require_GET
@gzip_page
def control_figure(request: SignedInRequest, reference: str) -> HttpResponse:
    patient = open_patient(request.user, reference)
    if not request.user.sees_results:
        raise NotVisible
    trend = kept_trend(patient)
    days = kept_days(patient, trend, kept_voice(patient))
    control = control_of(trend, days, request.GET.get("measure", "")) if len(days) else None
    if control is None:
        raise NotVisible
    record(actor=request.user, action=Action.ANALYSIS_VIEWED, patient=patient, subject=patient)
    if control.drawn is None:  # while the baseline is learnt there is nothing to draw
        return JsonResponse({"data": [], "layout": {}})
    palette = palette_of(request.GET.get("theme", ""), is_greyed=bool(not_validated(request.user, patient)))
    figure = control_chart.draw(control.days, control.drawn, control.runs, palette, decision=control.decision)
    titled = captioned(figure["layout"], palette, control.title)
    return JsonResponse(figure | {"layout": titled})


@require_POST
def acknowledge(request: SignedInRequest, alert_id: UUID) -> HttpResponse:
    alert = alerts.open_alert(request.user, alert_id)
    return _done(request, alert, lambda: alerts.acknowledge(by=request.user, alert=alert), _("Acknowledged."))


@require_POST
def snooze(request: SignedInRequest, alert_id: UUID) -> HttpResponse:
    alert = alerts.open_alert(request.user, alert_id)
    form = SnoozeForm(request.POST)
    if not form.is_valid():
        return _refused(request, alert, form.errors["until"][0])
    until = form.cleaned_data["until"]
    done = _("Snoozed: it comes back on that day.")
    return _done(request, alert, lambda: alerts.snooze(by=request.user, alert=alert, until=until), done)


@require_POST
def close(request: SignedInRequest, alert_id: UUID) -> HttpResponse:
    alert = alerts.open_alert(request.user, alert_id)
    form = CloseForm(request.POST)
    if not form.is_valid():
        return _refused(request, alert, _("Choose a reason to close the alert."))
    reason = form.reason
    done = _("Closed. The run that it told of is not told again.")
    return _done(request, alert, lambda: alerts.close(by=request.user, alert=alert, reason=reason), done)


@require_POST
def reopen(request: SignedInRequest, alert_id: UUID) -> HttpResponse:
    alert = alerts.open_alert(request.user, alert_id)
    return _done(request, alert, lambda: alerts.reopen(by=request.user, alert=alert), _("Reopened."))


def _done(request: SignedInRequest, alert: Alert, act: Any, words: str) -> HttpResponse:
    try:
        act()
    except Refused as refused:
        return _refused(request, alert, str(refused.sentence))
    messages.success(request, words)
    return _back(request, alert)


def _refused(request: SignedInRequest, alert: Alert, words: Any) -> HttpResponse:
    messages.error(request, str(words))
    return _back(request, alert)


def _back(request: SignedInRequest, alert: Alert) -> HttpResponse:
    """To where the form stood; never to an address that somebody sent."""
    if request.POST.get("back") == "patient":
        return redirect("patient", alert.patient.reference)
    return redirect("alerts")
