"""What clinicians said of what the model heard. The model's own words stay beside theirs."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from analysis.models.work import Analysis
from ml.labels import LABELS
from patients.models import Clinician, Session


class Judgement(models.Model):
    """A clinician's word on a stretch of a recording, or on a whole session. Withdrawn, it stays listed."""

    class Verdict(models.TextChoices):
        AGREE = "agree", _("agree")
        OWN_LABEL = "own_label", _("own label")
        UNUSABLE = "unusable", _("unusable")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="judgements")
    # What was on the screen when it was said; null for the whole session.
    analysis = models.ForeignKey(
        Analysis, on_delete=models.CASCADE, null=True, blank=True, related_name="judgements"
    )
    start_s = models.FloatField(null=True, blank=True)
    end_s = models.FloatField(null=True, blank=True)
    verdict = models.CharField(_("verdict"), max_length=12, choices=Verdict)
    label = models.CharField(
        _("sounds"), max_length=16, blank=True, choices=[(label, label) for label in LABELS]
    )
    note = models.CharField(_("note"), max_length=1000, blank=True)
    # What the model said of it then: model number, shares, the share it was not sure of.
    heard = models.JSONField(default=dict, editable=False)
    said_by = models.ForeignKey(Clinician, on_delete=models.PROTECT, related_name="+", editable=False)
    said_at = models.DateTimeField(default=timezone.now, editable=False)
    withdrawn_at = models.DateTimeField(null=True, editable=False)
    withdrawn_by = models.ForeignKey(
        Clinician, on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )

    class Meta:
        ordering = ["said_at"]
        indexes = [models.Index(fields=["session", "said_at"], name="judgement_by_session")]
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict="own_label") ^ Q(label=""), name="own_label_names_an_emotion"
            ),
            models.CheckConstraint(
                condition=Q(analysis__isnull=True, start_s__isnull=True, end_s__isnull=True)
                | Q(analysis__isnull=False, start_s__gte=0, end_s__gt=F("start_s")),
                name="stretch_of_one_analysis_or_whole_session",
            ),
        ]
        verbose_name = _("judgement")
        verbose_name_plural = _("judgements")

    def __str__(self) -> str:
        return f"{self.verdict} {self.label}".strip()

    @property
    def is_of_session(self) -> bool:
        return self.analysis_id is None

    @property
    def place_id(self) -> uuid.UUID:
        """The session that it belongs to: a stretch goes with its recording, wherever that is moved to."""
        return self.session_id if self.analysis is None else self.analysis.recording.session_id


class Signature(models.Model):
    """A clinician has reviewed a session and signs what stood there. It is added to, never changed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="signatures")
    signed_by = models.ForeignKey(Clinician, on_delete=models.PROTECT, related_name="+")
    signed_at = models.DateTimeField(default=timezone.now)
    note = models.CharField(_("note"), max_length=1000, blank=True)
    # What stood on the page: the summaries with their model numbers, and the ids of standing judgements.
    signed = models.JSONField(default=dict)

    class Meta:
        ordering = ["signed_at"]
        indexes = [models.Index(fields=["session", "signed_at"], name="signature_by_session")]
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")

    def __str__(self) -> str:
        return f"{self.session}, signed {self.signed_at:%Y-%m-%d}"
