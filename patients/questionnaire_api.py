"""The REST interface to questionnaires: what was filled, and links for a clinic's own messages or apps."""

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

from patients.access import open_link, open_patient, open_response
from patients.api import caller
from patients.audit import Action, record
from patients.models import Instrument, QuestionnaireLink, QuestionnaireResponse
from patients.questionnaire_pages import address_of
from patients.questionnaires import answering, links
from patients.questionnaires.answering import LONGEST_NOTE
from patients.questionnaires.instruments import QUESTIONNAIRES
from patients.questionnaires.scoring import score
from patients.serializers import ReasonSerializer

HIDDEN = "Null for a role that sees no results."


class ScoreSerializer(serializers.Serializer[dict[str, Any]]):
    total = serializers.IntegerField(allow_null=True, help_text="Null: too many questions were left out.")
    band = serializers.CharField(allow_null=True)
    missing = serializers.IntegerField(help_text="Questions left out; a few are made up by the mean.")


class ResponseSerializer(serializers.ModelSerializer[QuestionnaireResponse]):
    """A filled questionnaire. It is never edited: void it with a reason and enter it anew."""

    patient = serializers.SlugRelatedField[Any](slug_field="reference", read_only=True)
    answers = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=3, allow_null=True),
        help_text=f"One entry a question, 0 to 3, null where it was left out. {HIDDEN}",
    )
    score = serializers.SerializerMethodField(help_text=HIDDEN)
    needs_eyes = serializers.BooleanField(
        source="waits_for_eyes",
        read_only=True,
        help_text="An answer needs a clinician’s eyes, and none has marked it as seen yet.",
    )
    entered_by = serializers.CharField(
        source="entered_by.username", read_only=True, default=None, help_text="Null: the patient, by a link."
    )

    class Meta:
        model = QuestionnaireResponse
        fields = [
            "id",
            "patient",
            "instrument",
            "filled_at",
            "answers",
            "difficulty",
            "score",
            "needs_eyes",
            "safety_seen_at",
            "entered_by",
            "voided_at",
            "void_reason",
        ]
        read_only_fields = ["safety_seen_at", "voided_at", "void_reason"]
        extra_kwargs = {"difficulty": {"min_value": 0, "max_value": 3}}

    @extend_schema_field(ScoreSerializer(allow_null=True))
    def get_score(self, response: QuestionnaireResponse) -> dict[str, Any] | None:
        result = score(QUESTIONNAIRES[response.instrument], response.answers)
        band = None if result.band is None else str(result.band.label)
        return {"total": result.total, "band": band, "missing": result.missing}

    def to_representation(self, instance: QuestionnaireResponse) -> dict[str, Any]:
        shown = super().to_representation(instance)
        if not self.context["request"].user.sees_results:
            shown |= {"answers": None, "difficulty": None, "score": None}
        return shown


class SeenSerializer(serializers.Serializer[dict[str, Any]]):
    note = serializers.CharField(max_length=LONGEST_NOTE, help_text="What was done or decided.")


class LinkSerializer(serializers.ModelSerializer[QuestionnaireLink]):
    """A link that is answered once. Its secret is not kept: ``url`` is given when it is made, then never."""

    made_by = serializers.CharField(source="made_by.username", read_only=True)
    state = serializers.SerializerMethodField()

    class Meta:
        model = QuestionnaireLink
        fields = ["id", "instrument", "made_by", "made_at", "expires_at", "used_at", "withdrawn_at", "state"]
        read_only_fields = ["made_at", "expires_at", "used_at", "withdrawn_at"]

    @extend_schema_field(serializers.ChoiceField(choices=[state.value for state in links.State]))
    def get_state(self, link: QuestionnaireLink) -> str:
        return links.state_of(link).value


class NewLinkSerializer(LinkSerializer):
    url = serializers.SerializerMethodField(
        help_text="Give it to the patient alone: whoever has it can answer."
    )

    class Meta(LinkSerializer.Meta):
        fields = [*LinkSerializer.Meta.fields, "url"]

    def get_url(self, link: QuestionnaireLink) -> str:
        return address_of(self.context["secret"])


class LatestFirst(CursorPagination):
    ordering = ("-filled_at", "id")


class LatestLinkFirst(CursorPagination):
    ordering = ("-made_at", "id")


