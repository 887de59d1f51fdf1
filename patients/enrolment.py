"""Patients come under care, agree to what is done with their voice, and speak in sessions."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TypedDict, Unpack

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients import purposes
from patients.access import lock_patient
from patients.audit import Action, record
from patients.consent_texts import TEXTS, current, words
from patients.errors import Refused
from patients.models import Clinician, Consent, Patient, Session, Team
from patients.purposes import Declared

# Only of these may the audit repeat old and new values: the others identify a person, or come close.
PLAIN_FIELDS = frozenset({"language", "sex"})
CLOCK_SLACK = timedelta(hours=1)


class PatientDetails(TypedDict, total=False):
    name: str
    birth_year: int | None
    sex: Patient.Sex | str
    language: str
    notes: str
    voice_condition: str
    next_visit: datetime | None


class PatientFacts(PatientDetails, total=False):
    reference: str


def _check(patient: Patient) -> None:
    try:
        patient.full_clean()
    except ValidationError as error:
        field, sentences = next(iter(error.message_dict.items()))
        raise Refused("invalid", sentences[0], field=field) from error


def check_reference(reference: str) -> None:
    """Whether a patient could be given ``reference``: its shape, and that nobody in the clinic has it.

    Says of whoever has it nothing more than that it is taken, as ``enrol`` does.
    """
    others = {field.name for field in Patient._meta.fields} - {"reference"}
    try:
        Patient(reference=reference).full_clean(exclude=others, validate_constraints=False)
    except ValidationError as error:
        raise Refused("invalid", error.message_dict["reference"][0], field="reference") from error


def enrol(
    *,
    by: Clinician,
    team: Team,
    reference: str,
    purpose: Declared | str = Declared.CARE,
    consents: Collection[Consent.Purpose] = (),
    is_demo: bool = False,
    **details: Unpack[PatientDetails],
) -> Patient:
    """Take a patient into the care of ``team``, with the consents given in the same conversation.

    ``purpose`` is what whoever enrols has declared; another than care is refused, and that is on record.
    """
    purposes.accept(by=by, purpose=purpose)
    if not by.memberships.filter(team=team).exists():
        raise Refused("not_your_team", _("You can enrol patients only into a team of yours."), field="team")
    patient = Patient(team=team, reference=reference, is_demo=is_demo, **details)
    detail = {"team": team.name, "declared": str(purpose)}
    with transaction.atomic():
        _check(patient)
        patient.save()
        record(actor=by, action=Action.PATIENT_ENROLLED, patient=patient, subject=patient, detail=detail)
        for agreed in consents:
            give_consent(by=by, patient=patient, purpose=agreed)
    return patient


@transaction.atomic
def amend_patient(*, by: Clinician, patient: Patient, **facts: Unpack[PatientFacts]) -> Patient:
    """Change what is known of a patient. The audit names every changed field, and values of plain ones."""
    amended = lock_patient(by, patient)
    changes: dict[str, list[str] | None] = {}
    for field, new in facts.items():
        old = getattr(amended, field)
        if new != old:
            changes[field] = [str(old), str(new)] if field in PLAIN_FIELDS else None
            setattr(amended, field, new)
    if changes:
        _check(amended)
        amended.save(update_fields=list(changes))
        record(
            actor=by,
            action=Action.PATIENT_AMENDED,
            patient=amended,
            subject=amended,
            detail={"fields": sorted(changes), "values": {f: v for f, v in changes.items() if v}},
        )
    return amended


def has_consent(patient: Patient, purpose: Consent.Purpose) -> bool:
    """Whether the patient agreed to what is done here now, and has not withdrawn it."""
    standing = patient.consents.filter(purpose=purpose, withdrawn_at__isnull=True).first()
    return standing is not None and standing.covers


@transaction.atomic
def give_consent(
    *,
    by: Clinician,
    patient: Patient,
    purpose: Consent.Purpose,
    text_version: str | None = None,
    language: str | None = None,
) -> Consent:
    """Record the patient's agreement with the very words; one to an older wording is closed by it.

    ``text_version`` is by default the one that stands under this clinic's setting.
    """
    text_version = text_version or current()
    patient = lock_patient(by, patient)
    if patient.is_discharged:
        raise Refused("discharged", _("This patient is discharged. Readmit them before recording consent."))
    if text_version not in TEXTS:
        raise Refused(
            "unknown_wording", _("There is no consent wording of this version."), field="text_version"
        )
    if purpose not in TEXTS[text_version]:
        raise Refused(
            "not_asked_for", _("This clinic’s setting does not do this, so nobody is asked for it.")
        )
    standing = patient.consents.filter(purpose=purpose, withdrawn_at__isnull=True).first()
    if standing is not None and standing.text_version == text_version:
        return standing
    if standing is not None:
        _close(standing, by)
    shown = words(purpose, text_version, language)
    consent = Consent.objects.create(
        patient=patient,
        purpose=purpose,
        text_version=shown.version,
        text=shown.text,
        language=shown.language,
        given_by=by,
    )
    detail = {"purpose": str(purpose), "wording": text_version}
    record(actor=by, action=Action.CONSENT_GIVEN, patient=patient, subject=consent, detail=detail)
    return consent


@transaction.atomic
def withdraw_consent(*, by: Clinician, patient: Patient, purpose: Consent.Purpose) -> None:
    """Take effect at once: what is received from now on is refused where it needs this consent."""
    patient = lock_patient(by, patient)
    standing = patient.consents.filter(purpose=purpose, withdrawn_at__isnull=True).first()
    if standing is None:
        raise Refused(
            "no_consent", _("There is no consent to withdraw: it was not given, or already withdrawn.")
        )
    _close(standing, by)
    detail = {"purpose": str(purpose), "wording": standing.text_version}
    record(actor=by, action=Action.CONSENT_WITHDRAWN, patient=patient, subject=standing, detail=detail)


def _close(consent: Consent, by: Clinician) -> None:
    consent.withdrawn_at = timezone.now()
    consent.withdrawn_by = by
    consent.save(update_fields=["withdrawn_at", "withdrawn_by"])


def check_held(held_at: datetime) -> None:
    if held_at > timezone.now() + CLOCK_SLACK:
        raise Refused(
            "in_the_future", _("A session cannot be held in the future. Check the date."), field="held_at"
        )


@transaction.atomic
def start_session(
    *, by: Clinician, patient: Patient, held_at: datetime, kind: Session.Kind | str, note: str = ""
) -> Session:
    """A session that is taking place or took place; planned ones are the patient's ``next_visit``."""
    patient = lock_patient(by, patient)
    if patient.is_discharged:
        raise Refused("discharged", _("This patient is discharged. Readmit them before starting a session."))
    check_held(held_at)
    if kind not in Session.Kind.values:
        raise Refused("unknown_kind", _("Choose one of the kinds of session."), field="kind")
    session = Session.objects.create(patient=patient, held_at=held_at, kind=kind, note=note, started_by=by)
    record(
        actor=by,
        action=Action.SESSION_STARTED,
        patient=patient,
        subject=session,
        session=session,
        detail={"kind": str(kind)},
    )
    return session
