"""The REST interface to events, medication and notes: the same doors and verbs as the pages.

The next visit is a column of the patient and is set there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar
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
from patients.models import Clinician, CourseEvent, Note, Patient
from patients.serializers import EventSerializer, PatientNoteSerializer, ReasonSerializer


class LatestEventFirst(CursorPagination):
    ordering = ("-on", "-written_at", "id")


class LatestNoteFirst(CursorPagination):
    ordering = ("-written_at", "id")


Written = TypeVar("Written", CourseEvent, Note)


class OfOnePatient(mixins.ListModelMixin, GenericViewSet[Written]):
    """What was written about one patient: listed, and written by the verb of ``patients.course``."""

    rows_of: Callable[[Patient], QuerySet[Any]]
    write: Callable[..., CourseEvent | Note]

    @property
    def patient(self) -> Patient:
        return open_record(caller(self.request), self.kwargs["reference"])

    def get_queryset(self) -> QuerySet[Written]:
        return self.rows_of(self.patient)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        patient = self.patient
        record(actor=caller(request), action=Action.COURSE_VIEWED, patient=patient, subject=patient)
        return super().list(request, *args, **kwargs)

    def create(self, request: Request, reference: str) -> Response:
        patient = self.patient
        sent = self.get_serializer(data=request.data)
        sent.is_valid(raise_exception=True)
        written = self.write(by=caller(request), patient=patient, **sent.validated_data)
        return Response(self.get_serializer(written).data, status=status.HTTP_201_CREATED)


class One(GenericViewSet[Written]):
    """One thing that was written: read, and voided with a reason. What is voided stays listed."""

    lookup_value_converter = "uuid"

    open: Callable[[Clinician, UUID], Any]

    def retrieve(self, request: Request, pk: UUID) -> Response:
        written = self.open(caller(request), pk)
        record(actor=caller(request), action=Action.COURSE_VIEWED, patient=written.patient, subject=written)
        return Response(self.get_serializer(written).data)

    def reason_in(self, request: Request) -> str:
        sent = ReasonSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        reason: str = sent.validated_data["reason"]
        return reason


class PatientEvents(OfOnePatient[CourseEvent]):
    """Life events, medication and changes of care of one patient, voided ones included."""

    serializer_class = EventSerializer
    pagination_class = LatestEventFirst
    filterset_fields: ClassVar = ["kind"]
    queryset = CourseEvent.objects.none()  # for the schema: the rows come through the door above
    rows_of = staticmethod(course.everything_of)
    write = staticmethod(course.add_event)


class Events(One[CourseEvent]):
    serializer_class = EventSerializer
    queryset = CourseEvent.objects.none()
    open = staticmethod(open_event)

    @extend_schema(request=ReasonSerializer, responses=EventSerializer)
    @action(detail=True, methods=["post"])
    def void(self, request: Request, pk: UUID) -> Response:
        """Take it off every chart; it stays listed."""
        event = self.open(caller(request), pk)
        voided = course.void_event(by=caller(request), event=event, reason=self.reason_in(request))
        return Response(self.get_serializer(voided).data)


class PatientNotes(OfOnePatient[Note]):
    """Clinicians' notes about one patient, voided ones included."""

    serializer_class = PatientNoteSerializer
    pagination_class = LatestNoteFirst
    queryset = Note.objects.none()
    rows_of = staticmethod(course.notes_of)
    write = staticmethod(course.write_note)


class Notes(One[Note]):
    serializer_class = PatientNoteSerializer
    queryset = Note.objects.none()
    open = staticmethod(open_note)

    @extend_schema(request=ReasonSerializer, responses=PatientNoteSerializer)
    @action(detail=True, methods=["post"])
    def void(self, request: Request, pk: UUID) -> Response:
        """Mark it as not to be relied on; it stays listed."""
        note = self.open(caller(request), pk)
        voided = course.void_note(by=caller(request), note=note, reason=self.reason_in(request))
        return Response(self.get_serializer(voided).data)


router = SimpleRouter(use_regex_path=False)
router.register("patients/<slug:reference>/events", PatientEvents, basename="api-patient-event")
router.register("patients/<slug:reference>/notes", PatientNotes, basename="api-patient-note")
router.register("events", Events, basename="api-event")
router.register("notes", Notes, basename="api-note")

urlpatterns = router.urls
