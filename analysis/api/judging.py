"""The REST interface to judging and signing: the same doors and verbs as the pages."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.viewsets import GenericViewSet

from analysis.access import open_analysis, open_judgement, open_review
from analysis.judging import judgement, signing
from analysis.judging.judgement import LONGEST_NOTE
from analysis.judging.standing import fingerprint, judgements_of, snapshot
from analysis.models import Judgement, Signature
from ml.labels import LABELS
from patients.api import caller
from patients.audit import Action, record


class JudgementSerializer(serializers.ModelSerializer[Judgement]):
    """A clinician's word on a stretch, or on the whole session; ``heard`` is what the model had said then."""

    said_by = serializers.CharField(source="said_by.username", read_only=True)
    recording = serializers.UUIDField(source="analysis.recording_id", read_only=True, allow_null=True)
    heard = serializers.JSONField(
        read_only=True, help_text="Model number, shares, and the share that was not sure."
    )

    class Meta:
        model = Judgement
        fields = [
            "id",
            "session",
            "recording",
            "analysis",
            "start_s",
            "end_s",
            "verdict",
            "label",
            "note",
            "heard",
            "said_by",
            "said_at",
            "withdrawn_at",
        ]
        read_only_fields = fields


class NewJudgementSerializer(serializers.Serializer[dict[str, Any]]):
    """Of a stretch with ``analysis``, ``start_s`` and ``end_s``; of the whole session without them."""

    verdict = serializers.ChoiceField(choices=Judgement.Verdict.choices)
    label = serializers.ChoiceField(  # type: ignore[assignment]
        choices=LABELS, required=False, allow_blank=True, help_text="With own_label: what it sounds like."
    )
    analysis = serializers.UUIDField(required=False, allow_null=True)
    start_s = serializers.FloatField(required=False, allow_null=True, min_value=0)
    end_s = serializers.FloatField(required=False, allow_null=True, min_value=0)
    note = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST_NOTE)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        place = [attrs.get(name) is not None for name in ("analysis", "start_s", "end_s")]
        if any(place) and not all(place):
            sentence = "Give analysis, start_s and end_s for a stretch, or none of them for the session."
            raise serializers.ValidationError({"analysis": sentence})
        return attrs


class SignatureSerializer(serializers.ModelSerializer[Signature]):
    """What one clinician signed, as it stood then, and whether that still stands."""

    signed_by = serializers.CharField(source="signed_by.username", read_only=True)
    stands = serializers.SerializerMethodField(
        help_text="False: something has come, gone or been said since."
    )

    class Meta:
        model = Signature
        fields = ["id", "session", "signed_by", "signed_at", "note", "signed", "stands"]
        read_only_fields = fields

    @extend_schema_field(serializers.BooleanField())
    def get_stands(self, signature: Signature) -> bool:
        return bool(signature.signed == self.context["stands"])


class NewSignatureSerializer(serializers.Serializer[dict[str, Any]]):
    seen = serializers.CharField(
        required=False,
        max_length=16,
        help_text="``X-Session-State`` of the answer that was read: refused where something came since.",
    )
    note = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST_NOTE)


class OldestWordFirst(CursorPagination):
    ordering = ("said_at", "id")


class OldestSignatureFirst(CursorPagination):
    ordering = ("signed_at", "id")


class SessionJudgements(mixins.ListModelMixin, GenericViewSet[Judgement]):
    """What clinicians said of one session, withdrawn words included."""

    serializer_class = JudgementSerializer
    pagination_class = OldestWordFirst
    queryset = Judgement.objects.none()  # for the schema: the rows come through the door below

    def get_queryset(self) -> QuerySet[Judgement]:
        return judgements_of(open_review(caller(self.request), self.kwargs["session_id"]))

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        session = open_review(caller(request), self.kwargs["session_id"])
        record(actor=caller(request), action=Action.SESSION_VIEWED, patient=session.patient, subject=session)
        return super().list(request, *args, **kwargs)

    @extend_schema(request=NewJudgementSerializer, responses={201: JudgementSerializer})
    def create(self, request: Request, session_id: UUID) -> Response:
        """Say what it sounds like. A new word on the same place withdraws one's own earlier one."""
        session = open_review(caller(request), session_id)
        sent = NewJudgementSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        words = dict(sent.validated_data)
        analysis_id = words.pop("analysis", None)
        if analysis_id is not None:
            words["analysis"] = open_analysis(caller(request), analysis_id)
        said = judgement.judge(by=caller(request), session=session, **words)
        return Response(self.get_serializer(said).data, status=status.HTTP_201_CREATED)


class Judgements(GenericViewSet[Judgement]):
    serializer_class = JudgementSerializer
    queryset = Judgement.objects.none()
    lookup_value_converter = "uuid"

    @extend_schema(request=None, responses=JudgementSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: UUID) -> Response:
        """Take one's own word back; it stays listed."""
        said = open_judgement(caller(request), pk)
        withdrawn = judgement.withdraw_judgement(by=caller(request), judgement=said)
        return Response(self.get_serializer(withdrawn).data)


class SessionSignatures(mixins.ListModelMixin, GenericViewSet[Signature]):
    """Who signed one session, when, and what stood there. ``X-Session-State`` names what stands now."""

    serializer_class = SignatureSerializer
    pagination_class = OldestSignatureFirst
    queryset = Signature.objects.none()

    def get_queryset(self) -> QuerySet[Signature]:
        session = open_review(caller(self.request), self.kwargs["session_id"])
        return session.signatures.select_related("signed_by")

    def get_serializer_context(self) -> dict[str, Any]:
        context = {**super().get_serializer_context()}
        if "session_id" in self.kwargs:  # absent while the schema is made
            session = open_review(caller(self.request), self.kwargs["session_id"])
            context["stands"] = snapshot(session)
        return context

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        session = open_review(caller(request), self.kwargs["session_id"])
        record(actor=caller(request), action=Action.SESSION_VIEWED, patient=session.patient, subject=session)
        answer = super().list(request, *args, **kwargs)
        answer["X-Session-State"] = fingerprint(snapshot(session))
        return answer

    @extend_schema(request=NewSignatureSerializer, responses={201: SignatureSerializer})
    def create(self, request: Request, session_id: UUID) -> Response:
        """Sign what stands in the session now."""
        session = open_review(caller(request), session_id)
        sent = NewSignatureSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        signature = signing.sign_session(by=caller(request), session=session, **sent.validated_data)
        return Response(self.get_serializer(signature).data, status=status.HTTP_201_CREATED)


router = SimpleRouter(use_regex_path=False)
router.register("sessions/<uuid:session_id>/judgements", SessionJudgements, basename="api-session-judgement")
router.register("sessions/<uuid:session_id>/signatures", SessionSignatures, basename="api-session-signature")
router.register("judgements", Judgements, basename="api-judgement")

urlpatterns = router.urls
