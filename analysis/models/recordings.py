"""The sound, exactly as it was received."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models import Clinician, Session

if TYPE_CHECKING:
    from analysis.models.work import Analysis


def audio_path(recording: Recording, filename: str) -> str:
    """A random name: what a patient's phone called the file may say who they are."""
    return f"recordings/{recording.received_at:%Y/%m}/{uuid.uuid4().hex}"


def canonical_path(recording: Recording, filename: str) -> str:
    """One name per recording and channel: a killed attempt leaves nothing behind that no row knows."""
    return f"canonical/{recording.received_at:%Y/%m}/{recording.pk.hex}-{recording.patient_channel}.flac"


class Recording(models.Model):
    """A sound file of one patient, in one session, exactly as it was received."""

    class Channel(models.TextChoices):
        MIX = "mix", _("one voice (mono)")
        LEFT = "left", _("left channel is the patient")
        RIGHT = "right", _("right channel is the patient")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="recordings")
    # Empty when nothing could be kept (too large); the row and its reason stay listed all the same.
    audio = models.FileField(upload_to=audio_path, blank=True)
    original_name = models.CharField(max_length=200)
    size_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64, blank=True)
    patient_channel = models.CharField(max_length=8, choices=Channel, default=Channel.MIX)
    container = models.CharField(max_length=32, blank=True)
    codec = models.CharField(max_length=32, blank=True)
    sample_rate = models.PositiveIntegerField(null=True)
    channels = models.PositiveSmallIntegerField(null=True)
    duration_s = models.FloatField(
        null=True, help_text=_("Measured by decoding, never taken from the header.")
    )
    received_at = models.DateTimeField(default=timezone.now, editable=False)
    received_by = models.ForeignKey(Clinician, on_delete=models.PROTECT, related_name="+")
    # The 16 kHz mono signal that was analysed, for playback, and its peaks: int8 (n, 2) minima and maxima.
    canonical = models.FileField(upload_to=canonical_path, blank=True)
    peaks = models.BinaryField(default=b"")
    # Of a recording with two channels, the voice that is not analysed: its peaks, and where it speaks as
    # float32 (n, 2) in seconds. Nothing else of it is kept.
    other_peaks = models.BinaryField(default=b"")
    other_spans = models.BinaryField(default=b"")
    # What only the page that draws it reads.
    DRAWN = ("peaks", "other_peaks", "other_spans")
    voided_at = models.DateTimeField(null=True, editable=False)
    voided_by = models.ForeignKey(
        Clinician, on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )
    void_reason = models.CharField(max_length=300, blank=True, editable=False)

    class Meta:
        ordering = ["received_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["session", "sha256"],
                condition=Q(voided_at__isnull=True) & ~Q(sha256=""),
                name="same_file_once_in_a_session",
            ),
        ]
        verbose_name = _("recording")
        verbose_name_plural = _("recordings")

    def __str__(self) -> str:
        return f"recording {self.id}"

    @property
    def is_voided(self) -> bool:
        return self.voided_at is not None

    @property
    def latest_analysis(self) -> Analysis | None:
        """The hearing to show: by the newest model that was asked. Prefetched analyses cost no query."""
        return max(self.analyses.all(), key=lambda analysis: analysis.queued_at, default=None)
