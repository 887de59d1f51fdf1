"""A questionnaire is filled, seen, or taken out. What was answered is never edited."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.access import NotVisible, lock_patient
from patients.audit import Action, record
from patients.care import stated
from patients.enrolment import CLOCK_SLACK
from patients.errors import Refused
from patients.models import Clinician, Instrument, Patient, QuestionnaireLink, QuestionnaireResponse
from patients.questionnaires import notices
from patients.questionnaires.instruments import ANSWERS, QUESTIONNAIRES
from patients.questionnaires.scoring import Answer, is_answer

LONGEST_NOTE = 1000


@transaction.atomic
def fill(
    *,
    by: Clinician,
    patient: Patient,
    instrument: Instrument | str,
    answers: Sequence[Answer],
    difficulty: Answer = None,
    filled_at: datetime | None = None,
) -> QuestionnaireResponse:
    """Enter what the patient answered, on paper or aloud."""
    patient = lock_patient(by, patient)
    if patient.is_discharged:
        raise Refused("discharged", _("This patient is discharged. Readmit them before adding anything."))
    filled_at = filled_at or timezone.now()
    if filled_at > timezone.now() + CLOCK_SLACK:
        raise Refused(
            "in_the_future",
            _("It cannot have been filled in the future. Check the date."),
            field="filled_at",
        )
    twins = patient.questionnaire_responses.filter(
        instrument=instrument, filled_at=filled_at, answers=list(answers), voided_at=None
    )
    if twins.exists():
        sentence = _("These very answers are entered already for this moment. Nothing was entered twice.")
        raise Refused("already_entered", sentence)
    return enter(
        patient=patient,
        instrument=Instrument(instrument),
        answers=answers,
        difficulty=difficulty,
        filled_at=filled_at,
        by=by,
    )


def enter(
    *,
    patient: Patient,
    instrument: Instrument,
    answers: Sequence[Answer],
    difficulty: Answer,
    filled_at: datetime,
    by: Clinician | None = None,
    link: QuestionnaireLink | None = None,
) -> QuestionnaireResponse:
    """The row, its audit entry and its notice, in the caller's transaction; ``by`` or ``link`` says who."""
    check(instrument, answers, difficulty)
    response = QuestionnaireResponse.objects.create(
        patient=patient,
        instrument=instrument,
        filled_at=filled_at,
        answers=list(answers),
        difficulty=difficulty,
        entered_by=by,
        link=link,
        asks_for_eyes=asks_for_eyes(instrument, answers),
    )
    # The audit outlives the patient's record: it says that there was one, not what was answered.
    detail = {"instrument": str(instrument), **({"link": str(link.pk)} if link else {})}
    record(actor=by, action=Action.QUESTIONNAIRE_FILLED, patient=patient, subject=response, detail=detail)
    if response.asks_for_eyes:
        notices.mail_on_commit(response)
    return response


def check(instrument: Instrument, answers: Sequence[Answer], difficulty: Answer) -> None:
    questionnaire = QUESTIONNAIRES[instrument]
    if len(answers) != questionnaire.length:
        sentence = _("The %(name)s has %(n)d questions; these are %(given)d answers.")
        words = {"name": questionnaire.name, "n": questionnaire.length, "given": len(answers)}
        raise Refused("wrong_length", sentence % words, field="answers")
    if not all(map(is_answer, answers)):
        sentence = _("An answer is 0, 1, 2 or 3, or nothing where it was left out.")
        raise Refused("no_answer", sentence, field="answers")
    if difficulty is not None and difficulty not in ANSWERS:
        raise Refused("no_answer", _("This is 0, 1, 2 or 3, or nothing."), field="difficulty")
    if all(answer is None for answer in answers):
        raise Refused("empty", _("Not one question is answered yet."), field="answers")


def asks_for_eyes(instrument: Instrument, answers: Sequence[Answer]) -> bool:
    """Whether the item about being better off dead or hurting oneself is above 0."""
    place = QUESTIONNAIRES[instrument].safety_item
    return place is not None and bool(answers[place])


def _locked(by: Clinician, response: QuestionnaireResponse) -> QuestionnaireResponse:
    if not by.sees_results:
        raise NotVisible
    patient = lock_patient(by, response.patient)
    return patient.questionnaire_responses.select_for_update(of=("self",)).get(pk=response.pk)


@transaction.atomic
def mark_seen(*, by: Clinician, response: QuestionnaireResponse, note: str) -> QuestionnaireResponse:
    """Take the notice down: a clinician has read the answer and says what was done about it."""
    response, note = _locked(by, response), note.strip()
    if not note:
        raise Refused("note_needed", _("Say in a few words what you did or decided."), field="note")
    if len(note) > LONGEST_NOTE:
        raise Refused("note_too_long", _("Say it in at most 1,000 characters."), field="note")
    if not response.waits_for_eyes:
        raise Refused("already_seen", _("Someone of the team has seen this already, or it was voided."))
    response.safety_seen_at, response.safety_seen_by, response.safety_note = timezone.now(), by, note
    response.save(update_fields=["safety_seen_at", "safety_seen_by", "safety_note"])
    record(actor=by, action=Action.QUESTIONNAIRE_SEEN, patient=response.patient, subject=response)
    return response


@transaction.atomic
def void(*, by: Clinician, response: QuestionnaireResponse, reason: str) -> QuestionnaireResponse:
    """Take a response out of every score and chart; it stays listed, with who, when and why."""
    response, reason = _locked(by, response), stated(reason)
    if response.is_voided:
        raise Refused("voided", _("This questionnaire is voided already."))
    response.voided_at, response.voided_by, response.void_reason = timezone.now(), by, reason
    response.save(update_fields=["voided_at", "voided_by", "void_reason"])
    record(
        actor=by,
        action=Action.QUESTIONNAIRE_VOIDED,
        patient=response.patient,
        subject=response,
        detail={"reason": reason, "instrument": response.instrument},
    )
    return response
