"""Care changes hands or ends, and mistakes about whose session it was are put right, always with a reason."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.access import lock_patient, lock_session
from patients.audit import Action, record
from patients.enrolment import check_held, has_consent
from patients.errors import Refused
from patients.models import Clinician, Consent, Patient, Session, Team

LONGEST_REASON = 300


def stated(reason: str) -> str:
    """The reason without surrounding blanks; a correction without one is refused."""
    reason = reason.strip()
    if not reason:
        raise Refused(
            "reason_needed", _("Say why in a few words; the reason is kept in the audit."), field="reason"
        )
    if len(reason) > LONGEST_REASON:
        raise Refused("reason_too_long", _("Say it in at most 300 characters."), field="reason")
    return reason


@transaction.atomic
def transfer(*, by: Clinician, patient: Patient, to_team: Team, reason: str) -> Patient:
    """Hand the patient over: from now on ``to_team`` sees them, and the old team no longer does."""
    reason, patient = stated(reason), lock_patient(by, patient)
    if patient.team_id == to_team.pk:
        raise Refused("same_team", _("The patient is already in this team. Choose another."), field="to_team")
    detail = {"from": patient.team.name, "to": to_team.name, "reason": reason}
    patient.team = to_team
    patient.save(update_fields=["team"])
    record(actor=by, action=Action.PATIENT_TRANSFERRED, patient=patient, subject=patient, detail=detail)
    return patient


@transaction.atomic
def discharge(*, by: Clinician, patient: Patient, reason: str) -> Patient:
    """End the care: everything stays readable to the team, nothing is added until readmission."""
    reason, patient = stated(reason), lock_patient(by, patient)
    if patient.is_discharged:
        raise Refused("already_discharged", _("This patient is already discharged."))
    patient.discharged_at = timezone.now()
    patient.next_visit = None
    patient.save(update_fields=["discharged_at", "next_visit"])
    record(
        actor=by,
        action=Action.PATIENT_DISCHARGED,
        patient=patient,
        subject=patient,
        detail={"reason": reason},
    )
    return patient


@transaction.atomic
def readmit(*, by: Clinician, patient: Patient, reason: str) -> Patient:
    reason, patient = stated(reason), lock_patient(by, patient)
    if not patient.is_discharged:
        raise Refused("not_discharged", _("This patient is not discharged."))
    patient.discharged_at = None
    patient.save(update_fields=["discharged_at"])
    record(
        actor=by,
        action=Action.PATIENT_READMITTED,
        patient=patient,
        subject=patient,
        detail={"reason": reason},
    )
    return patient


def _unvoided(by: Clinician, session: Session) -> Session:
    session = lock_session(by, session)
    if session.is_voided:
        raise Refused("voided", _("This session is voided, so nothing in it can be changed."))
    return session


def check_may_receive(patient: Patient) -> None:
    """Whether what was recorded may stand under this patient: the rule of intake, for corrections too."""
    if patient.is_discharged:
        raise Refused("discharged", _("That patient is discharged. Readmit them first."), field="to_patient")
    if not has_consent(patient, Consent.Purpose.ANALYSE):
        sentence = _(
            "That patient has not agreed to analysis. Record their consent first, or void the session."
        )
        raise Refused("consent_missing", sentence, field="to_patient")


@transaction.atomic
def move_session(*, by: Clinician, session: Session, to_patient: Patient, reason: str) -> Session:
    """Put a session under the patient who really spoke in it. Both patients' audits say so.

    The audits name the other patient by primary key, so that erasing one leaves no reference in the other's.
    """
    reason = stated(reason)
    # In one order whoever moves what where, so that two moves cannot wait for each other.
    held = {p.pk: lock_patient(by, p) for p in sorted((session.patient, to_patient), key=lambda p: p.pk)}
    session = _unvoided(by, session)
    from_patient, to_patient = held[session.patient_id], held[to_patient.pk]
    if from_patient == to_patient:
        raise Refused("same_patient", _("The session is already this patient's."), field="to_patient")
    check_may_receive(to_patient)
    session.patient = to_patient
    session.save(update_fields=["patient"])
    for patient, action, other in (
        (from_patient, Action.SESSION_MOVED_AWAY, to_patient),
        (to_patient, Action.SESSION_MOVED_IN, from_patient),
    ):
        detail = {"other_patient": other.pk, "reason": reason}
        record(actor=by, action=action, patient=patient, subject=session, detail=detail)
    return session


@transaction.atomic
def redate_session(*, by: Clinician, session: Session, held_at: datetime, reason: str) -> Session:
    """Put a session on the day on which it was really held; every trend follows. The audit keeps both."""
    reason, session = stated(reason), _unvoided(by, session)
    if held_at == session.held_at:
        raise Refused("same_time", _("The session has this date and time already."), field="held_at")
    check_held(held_at)
    detail = {"held_from": session.held_at.isoformat(), "held_to": held_at.isoformat(), "reason": reason}
    session.held_at = held_at
    session.save(update_fields=["held_at"])
    record(actor=by, action=Action.SESSION_REDATED, patient=session.patient, subject=session, detail=detail)
    return session


@transaction.atomic
def void_session(*, by: Clinician, session: Session, reason: str) -> Session:
    """Take a session out of every trend. It stays listed, struck through, with who, when and why."""
    reason, session = stated(reason), _unvoided(by, session)
    session.voided_at = timezone.now()
    session.voided_by = by
    session.void_reason = reason
    session.save(update_fields=["voided_at", "voided_by", "void_reason"])
    record(
        actor=by,
        action=Action.SESSION_VOIDED,
        patient=session.patient,
        subject=session,
        detail={"reason": reason},
    )
    return session
