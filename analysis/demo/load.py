"""The demo clinic enters through the same doors as a real one: enrolment, consent, sessions, intake."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone

from analysis.demo.compose import compose
from analysis.demo.plan import ADMIN, CLINICIAN, STAFF, Clinic, Login, PlannedPatient, PlannedSession
from analysis.intake import accept_recording
from analysis.models import Recording
from patients.consent_texts import asked_for
from patients.course import add_event
from patients.enrolment import enrol, start_session
from patients.models import Clinician, Consent, Patient, Team
from patients.questionnaires.answering import fill


@transaction.atomic
def load(clinic: Clinic, *, today: datetime) -> list[Recording]:
    """Accounts, patients, sessions and their recordings, all or none; the analyses are left queued."""
    clinician = _account(CLINICIAN, role=Clinician.Role.CLINICIAN)
    staff = _account(STAFF, role=Clinician.Role.STAFF)
    _account(ADMIN, role=Clinician.Role.CLINICIAN, is_admin=True)
    team = Team.objects.create(name=clinic.team)
    team.members.add(clinician, staff)
    recordings: list[Recording] = []
    for planned in clinic.patients:
        sessions = list(planned.planned(today=today, days=clinic.days, seed=clinic.seed))
        patient = _enrolled(planned, by=clinician, team=team, sessions=sessions)
        patient.next_visit = _next_visit(today, place=len(recordings))
        patient.save(update_fields=["next_visit"])
        recordings += _received(planned, patient, sessions, by=clinician)
        _fill_questionnaires(planned, patient, sessions, by=clinician)
        _mark_events(planned, patient, sessions, by=clinician)
    return recordings


def _next_visit(today: datetime, *, place: int) -> datetime:
    """In a few days, on a working day in working hours."""
    visit = timezone.localtime(today) + timedelta(days=2 + place % 5)
    visit = visit.replace(hour=9 + place % 7, minute=30 * (place % 2), second=0, microsecond=0)
    return visit + timedelta(days=7 - visit.weekday() if visit.weekday() > 4 else 0)


def _account(login: Login, *, role: Clinician.Role, is_admin: bool = False) -> Clinician:
    first_name, _space, last_name = login.full_name.rpartition(" ")
    return Clinician.objects.create_user(
        login.username,
        password=login.password,
        first_name=first_name,
        last_name=last_name,
        role=role,
        is_demo=True,
        is_staff=is_admin,
        is_superuser=is_admin,
    )


def _enrolled(
    planned: PlannedPatient, *, by: Clinician, team: Team, sessions: list[PlannedSession]
) -> Patient:
    patient = enrol(
        by=by,
        team=team,
        consents=[one for one in asked_for() if one is not Consent.Purpose.TRAIN],
        is_demo=True,
        reference=planned.reference,
        name=planned.name,
        birth_year=planned.birth_year,
        sex=planned.sex,
        language="de",  # what the actors speak
        notes=planned.notes,
    )
    patient.enrolled_at = sessions[0].held_at
    patient.save(update_fields=["enrolled_at"])
    return patient


def _received(
    planned: PlannedPatient, patient: Patient, sessions: list[PlannedSession], *, by: Clinician
) -> Iterator[Recording]:
    for session in sessions:
        held = start_session(by=by, patient=patient, held_at=session.held_at, kind=session.kind)
        file = SimpleUploadedFile(f"{session.held_at:%Y-%m-%d}.flac", compose(session, planned.voice))
        yield accept_recording(by=by, session=held, upload=file).recording


def _fill_questionnaires(
    planned: PlannedPatient, patient: Patient, sessions: list[PlannedSession], *, by: Clinician
) -> None:
    """Each at the end of its session, counted from 1 among those that were held."""
    for asked in planned.questionnaires:
        ended_at = sessions[asked["session"] - 1].held_at + timedelta(minutes=50)
        for instrument in ("phq9", "gad7"):
            if instrument in asked:
                fill(
                    by=by,
                    patient=patient,
                    instrument=instrument,
                    answers=asked[instrument],
                    filled_at=ended_at,
                )


def _mark_events(
    planned: PlannedPatient, patient: Patient, sessions: list[PlannedSession], *, by: Clinician
) -> None:
    """Each two days after its session, counted as those of the questionnaires are."""
    for event in planned.events:
        on = timezone.localdate(sessions[event["session"] - 1].held_at + timedelta(days=2))
        add_event(by=by, patient=patient, on=on, kind=event["kind"], label=event["label"])
