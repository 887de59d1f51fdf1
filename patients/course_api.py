"""The REST interface to events, medication and notes: the same doors and verbs as the pages.

The next visit is a column of the patient and is set there.
"""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.viewsets import GenericViewSet

from patients import course
from patients.access import open_event, open_note, open_record
from patients.api import caller
from patients.audit import Action, record
from patients.models import CourseEvent, Note, Patient
from patients.serializers import EventSerializer, PatientNoteSerializer, ReasonSerializer


class LatestEventFirst(CursorPagination):
    ordering = ("-on", "-written_at", "id")


class LatestNoteFirst(CursorPagination):
    ordering = ("-written_at", "id")


def _opened(request: Request, reference: str) -> Patient:
    patient = open_record(caller(request), reference)
    record(actor=caller(request), action=Action.COURSE_VIEWED, patient=patient, subject=patient)
    return patient


class PatientEvents(mixins.ListModelMixin, GenericViewSet[CourseEvent]):
    """Life events, medication and changes of care of one patient, voided ones included."""

    serializer_class = EventSerializer
    pagination_class = LatestEventFirst
    filterset_fields: ClassVar = ["kind"]
    queryset = CourseEvent.objects.none()  # for the schema: the rows come through the door below

    def get_queryset(self) -> QuerySet[CourseEvent]:
        return course.everything_of(open_record(caller(self.request), self.kwargs["reference"]))

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        _opened(request, self.kwargs["reference"])
        return super().list(request, *args, **kwargs)

    def create(self, request: Request, reference: str) -> Response:
        patient = open_record(caller(request), reference)
        sent = self.get_serializer(data=request.data)
        sent.is_valid(raise_exception=True)
        event = course.add_event(by=caller(request), patient=patient, **sent.validated_data)
        return Response(self.get_serializer(event).data, status=status.HTTP_201_CREATED)


class Events(GenericViewSet[CourseEvent]):
    serializer_class = EventSerializer
    queryset = CourseEvent.objects.none()
    lookup_value_converter = "uuid"

    def retrieve(self, request: Request, pk: UUID) -> Response:
        event = open_event(caller(request), pk)
        record(actor=caller(request), action=Action.COURSE_VIEWED, patient=event.patient, subject=event)
        return Response(self.get_serializer(event).data)

    @extend_schema(request=ReasonSerializer, responses=EventSerializer)
    @action(detail=True, methods=["post"])
    def void(self, request: Request, pk: UUID) -> Response:
        """Take it off every chart; it stays listed."""
        event = open_event(caller(request), pk)
        sent = ReasonSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        voided = course.void_event(by=caller(request), event=event, **sent.validated_data)
        return Response(self.get_serializer(voided).data)


class PatientNotes(mixins.ListModelMixin, GenericViewSet[Note]):
    """Clinicians' notes about one patient, voided ones included."""

    serializer_class = PatientNoteSerializer
    pagination_class = LatestNoteFirst
    queryset = Note.objects.none()

    def get_queryset(self) -> QuerySet[Note]:
        return course.notes_of(open_record(caller(self.request), self.kwargs["reference"]))

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        _opened(request, self.kwargs["reference"])
        return super().list(request, *args, **kwargs)

    def create(self, request: Request, reference: str) -> Response:
        patient = open_record(caller(request), reference)
        sent = self.get_serializer(data=request.data)
        sent.is_valid(raise_exception=True)
        note = course.write_note(by=caller(request), patient=patient, **sent.validated_data)
        return Response(self.get_serializer(note).data, status=status.HTTP_201_CREATED)


class Notes(GenericViewSet[Note]):
    serializer_class = PatientNoteSerializer
    queryset = Note.objects.none()
    lookup_value_converter = "uuid"

    def retrieve(self, request: Request, pk: UUID) -> Response:
        note = open_note(caller(request), pk)
        record(actor=caller(request), action=Action.COURSE_VIEWED, patient=note.patient, subject=note)
        return Response(self.get_serializer(note).data)

    @extend_schema(request=ReasonSerializer, responses=PatientNoteSerializer)
    @action(detail=True, methods=["post"])
    def void(self, request: Request, pk: UUID) -> Response:
        """Mark it as not to be relied on; it stays listed."""
        note = open_note(caller(request), pk)
        sent = ReasonSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        voided = course.void_note(by=caller(request), note=note, **sent.validated_data)
        return Response(self.get_serializer(voided).data)


router = SimpleRouter(use_regex_path=False)
router.register("patients/<slug:reference>/events", PatientEvents, basename="api-patient-event")
router.register("patients/<slug:reference>/notes", PatientNotes, basename="api-patient-note")
router.register("events", Events, basename="api-event")
router.register("notes", Notes, basename="api-note")

urlpatterns = router.urls
