"""The occasions on which a patient spoke."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, OuterRef, Subquery
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
    # The patient's, with which this session or what belongs to it was last said to have changed.
    revision = models.PositiveIntegerField(default=0, editable=False)
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

    @classmethod
    def count_change(cls, *session_ids: uuid.UUID) -> None:
        """Say that these sessions changed, or what belongs to them, and no other; in the same transaction."""
        changed = cls.objects.filter(pk__in=session_ids)
        Patient.objects.filter(pk__in=changed.order_by().values("patient")).update(revision=F("revision") + 1)
        of_patient = Patient.objects.filter(pk=OuterRef("patient_id")).values("revision")
        changed.update(revision=Subquery(of_patient))

    @property
    def is_voided(self) -> bool:
        return self.voided_at is not None
