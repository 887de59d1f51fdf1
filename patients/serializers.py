"""What patients, consents and sessions look like over the REST interface. Rules stand in the verbs."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.authtoken.serializers import AuthTokenSerializer

from patients import second_factor
from patients.care import LONGEST_REASON
from patients.consent_texts import current
from patients.errors import Refused
from patients.models import Consent, CourseEvent, Note, Patient, Session, Team
from patients.purposes import Declared


class PatientSerializer(serializers.ModelSerializer[Patient]):
    team = serializers.SlugRelatedField[Team](slug_field="name", read_only=True)
    consents = serializers.SerializerMethodField(help_text="What the patient agrees to at present.")

    class Meta:
        model = Patient
        fields = [
            "reference",
            "name",
            "birth_year",
            "sex",
            "language",
            "notes",
            "voice_condition",
            "next_visit",
            "team",
            "consents",
            "enrolled_at",
            "discharged_at",
        ]
        read_only_fields = ["enrolled_at", "discharged_at"]

    def get_consents(self, patient: Patient) -> list[Consent.Purpose]:
        return [Consent.Purpose(consent.purpose) for consent in patient.standing_consents]


class EnrolmentSerializer(PatientSerializer):
    """A new patient. ``team`` may be left out by a clinician who is in one team only."""

    team = serializers.SlugRelatedField(slug_field="name", queryset=Team.objects.all(), required=False)
    consents = serializers.MultipleChoiceField(  # type: ignore[assignment]
        choices=Consent.Purpose.choices, default=set, help_text="What the patient has just agreed to."
    )
    purpose = serializers.ChoiceField(
        choices=Declared.choices,
        write_only=True,
        help_text="What this is for: care. Any other purpose is refused, and put on record.",
    )

    class Meta(PatientSerializer.Meta):
        fields = [*PatientSerializer.Meta.fields, "purpose"]

    def validate_consents(self, purposes: set[str]) -> list[Consent.Purpose]:
        return [purpose for purpose in Consent.Purpose if purpose in purposes]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        teams = self.context["request"].user.teams.all()
        if "team" not in attrs and len(teams) != 1:
            raise serializers.ValidationError({"team": "Say which team: you are in none or in several."})
        return {"team": teams[0], **attrs}


class ConsentSerializer(serializers.ModelSerializer[Consent]):
    text_version = serializers.CharField(default=current, help_text="The wording that the patient heard.")
    given_by = serializers.CharField(source="given_by.username", read_only=True)

    class Meta:
        model = Consent
        fields = ["purpose", "text_version", "given_at", "given_by", "withdrawn_at"]
        read_only_fields = ["given_at", "withdrawn_at"]


class SessionSerializer(serializers.ModelSerializer[Session]):
    patient = serializers.SlugRelatedField[Patient](slug_field="reference", read_only=True)

    class Meta:
        model = Session
        fields = ["id", "patient", "held_at", "kind", "note", "voided_at", "void_reason"]
        read_only_fields = ["voided_at", "void_reason"]
        extra_kwargs = {"held_at": {"required": True}, "kind": {"required": True}}


class RedateSerializer(serializers.Serializer[dict[str, Any]]):
    held_at = serializers.DateTimeField(help_text="When the patient really spoke.")
    reason = serializers.CharField(max_length=LONGEST_REASON)


class WrittenSerializer(serializers.ModelSerializer[Any]):
    """Something that a clinician wrote. It is never edited: voided with a reason, it stays listed."""

    patient = serializers.SlugRelatedField[Patient](slug_field="reference", read_only=True)
    written_by = serializers.CharField(source="written_by.username", read_only=True)
    voided_by = serializers.CharField(source="voided_by.username", read_only=True, allow_null=True)

    class Meta:
        fields = ["written_by", "written_at", "voided_by", "voided_at", "void_reason"]
        read_only_fields = fields


class EventSerializer(WrittenSerializer):
    class Meta:
        model = CourseEvent
        fields = ["id", "patient", "kind", "on", "until", "label", "detail", *WrittenSerializer.Meta.fields]
        read_only_fields = WrittenSerializer.Meta.read_only_fields
        extra_kwargs = {"kind": {"required": True}}


class PatientNoteSerializer(WrittenSerializer):
    class Meta:
        model = Note
        fields = ["id", "patient", "text", *WrittenSerializer.Meta.fields]
        read_only_fields = WrittenSerializer.Meta.read_only_fields


class ReasonSerializer(serializers.Serializer[dict[str, Any]]):
    reason = serializers.CharField(max_length=LONGEST_REASON)


class SignInSerializer(AuthTokenSerializer):
    """A user name, a password, and a code of whoever has a second factor."""

    code = serializers.CharField(
        required=False,
        max_length=40,
        write_only=True,
        help_text="From the authenticator app, or a recovery code; needed by who has set up a second factor.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        clinician = super().validate(attrs)["user"]
        if not second_factor.has_one(clinician):
            if second_factor.is_required(clinician):
                sentence = _("Your role requires a second factor: set it up in the browser.")
                raise Refused("second_factor_missing", sentence)
        elif "code" not in attrs:
            raise Refused("code_required", _("A code of your second factor is needed, too."), field="code")
        elif not second_factor.accepts(clinician, attrs["code"]):
            raise Refused("code_wrong", _("This code is wrong, or was used already."), field="code")
        return attrs


class TokenSerializer(serializers.Serializer[dict[str, Any]]):
    """Shown once; only a digest of it is kept."""

    token = serializers.CharField(read_only=True)
    expiry = serializers.DateTimeField(read_only=True)
