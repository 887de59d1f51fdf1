"""A clinician tries a rule on the caseload, saves it with what that came to, or retires it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.core import signing
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from analysis.change.runs import DIRECTIONS, LEAST_RUN, Fired, Rule, replay, rule_told
from analysis.models import AlertRule
from analysis.trends.watchable import days_of, prior_in, watchable_here
from patients.access import NotVisible, patients_of
from patients.audit import Action, record
from patients.errors import Refused
from patients.models import Clinician, Patient, Team

MONTHS = 6
LONGEST_NAME = 80
MOST_MEASURES = 6
"""Every further measure adds false alarms; more than these nobody could answer."""
SALT = "analysis.rule"
STALE_S = 3600
BOUNDS = {"smoothing": (0.05, 1.0), "width": (0.5, 6.0), "reference": (0.0, 2.0), "decision": (0.5, 12.0)}


@dataclass(frozen=True)
class Replayed:
    """What a rule would have done. ``fired`` is over the last ``MONTHS``, the latest first."""

    rule: Rule
    fired: list[Fired]
    patients: dict[int, Patient]
    since: date

    def told(self) -> dict[str, Any]:
        """For JSON and for words."""
        return {
            "fired": len(self.fired),
            "patients": len({one.patient for one in self.fired}),
            "watched": len(self.patients),
            "months": MONTHS,
            "on": timezone.localdate().isoformat(),
            "alarms": [
                {
                    "patient": one.patient,
                    "measure": one.run.measure,
                    "direction": one.run.direction,
                    "on": one.run.alarm_on.isoformat(),
                    "days": one.run.days,
                }
                for one in self.fired
            ],
        }

    @property
    def rows(self) -> list[tuple[Patient, Fired]]:
        return [(self.patients[one.patient], one) for one in self.fired]

    @property
    def seal(self) -> str:
        """Shows on saving that these very settings were replayed a short while ago."""
        return signing.dumps(asked(self.rule), salt=SALT)


def asked(rule: Rule) -> dict[str, Any]:
    """A rule's settings without what it borrows, which is estimated and not asked for."""
    return replace(rule, prior=None).told()


def team_of(clinician: Clinician, team_id: int) -> Team:
    """A team whose results the clinician may see."""
    if not clinician.sees_results:
        raise NotVisible
    try:
        return clinician.teams.get(pk=team_id)
    except Team.DoesNotExist:
        raise NotVisible from None


def replay_on_caseload(*, by: Clinician, team: Team, rule: Rule) -> Replayed:
    """Every alarm that the rule would have raised for the team's patients under care."""
    team = team_of(by, team.pk)
    check(rule)
    replayed = _replayed(by, team, rule)
    detail = {"team": team.pk, "fired": len(replayed.fired), "patients": len(replayed.patients)}
    record(actor=by, action=Action.RULE_REPLAYED, subject=team, detail=detail)
    return replayed


def _replayed(by: Clinician, team: Team, rule: Rule) -> Replayed:
    patients = patients_of(by).filter(team=team, discharged_at=None)
    caseload = days_of(patients)
    rule = replace(rule, prior=prior_in(caseload, rule.measures))
    since = timezone.localdate() - timedelta(days=round(MONTHS * 365.25 / 12))
    return Replayed(rule, replay(rule, caseload, since=since), {p.pk: p for p in patients}, since)


@transaction.atomic
def save_rule(*, by: Clinician, team: Team, name: str, rule: Rule, seal: str) -> AlertRule:
    """Keep a rule for the team with its replay; from now on it watches. ``seal`` is that of the replay."""
    team = team_of(by, team.pk)
    check(rule)
    name = name.strip().replace("\0", "")
    if not name or len(name) > LONGEST_NAME:
        raise Refused("name_needed", _("Give the rule a name of at most 80 characters."), field="name")
    if not _is_sealed(rule, seal):
        sentence = _("See first what this rule would have done: replay it, then save.")
        raise Refused("replay_first", sentence)
    replayed = _replayed(by, team, rule)
    kept = AlertRule.objects.create(
        name=name, team=team, settings=replayed.rule.told(), replayed=replayed.told(), saved_by=by
    )
    detail = {"team": team.pk, "fired": len(replayed.fired), **asked(rule)}
    record(actor=by, action=Action.RULE_SAVED, subject=kept, detail=detail)
    return kept


def _is_sealed(rule: Rule, seal: str) -> bool:
    try:
        sealed = signing.loads(seal, salt=SALT, max_age=STALE_S)
    except signing.BadSignature:
        return False
    return bool(sealed == asked(rule))


@transaction.atomic
def retire_rule(*, by: Clinician, rule: AlertRule) -> AlertRule:
    """It opens no further alerts; those that it has opened stay."""
    if rule.team_id is None:
        raise Refused("default_stays", _("The default rule is the one that pages speak by; it stays."))
    team_of(by, rule.team_id)
    kept = AlertRule.objects.select_for_update().get(pk=rule.pk)
    if kept.retired_at is None:
        kept.retired_at, kept.retired_by = timezone.now(), by
        kept.save(update_fields=["retired_at", "retired_by"])
        record(actor=by, action=Action.RULE_RETIRED, subject=kept, detail={"team": rule.team_id})
    return kept


def open_rule(clinician: Clinician, rule_id: int) -> AlertRule:
    """A rule that watches patients of the clinician's teams."""
    if not clinician.sees_results:
        raise NotVisible
    kept = AlertRule.objects.filter(pk=rule_id).first()
    if kept is None or (kept.team_id is not None and not clinician.teams.filter(pk=kept.team_id).exists()):
        raise NotVisible
    return kept


def check(rule: Rule) -> None:
    """Refuse settings that no rule may have."""
    if not rule.measures or len(set(rule.measures)) != len(rule.measures):
        raise Refused("measures_needed", _("Choose what the rule watches."), field="measures")
    if not set(rule.measures) <= set(watchable_here()):
        raise Refused("unknown_measure", _("Choose from the measures that are listed."), field="measures")
    if len(rule.measures) > MOST_MEASURES:
        sentence = _("Choose at most six: every further measure adds false alarms.")
        raise Refused("too_many_measures", sentence, field="measures")
    if rule.direction not in DIRECTIONS:
        raise Refused("unknown_direction", _("Choose which way counts."), field="direction")
    for name, (least, most) in BOUNDS.items():
        if not least <= getattr(rule.limits, name) <= most:
            bounds = _("Choose a value from %(least)g to %(most)g.") % {"least": least, "most": most}
            raise Refused("out_of_bounds", bounds, field=name)
    if not LEAST_RUN <= rule.limits.run <= 10:
        raise Refused("run_too_short", _("A run has from 2 to 10 days: never one session."), field="run")


def settings_of(kept: AlertRule) -> Rule:
    return rule_told(kept.settings)
