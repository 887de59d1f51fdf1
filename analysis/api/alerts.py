"""The REST interface to alerts: list them, read why, and move them by the same verbs as the pages."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.viewsets import GenericViewSet

from analysis.alerts import alerts, words
from analysis.alerts.grounds import grounds_told
from analysis.models import Alert, AlertAction
from patients.access import NotVisible
from patients.api import caller
from patients.audit import Action, record


class AlertActionSerializer(serializers.ModelSerializer[AlertAction]):
    by = serializers.CharField(source="by.username", read_only=True)

    class Meta:
        model = AlertAction
        fields = ["verb", "reason", "until", "by", "at"]


class AlertSerializer(serializers.ModelSerializer[Alert]):
    """One run of a rule for one patient; ``reasons`` say in words what ``rationale`` says in numbers."""

    patient = serializers.CharField(source="patient.reference", read_only=True)
    rule = serializers.CharField(source="rule.name", read_only=True)
    title = serializers.SerializerMethodField()
    reasons = serializers.SerializerMethodField()
    rationale = serializers.SerializerMethodField()
    actions = AlertActionSerializer(many=True, read_only=True)

    class Meta:
        model = Alert
        fields = [
            *("id", "patient", "rule", "title", "measure", "direction", "began_on", "run_days", "reasons"),
            *("rationale", "state", "held_back", "opened_at", "snoozed_until", "closed_at", "actions"),
        ]

    def get_title(self, alert: Alert) -> str:
        return words.title(alert)

    def get_rationale(self, alert: Alert) -> dict[str, Any]:
        return grounds_told(alert)

    def get_reasons(self, alert: Alert) -> list[str]:
        return words.rationale(alert)


class SnoozeSerializer(serializers.Serializer[Any]):
    until = serializers.DateField(help_text="The day on which it comes back.")


class CloseSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=alerts.LONGEST_REASON)


class NewestFirst(CursorPagination):
    ordering = ("-opened_at", "id")


class Alerts(mixins.ListModelMixin, GenericViewSet[Alert]):
    """Alerts of the caller's patients; those of roles that see no results are none."""

    serializer_class = AlertSerializer
    pagination_class = NewestFirst
    queryset = Alert.objects.none()  # for the schema: the rows come through the door below
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Alert]:
        listed = alerts.alerts_of(caller(self.request)).prefetch_related("actions__by")
        is_open, has_room = alerts.is_open(timezone.now()), alerts.shown_to(caller(self.request))
        states = {
            "open": is_open & has_room,
            "held_back": is_open & ~has_room,
            **{state: Q(state=state) for state in ("acknowledged", "snoozed", "closed")},
        }
        asked = self.request.query_params.get("state", "")
        return listed.filter(states[asked]) if asked in states else listed

    @extend_schema(
        parameters=[
            OpenApiParameter("state", enum=["open", "held_back", "acknowledged", "snoozed", "closed"])
        ]
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        if not caller(request).sees_results:
            raise NotVisible
        record(actor=caller(request), action=Action.ALERTS_VIEWED)
        return super().list(request, *args, **kwargs)

    def retrieve(self, request: Request, pk: UUID) -> Response:
        alert = alerts.open_alert(caller(request), pk)
        record(actor=caller(request), action=Action.ALERTS_VIEWED, patient=alert.patient, subject=alert)
        return self._shown(alert)

    @extend_schema(request=None, responses=AlertSerializer)
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, pk: UUID) -> Response:
        """Someone takes care of it."""
        alert = alerts.open_alert(caller(request), pk)
        return self._shown(alerts.acknowledge(by=caller(request), alert=alert))

    @extend_schema(request=SnoozeSerializer, responses=AlertSerializer)
    @action(detail=True, methods=["post"])
    def snooze(self, request: Request, pk: UUID) -> Response:
        """Not now: it comes back on that day."""
        alert = alerts.open_alert(caller(request), pk)
        sent = SnoozeSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        return self._shown(alerts.snooze(by=caller(request), alert=alert, **sent.validated_data))

    @extend_schema(request=CloseSerializer, responses=AlertSerializer)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: UUID) -> Response:
        """Done with, for the stated reason."""
        alert = alerts.open_alert(caller(request), pk)
        sent = CloseSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        return self._shown(alerts.close(by=caller(request), alert=alert, **sent.validated_data))

    @extend_schema(request=None, responses=AlertSerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: UUID) -> Response:
        """It matters after all."""
        alert = alerts.open_alert(caller(request), pk)
        return self._shown(alerts.reopen(by=caller(request), alert=alert))

    def _shown(self, alert: Alert) -> Response:
        return Response(self.get_serializer(alerts.open_alert(caller(self.request), alert.pk)).data)


router = SimpleRouter(use_regex_path=False)
router.register("alerts", Alerts, basename="api-alert")

urlpatterns = router.urls
