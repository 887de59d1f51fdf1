"""A patient comes under care, is amended, and speaks in sessions; each change is one audit row."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from patients.access import NotVisible
from patients.audit import Action
from patients.care import discharge
from patients.enrolment import amend_patient, enrol, start_session
from patients.errors import Refused
from patients.models import AuditEntry, Patient, Session, reference_shape
from tests.cast import Cast, make_patient, make_session


def latest(patient: Patient) -> AuditEntry:
    entry = AuditEntry.objects.filter(patient=patient).first()
    assert entry is not None
    return entry


def test_enrolling_writes_patient_and_audit_together(cast: Cast) -> None:
    patient = enrol(by=cast.in_team, team=cast.team, reference="R-0500", language="de")
    entry = latest(patient)
    assert (entry.action, entry.actor, entry.detail) == (
        Action.PATIENT_ENROLLED,
        cast.in_team,
        {"team": "Affective disorders", "declared": "care"},
    )


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"reference": "R-0412"}, "reference"),
        ({"reference": "Ada Fernweh"}, "reference"),
        ({"reference": ""}, "reference"),
        ({"reference": "R-1", "birth_year": 1700}, "birth_year"),
        ({"reference": "R-1", "sex": "?"}, "sex"),
        ({"reference": "R-1", "language": "English, please"}, "language"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(cast: Cast, facts: dict[str, str], field: str) -> None:
    before = AuditEntry.objects.count()
    with pytest.raises(Refused) as refused:
        enrol(by=cast.treats, team=cast.team, **facts)  # type: ignore[arg-type]
    assert refused.value.field == field
    assert str(refused.value)
    assert (Patient.objects.count(), AuditEntry.objects.count()) == (1, before)


def test_a_reference_of_another_team_is_taken_too(cast: Cast) -> None:
    with pytest.raises(Refused, match="already in use"):
        make_patient(cast.outsider, "R-0412")


def test_nobody_enrols_into_a_team_of_others(cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        enrol(by=cast.treats, team=cast.other_team, reference="R-0500")
    assert refused.value.code == "not_your_team"


@given(st.text(alphabet="AZ09-az _/.é\n", max_size=22))
def test_a_reference_is_safe_in_an_address(reference: str) -> None:
    try:
        reference_shape(reference)
        fits = True
    except ValidationError:
        fits = False
    assert fits == (
        1 <= len(reference) <= 20 and set(reference) <= set("AZ09-") and reference.strip("-") == reference
    )


def test_amending_names_fields_but_repeats_no_identity(cast: Cast) -> None:
    amend_patient(by=cast.treats, patient=cast.patient, name="Ada Heimweh", language="de", birth_year=1991)
    cast.patient.refresh_from_db()
    assert (cast.patient.name, cast.patient.language) == ("Ada Heimweh", "de")
    entry = latest(cast.patient)
    assert entry.detail == {"fields": ["language", "name"], "values": {"language": ["en", "de"]}}
    assert "weh" not in str(entry.detail)


def test_amending_nothing_writes_nothing(cast: Cast) -> None:
    before = AuditEntry.objects.count()
    amend_patient(by=cast.treats, patient=cast.patient, name="Ada Fernweh")
    assert AuditEntry.objects.count() == before


def test_a_reference_may_be_corrected_but_not_taken(cast: Cast) -> None:
    make_patient(cast.treats, "R-0500")
    with pytest.raises(Refused) as refused:
        amend_patient(by=cast.treats, patient=cast.patient, reference="R-0500")
    assert refused.value.field == "reference"
    assert amend_patient(by=cast.treats, patient=cast.patient, reference="R-0421").reference == "R-0421"


def test_staff_start_sessions(cast: Cast) -> None:
    session = make_session(cast.in_team, cast.patient, kind=Session.Kind.PHONE)
    entry = latest(cast.patient)
    assert (entry.action, entry.subject_kind, entry.subject_id) == (
        Action.SESSION_STARTED,
        "session",
        str(session.pk),
    )


def test_no_session_in_the_future_or_after_discharge(cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        make_session(cast.treats, cast.patient, held_at=timezone.now() + timedelta(days=1))
    assert refused.value.field == "held_at"
    discharge(by=cast.treats, patient=cast.patient, reason="recovered")
    with pytest.raises(Refused) as refused:
        make_session(cast.treats, cast.patient)
    assert refused.value.code == "discharged"
    assert not Session.objects.exists()


def test_an_outsider_can_write_nothing_even_with_the_row_in_hand(cast: Cast) -> None:
    with pytest.raises(NotVisible):
        make_session(cast.outsider, cast.patient)
    with pytest.raises(NotVisible):
        amend_patient(by=cast.outsider, patient=cast.patient, name="?")
    with pytest.raises(Refused):
        start_session(by=cast.treats, patient=cast.patient, held_at=timezone.now(), kind="seance")