class PatientQuestionnaires(mixins.ListModelMixin, GenericViewSet[QuestionnaireResponse]):
    """The questionnaires of one patient."""

    serializer_class = ResponseSerializer
    pagination_class = LatestFirst
    filterset_fields = ["instrument"]
    queryset = QuestionnaireResponse.objects.none()  # for the schema: the rows come through the door below

    def get_queryset(self) -> QuerySet[QuestionnaireResponse]:
        patient = open_patient(caller(self.request), self.kwargs["reference"])
        return patient.questionnaire_responses.select_related("patient", "entered_by")

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        patient = open_patient(caller(request), self.kwargs["reference"])
        record(actor=caller(request), action=Action.QUESTIONNAIRES_VIEWED, patient=patient, subject=patient)
        return super().list(request, *args, **kwargs)

    def create(self, request: Request, reference: str) -> Response:
        """Enter what the patient answered on paper or aloud. Patients themselves answer through a link."""
        patient = open_patient(caller(request), reference)
        sent = self.get_serializer(data=request.data)
        sent.is_valid(raise_exception=True)
        response = answering.fill(by=caller(request), patient=patient, **sent.validated_data)
        return Response(self.get_serializer(response).data, status=status.HTTP_201_CREATED)


class Questionnaires(GenericViewSet[QuestionnaireResponse]):
    serializer_class = ResponseSerializer
    queryset = QuestionnaireResponse.objects.none()
    lookup_value_converter = "uuid"

    def retrieve(self, request: Request, pk: UUID) -> Response:
        response = open_response(caller(request), pk)
        record(
            actor=caller(request),
            action=Action.QUESTIONNAIRES_VIEWED,
            patient=response.patient,
            subject=response,
        )
        return Response(self.get_serializer(response).data)

    @extend_schema(request=SeenSerializer, responses=ResponseSerializer)
    @action(detail=True, methods=["post"])
    def seen(self, request: Request, pk: UUID) -> Response:
        """Take down the notice that item 9 raised."""
        response = open_response(caller(request), pk)
        sent = SeenSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        seen = answering.mark_seen(by=caller(request), response=response, **sent.validated_data)
        return Response(self.get_serializer(seen).data)

    @extend_schema(request=ReasonSerializer, responses=ResponseSerializer)
    @action(detail=True, methods=["post"])
    def void(self, request: Request, pk: UUID) -> Response:
        """Take it out of every score; it stays listed."""
        response = open_response(caller(request), pk)
        sent = ReasonSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        voided = answering.void(by=caller(request), response=response, **sent.validated_data)
        return Response(self.get_serializer(voided).data)


class PatientLinks(mixins.ListModelMixin, GenericViewSet[QuestionnaireLink]):
    """One-time links by which a patient answers at home."""

    serializer_class = LinkSerializer
    pagination_class = LatestLinkFirst
    queryset = QuestionnaireLink.objects.none()

    def get_queryset(self) -> QuerySet[QuestionnaireLink]:
        return links.links_of(open_patient(caller(self.request), self.kwargs["reference"]))

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        patient = open_patient(caller(request), self.kwargs["reference"])
        record(actor=caller(request), action=Action.QUESTIONNAIRES_VIEWED, patient=patient, subject=patient)
        return super().list(request, *args, **kwargs)

    @extend_schema(responses={201: NewLinkSerializer})
    def create(self, request: Request, reference: str) -> Response:
        patient = open_patient(caller(request), reference)
        sent = self.get_serializer(data=request.data)
        sent.is_valid(raise_exception=True)
        instrument = Instrument(sent.validated_data["instrument"])
        link, secret = links.make_link(by=caller(request), patient=patient, instrument=instrument)
        shown = NewLinkSerializer(link, context={**self.get_serializer_context(), "secret": secret})
        return Response(shown.data, status=status.HTTP_201_CREATED)


class Links(GenericViewSet[QuestionnaireLink]):
    serializer_class = LinkSerializer
    queryset = QuestionnaireLink.objects.none()
    lookup_value_converter = "uuid"

    def destroy(self, request: Request, pk: UUID) -> Response:
        """Withdraw: the row stays, marked with when."""
        links.withdraw_link(by=caller(request), link=open_link(caller(request), pk))
        return Response(status=status.HTTP_204_NO_CONTENT)


router = SimpleRouter(use_regex_path=False)
router.register(
    "patients/<slug:reference>/questionnaires", PatientQuestionnaires, basename="api-questionnaire"
)
router.register("patients/<slug:reference>/questionnaire-links", PatientLinks, basename="api-patient-link")
router.register("questionnaires", Questionnaires, basename="api-response")
router.register("questionnaire-links", Links, basename="api-link")

urlpatterns = router.urls
