"""The rules that stand: the default one for every team, and those that teams have saved."""

from __future__ import annotations

from dataclasses import replace

from django.db.models import Q, QuerySet

from analysis.change.baseline import Prior
from analysis.change.comparison import DEFAULT
from analysis.change.days import UNSETTLED
from analysis.change.runs import Rule, rule_told
from analysis.models import AlertRule
from patients.models import Team

DEFAULT_NAME = "Usual or not"


def default_rule() -> AlertRule:
    """The rule that pages speak by, for every team; made when it is first needed."""
    kept = _kept_default()
    if kept is not None:
        rule = rule_told(kept.settings)
        if rule.limits != DEFAULT:  # a newer version of this program has other limits: pages and alerts agree
            kept.settings = replace(rule, limits=DEFAULT).told()
            kept.save(update_fields=["settings"])
        return kept
    settings = Rule((UNSETTLED,), DEFAULT).told()
    return AlertRule.objects.create(name=DEFAULT_NAME, team=None, settings=settings)


def _kept_default() -> AlertRule | None:
    return AlertRule.objects.filter(team=None, retired_at=None).order_by("saved_at").first()


def default_settings() -> Rule:
    """The default rule with what it borrows from the caseload, as the worker last learnt it."""
    kept = _kept_default()
    return rule_told(kept.settings) if kept else Rule((UNSETTLED,), DEFAULT)


def caseload_prior() -> Prior:
    return default_settings().borrowed


def standing_rules(team: Team) -> QuerySet[AlertRule]:
    """The rules that watch this team's patients, the default one among them."""
    return AlertRule.objects.filter(Q(team=None) | Q(team=team), retired_at=None).order_by("saved_at")
