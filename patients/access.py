"""The only doors to a patient. What a clinician may not see answers exactly like what does not exist."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from patients.models import (
    Clinician,
    CourseEvent,
    Note,
    Patient,
    QuestionnaireLink,
    QuestionnaireResponse,
    Session,
)


class NotVisible(Http404):
    """Absent or hidden: the same answer for both, so that nothing can be learnt by trying references."""

    def __init__(self) -> None:
        super().__init__("There is nothing here that you can see.")


class SignedInRequest(HttpRequest):
    """A request behind ``login_required``, for the type checker."""

    user: Clinician


def patients_of(clinician: Clinician) -> QuerySet[Patient]:
    """Patients of the clinician's teams, discharged ones included. Being a superuser opens nothing here."""
    return Patient.objects.filter(team__memberships__clinician=clinician).select_related("team")


def open_patient(clinician: Clinician, reference: str) -> Patient:
    try:
        return patients_of(clinician).get(reference=reference)
    except Patient.DoesNotExist:
        raise NotVisible from None


def open_record(clinician: Clinician, reference: str) -> Patient:
    """A patient together with what clinicians wrote of them: hidden from roles that see no results."""
    patient = open_patient(clinician, reference)
    if not clinician.sees_results:
        raise NotVisible
    return patient


def open_event(clinician: Clinician, event_id: UUID) -> CourseEvent:
    events = CourseEvent.objects.filter(patient__team__memberships__clinician=clinician)
    event = events.select_related("patient__team", "written_by", "voided_by").filter(pk=event_id).first()
    if event is None or not clinician.sees_results:
        raise NotVisible
    return event


def open_note(clinician: Clinician, note_id: UUID) -> Note:
    notes = Note.objects.filter(patient__team__memberships__clinician=clinician)
    note = notes.select_related("patient__team", "written_by", "voided_by").filter(pk=note_id).first()
    if note is None or not clinician.sees_results:
        raise NotVisible
    return note


def sessions_of(clinician: Clinician) -> QuerySet[Session]:
    """Sessions of the clinician's patients, voided ones included."""
    visible = Session.objects.filter(patient__team__memberships__clinician=clinician)
    return visible.select_related("patient__team")


def open_session(clinician: Clinician, session_id: UUID) -> Session:
    try:
        return sessions_of(clinician).get(pk=session_id)
    except Session.DoesNotExist:
        raise NotVisible from None


def open_response(clinician: Clinician, response_id: UUID) -> QuestionnaireResponse:
    """A response to read: not for staff, who see that there is one. Hidden answers as absent."""
    visible = QuestionnaireResponse.objects.filter(patient__team__memberships__clinician=clinician)
    try:
        if clinician.sees_results:
            return visible.select_related("patient__team", "entered_by").get(pk=response_id)
    except QuestionnaireResponse.DoesNotExist:
        pass
    raise NotVisible


def open_link(clinician: Clinician, link_id: UUID) -> QuestionnaireLink:
    visible = QuestionnaireLink.objects.filter(patient__team__memberships__clinician=clinician)
    try:
        return visible.select_related("patient__team").get(pk=link_id)
    except QuestionnaireLink.DoesNotExist:
        raise NotVisible from None


def lock_patient(clinician: Clinician, patient: Patient) -> Patient:
    """The patient as they are now, held until the transaction ends.

    Every verb that writes begins here: between opening a page and sending its form the patient may have
    been transferred, discharged or amended by someone else.
    """
    try:
        return patients_of(clinician).select_for_update(of=("self",)).get(pk=patient.pk)
    except Patient.DoesNotExist:
        raise NotVisible from None


def lock_session(clinician: Clinician, session: Session) -> Session:
    """The session as it is now, held until the transaction ends, its patient before it.

    Everyone locks in this order, so that nobody waits in a circle; a session that has been moved to
    another patient since ``session`` was read is not found.
    """
    patient = lock_patient(clinician, session.patient)
    try:
        return patient.sessions.select_for_update(of=("self",)).select_related("patient").get(pk=session.pk)
    except Session.DoesNotExist:
        raise NotVisible from None
