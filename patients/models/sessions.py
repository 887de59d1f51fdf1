"""The occasions on which a patient spoke."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models.clinicians import Clinician
from patients.models.patients import Patient


class Session(models.Model):
    """One occasion on which a patient spoke."""

    class Kind(models.TextChoices):
        IN_PERSON = "in_person", _("in person")
        TELEHEALTH = "telehealth", _("telehealth")
        PHONE = "phone", _("phone")
        DIARY = "diary", _("voice diary")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="sessions")
    held_at = models.DateTimeField(_("held at"), default=timezone.now)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind, default=Kind.IN_PERSON)
    note = models.TextField(_("note"), blank=True)
    started_by = models.ForeignKey(Clinician, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    voided_at = models.DateTimeField(null=True, blank=True, editable=False)
    voided_by = models.ForeignKey(
        Clinician, on_delete=models.PROTECT, related_name="+", null=True, blank=True, editable=False
    )
    void_reason = models.CharField(max_length=300, blank=True, editable=False)

    class Meta:
        ordering = ["-held_at"]
        indexes = [models.Index(fields=["patient", "-held_at"], name="session_by_patient")]
        verbose_name = _("session")
        verbose_name_plural = _("sessions")

    def __str__(self) -> str:
        return f"{self.patient.reference}, {self.held_at:%Y-%m-%d}"

    @property
    def is_voided(self) -> bool:
        return self.voided_at is not None
