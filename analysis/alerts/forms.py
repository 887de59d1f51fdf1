"""The forms around alerts and their rules: shape is checked here, the rules in the verbs."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from typing import Any, cast

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from analysis.alerts.alerts import LONGEST_REASON
from analysis.alerts.rule_keeping import BOUNDS, LONGEST_NAME
from analysis.alerts.words import DIRECTION_WORDS, measure_name
from analysis.change.comparison import DEFAULT
from analysis.change.control import Limits
from analysis.change.days import UNSETTLED
from analysis.change.runs import Rule
from analysis.trends.watchable import watchable_here
from patients.forms import PlainForm
from patients.models import Clinician, Team

WHY_CLOSED = (
    ("talked", _("spoken about with the patient")),
    ("known", _("known cause, such as a cold, noise or another microphone")),
    ("care", _("care was changed")),
    ("nothing", _("listened to it: nothing of note")),
    ("other", _("other")),
)


class SnoozeForm(PlainForm):
    until = forms.DateField(
        label=_("Until"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["until"].initial = lambda: timezone.localdate() + timedelta(days=7)


class CloseForm(PlainForm):
    why = forms.ChoiceField(label=_("Reason"), choices=(("", _("choose")), *WHY_CLOSED))
    words = forms.CharField(label=_("In words"), required=False, max_length=200)

    @property
    def reason(self) -> str:
        chosen = str(dict(WHY_CLOSED)[self.cleaned_data["why"]])
        words = self.cleaned_data["words"]
        return (f"{chosen}: {words}" if words else chosen)[:LONGEST_REASON]


class RuleForm(PlainForm):
    """A rule as its author describes it; ``rule`` is what they asked for."""

    name = forms.CharField(label=_("Name"), max_length=LONGEST_NAME)
    team = forms.ModelChoiceField(label=_("Team"), queryset=Team.objects.none(), empty_label=None)
    measures = forms.MultipleChoiceField(
        label=_("Watches"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("At most six. Each further measure adds false alarms."),
    )
    direction = forms.ChoiceField(label=_("Which way counts"), choices=list(DIRECTION_WORDS.items()))
    run = forms.IntegerField(label=_("Days in a run, at least"), min_value=2, max_value=10)
    smoothing = forms.FloatField(
        label=_("EWMA: λ"), help_text=_("How much the newest day counts; smaller finds slower changes.")
    )
    width = forms.FloatField(
        label=_("EWMA: L"), help_text=_("Width of its limits in standard deviations; wider alarms less.")
    )
    reference = forms.FloatField(
        label=_("CUSUM: k"), help_text=_("What a day may differ without counting, in standard deviations.")
    )
    decision = forms.FloatField(
        label=_("CUSUM: h"), help_text=_("The sum that raises the alarm; higher alarms less.")
    )
    seal = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, by: Clinician, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        teams = cast("forms.ModelChoiceField[Team]", self.fields["team"])
        teams.queryset = by.teams.all()
        teams.initial = by.teams.first()
        measures = cast(forms.MultipleChoiceField, self.fields["measures"])
        measures.choices = [(name, measure_name(name)) for name in watchable_here()]
        measures.initial = [UNSETTLED]
        self.fields["direction"].initial = "both"
        for one in fields(Limits):
            self.fields[one.name].initial = getattr(DEFAULT, one.name)
            if one.name in BOUNDS:
                least, most = BOUNDS[one.name]
                self.fields[one.name].widget.attrs |= {"min": least, "max": most, "step": "any"}

    @property
    def rule(self) -> Rule:
        sent = self.cleaned_data
        limits = Limits(**{one.name: sent[one.name] for one in fields(Limits)})
        return Rule(tuple(sent["measures"]), limits, sent["direction"])
