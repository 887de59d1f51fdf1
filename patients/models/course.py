"""What happens in a patient's life and care beside the sessions: marks on the time axis, and notes."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models.clinicians import Clinician
from patients.models.patients import Patient


class Written(models.Model):
    """Something a clinician wrote down. It is never edited away: voided with a reason, it stays listed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    written_by = models.ForeignKey(Clinician, on_delete=models.PROTECT, related_name="+", editable=False)
    written_at = models.DateTimeField(default=timezone.now, editable=False)
    voided_at = models.DateTimeField(null=True, editable=False)
    voided_by = models.ForeignKey(
        Clinician, on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )
    void_reason = models.CharField(max_length=300, blank=True, editable=False)

    class Meta:
        abstract = True

    @property
    def is_voided(self) -> bool:
        return self.voided_at is not None


class CourseEvent(Written):
    """A mark on the time axis: something that happened, or a medication that changed."""

    class Kind(models.TextChoices):
        LIFE = "life", _("life event")
        STARTED = "started", _("medication started")
        CHANGED = "changed", _("medication changed")
        STOPPED = "stopped", _("medication stopped")
        CARE = "care", _("change of care")

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="course_events")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.LIFE)
    on = models.DateField(_("on"))
    until = models.DateField(_("until"), null=True, blank=True)
    label = models.CharField(_("what"), max_length=80)
    detail = models.CharField(_("detail"), max_length=300, blank=True, help_text=_("For example the dose."))

    class Meta:
        ordering = ["on", "written_at"]
        indexes = [models.Index(fields=["patient", "on"], name="event_by_patient")]
        constraints = [
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("on")), name="event_ends_after_it_begins"
            ),
        ]
        verbose_name = _("event")
        verbose_name_plural = _("events")

    def __str__(self) -> str:
        return f"{self.on:%Y-%m-%d} {self.label}"


class Note(Written):
    """A clinician's note about a patient."""

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="clinical_notes")
    text = models.TextField(_("note"), max_length=10_000)

    class Meta:
        ordering = ["-written_at"]
        indexes = [models.Index(fields=["patient", "-written_at"], name="note_by_patient")]
        verbose_name = _("note")
        verbose_name_plural = _("notes")

    def __str__(self) -> str:
        return f"{self.patient}, {self.written_at:%Y-%m-%d}"
