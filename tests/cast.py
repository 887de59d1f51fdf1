"""The cast of three, for every test about who may do what.

``treats`` is a clinician of the patient's team, ``in_team`` works at its front desk, and ``outsider`` is a
clinician of another team, to whom the patient does not exist.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Unpack

import pytest
from django.utils import timezone

from patients.enrolment import PatientDetails, enrol, start_session
from patients.models import Clinician, Consent, Patient, Session, Team
from tests.live import PASSWORD


@dataclass(frozen=True)
class Cast:
    team: Team
    other_team: Team
    treats: Clinician
    in_team: Clinician
    outsider: Clinician
    patient: Patient


def make_clinician(
    username: str,
    *,
    team: Team | None = None,
    role: Clinician.Role = Clinician.Role.CLINICIAN,
    admin: bool = False,
) -> Clinician:
    clinician = Clinician.objects.create_user(
        username, f"{username}@clinic.example", PASSWORD, role=role, is_staff=admin, is_superuser=admin
    )
    if team is not None:
        clinician.teams.add(team)
    return clinician


def make_patient(
    by: Clinician,
    reference: str = "R-0412",
    *,
    consents: Collection[Consent.Purpose] = (Consent.Purpose.ANALYSE, Consent.Purpose.KEEP_AUDIO),
    **details: Unpack[PatientDetails],
) -> Patient:
    """A patient of the first team of ``by``, who has agreed to what ``consents`` says."""
    return enrol(by=by, team=by.teams.get(), consents=consents, reference=reference, **details)


def earlier(*, days: int = 0, hours: int = 0) -> datetime:
    """So many days ago, and hours before that, but on the same date, whatever the hour of the test."""
    now = timezone.localtime() - timedelta(days=days)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return max(now - timedelta(hours=hours), midnight)


def make_session(
    by: Clinician,
    patient: Patient,
    *,
    held_at: datetime | None = None,
    kind: Session.Kind = Session.Kind.IN_PERSON,
) -> Session:
    held_at = held_at or earlier(hours=1)
    return start_session(by=by, patient=patient, held_at=held_at, kind=kind)


def make_cast() -> Cast:
    team = Team.objects.create(name="Affective disorders")
    other_team = Team.objects.create(name="Day hospital")
    treats = make_clinician("treats", team=team)
    return Cast(
        team=team,
        other_team=other_team,
        treats=treats,
        in_team=make_clinician("in_team", team=team, role=Clinician.Role.STAFF),
        outsider=make_clinician("outsider", team=other_team),
        patient=make_patient(treats, name="Ada Fernweh", birth_year=1991),
    )


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()
