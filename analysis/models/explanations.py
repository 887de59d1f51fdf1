"""Why the model heard what it heard in one window: computed once by a worker, then kept."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from analysis.models.work import Analysis, Job
from patients.models import Clinician


class Explanation(Job):
    """The spectrogram of one window, with how much each time and frequency spoke for the label it got."""

    analysis = models.ForeignKey(Analysis, on_delete=models.CASCADE, related_name="explanations")
    window = models.PositiveIntegerField(help_text=_("Its place in the analysis' matrix."))
    asked_by = models.ForeignKey(Clinician, on_delete=models.PROTECT, related_name="+")
    label = models.CharField(max_length=16, blank=True)
    # uint8 and int8, (bands, frames) row by row: levels in 256 steps, and saliency in -127 to 127.
    bands = models.PositiveIntegerField(null=True)
    frames = models.PositiveIntegerField(null=True)
    packed_levels = models.BinaryField(default=b"")
    packed_saliency = models.BinaryField(default=b"")
    # What the drawing needs beside them: axes in seconds and hertz, method, alternatives, convergence error.
    reading = models.JSONField(default=dict)

    class Meta:
        ordering = ["queued_at"]
        constraints = [
            models.UniqueConstraint(fields=["analysis", "window"], name="one_explanation_per_window"),
        ]
        verbose_name = _("explanation")
        verbose_name_plural = _("explanations")

    def __str__(self) -> str:
        return f"window {self.window} of {self.analysis_id}"
