"""Work that outlives its worker: hearings of recordings, and retraining."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from analysis.models.recordings import Recording
from analysis.models.versions import ModelVersion
from patients.models import Clinician


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


class TrainingRun(Job):
    """One retraining asked for by an administrator, with its progress; its model is never self-activated."""

    config_name = models.CharField(max_length=64)
    corpus_folder = models.CharField(max_length=300)
    epochs = models.PositiveIntegerField(null=True, blank=True)
    with_judgements = models.BooleanField(
        default=False, help_text=_("Whether stretches that clinicians judged are learnt from, too.")
    )
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
