"""One-time links by which a patient answers at home, without an account and without being named."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from hmac import compare_digest

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.access import NotVisible, lock_patient
from patients.audit import Action, record
from patients.errors import Refused
from patients.models import Clinician, Instrument, Patient, QuestionnaireLink, QuestionnaireResponse
from patients.questionnaires.answering import check, enter
from patients.questionnaires.scoring import Answer

SECRET_BYTES = 32


class State(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


WORDS = {
    State.OPEN: _("waiting for the answer"),
    State.ANSWERED: _("answered"),
    State.WITHDRAWN: _("withdrawn"),
    State.EXPIRED: _("expired"),
}


class LinkClosed(Exception):
    """The link takes no answer (any more); ``state`` says why."""

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.state = state


def state_of(link: QuestionnaireLink, now: datetime | None = None) -> State:
    if link.used_at:
        return State.ANSWERED
    if link.withdrawn_at or link.patient.is_discharged:
        return State.WITHDRAWN
    return State.EXPIRED if link.expires_at <= (now or timezone.now()) else State.OPEN


def links_of(patient: Patient) -> QuerySet[QuestionnaireLink]:
    return patient.questionnaire_links.select_related("made_by", "patient")


@transaction.atomic
def make_link(
    *, by: Clinician, patient: Patient, instrument: Instrument | str
) -> tuple[QuestionnaireLink, str]:
    """A new link and its secret, which is shown once: only its digest is kept."""
    patient = lock_patient(by, patient)
    if patient.is_discharged:
        raise Refused("discharged", _("This patient is discharged. Readmit them before adding anything."))
    secret = secrets.token_urlsafe(SECRET_BYTES)
    now = timezone.now()
    link = QuestionnaireLink.objects.create(
        patient=patient,
        instrument=Instrument(instrument),
        digest=_digest(secret),
        made_by=by,
        made_at=now,
        expires_at=now + timedelta(days=settings.QUESTIONNAIRE_LINK_DAYS),
    )
    detail = {"instrument": str(link.instrument)}
    record(actor=by, action=Action.QUESTIONNAIRE_LINK_MADE, patient=patient, subject=link, detail=detail)
    return link, secret


@transaction.atomic
def withdraw_link(*, by: Clinician, link: QuestionnaireLink) -> QuestionnaireLink:
    """Take effect at once, also on a page that the patient has open."""
    patient = lock_patient(by, link.patient)
    link = links_of(patient).select_for_update(of=("self",)).get(pk=link.pk)
    if link.used_at or link.withdrawn_at:
        raise Refused("link_closed", _("This link was answered or withdrawn already."))
    link.withdrawn_at = timezone.now()
    link.save(update_fields=["withdrawn_at"])
    record(actor=by, action=Action.QUESTIONNAIRE_LINK_WITHDRAWN, patient=patient, subject=link)
    return link


def find(secret: str) -> QuestionnaireLink:
    """The link of this secret, whatever its state. Found by digest: no comparison of secrets to be timed."""
    digest = _digest(secret)
    link = QuestionnaireLink.objects.select_related("patient").filter(digest=digest).first()
    if link is None or not compare_digest(link.digest, digest):
        raise NotVisible
    return link


@transaction.atomic
def answer(
    *, link: QuestionnaireLink, answers: Sequence[Answer], difficulty: Answer = None
) -> QuestionnaireResponse:
    """Store what the patient answered, once: of two that are sent at the same time one changes no row.

    Raises:
        LinkClosed: answered, withdrawn or expired meanwhile.
        Refused: these are no answers.
    """
    check(Instrument(link.instrument), answers, difficulty)
    now = timezone.now()
    patient = Patient.objects.select_for_update(of=("self",)).get(pk=link.patient_id)
    # Columns of the row itself alone: PostgreSQL asks no subquery again when it has waited for the row.
    standing = QuestionnaireLink.objects.filter(
        pk=link.pk, used_at=None, withdrawn_at=None, expires_at__gt=now
    )
    if patient.is_discharged or not standing.update(used_at=now):
        current = QuestionnaireLink.objects.select_related("patient").get(pk=link.pk)
        raise LinkClosed(state_of(current, now))
    return enter(
        patient=patient,
        instrument=Instrument(link.instrument),
        answers=answers,
        difficulty=difficulty,
        filled_at=now,
        link=link,
    )


def _digest(secret: str) -> str:
    return sha256(secret.encode(errors="surrogatepass")).hexdigest()
