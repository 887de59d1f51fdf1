"""The only doors to a recording. They open for the patient's team alone, exactly like the patient's own."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils import timezone

from analysis import jurisdiction
from analysis.models import Analysis, Judgement, Recording
from patients.access import NotVisible, open_session
from patients.audit import Action, record
from patients.models import AuditEntry, Clinician, Patient, Session

# A player asks for many parts of one thing; a clinician who comes back after this long looks or listens anew.
SAME_VISIT = timedelta(minutes=10)


def recordings_of(clinician: Clinician) -> QuerySet[Recording]:
    """Recordings of the clinician's patients, voided ones included."""
    visible = Recording.objects.filter(session__patient__team__memberships__clinician=clinician)
    return visible.select_related("session__patient__team")


def open_recording(clinician: Clinician, recording_id: UUID) -> Recording:
    """A recording and how far its work has come: what every member of the team may know."""
    try:
        return recordings_of(clinician).get(pk=recording_id)
    except Recording.DoesNotExist:
        raise NotVisible from None


def open_results(clinician: Clinician, recording_id: UUID) -> Recording:
    """A recording to hear and its estimates to read: not for staff, who only hand it in."""
    if not clinician.sees_results:
        raise NotVisible
    return open_recording(clinician, recording_id)


def open_review(clinician: Clinician, session_id: UUID) -> Session:
    """A session with what was heard and said of it: not for staff, nor where emotions are not shown."""
    if not jurisdiction.sees_emotion(clinician):
        raise NotVisible
    return open_session(clinician, session_id)


def open_analysis(clinician: Clinician, analysis_id: UUID) -> Analysis:
    """One model's hearing of a recording that is open to the clinician."""
    visible = Analysis.objects.filter(recording__session__patient__team__memberships__clinician=clinician)
    found = visible.select_related("recording__session__patient", "model_version", "summary")
    analysis = found.filter(pk=analysis_id).first()
    if analysis is None or not jurisdiction.sees_emotion(clinician):
        raise NotVisible
    return analysis


def open_judgement(clinician: Clinician, judgement_id: UUID) -> Judgement:
    """A clinician's word; one on a stretch is reached through whoever's voice it turned out to be."""
    said = Judgement.objects.select_related("analysis__recording", "said_by").filter(pk=judgement_id).first()
    if said is None:
        raise NotVisible
    open_review(clinician, said.place_id)
    return said


def lock_recording(clinician: Clinician, recording: Recording) -> Recording:
    """The recording as it is now, held until the transaction ends; every verb that changes it begins here."""
    try:
        return recordings_of(clinician).select_for_update(of=("self",)).get(pk=recording.pk)
    except Recording.DoesNotExist:
        raise NotVisible from None


def note_once(by: Clinician, action: Action, *, patient: Patient, subject: Model) -> None:
    """One audit row for each time that somebody looks or listens, however many parts the browser fetches."""
    with transaction.atomic():
        earlier = AuditEntry.objects.filter(
            actor=by, action=action, subject_id=str(subject.pk), at__gte=timezone.now() - SAME_VISIT
        )
        if not earlier.exists():
            record(actor=by, action=action, patient=patient, subject=subject)
