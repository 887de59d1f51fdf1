"""Who did or saw what, when and from where: one row per act, in the transaction of the act."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.db import models
from django.http import HttpRequest
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext_lazy as _

from patients.models import AuditEntry, Clinician, Patient, Session


class Action(models.TextChoices):
    """Everything that is written down, with the words in which a reader of the audit meets it."""

    SIGNED_IN = "account.signed_in", _("signed in")
    SIGN_IN_FAILED = "account.sign_in_failed", _("failed to sign in")
    LOCKED_OUT = "account.locked_out", _("was locked out after failed attempts")
    UNLOCKED = "account.unlocked", _("unlocked an account")
    SIGNED_OUT = "account.signed_out", _("signed out")
    SECOND_FACTOR_SET = "account.second_factor_set", _("set up a second factor")
    SECOND_FACTOR_REMOVED = "account.second_factor_removed", _("removed a second factor")
    RECOVERY_CODES_MADE = "account.recovery_codes_made", _("made recovery codes")
    RECOVERY_CODE_USED = "account.recovery_code_used", _("used a recovery code")
    SIGNED_OUT_ELSEWHERE = "account.signed_out_elsewhere", _("signed out another browser")
    PASSWORD_CHANGED = "account.password_changed", _("changed the password")
    TOKEN_CREATED = "account.token_created", _("created an API token")
    TOKEN_REVOKED = "account.token_revoked", _("revoked an API token")

    CASELOAD_VIEWED = "caseload.viewed", _("looked at the caseload")
    PATIENT_VIEWED = "patient.viewed", _("looked at the patient’s page")
    PATIENT_ENROLLED = "patient.enrolled", _("enrolled the patient")
    PURPOSE_REFUSED = "patient.purpose_refused", _("declared another purpose than care, and was refused")
    PATIENT_AMENDED = "patient.amended", _("changed the patient’s details")
    PATIENT_TRANSFERRED = "patient.transferred", _("transferred the patient")
    PATIENT_DISCHARGED = "patient.discharged", _("discharged the patient")
    PATIENT_READMITTED = "patient.readmitted", _("readmitted the patient")
    AUDIT_VIEWED = "patient.audit_viewed", _("looked at this audit")
    CONSENT_GIVEN = "consent.given", _("recorded consent")
    CONSENT_WITHDRAWN = "consent.withdrawn", _("recorded the withdrawal of consent")

    SESSION_STARTED = "session.started", _("started a session")
    SESSION_VIEWED = "session.viewed", _("looked at a session")
    SESSION_MOVED_AWAY = "session.moved_away", _("moved a session away to another patient")
    SESSION_MOVED_IN = "session.moved_in", _("moved a session here from another patient")
    SESSION_VOIDED = "session.voided", _("voided a session")
    SESSION_REDATED = "session.redated", _("corrected the date of a session")

    VISIT_PLANNED = "visit.planned", _("planned the next visit")
    VISIT_CLEARED = "visit.cleared", _("cleared the next visit")
    EVENT_ADDED = "event.added", _("added an event")
    EVENT_VOIDED = "event.voided", _("voided an event")
    NOTE_WRITTEN = "note.written", _("wrote a note")
    NOTE_VOIDED = "note.voided", _("voided a note")
    COURSE_VIEWED = "course.viewed", _("looked at events and notes")
    PATIENT_EXPORTED = "patient.exported", _("exported the patient’s results")

    QUESTIONNAIRE_FILLED = "questionnaire.filled", _("filled a questionnaire")
    QUESTIONNAIRES_VIEWED = "questionnaire.viewed", _("looked at questionnaires")
    QUESTIONNAIRE_SEEN = "questionnaire.seen", _("marked a questionnaire as seen")
    QUESTIONNAIRE_VOIDED = "questionnaire.voided", _("voided a questionnaire")
    QUESTIONNAIRE_LINK_MADE = "questionnaire.link_made", _("made a link to a questionnaire")
    QUESTIONNAIRE_LINK_WITHDRAWN = (
        "questionnaire.link_withdrawn",
        _("withdrew a link to a questionnaire"),
    )

    RECORDING_RECEIVED = "recording.received", _("uploaded a recording")
    RECORDING_REFUSED = "recording.refused", _("uploaded a recording that was refused")
    RECORDING_PLAYED = "recording.played", _("listened to a recording")
    RECORDING_MOVED_AWAY = "recording.moved_away", _("moved a recording away to another patient")
    RECORDING_MOVED_IN = "recording.moved_in", _("moved a recording here from another patient")
    RECORDING_VOIDED = "recording.voided", _("voided a recording")
    RECORDING_SOUND_REMOVED = "recording.sound_removed", _("removed sound that was not to be kept")
    ANALYSIS_VIEWED = "analysis.viewed", _("looked at an analysis")
    ANALYSIS_RETRIED = "analysis.retried", _("asked for an analysis again")

    JUDGED = "judgement.said", _("judged what was heard")
    JUDGEMENT_WITHDRAWN = "judgement.withdrawn", _("withdrew a judgement")
    JUDGEMENTS_LEARNT = "judgement.learnt", _("had judged stretches learnt by a new model")
    SESSION_SIGNED = "session.signed", _("signed a session")
    SESSION_PRINTED = "session.printed", _("opened a session for printing")
    EXPLANATION_ASKED = "explanation.asked", _("asked why a moment sounded as it did")

    ALERTS_VIEWED = "alert.viewed", _("looked at alerts")
    ALERT_OPENED = "alert.opened", _("an alert was opened by its rule")
    ALERT_ACKNOWLEDGED = "alert.acknowledged", _("acknowledged an alert")
    ALERT_SNOOZED = "alert.snoozed", _("snoozed an alert")
    ALERT_CLOSED = "alert.closed", _("closed an alert")
    ALERT_REOPENED = "alert.reopened", _("reopened an alert")
    RULE_REPLAYED = "alert_rule.replayed", _("replayed an alert rule on the caseload")
    RULE_SAVED = "alert_rule.saved", _("saved an alert rule")
    RULE_RETIRED = "alert_rule.retired", _("retired an alert rule")

    MODEL_ADOPTED = "model.adopted", _("adopted a model")
    MODEL_ACTIVATED = "model.activated", _("activated a model")
    MODEL_RETIRED = "model.retired", _("retired a model")
    TRAINING_REQUESTED = "training.requested", _("asked for a training")
    TRAINING_CANCELLED = "training.cancelled", _("cancelled a training")

    ADMIN_LISTED = "admin.listed", _("listed records in the administration")
    ADMIN_VIEWED = "admin.viewed", _("looked at a record in the administration")
    ADMIN_ADDED = "admin.added", _("added a record in the administration")
    ADMIN_CHANGED = "admin.changed", _("changed a record in the administration")
    ADMIN_REMOVED = "admin.removed", _("removed a record in the administration")


LOOKING = frozenset(action for action in Action if action.endswith("viewed")) | {
    Action.PATIENT_EXPORTED,
    Action.RECORDING_PLAYED,
    Action.SESSION_PRINTED,
    Action.EXPLANATION_ASKED,
}

# After them every session, and what was heard in it, is what it was.
BESIDE_SESSIONS = frozenset(
    action
    for action in Action
    if action.startswith(("alert.", "event.", "note.", "questionnaire.", "visit."))
)

_address: ContextVar[str | None] = ContextVar("client_address", default=None)


def record(
    *,
    actor: Clinician | None,
    action: Action,
    patient: Patient | None = None,
    subject: models.Model | None = None,
    detail: Mapping[str, Any] | None = None,
    session: Session | None = None,
) -> AuditEntry:
    """Add one row. ``detail`` names what changed but never repeats what identifies a person.

    An act that is more than looking counts up the patient's revision, so that no verb can forget to. One that
    changes a single ``session`` and what belongs to it may say so: then the others are not read again.
    """
    if patient is not None and action not in LOOKING:
        if session is None:
            Patient.count_change(patient.pk, is_beside_sessions=action in BESIDE_SESSIONS)
        else:
            Session.count_change(session.pk)
    return AuditEntry.objects.create(
        actor=actor,
        action=action,
        patient=patient,
        subject_kind="" if subject is None else subject._meta.model_name or "",
        subject_id="" if subject is None else str(subject.pk),
        address=_address.get(),
        detail=dict(detail or {}),
    )


def current_address() -> str | None:
    """Where the request that is being answered came from."""
    return _address.get()


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
