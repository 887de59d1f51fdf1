"""Who did or saw what, when and from where: one row per act, in the transaction of the act."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from enum import StrEnum
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.db.models import Model
from django.http import HttpRequest
from django.utils.deprecation import MiddlewareMixin

from patients.models import AuditEntry, Clinician, Patient


class Action(StrEnum):
    SIGNED_IN = "account.signed_in"
    SIGN_IN_FAILED = "account.sign_in_failed"
    SIGNED_OUT = "account.signed_out"
    PASSWORD_CHANGED = "account.password_changed"
    TOKEN_CREATED = "account.token_created"
    TOKEN_REVOKED = "account.token_revoked"

    CASELOAD_VIEWED = "caseload.viewed"
    PATIENT_VIEWED = "patient.viewed"
    PATIENT_ENROLLED = "patient.enrolled"
    PATIENT_AMENDED = "patient.amended"
    PATIENT_TRANSFERRED = "patient.transferred"
    PATIENT_DISCHARGED = "patient.discharged"
    PATIENT_READMITTED = "patient.readmitted"
    AUDIT_VIEWED = "patient.audit_viewed"
    CONSENT_GIVEN = "consent.given"
    CONSENT_WITHDRAWN = "consent.withdrawn"

    SESSION_STARTED = "session.started"
    SESSION_VIEWED = "session.viewed"
    SESSION_MOVED_AWAY = "session.moved_away"
    SESSION_MOVED_IN = "session.moved_in"
    SESSION_VOIDED = "session.voided"

    RECORDING_RECEIVED = "recording.received"
    RECORDING_REFUSED = "recording.refused"
    RECORDING_PLAYED = "recording.played"
    RECORDING_MOVED_AWAY = "recording.moved_away"
    RECORDING_MOVED_IN = "recording.moved_in"
    RECORDING_VOIDED = "recording.voided"
    ANALYSIS_VIEWED = "analysis.viewed"
    ANALYSIS_RETRIED = "analysis.retried"

    MODEL_ADOPTED = "model.adopted"
    MODEL_ACTIVATED = "model.activated"
    MODEL_RETIRED = "model.retired"
    TRAINING_REQUESTED = "training.requested"

    ADMIN_LISTED = "admin.listed"
    ADMIN_VIEWED = "admin.viewed"
    ADMIN_ADDED = "admin.added"
    ADMIN_CHANGED = "admin.changed"
    ADMIN_REMOVED = "admin.removed"


_address: ContextVar[str | None] = ContextVar("client_address", default=None)


def record(
    *,
    actor: Clinician | None,
    action: Action,
    patient: Patient | None = None,
    subject: Model | None = None,
    detail: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Add one row. ``detail`` names what changed but never repeats what identifies a person."""
    return AuditEntry.objects.create(
        actor=actor,
        action=action,
        patient=patient,
        subject_kind="" if subject is None else subject._meta.model_name or "",
        subject_id="" if subject is None else str(subject.pk),
        address=_address.get(),
        detail=dict(detail or {}),
    )


def client_address(request: HttpRequest) -> str | None:
    """The client's address. Of a forwarded header only the last entry counts: our own proxy wrote it."""
    address = request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_PROXY:
        address = request.headers.get("X-Forwarded-For", address).rsplit(",", 1)[-1].strip()
    try:
        return str(ip_address(address))
    except ValueError:  # a unix socket has no address
        return None


class AddressMiddleware(MiddlewareMixin):
    """Lets ``record`` know where a request came from without passing it through every verb."""

    def process_request(self, request: HttpRequest) -> None:
        _address.set(client_address(request))
