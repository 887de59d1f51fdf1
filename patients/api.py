"""The REST interface to patients, their consents and sessions: the same doors and verbs as the pages."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import extend_schema
from knox.models import AuthToken
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.exceptions import Throttled
from rest_framework.pagination import CursorPagination
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from patients import care, enrolment
from patients.access import NotVisible, open_patient, open_session, patients_of, sessions_of
from patients.audit import Action, record
from patients.lock_out import LockedOut
from patients.models import Clinician, Consent, Patient, Session
from patients.serializers import (
    ConsentSerializer,
    EnrolmentSerializer,
    PatientSerializer,
    ReasonSerializer,
    RedateSerializer,
    SessionSerializer,
    SignInSerializer,
    TokenSerializer,
)
from patients.sign_in import complete


class ByReference(CursorPagination):
    ordering = "reference"


class NewestFirst(CursorPagination):
    ordering = ("-held_at", "id")


def caller(request: Request) -> Clinician:
    """Whoever signed in or holds the token: the permission class has made sure that it is someone."""
    return cast(Clinician, request.user)


class Patients(mixins.ListModelMixin, GenericViewSet[Patient]):
    serializer_class = PatientSerializer
    pagination_class = ByReference
    filterset_fields = ["language", "sex"]
    queryset = Patient.objects.none()  # for the schema: the rows come through the door below
    lookup_field = "reference"
    lookup_value_converter = "slug"

    def get_queryset(self) -> QuerySet[Patient]:
        return patients_of(caller(self.request)).prefetch_related("consents")

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        record(actor=caller(request), action=Action.CASELOAD_VIEWED)
        return super().list(request, *args, **kwargs)

    @extend_schema(request=EnrolmentSerializer, responses={201: PatientSerializer})
    def create(self, request: Request) -> Response:
        sent = EnrolmentSerializer(data=request.data, context=self.get_serializer_context())
        sent.is_valid(raise_exception=True)
        patient = enrolment.enrol(by=caller(request), **sent.validated_data)
        return Response(self.get_serializer(patient).data, status=status.HTTP_201_CREATED)

    def retrieve(self, request: Request, reference: str) -> Response:
        patient = open_patient(caller(request), reference)
        record(actor=caller(request), action=Action.PATIENT_VIEWED, patient=patient, subject=patient)
        return Response(self.get_serializer(patient).data)

    def partial_update(self, request: Request, reference: str) -> Response:
        patient = open_patient(caller(request), reference)
        sent = self.get_serializer(patient, data=request.data, partial=True)
        sent.is_valid(raise_exception=True)
        amended = enrolment.amend_patient(by=caller(request), patient=patient, **sent.validated_data)
        return Response(self.get_serializer(amended).data)


class PatientSessions(mixins.ListModelMixin, GenericViewSet[Session]):
    """The sessions of one patient."""

    serializer_class = SessionSerializer
    pagination_class = NewestFirst
    filterset_fields = ["kind"]
    queryset = Session.objects.none()

    def get_queryset(self) -> QuerySet[Session]:
        patient = open_patient(caller(self.request), self.kwargs["reference"])
        return sessions_of(caller(self.request)).filter(patient=patient)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        patient = open_patient(caller(request), self.kwargs["reference"])
        record(actor=caller(request), action=Action.PATIENT_VIEWED, patient=patient, subject=patient)
        return super().list(request, *args, **kwargs)

    def create(self, request: Request, reference: str) -> Response:
        patient = open_patient(caller(request), reference)
        sent = self.get_serializer(data=request.data)
        sent.is_valid(raise_exception=True)
        session = enrolment.start_session(by=caller(request), patient=patient, **sent.validated_data)
        return Response(self.get_serializer(session).data, status=status.HTTP_201_CREATED)


class Sessions(GenericViewSet[Session]):
    serializer_class = SessionSerializer
    queryset = Session.objects.none()
    lookup_value_converter = "uuid"

    def retrieve(self, request: Request, pk: UUID) -> Response:
        session = open_session(caller(request), pk)
        record(actor=caller(request), action=Action.SESSION_VIEWED, patient=session.patient, subject=session)
        return Response(self.get_serializer(session).data)

    @extend_schema(request=ReasonSerializer, responses=SessionSerializer)
    @action(detail=True, methods=["post"])
    def void(self, request: Request, pk: UUID) -> Response:
        session = open_session(caller(request), pk)
        sent = ReasonSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        voided = care.void_session(by=caller(request), session=session, **sent.validated_data)
        return Response(self.get_serializer(voided).data)

    @extend_schema(request=RedateSerializer, responses=SessionSerializer)
    @action(detail=True, methods=["post"])
    def redate(self, request: Request, pk: UUID) -> Response:
        """Correct when it was held."""
        session = open_session(caller(request), pk)
        sent = RedateSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        redated = care.redate_session(by=caller(request), session=session, **sent.validated_data)
        return Response(self.get_serializer(redated).data)


class Consents(mixins.ListModelMixin, GenericViewSet[Consent]):
    """What a patient agreed to, and since when no longer."""

    serializer_class = ConsentSerializer
    pagination_class = None
    queryset = Consent.objects.none()
    lookup_field = "purpose"
    lookup_value_converter = "slug"

    def get_queryset(self) -> QuerySet[Consent]:
        patient = open_patient(caller(self.request), self.kwargs["reference"])
        return patient.consents.select_related("given_by")

    def create(self, request: Request, reference: str) -> Response:
        patient = open_patient(caller(request), reference)
        sent = self.get_serializer(data=request.data)
        sent.is_valid(raise_exception=True)
        given = enrolment.give_consent(by=caller(request), patient=patient, **sent.validated_data)
        return Response(self.get_serializer(given).data, status=status.HTTP_201_CREATED)

    def destroy(self, request: Request, reference: str, purpose: str) -> Response:
        """Withdraw: the row stays, marked with when and by whom."""
        patient = open_patient(caller(request), reference)
        if purpose not in Consent.Purpose.values:
            raise NotVisible
        enrolment.withdraw_consent(by=caller(request), patient=patient, purpose=Consent.Purpose(purpose))
        return Response(status=status.HTTP_204_NO_CONTENT)


class Token(APIView):
    """Sign in with a user name and a password, and get a token for the ``Authorization`` header."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_scope = "login"

    @extend_schema(request=SignInSerializer, responses={201: TokenSerializer}, auth=[])
    def post(self, request: Request) -> Response:
        sent = SignInSerializer(data=request.data, context={"request": request})
        try:
            sent.is_valid(raise_exception=True)
        except LockedOut as locked:
            raise Throttled(locked.seconds, str(locked.sentence)) from locked
        clinician: Clinician = sent.validated_data["user"]
        with transaction.atomic():  # not around the sign-in: a failed one must stay on record
            row, token = AuthToken.objects.create(user=clinician)
            complete(clinician)
            record(actor=clinician, action=Action.TOKEN_CREATED, detail={"token": row.token_key})
        shown = TokenSerializer({"token": token, "expiry": row.expiry})
        return Response(shown.data, status=status.HTTP_201_CREATED)


router = SimpleRouter(use_regex_path=False)
router.register("patients", Patients, basename="api-patient")
router.register("patients/<slug:reference>/sessions", PatientSessions, basename="api-patient-session")
router.register("patients/<slug:reference>/consents", Consents, basename="api-consent")
router.register("sessions", Sessions, basename="api-session")

urlpatterns = [path("token/", Token.as_view(), name="api-token"), *router.urls]
