"""Alerts: opened by rules after an analysis, moved by clinicians, never lost.

A rule raises at most one alert for a run of a patient's measure in one direction; when the run is over, the
alert stays until someone has closed it, and a run that an alert has told of is not told again. Of a team's
alerts ``ALERTS_PER_DAY`` are shown anew in a day; further ones are held back, and shown when there is room.
Who works in several teams has one such budget for all of them: ``shown_to``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from analysis import jurisdiction
from analysis.alerts.grounds import grounds_of
from analysis.change.days import SHARE_MEASURES, Days
from analysis.change.rules import default_rule, standing_rules
from analysis.change.runs import Run, rule_told, runs_of
from analysis.models import Alert, AlertAction, AlertRule
from analysis.trends.reading import trends_of
from analysis.trends.watchable import days_in, days_of, prior_in
from analysis.voice.measures import measures_of
from patients.access import NotVisible, lock_patient, patients_of
from patients.audit import Action, record
from patients.errors import Refused
from patients.models import Clinician, Patient, Team

State = Alert.State
LONGEST_REASON = 300
UNCHANGED = 0.1  # of a borrowed value: a caseload that says the same but for a tenth moves no limits
FIRST = (F("rule__team").asc(nulls_first=True), "opened_at", "pk")
"""What is shown first: the default rule's before a team's own, of which one that speaks of everybody would
else keep it quiet for days; of each the oldest."""


def alerts_of(clinician: Clinician) -> QuerySet[Alert]:
    """Alerts of the clinician's patients; a role that sees no results sees none."""
    if not clinician.sees_results:
        return Alert.objects.none()
    mine = patients_of(clinician).order_by().values("pk")
    visible = Alert.objects.filter(patient__in=mine).select_related("patient__team", "rule")
    if not jurisdiction.shows_emotion():
        visible = visible.exclude(measure__in=SHARE_MEASURES)
    return visible if jurisdiction.measures_voices() else visible.none()


def is_open(now: datetime) -> Q:
    """Open, or snoozed until a time that has come; without those that may not be shown in this clinic."""
    if not jurisdiction.measures_voices():
        return Q(pk__in=[])
    shown = Q() if jurisdiction.shows_emotion() else ~Q(measure__in=SHARE_MEASURES)
    return shown & (Q(state=State.OPEN) | Q(state=State.SNOOZED, snoozed_until__lte=now))


def shown_to(clinician: Clinician) -> Q:
    """What is not held back, as far as this clinician's own day has room, whatever their teams."""
    new = alerts_of(clinician).filter(held_back=False, rationale__shown_on=timezone.localdate().isoformat())
    beyond = list(new.order_by(*FIRST).values_list("pk", flat=True)[settings.ALERTS_PER_DAY :])
    return Q(held_back=False) & ~Q(pk__in=beyond)


def open_alert(clinician: Clinician, alert_id: UUID) -> Alert:
    try:
        return alerts_of(clinician).get(pk=alert_id)
    except Alert.DoesNotExist:
        raise NotVisible from None


# ── Opened by rules ──────────────────────────────────────────────────────────────────────────────────────


def evaluate(patient_id: int) -> list[Alert]:
    """Ask every rule of the patient's team; open an alert for each standing run that none has told of."""
    default_rule()
    one = Patient.objects.filter(pk=patient_id, discharged_at=None)
    trend = trends_of(one, with_results=True).get(patient_id)
    if trend is None:
        return []
    days = days_in(trend, measures_of(one).get(patient_id, []))
    with transaction.atomic():
        patient = one.select_for_update(of=("self",)).select_related("team").first()
        if patient is None:
            return []
        found = [
            alert
            for rule in standing_rules(patient.team)
            for run in runs_of(days, rule_told(rule.settings))
            if run.is_standing and (alert := _told(patient, rule, run, days)) is not None
        ]
        show_held_back(patient.team)
    return found


def _told(patient: Patient, rule: AlertRule, run: Run, days: Days) -> Alert | None:
    """A new alert, or None where one has told of this run already, which then learns how long it is."""
    earlier = Alert.objects.filter(patient=patient, rule=rule, measure=run.measure, direction=run.direction)
    latest = earlier.order_by("-opened_at").first()
    is_same = latest is not None and latest.rationale.get("last_on", "") >= run.began_on.isoformat()
    if latest is not None and (is_same or latest.state != State.CLOSED):
        _go_on(latest, run)
        return None
    grounds = grounds_of(patient, rule_told(rule.settings), run, days)
    alert = Alert.objects.create(
        patient=patient,
        rule=rule,
        measure=run.measure,
        direction=run.direction,
        began_on=run.began_on,
        run_days=run.days,
        rationale=grounds,
        held_back=True,
    )
    detail = {"rule": rule.pk, "measure": run.measure, "direction": run.direction, "days": run.days}
    record(actor=None, action=Action.ALERT_OPENED, patient=patient, subject=alert, detail=detail)
    return alert


def _go_on(alert: Alert, run: Run) -> None:
    if alert.rationale.get("last_on") != run.last_on.isoformat():
        alert.run_days = run.days
        alert.rationale |= {"last_on": run.last_on.isoformat()}
        alert.save(update_fields=["run_days", "rationale"])


def show_held_back(team: Team) -> int:
    """Show as many of the team's alerts as the day's budget has room for; returns how many."""
    today = timezone.localdate().isoformat()
    of_team = Alert.objects.filter(patient__team=team)
    room = settings.ALERTS_PER_DAY - of_team.filter(rationale__shown_on=today).count()
    waiting = of_team.filter(held_back=True).exclude(state=State.CLOSED)
    shown = list(waiting.order_by(*FIRST)[: max(room, 0)])
    for alert in shown:
        alert.held_back = False
        alert.rationale |= {"shown_on": today}
        alert.save(update_fields=["held_back", "rationale"])
    return len(shown)


