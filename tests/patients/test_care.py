"""Care changes hands with a reason, and what was put under the wrong patient is put right on both sides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from patients.access import NotVisible, open_patient, open_session
from patients.audit import Action
from patients.care import discharge, move_session, readmit, transfer, void_session
from patients.enrolment import withdraw_consent
from patients.errors import Refused
from patients.models import AuditEntry, Consent, Patient, Session
from tests.cast import Cast, make_patient, make_session


def detail_of(patient: Patient, action: Action) -> Any:
    return AuditEntry.objects.get(patient=patient, action=action).detail


def test_after_a_transfer_only_the_new_team_sees_the_patient(cast: Cast) -> None:
    transfer(by=cast.treats, patient=cast.patient, to_team=cast.other_team, reason="day care from May")
    assert open_patient(cast.outsider, "R-0412") == cast.patient
    with pytest.raises(NotVisible):
        open_patient(cast.treats, "R-0412")
    assert detail_of(cast.patient, Action.PATIENT_TRANSFERRED) == {
        "from": "Affective disorders",
        "to": "Day hospital",
        "reason": "day care from May",
    }


def test_discharge_and_readmission(cast: Cast) -> None:
    assert discharge(by=cast.treats, patient=cast.patient, reason="recovered").is_discharged
    with pytest.raises(Refused):
        discharge(by=cast.treats, patient=cast.patient, reason="again")
    assert not readmit(by=cast.treats, patient=cast.patient, reason="relapse").is_discharged
    with pytest.raises(Refused):
        readmit(by=cast.treats, patient=cast.patient, reason="again")


@pytest.mark.parametrize("reason", ["", "   ", "x" * 301])
def test_nothing_is_corrected_without_a_reason(cast: Cast, reason: str) -> None:
    session = make_session(cast.treats, cast.patient)
    other = make_patient(cast.treats, "R-0413")
    attempts: list[Callable[[], object]] = [
        lambda: transfer(by=cast.treats, patient=cast.patient, to_team=cast.other_team, reason=reason),
        lambda: discharge(by=cast.treats, patient=cast.patient, reason=reason),
        lambda: move_session(by=cast.treats, session=session, to_patient=other, reason=reason),
        lambda: void_session(by=cast.treats, session=session, reason=reason),
    ]
    for attempt in attempts:
        with pytest.raises(Refused) as refused:
            attempt()
        assert refused.value.field == "reason"


def test_a_moved_session_is_in_both_audits(cast: Cast) -> None:
    session = make_session(cast.treats, cast.patient)
    other = make_patient(cast.treats, "R-0413")
    move_session(by=cast.in_team, session=session, to_patient=other, reason="uploaded to the wrong patient")
    session.refresh_from_db()
    assert session.patient == other
    reason = "uploaded to the wrong patient"
    assert detail_of(cast.patient, Action.SESSION_MOVED_AWAY) == {"other_patient": other.pk, "reason": reason}
    assert detail_of(other, Action.SESSION_MOVED_IN) == {"other_patient": cast.patient.pk, "reason": reason}


def test_both_patients_must_be_visible(cast: Cast) -> None:
    theirs = make_patient(cast.outsider, "R-0900")
    session = make_session(cast.treats, cast.patient)
    for clinician in (cast.treats, cast.outsider):
        with pytest.raises(NotVisible):
            move_session(by=clinician, session=session, to_patient=theirs, reason="wrong patient")
    assert Session.objects.get().patient == cast.patient


def test_a_session_goes_nowhere_that_intake_would_refuse(cast: Cast) -> None:
    session = make_session(cast.treats, cast.patient)
    silent = make_patient(cast.treats, "R-0500", consents=())
    gone = make_patient(cast.treats, "R-0501")
    discharge(by=cast.treats, patient=gone, reason="recovered")
    withdrew = make_patient(cast.treats, "R-0502")
    withdraw_consent(by=cast.treats, patient=withdrew, purpose=Consent.Purpose.ANALYSE)
    codes = []
    for target in (silent, gone, withdrew, cast.patient):
        with pytest.raises(Refused) as refused:
            move_session(by=cast.treats, session=session, to_patient=target, reason="wrong patient")
        codes.append(refused.value.code)
    assert codes == ["consent_missing", "discharged", "consent_missing", "same_patient"]


def test_a_voided_session_stays_listed_and_is_final(cast: Cast) -> None:
    session = make_session(cast.treats, cast.patient)
    voided = void_session(by=cast.treats, session=session, reason="a colleague spoke")
    assert voided.is_voided
    assert open_session(cast.treats, session.pk).void_reason == "a colleague spoke"
    assert detail_of(cast.patient, Action.SESSION_VOIDED) == {"reason": "a colleague spoke"}
    other = make_patient(cast.treats, "R-0413")
    with pytest.raises(Refused):
        void_session(by=cast.treats, session=session, reason="again")
    with pytest.raises(Refused):
        move_session(by=cast.treats, session=session, to_patient=other, reason="too late")
