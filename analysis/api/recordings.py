"""The REST interface to recordings: hand one in, ask how far it is, read its result, put mistakes right."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, mixins, status
from rest_framework.decorators import action
from rest_framework.pagination import CursorPagination
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.viewsets import GenericViewSet

from analysis import correction
from analysis.access import open_recording, open_results, recordings_of
from analysis.api.serializers import (
    AcousticsSerializer,
    MoveSerializer,
    ReceiptSerializer,
    RecordingSerializer,
    ResultSerializer,
    RetrySerializer,
    UploadSerializer,
    measured,
)
from analysis.intake import accept_recording
from analysis.models import Recording
from analysis.session.hearings import hearing_of
from patients.access import open_session
from patients.api import caller
from patients.audit import Action, record
from patients.serializers import ReasonSerializer

WITH_WORK = "analyses__model_version"


class NotYet(exceptions.APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "no_result_yet"
    default_detail = _(
        "There is no result yet. Ask for the recording to see how far it is, or why it failed."
    )


class OldestFirst(CursorPagination):
    ordering = ("received_at", "id")


class SessionRecordings(mixins.ListModelMixin, GenericViewSet[Recording]):
    """The recordings of one session."""

    serializer_class = RecordingSerializer
    pagination_class = OldestFirst
    queryset = Recording.objects.none()  # for the schema: the rows come through the door below
    parser_classes = [MultiPartParser]
    throttle_scope = "upload"

    def get_throttles(self) -> list[Any]:
        self.throttle_scope = "upload" if self.request.method == "POST" else ""
        return super().get_throttles()

    def get_queryset(self) -> QuerySet[Recording]:
        session = open_session(caller(self.request), self.kwargs["session_id"])
        listed = recordings_of(caller(self.request)).filter(session=session).defer(*Recording.DRAWN)
        return listed.select_related("received_by").prefetch_related(WITH_WORK)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        session = open_session(caller(request), self.kwargs["session_id"])
        record(actor=caller(request), action=Action.SESSION_VIEWED, patient=session.patient, subject=session)
        return super().list(request, *args, **kwargs)

    @extend_schema(
        request={"multipart/form-data": UploadSerializer},
        responses={201: ReceiptSerializer, 200: ReceiptSerializer},
    )
    def create(self, request: Request, session_id: UUID) -> Response:
        """Hand in a recording. What cannot be analysed is listed all the same: see ``analysis.message``."""
        session = open_session(caller(request), session_id)
        sent = UploadSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        receipt = accept_recording(
            by=caller(request),
            session=session,
            upload=sent.validated_data["recording"],
            channel=sent.validated_data["channel"],
        )
        shown = RecordingSerializer(receipt.recording).data
        code = status.HTTP_201_CREATED if receipt.is_new else status.HTTP_200_OK
        return Response({**shown, "is_new": receipt.is_new}, status=code)


class Recordings(GenericViewSet[Recording]):
    """One recording: how far it is, what was heard, and corrections."""

    serializer_class = RecordingSerializer
    queryset = Recording.objects.none()
    lookup_value_converter = "uuid"

    def _shown(self, recording: Recording) -> Response:
        return Response(self.get_serializer(recording).data)

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """How far it is. Ask again until ``analysis.state`` is done or failed."""
        return self._shown(open_recording(caller(request), pk))

    @extend_schema(responses=ResultSerializer)
    @action(detail=True)
    def result(self, request: Request, pk: UUID) -> Response:
        """What the newest model that has finished heard. 409 while there is none."""
        recording = open_results(caller(request), pk)
        finished = hearing_of(recording, with_results=True).finished
        if finished is None:
            raise NotYet
        patient = recording.session.patient
        record(actor=caller(request), action=Action.ANALYSIS_VIEWED, patient=patient, subject=finished)
        return Response(ResultSerializer(finished).data)

    @extend_schema(responses=AcousticsSerializer)
    @action(detail=True)
    def acoustics(self, request: Request, pk: UUID) -> Response:
        """Measures of the voice, also where emotions are not estimated. 409 while there are none."""
        recording = open_results(caller(request), pk)
        finished = hearing_of(recording, with_results=True).finished
        if finished is None or not measured(finished):
            raise NotYet
        patient = recording.session.patient
        record(actor=caller(request), action=Action.ANALYSIS_VIEWED, patient=patient, subject=finished)
        return Response(AcousticsSerializer(finished).data)

    @extend_schema(request=RetrySerializer, responses={202: RecordingSerializer})
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: UUID) -> Response:
        """Analyse it again: after a failure, or on the other channel."""
        recording = open_recording(caller(request), pk)
        sent = RetrySerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        correction.retry_analysis(by=caller(request), recording=recording, **sent.validated_data)
        shown = self._shown(open_recording(caller(request), pk))
        shown.status_code = status.HTTP_202_ACCEPTED
        return shown

    @extend_schema(request=MoveSerializer, responses=RecordingSerializer)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: UUID) -> Response:
        """Put it into the session that it belongs to, of the same or another patient."""
        recording = open_recording(caller(request), pk)
        sent = MoveSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        target = open_session(caller(request), sent.validated_data["to_session"])
        reason = sent.validated_data["reason"]
        return self._shown(
            correction.move_recording(
                by=caller(request), recording=recording, to_session=target, reason=reason
            )
        )

    @extend_schema(request=ReasonSerializer, responses=RecordingSerializer)
    @action(detail=True, methods=["post"])
    def void(self, request: Request, pk: UUID) -> Response:
        """Take it out of every result; it stays listed."""
        recording = open_recording(caller(request), pk)
        sent = ReasonSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        return self._shown(
            correction.void_recording(by=caller(request), recording=recording, **sent.validated_data)
        )


router = SimpleRouter(use_regex_path=False)
router.register("sessions/<uuid:session_id>/recordings", SessionRecordings, basename="api-session-recording")
router.register("recordings", Recordings, basename="api-recording")

urlpatterns = router.urls
