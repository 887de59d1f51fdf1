"""Acoustic measures of the patient's speech in one recording, as clinicians know them."""

from __future__ import annotations

from django.db import models

from analysis.models.work import Analysis


class AcousticMeasures(models.Model):
    """One value a measure, its spread within the recording, and how much speech it rests on."""

    analysis = models.OneToOneField(
        Analysis, on_delete=models.CASCADE, related_name="acoustics", primary_key=True
    )
    # By measure: {"value": 2.9, "low": 2.6, "high": 3.2, "seconds": 610.0}; absent where not measurable.
    values = models.JSONField(default=dict)
    # By measure that is absent: why, as a code that ml.acoustics.measures.REASONS knows.
    absent = models.JSONField(default=dict)
    version = models.PositiveSmallIntegerField(default=1)

    def __str__(self) -> str:
        return f"acoustics of {self.analysis_id}"
