"""What the caseload says of a patient, kept beside them: reading all sessions of all takes seconds."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from patients.models import Patient


class Digest(models.Model):
    """One patient's line, made from their sessions by ``analysis.triage.digests`` and from nothing else.

    It holds while ``revision`` is still the patient's own. What depends on the hour, such as how long
    nothing was received, is worked out from these columns when the caseload is read.
    """

    patient = models.OneToOneField(Patient, on_delete=models.CASCADE, related_name="digest", primary_key=True)
    revision = models.PositiveIntegerField()
    made_at = models.DateTimeField(default=timezone.now)
    # Voided sessions and recordings count nowhere.
    sessions = models.PositiveIntegerField()
    recordings = models.PositiveIntegerField()
    pending = models.PositiveIntegerField()
    failed = models.PositiveIntegerField()
    failed_lately = models.PositiveIntegerField()
    unreviewed = models.PositiveIntegerField()
    compared = models.PositiveIntegerField()
    last_held_at = models.DateTimeField(null=True)
    last_received_at = models.DateTimeField(null=True)
    changed_since = models.DateTimeField(null=True)
    is_changed = models.BooleanField()
    is_silent = models.BooleanField()
    # What its words and its sparkline are made from, see ``analysis.trends.gist``.
    told = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"digest of {self.patient_id} at {self.revision}"
