"""What is heard in a recording, by which model, and how far that work has come.

A recording is the sound; an analysis is one model's hearing of it and, while it runs, the job row that
is the truth about that work (the broker is only a doorbell). Window estimates are kept as one packed
matrix per analysis: a row per window measured 100 to 220 times slower to write.
"""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from ml.labels import LABELS
from patients.models import Clinician, Session


def audio_path(recording: Recording, filename: str) -> str:
    """A random name: what a patient's phone called the file may say who they are."""
    return f"recordings/{recording.received_at:%Y/%m}/{uuid.uuid4().hex}"


def canonical_path(recording: Recording, filename: str) -> str:
    """One name per recording and channel: a killed attempt leaves nothing behind that no row knows."""
    return f"canonical/{recording.received_at:%Y/%m}/{recording.pk.hex}-{recording.patient_channel}.flac"


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


class Job(models.Model):
    """Work that outlives its worker: the row, moved only by ``analysis.queue``, says how far it has come."""

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        RUNNING = "running", _("in progress")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    # A code that analysis.reasons knows; the sentence is made from it when it is shown.
    reason = models.CharField(max_length=32, blank=True)
    progress = models.FloatField(default=0.0)
    attempts = models.PositiveSmallIntegerField(default=0)
    claim = models.UUIDField(null=True, help_text=_("Whose lease it is: a worker writes only under its own."))
    lease_until = models.DateTimeField(null=True)
    queued_at = models.DateTimeField(default=timezone.now)
    rung_at = models.DateTimeField(null=True, help_text=_("When the broker was last told."))
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    @property
    def is_final(self) -> bool:
        return self.state in (self.State.DONE, self.State.FAILED)


class Analysis(Job):
    """One model's hearing of one recording, and the job row of that work."""

    recording = models.ForeignKey(Recording, on_delete=models.CASCADE, related_name="analyses")
    model_version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="analyses")

    class Meta:
        ordering = ["queued_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["recording", "model_version"], name="one_analysis_per_recording_and_model"
            ),
        ]
        indexes = [models.Index(fields=["state", "lease_until"], name="analysis_due")]
        verbose_name = _("analysis")
        verbose_name_plural = _("analyses")

    def __str__(self) -> str:
        return f"{self.recording_id} by {self.model_version_id}: {self.state}"

    @property
    def can_be_retried(self) -> bool:
        """Whether there is a kept file to hear again; what was too large to keep must be uploaded anew."""
        return self.state == self.State.FAILED and bool(self.recording.audio)


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


class TrainingRun(Job):
    """One retraining asked for by an administrator, with its progress; its model is never self-activated."""

    config_name = models.CharField(max_length=64)
    corpus_folder = models.CharField(max_length=300)
    epochs = models.PositiveIntegerField(null=True, blank=True)
    requested_by = models.ForeignKey(Clinician, on_delete=models.PROTECT, related_name="+")
    epoch = models.PositiveIntegerField(default=0)
    curves = models.JSONField(default=list, help_text=_("One entry for each epoch that has passed."))
    # What the administrator needs to mend it, such as a missing folder: the error's own words.
    detail = models.TextField(blank=True)
    model_version = models.OneToOneField(
        ModelVersion, on_delete=models.PROTECT, null=True, related_name="training_run"
    )

    class Meta:
        ordering = ["-queued_at"]
        verbose_name = _("training run")
        verbose_name_plural = _("training runs")

    def __str__(self) -> str:
        return f"{self.config_name}, {self.queued_at:%Y-%m-%d}: {self.state}"
