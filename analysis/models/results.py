"""What one hearing found: windows and their summary."""

from __future__ import annotations

from typing import Any

import numpy as np
from django.db import models
from numpy.typing import NDArray

from analysis.models.work import Analysis
from ml.labels import LABELS


class WindowMatrix(models.Model):
    """All window estimates of one analysis, packed little-endian: read through the properties."""

    analysis = models.OneToOneField(
        Analysis, on_delete=models.CASCADE, related_name="matrix", primary_key=True
    )
    count = models.PositiveIntegerField()
    packed_starts = models.BinaryField()
    packed_ends = models.BinaryField()
    packed_probabilities = models.BinaryField()
    packed_abstained = models.BinaryField()
    packed_spans = models.BinaryField(default=b"")

    def __str__(self) -> str:
        return f"{self.count} windows"

    @classmethod
    def pack(
        cls,
        *,
        analysis: Analysis,
        starts: NDArray[Any],
        ends: NDArray[Any],
        probabilities: NDArray[Any],
        abstained: NDArray[Any],
        spans: NDArray[Any],
    ) -> WindowMatrix:
        """``starts``, ``ends`` (n,) s; ``probabilities`` (n, 8); ``abstained`` (n,); ``spans`` (m, 2) s."""
        return cls(
            analysis=analysis,
            count=len(starts),
            packed_starts=np.asarray(starts, "<f4").tobytes(),
            packed_ends=np.asarray(ends, "<f4").tobytes(),
            packed_probabilities=np.asarray(probabilities, "<f2").tobytes(),
            packed_abstained=np.asarray(abstained, np.uint8).tobytes(),
            packed_spans=np.asarray(spans, "<f4").tobytes(),
        )

    @property
    def starts(self) -> NDArray[np.float32]:
        return np.frombuffer(self.packed_starts, "<f4")

    @property
    def ends(self) -> NDArray[np.float32]:
        return np.frombuffer(self.packed_ends, "<f4")

    @property
    def probabilities(self) -> NDArray[np.float32]:
        return np.frombuffer(self.packed_probabilities, "<f2").reshape(-1, len(LABELS)).astype(np.float32)

    @property
    def abstained(self) -> NDArray[np.bool_]:
        return np.frombuffer(self.packed_abstained, np.uint8).astype(bool)

    @property
    def spans(self) -> NDArray[np.float32]:
        return np.frombuffer(self.packed_spans, "<f4").reshape(-1, 2)


class Summary(models.Model):
    """What one analysis says of the whole recording: shares with their 95 % interval, as ``ml.labels``."""

    analysis = models.OneToOneField(
        Analysis, on_delete=models.CASCADE, related_name="summary", primary_key=True
    )
    shares = models.JSONField()
    low = models.JSONField()
    high = models.JSONField()
    top = models.CharField(max_length=16, blank=True)
    abstained_share = models.FloatField()
    windows = models.PositiveIntegerField()
    speech_s = models.FloatField()
    duration_s = models.FloatField()
    quality = models.JSONField(default=list)

    class Meta:
        verbose_name_plural = "summaries"

    def __str__(self) -> str:
        return f"{self.top or 'not sure'} ({self.windows} windows)"
