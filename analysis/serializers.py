"""What recordings, their work and their results look like over REST. Rules stand in the verbs."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from analysis import reasons
from analysis.models import Analysis, ModelVersion, Recording, Summary, WindowMatrix
from ml.labels import LABELS
from patients.care import LONGEST_REASON

EIGHT = len(LABELS)


class ProgressSerializer(serializers.ModelSerializer[Analysis]):
    """How far the work on a recording has come."""

    message = serializers.SerializerMethodField(help_text="Why it failed and what to do next; else empty.")
    model = serializers.CharField(source="model_version.model_id", read_only=True)

    class Meta:
        model = Analysis
        fields = ["state", "progress", "reason", "message", "model", "queued_at", "started_at", "finished_at"]
        read_only_fields = fields

    def get_message(self, analysis: Analysis) -> str:
        return reasons.explain(analysis.reason)


class RecordingSerializer(serializers.ModelSerializer[Recording]):
    analysis = ProgressSerializer(source="latest_analysis", read_only=True)
    received_by = serializers.CharField(source="received_by.username", read_only=True)
    channel = serializers.ChoiceField(
        source="patient_channel", choices=Recording.Channel.choices, read_only=True
    )

    class Meta:
        model = Recording
        fields = [
            "id",
            "session",
            "original_name",
            "size_bytes",
            "sha256",
            "channel",
            "container",
            "codec",
            "sample_rate",
            "channels",
            "duration_s",
            "received_at",
            "received_by",
            "voided_at",
            "void_reason",
            "analysis",
        ]
        read_only_fields = fields


class ReceiptSerializer(RecordingSerializer):
    """A recording as it was taken in."""

    is_new = serializers.BooleanField(help_text="False: the session already had this very file.")

    class Meta(RecordingSerializer.Meta):
        fields = [*RecordingSerializer.Meta.fields, "is_new"]


class UploadSerializer(serializers.Serializer[dict[str, Any]]):
    # An empty file is taken in too: it stays listed with its reason like any other that cannot be heard.
    recording = serializers.FileField(allow_empty_file=True)
    channel = serializers.ChoiceField(
        choices=Recording.Channel.choices,
        default=Recording.Channel.MIX,
        help_text="Whose channel is analysed; must be left or right where a file has more than one.",
    )


class RetrySerializer(serializers.Serializer[dict[str, Any]]):
    channel = serializers.ChoiceField(choices=Recording.Channel.choices, required=False)


class MoveSerializer(serializers.Serializer[dict[str, Any]]):
    to_session = serializers.UUIDField()
    reason = serializers.CharField(max_length=LONGEST_REASON)


class ModelSerializer(serializers.ModelSerializer[ModelVersion]):
    class Meta:
        model = ModelVersion
        fields = ["model_id", "name", "number"]
        read_only_fields = fields


class NoteSerializer(serializers.Serializer[dict[str, Any]]):
    code = serializers.CharField()
    message = serializers.CharField()


def shares(**options: Any) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.FloatField(min_value=0, max_value=1),
        min_length=EIGHT,
        max_length=EIGHT,
        **options,
    )


class WindowSerializer(serializers.Serializer[dict[str, Any]]):
    start = serializers.FloatField(help_text="Seconds.")
    end = serializers.FloatField(help_text="Seconds.")
    probabilities = shares()
    abstained = serializers.BooleanField(help_text="Too uncertain to count.")


class SummarySerializer(serializers.Serializer[Summary]):
    """What the recording as a whole sounds like."""

    probabilities = shares(source="shares")
    low = shares(help_text="Lower ends of the 95 % intervals.")
    high = shares(help_text="Upper ends of the 95 % intervals.")
    top = serializers.CharField(allow_null=True, help_text="Null: too uncertain to say.")
    abstained_share = serializers.FloatField()
    duration_s = serializers.FloatField()
    speech_s = serializers.FloatField()

    def to_representation(self, instance: Summary) -> dict[str, Any]:
        return {**super().to_representation(instance), "top": instance.top or None}


class ResultSerializer(serializers.Serializer[Analysis]):
    """An estimate of how the patient's speech sounds. Not a diagnosis."""

    recording = serializers.UUIDField(source="recording_id")
    model = ModelSerializer(source="model_version")
    labels = serializers.SerializerMethodField(help_text="What the eight numbers stand for, in this order.")
    summary = SummarySerializer()
    windows = serializers.SerializerMethodField()
    quality = serializers.SerializerMethodField(help_text="What to know beside the result.")

    def get_labels(self, analysis: Analysis) -> list[str]:
        return list(LABELS)

    @extend_schema_field(WindowSerializer(many=True))
    def get_windows(self, analysis: Analysis) -> list[dict[str, Any]]:
        matrix: WindowMatrix = analysis.matrix
        columns = (matrix.starts, matrix.ends, matrix.probabilities, matrix.abstained)
        return [
            {"start": start, "end": end, "probabilities": probabilities, "abstained": abstained}
            for start, end, probabilities, abstained in zip(*(c.tolist() for c in columns), strict=True)
        ]

    @extend_schema_field(NoteSerializer(many=True))
    def get_quality(self, analysis: Analysis) -> list[dict[str, str]]:
        codes = analysis.summary.quality
        return [{"code": code, "message": reasons.note(code)} for code in codes]
