"""The only doors to a recording. They open for the patient's team alone, exactly like the patient's own."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from analysis.models import Recording
from patients.access import NotVisible
from patients.models import Clinician


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


def lock_recording(clinician: Clinician, recording: Recording) -> Recording:
    """The recording as it is now, held until the transaction ends; every verb that changes it begins here."""
    try:
        return recordings_of(clinician).select_for_update(of=("self",)).get(pk=recording.pk)
    except Recording.DoesNotExist:
        raise NotVisible from None
