"""What a patient agreed to."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models.clinicians import Clinician
from patients.models.patients import Patient

WITHOUT_ESTIMATES = frozenset({"2026-1-acoustic"})
"""Wordings that ask for measures of the sound alone: what is estimated of emotions needs another."""


class Consent(models.Model):
    """One agreement for one purpose. Withdrawal is a mark on the row, never its removal."""

    class Purpose(models.TextChoices):
        ANALYSE = "analyse", _("analyse recordings")
        KEEP_AUDIO = "keep_audio", _("keep the audio")
        TRAIN = "train", _("use for training models")

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=16, choices=Purpose)
    text_version = models.CharField(max_length=32, help_text=_("Which wording the patient agreed to."))
    # Word for word, in the language in which the patient read or heard it.
    text = models.TextField(blank=True, editable=False)
    language = models.CharField(max_length=12, blank=True, editable=False)
    given_at = models.DateTimeField(default=timezone.now)
    given_by = models.ForeignKey(Clinician, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        Clinician, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )

    class Meta:
        ordering = ["given_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "purpose"],
                condition=Q(withdrawn_at__isnull=True),
                name="one_standing_consent_per_purpose",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.patient}: {self.purpose}"

    @property
    def covers(self) -> bool:
        """Whether what was agreed to is as much as is done here now."""
        if self.purpose != self.Purpose.ANALYSE or settings.EMOTION_ANALYSIS != "full":
            return True
        return self.text_version not in WITHOUT_ESTIMATES
