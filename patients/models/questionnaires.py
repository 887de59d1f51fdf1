"""Questionnaires that a patient filled, and the one-time links by which they may do so at home."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone

from patients.models.clinicians import Clinician
from patients.models.patients import Patient


class Instrument(models.TextChoices):
    PHQ9 = "phq9", "PHQ-9"
    GAD7 = "gad7", "GAD-7"


class QuestionnaireLink(models.Model):
    """A link that lets a patient answer once. Only the digest of its secret is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="questionnaire_links")
    instrument = models.CharField(max_length=8, choices=Instrument)
    digest = models.CharField(max_length=64, unique=True)
    made_by = models.ForeignKey(Clinician, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-made_at"]
        indexes = [models.Index(fields=["patient", "-made_at"], name="link_by_patient")]

    def __str__(self) -> str:
        return f"{self.get_instrument_display()} for {self.patient}"


class QuestionnaireResponse(models.Model):
    """One filled questionnaire, exactly as answered; scores are computed from the answers, never typed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="questionnaire_responses")
    instrument = models.CharField(max_length=8, choices=Instrument)
    filled_at = models.DateTimeField(default=timezone.now)
    # One entry an item, 0 to 3, null where it was left out.
    answers = models.JSONField()
    # How difficult these problems made things, 0 to 3: asked at the end, not part of the score.
    difficulty = models.PositiveSmallIntegerField(null=True, blank=True)
    # Who typed it in; null where the patient answered through ``link``.
    entered_by = models.ForeignKey(Clinician, on_delete=models.PROTECT, null=True, related_name="+")
    link = models.OneToOneField(
        QuestionnaireLink, on_delete=models.RESTRICT, null=True, related_name="response"
    )
    # Item 9 of the PHQ-9 above 0 asks for someone's eyes at once; the next three say whose, and when.
    asks_for_eyes = models.BooleanField(default=False)
    safety_seen_at = models.DateTimeField(null=True)
    safety_seen_by = models.ForeignKey(Clinician, on_delete=models.PROTECT, null=True, related_name="+")
    safety_note = models.CharField(max_length=1000, blank=True)
    voided_at = models.DateTimeField(null=True)
    voided_by = models.ForeignKey(Clinician, on_delete=models.PROTECT, null=True, related_name="+")
    void_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-filled_at"]
        indexes = [
            models.Index(fields=["patient", "-filled_at"], name="response_by_patient"),
            # What the caseload asks for every time: the few that nobody has seen yet.
            models.Index(
                fields=["patient"],
                condition=models.Q(asks_for_eyes=True, safety_seen_at=None, voided_at=None),
                name="response_unseen",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_instrument_display()} of {self.patient}, {self.filled_at:%Y-%m-%d}"

    @property
    def is_voided(self) -> bool:
        return self.voided_at is not None

    @property
    def waits_for_eyes(self) -> bool:
        """Whether it raises its notice: nobody of the team has seen the answer to item 9 yet."""
        return self.asks_for_eyes and self.safety_seen_at is None and self.voided_at is None
