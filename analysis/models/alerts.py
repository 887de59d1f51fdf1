"""Rules that watch a caseload, and what they raised."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models import Clinician, Patient, Team


class AlertRule(models.Model):
    """A rule as saved, with the replay that its author saw. Changed settings make a new rule."""

    name = models.CharField(_("name"), max_length=80)
    # Null: the default rule, for every team.
    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, null=True, blank=True, related_name="alert_rules"
    )
    settings = models.JSONField(default=dict)
    replayed = models.JSONField(default=dict, editable=False)
    saved_by = models.ForeignKey(
        Clinician, on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )
    saved_at = models.DateTimeField(default=timezone.now, editable=False)
    retired_at = models.DateTimeField(null=True, editable=False)
    retired_by = models.ForeignKey(
        Clinician, on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )

    class Meta:
        ordering = ["-saved_at"]
        verbose_name = _("alert rule")
        verbose_name_plural = _("alert rules")

    def __str__(self) -> str:
        return self.name


class Alert(models.Model):
    """One run of a rule for one patient: opened once, then moved by clinicians only."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        ACKNOWLEDGED = "acknowledged", _("acknowledged")
        SNOOZED = "snoozed", _("snoozed")
        CLOSED = "closed", _("closed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="alerts")
    rule = models.ForeignKey(AlertRule, on_delete=models.PROTECT, related_name="alerts")
    measure = models.CharField(max_length=48)
    direction = models.SmallIntegerField(help_text=_("1: more than usual, -1: less."))
    began_on = models.DateField(help_text=_("When the run began."))
    run_days = models.PositiveIntegerField(help_text=_("Days with speech in the run."))
    rationale = models.JSONField(default=dict)
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    # Beyond the clinician's budget for the day it is kept, listed apart, and shown when there is room.
    held_back = models.BooleanField(default=False)
    opened_at = models.DateTimeField(default=timezone.now)
    snoozed_until = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-opened_at"]
        indexes = [models.Index(fields=["patient", "state"], name="alert_by_patient")]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "rule", "measure", "direction"],
                condition=~Q(state="closed"),
                name="one_standing_alert_a_run",
            ),
        ]
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")

    def __str__(self) -> str:
        return f"{self.measure} of {self.patient}"


class AlertAction(models.Model):
    """Who did what with an alert, when and why."""

    class Verb(models.TextChoices):
        ACKNOWLEDGED = "acknowledged", _("acknowledged")
        SNOOZED = "snoozed", _("snoozed")
        CLOSED = "closed", _("closed")
        REOPENED = "reopened", _("reopened")

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="actions")
    verb = models.CharField(max_length=12, choices=Verb)
    reason = models.CharField(max_length=300, blank=True)
    until = models.DateTimeField(null=True)
    by = models.ForeignKey(Clinician, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["at"]

    def __str__(self) -> str:
        return f"{self.verb} {self.alert_id}"