def catch_up(since: datetime) -> int:
    """What a bell that was lost left undone: patients heard since then are asked again, and room is used."""
    heard = Patient.objects.filter(sessions__recordings__analyses__finished_at__gte=since).distinct()
    opened = sum(len(evaluate(pk)) for pk in heard.values_list("pk", flat=True))
    for team in Team.objects.filter(patients__alerts__held_back=True).distinct():
        with transaction.atomic():
            show_held_back(team)
    return opened


def learn_from_caseload() -> bool:
    """Let the default rule borrow from what the caseload is by now. False: it says what it said."""
    row = default_rule()
    rule = rule_told(row.settings)
    prior = prior_in(days_of(Patient.objects.filter(discharged_at=None)), rule.measures)
    told, kept = replace(rule, prior=prior).told(), row.settings.get("prior")
    if prior.patients == 0 or (kept is not None and _is_like(kept, told["prior"])):
        return False
    AlertRule.objects.filter(pk=row.pk).update(settings=told)
    Patient.count_change(*Patient.objects.filter(digest__isnull=False).values_list("pk", flat=True))
    return True


def _is_like(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether limits that rest on the one would hardly differ from those that rest on the other."""
    scale = [max(value, 1e-9) ** 0.5 for value in one["within"]]
    same_mean = all(
        abs(a - b) <= UNCHANGED * s for a, b, s in zip(one["mean"], other["mean"], scale, strict=True)
    )
    return same_mean and all(
        abs(a - b) <= UNCHANGED * a
        for name in ("between", "within", "degrees")
        for a, b in zip(one[name], other[name], strict=True)
    )


# ── Moved by clinicians ──────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def acknowledge(*, by: Clinician, alert: Alert) -> Alert:
    """Someone has seen it and takes care of it."""
    alert = _lock(by, alert)
    if alert.state == State.ACKNOWLEDGED:
        return alert
    _check_not_closed(alert)
    return _move(by, alert, State.ACKNOWLEDGED, AlertAction.Verb.ACKNOWLEDGED, Action.ALERT_ACKNOWLEDGED)


@transaction.atomic
def snooze(*, by: Clinician, alert: Alert, until: date) -> Alert:
    """Not now: it comes back on that day."""
    alert = _lock(by, alert)
    _check_not_closed(alert)
    if until <= timezone.localdate():
        raise Refused("until_past", _("Choose a day after today."), field="until")
    midnight = timezone.make_aware(datetime(until.year, until.month, until.day))
    alert.snoozed_until = midnight
    return _move(by, alert, State.SNOOZED, AlertAction.Verb.SNOOZED, Action.ALERT_SNOOZED, until=midnight)


@transaction.atomic
def close(*, by: Clinician, alert: Alert, reason: str) -> Alert:
    """Done with, for the stated reason. The run that it told of is not told again."""
    alert = _lock(by, alert)
    reason = reason.strip().replace("\0", "")
    if not reason:
        raise Refused("reason_needed", _("Say why this alert is closed."), field="reason")
    if len(reason) > LONGEST_REASON:
        raise Refused("reason_too_long", _("Say it in at most 300 characters."), field="reason")
    _check_not_closed(alert)
    alert.closed_at = timezone.now()
    return _move(by, alert, State.CLOSED, AlertAction.Verb.CLOSED, Action.ALERT_CLOSED, reason=reason)


@transaction.atomic
def reopen(*, by: Clinician, alert: Alert) -> Alert:
    """It matters after all."""
    alert = _lock(by, alert)
    if alert.state == State.OPEN:
        return alert
    standing = Alert.objects.filter(
        patient=alert.patient, rule=alert.rule, measure=alert.measure, direction=alert.direction
    ).exclude(state=State.CLOSED)
    if standing.exclude(pk=alert.pk).exists():
        raise Refused("newer_stands", _("A newer alert of the same rule and measure stands already."))
    alert.closed_at = None
    return _move(by, alert, State.OPEN, AlertAction.Verb.REOPENED, Action.ALERT_REOPENED)


def _lock(by: Clinician, alert: Alert) -> Alert:
    """The alert as it is now, held until the transaction ends, its patient before it."""
    if not by.sees_results:
        raise NotVisible
    patient = lock_patient(by, alert.patient)
    try:
        return (
            Alert.objects.select_for_update(of=("self",))
            .select_related("rule")
            .get(pk=alert.pk, patient=patient)
        )
    except Alert.DoesNotExist:
        raise NotVisible from None


def _check_not_closed(alert: Alert) -> None:
    if alert.state == State.CLOSED:
        raise Refused("closed", _("This alert is closed. Reopen it first."))


def _move(
    by: Clinician,
    alert: Alert,
    state: str,
    verb: str,
    action: Action,
    *,
    reason: str = "",
    until: datetime | None = None,
) -> Alert:
    alert.state, alert.held_back = state, False
    if state != State.SNOOZED:
        alert.snoozed_until = None
    alert.save(update_fields=["state", "held_back", "snoozed_until", "closed_at"])
    AlertAction.objects.create(alert=alert, verb=verb, reason=reason, until=until, by=by)
    # The reason may name people; it stands beside the alert and is not repeated here.
    record(actor=by, action=action, patient=alert.patient, subject=alert, detail={"measure": alert.measure})
    return alert
