"""The rules of alerts: which stand, and trying a new one on the caseload before it is saved."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from analysis.alerts import rule_keeping
from analysis.alerts.forms import RuleForm
from analysis.alerts.rule_keeping import Replayed
from analysis.alerts.words import measure_name, replay_sentence, rule_name, rule_sentence
from analysis.change.rules import default_rule
from analysis.change.runs import rule_told
from analysis.models import AlertRule
from analysis.trends.watchable import watchable_here
from patients.access import NotVisible, SignedInRequest
from patients.errors import Refused

UNPROCESSABLE = 422
MOST_ALARMS = 50


@require_GET
def rules_page(request: SignedInRequest) -> HttpResponse:
    if not request.user.sees_results:
        raise NotVisible
    default_rule()
    mine = AlertRule.objects.filter(Q(team=None) | Q(team__in=request.user.teams.all()))
    listed = [
        {
            "rule": rule,
            "name": rule_name(rule),
            "words": rule_sentence(rule_told(rule.settings)),
            "replayed": replay_sentence(rule.replayed) if rule.replayed else "",
            "is_idle": not set(watchable_here()) & set(rule_told(rule.settings).measures),
        }
        for rule in mine.select_related("team", "saved_by", "retired_by").order_by("retired_at", "saved_at")
    ]
    return render(request, "analysis/rules.html", {"rules": listed})


@require_http_methods(["GET", "HEAD", "POST"])
def new_rule(request: SignedInRequest) -> HttpResponse:
    """``replay`` shows what the rule would have done; ``save`` keeps it, when that was seen."""
    if not request.user.sees_results:
        raise NotVisible
    form = RuleForm(request.POST or None, by=request.user)
    replayed: Replayed | None = None
    if form.is_valid():
        team, rule = form.cleaned_data["team"], form.rule
        with form.showing_refusals():
            if "save" in request.POST:
                name, seal = form.cleaned_data["name"], form.cleaned_data["seal"]
                rule_keeping.save_rule(by=request.user, team=team, name=name, rule=rule, seal=seal)
                messages.success(request, _("The rule is saved. It watches from now on."))
                return redirect("alert_rules")
            replayed = rule_keeping.replay_on_caseload(by=request.user, team=team, rule=rule)
    if replayed is None:
        form.focus()
    context = {"form": form, **(_told(replayed) if replayed else {})}
    return render(request, "analysis/new_rule.html", context, status=UNPROCESSABLE if form.errors else 200)


def _told(replayed: Replayed) -> dict[str, Any]:
    rows = [
        {"patient": patient, "run": one.run, "measure": measure_name(one.run.measure)}
        for patient, one in replayed.rows[:MOST_ALARMS]
    ]
    return {"replayed": replay_sentence(replayed.told()), "alarms": rows, "seal": replayed.seal}


@require_POST
def retire_rule(request: SignedInRequest, rule_id: int) -> HttpResponse:
    rule = rule_keeping.open_rule(request.user, rule_id)
    try:
        rule_keeping.retire_rule(by=request.user, rule=rule)
    except Refused as refused:
        messages.error(request, str(refused.sentence))
    else:
        messages.success(request, _("The rule is retired: it opens no further alerts. Those it opened stay."))
    return redirect("alert_rules")
