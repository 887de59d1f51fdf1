"""What recordings, their work and their results look like over REST. Rules stand in the verbs."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from analysis import reasons
from analysis.jurisdiction import measures_voices
from analysis.models import Analysis, ModelVersion, Recording, Summary, WindowMatrix
from analysis.statement import STATEMENT
from ml.acoustics.measures import MEASURES, REASONS
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


class MeasuredSerializer(serializers.Serializer[Any]):
    """One measure of the voice, or why it is absent."""

    measure = serializers.ChoiceField(choices=[(key, one.name) for key, one in MEASURES.items()])
    unit = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True, help_text="Lower end of the 95 % interval.")
    high = serializers.FloatField(allow_null=True, help_text="Upper end of the 95 % interval.")
    seconds = serializers.FloatField(allow_null=True, help_text="Seconds of speech that it rests on.")
    absent = serializers.ChoiceField(choices=[*REASONS], allow_null=True, help_text="Why there is no value.")


def measured(analysis: Analysis) -> list[dict[str, Any]]:
    """In the order of the table of measures; empty where this hearing, or this clinic, has none."""
    row = getattr(analysis, "acoustics", None) if measures_voices() else None
    if row is None:
        return []
    nothing = dict.fromkeys(("value", "low", "high", "seconds"))
    return [
        {"measure": key, "unit": one.unit, **row.values.get(key, nothing), "absent": row.absent.get(key)}
        for key, one in MEASURES.items()
        if key in row.values or key in row.absent
    ]


class AcousticsSerializer(serializers.Serializer[Analysis]):
    """Measures of the patient's voice: of its sound, and of no state of mind."""

    recording = serializers.UUIDField(source="recording_id")
    measures = serializers.SerializerMethodField()

    @extend_schema_field(MeasuredSerializer(many=True))
    def get_measures(self, analysis: Analysis) -> list[dict[str, Any]]:
        return measured(analysis)


class ResultSerializer(serializers.Serializer[Analysis]):
    """An estimate of how the patient's speech sounds. Not a diagnosis."""

    statement = serializers.SerializerMethodField(help_text="What the numbers are, and what they are not.")
    recording = serializers.UUIDField(source="recording_id")
    model = ModelSerializer(source="model_version")
    labels = serializers.SerializerMethodField(help_text="What the eight numbers stand for, in this order.")
    summary = SummarySerializer()
    windows = serializers.SerializerMethodField()
    quality = serializers.SerializerMethodField(help_text="What to know beside the result.")
    acoustics = serializers.SerializerMethodField(help_text="Measures of the patient’s voice.")

    def get_statement(self, analysis: Analysis) -> str:
        return str(STATEMENT)

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

    @extend_schema_field(MeasuredSerializer(many=True))
    def get_acoustics(self, analysis: Analysis) -> list[dict[str, Any]]:
        return measured(analysis)

    @extend_schema_field(NoteSerializer(many=True))
    def get_quality(self, analysis: Analysis) -> list[dict[str, str]]:
        codes = analysis.summary.quality
        return [{"code": code, "message": reasons.note(code)} for code in codes]
