"""Consent stands before anything is analysed, with the very words, and a withdrawal acts at once."""

from __future__ import annotations

from hashlib import sha256

import pytest
from django.utils.translation import override

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


def test_the_very_words_are_kept_in_the_language_in_which_they_were_read(cast: Cast) -> None:
    given = give_consent(by=cast.treats, patient=cast.patient, purpose=TRAIN, language="de")
    assert given.language == "de"
    with override("de"):
        assert given.text == str(wording(TRAIN))
    withdraw_consent(by=cast.treats, patient=cast.patient, purpose=TRAIN)
    again = give_consent(by=cast.treats, patient=cast.patient, purpose=TRAIN)
    assert (again.text, again.language) == (str(wording(TRAIN)), "en-gb")


# The first figures of each wording's SHA-256. Never change one: a new wording is a new version.
SHOWN = {
    "2025-1": {"analyse": "49fe5735d37a", "keep_audio": "8b88b4b65507", "train": "185ee1c5d659"},
    "2026-1": {"analyse": "aabbfbe378df", "keep_audio": "7a23df8d6652", "train": "185ee1c5d659"},
    "2026-1-acoustic": {"analyse": "e6ef9830896a", "keep_audio": "7a23df8d6652"},
    "2026-1-off": {},
}


def test_no_wording_that_was_ever_shown_is_changed() -> None:
    now = {
        version: {p.value: sha256(str(wording(p, version)).encode()).hexdigest()[:12] for p in texts}
        for version, texts in TEXTS.items()
    }
    assert now == SHOWN


@pytest.mark.parametrize("version", TEXTS)
def test_every_wording_covers_every_purpose_in_plain_words(version: str) -> None:
    asked = set(TEXTS[version])
    expected = {"2026-1-acoustic": {ANALYSE, Consent.Purpose.KEEP_AUDIO}, "2026-1-off": set()}
    assert asked == expected.get(version, set(Consent.Purpose))
    for purpose in asked:
        words = str(wording(purpose, version))
        assert "withdraw" in words
        assert not {"is sad", "feels", "emotion"} & {words}
        assert max(len(word.strip(".,;:")) for word in words.split()) <= 12
