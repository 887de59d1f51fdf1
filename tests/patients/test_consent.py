"""Consent stands before anything is analysed, with the very words, and a withdrawal acts at once."""

from __future__ import annotations

import pytest

from patients.access import NotVisible
from patients.audit import Action
from patients.care import discharge
from patients.consent_texts import CURRENT, TEXTS, wording
from patients.enrolment import give_consent, has_consent, withdraw_consent
from patients.errors import Refused
from patients.models import AuditEntry, Consent
from tests.cast import Cast, make_patient

ANALYSE, TRAIN = Consent.Purpose.ANALYSE, Consent.Purpose.TRAIN


def test_no_consent_is_assumed(cast: Cast) -> None:
    silent = make_patient(cast.treats, "R-0500", consents=())
    assert not any(has_consent(silent, purpose) for purpose in Consent.Purpose)


def test_consent_is_for_one_purpose_and_one_wording(cast: Cast) -> None:
    given = give_consent(by=cast.in_team, patient=cast.patient, purpose=TRAIN)
    assert has_consent(cast.patient, TRAIN)
    assert (given.text_version, given.given_by) == (CURRENT, cast.in_team)
    entry = AuditEntry.objects.filter(action=Action.CONSENT_GIVEN).first()
    assert entry is not None
    assert entry.detail == {"purpose": "train", "wording": CURRENT}


def test_giving_twice_is_giving_once(cast: Cast) -> None:
    first = give_consent(by=cast.treats, patient=cast.patient, purpose=TRAIN)
    assert give_consent(by=cast.in_team, patient=cast.patient, purpose=TRAIN) == first
    assert AuditEntry.objects.filter(action=Action.CONSENT_GIVEN, detail__purpose="train").count() == 1


def test_withdrawing_keeps_the_row_and_acts_at_once(cast: Cast) -> None:
    withdraw_consent(by=cast.treats, patient=cast.patient, purpose=ANALYSE)
    assert not has_consent(cast.patient, ANALYSE)
    row = cast.patient.consents.get(purpose=ANALYSE)
    assert row.withdrawn_at is not None
    assert row.withdrawn_by == cast.treats
    with pytest.raises(Refused) as refused:
        withdraw_consent(by=cast.treats, patient=cast.patient, purpose=ANALYSE)
    assert refused.value.code == "no_consent"


def test_consent_can_be_given_again(cast: Cast) -> None:
    withdraw_consent(by=cast.treats, patient=cast.patient, purpose=ANALYSE)
    give_consent(by=cast.treats, patient=cast.patient, purpose=ANALYSE)
    assert has_consent(cast.patient, ANALYSE)
    assert cast.patient.consents.filter(purpose=ANALYSE).count() == 2


def test_a_new_wording_closes_the_old(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TEXTS, "2099-1", TEXTS[CURRENT])
    renewed = give_consent(by=cast.treats, patient=cast.patient, purpose=ANALYSE, text_version="2099-1")
    assert [one.text_version for one in cast.patient.consents.filter(purpose=ANALYSE)] == [CURRENT, "2099-1"]
    assert cast.patient.consents.get(purpose=ANALYSE, withdrawn_at=None) == renewed


def test_refusals(cast: Cast) -> None:
    with pytest.raises(Refused):
        give_consent(by=cast.treats, patient=cast.patient, purpose=TRAIN, text_version="nobody wrote this")
    with pytest.raises(NotVisible):
        give_consent(by=cast.outsider, patient=cast.patient, purpose=TRAIN)
    with pytest.raises(NotVisible):
        withdraw_consent(by=cast.outsider, patient=cast.patient, purpose=ANALYSE)
    discharge(by=cast.treats, patient=cast.patient, reason="recovered")
    with pytest.raises(Refused):
        give_consent(by=cast.treats, patient=cast.patient, purpose=TRAIN)
    withdraw_consent(by=cast.treats, patient=cast.patient, purpose=ANALYSE)  # always possible


@pytest.mark.parametrize("version", TEXTS)
def test_every_wording_covers_every_purpose_in_plain_words(version: str) -> None:
    for purpose in Consent.Purpose:
        words = str(wording(purpose, version))
        assert "withdraw" in words
        assert not {"is sad", "feels", "emotion"} & {words}
        assert max(len(word.strip(".,;:")) for word in words.split()) <= 12
