"""The recognisers that this clinic adopted."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models import Clinician


class ModelVersion(models.Model):
    """One published recogniser, as adopted by this clinic. At most one is active."""

    model_id = models.CharField(max_length=80, unique=True)
    name = models.CharField(max_length=80)
    number = models.PositiveIntegerField(unique=True, help_text=_("Shown to clinicians as “Model v3”."))
    card = models.JSONField(default=dict)
    is_active = models.BooleanField(default=False, editable=False)
    adopted_at = models.DateTimeField(default=timezone.now, editable=False)
    activated_at = models.DateTimeField(null=True, editable=False)
    activated_by = models.ForeignKey(
        Clinician, on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )
    retired_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_active"], condition=Q(is_active=True), name="one_active_model_version"
            ),
        ]
        verbose_name = _("model version")
        verbose_name_plural = _("model versions")

    def __str__(self) -> str:
        return f"Model v{self.number} ({self.name})"
