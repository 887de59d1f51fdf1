"""A patient is seen by the team that treats them and by nobody else, whatever door is tried."""

from __future__ import annotations

import uuid

import pytest

from patients.access import NotVisible, lock_patient, lock_session, open_patient, open_session, patients_of
from patients.care import discharge, move_session, transfer
from tests.cast import Cast, make_clinician, make_patient, make_session


def test_the_team_sees_its_patient(cast: Cast) -> None:
    for clinician in (cast.treats, cast.in_team):
        assert list(patients_of(clinician)) == [cast.patient]
        assert open_patient(clinician, "R-0412") == cast.patient


def test_an_outsider_gets_the_answer_of_an_absent_patient(cast: Cast) -> None:
    session = make_session(cast.treats, cast.patient)
    with pytest.raises(NotVisible) as hidden:
        open_patient(cast.outsider, "R-0412")
    with pytest.raises(NotVisible) as absent:
        open_patient(cast.outsider, "R-9999")
    assert str(hidden.value) == str(absent.value)
    with pytest.raises(NotVisible) as hidden:
        open_session(cast.outsider, session.pk)
    with pytest.raises(NotVisible) as absent:
        open_session(cast.outsider, uuid.uuid4())
    assert str(hidden.value) == str(absent.value)


def test_a_superuser_has_no_private_door(cast: Cast) -> None:
    root = make_clinician("root", admin=True)
    assert not patients_of(root).exists()


def test_two_teams_do_not_show_a_patient_twice(cast: Cast) -> None:
    cast.treats.teams.add(cast.other_team)
    assert patients_of(cast.treats).count() == 1


def test_a_discharged_patient_stays_readable(cast: Cast) -> None:
    discharge(by=cast.treats, patient=cast.patient, reason="recovered")
    assert open_patient(cast.treats, "R-0412").is_discharged


def test_locks_look_again(cast: Cast) -> None:
    """What a page showed a minute ago may have been transferred or moved since."""
    session = make_session(cast.treats, cast.patient)
    elsewhere = make_patient(cast.treats, "R-0413")
    move_session(by=cast.treats, session=session, to_patient=elsewhere, reason="wrong patient")
    with pytest.raises(NotVisible):
        lock_session(cast.treats, session)
    transfer(by=cast.treats, patient=cast.patient, to_team=cast.other_team, reason="moved house")
    with pytest.raises(NotVisible):
        lock_patient(cast.treats, cast.patient)
    assert lock_patient(cast.outsider, cast.patient) == cast.patient
