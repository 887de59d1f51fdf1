"""Who did or saw what, when."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models.clinicians import Clinician
from patients.models.patients import Patient


class AppendOnly(models.QuerySet["AuditEntry"]):
    """Rows may be added and read. (Erasing a patient empties the reference through the base manager.)"""

    def update(self, **kwargs: Any) -> int:
        raise TypeError("An audit entry is never changed.")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise TypeError("An audit entry is never removed.")


class AuditEntry(models.Model):
    """Who did or saw what, when. Rows are added and never changed or removed through the ORM."""

    at = models.DateTimeField(default=timezone.now, db_index=True)
    actor = models.ForeignKey(Clinician, on_delete=models.PROTECT, null=True, related_name="+")
    action = models.CharField(max_length=48, db_index=True)
    # Kept when a patient is erased: the entry then names no one.
    patient = models.ForeignKey(Patient, on_delete=models.SET_NULL, null=True, related_name="audit_entries")
    subject_kind = models.CharField(max_length=32, blank=True)
    subject_id = models.CharField(max_length=40, blank=True)
    address = models.GenericIPAddressField(null=True)
    detail = models.JSONField(default=dict)

    objects = AppendOnly.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["patient", "-at"], name="audit_by_patient")]
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("An audit entry is never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise TypeError("An audit entry is never removed.")
