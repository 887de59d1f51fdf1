"""What a patient is asked for says what is done here: estimates of emotion, measures of sound, or neither."""

from __future__ import annotations

from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override
from pytest_django import Settings

from patients.consent_texts import CURRENT_UNDER, TEXTS, asked_for, current, wording
from patients.enrolment import give_consent, has_consent, withdraw_consent
from patients.errors import Refused
from patients.models import Consent, Patient
from tests.analysis.uploads import hand_in
from tests.cast import Cast, make_patient, make_session

ANALYSE, KEEP, TRAIN = Consent.Purpose.ANALYSE, Consent.Purpose.KEEP_AUDIO, Consent.Purpose.TRAIN
PAGES = ("consent", "consent_notice")


@pytest.fixture
def treats(cast: Cast, client: Client) -> Client:
    client.force_login(cast.treats)
    return client


@pytest.fixture
def acoustic(cast: Cast, settings: Settings) -> Patient:
    """Someone who agreed where sound alone is measured."""
    settings.EMOTION_ANALYSIS = "acoustic"
    return make_patient(cast.treats, "R-0700", consents=(ANALYSE, KEEP))


def page(client: Client, name: str, *arguments: str, **query: str) -> str:
    answer = client.get(reverse(name, args=arguments), query)
    assert answer.status_code == 200
    return " ".join(unescape(answer.content.decode()).split())


def test_every_setting_has_a_wording(settings: Settings) -> None:
    for setting, version in CURRENT_UNDER.items():
        settings.EMOTION_ANALYSIS = setting
        assert current() == version
        assert asked_for() == tuple(TEXTS[version])


@pytest.mark.parametrize(
    ("language", "measured", "estimated"),
    [
        ("en", "It makes no estimate of what my speech sounds like", "sounds sad"),
        ("de", "Er schätzt nicht ein, wie meine Sprache klingt", "traurig"),
    ],
)
def test_where_sound_alone_is_measured_the_words_speak_of_no_estimate(
    acoustic: Patient, treats: Client, language: str, measured: str, estimated: str
) -> None:
    treats.cookies["django_language"] = language
    for name in PAGES:
        told = page(treats, name, acoustic.reference, language=language)
        assert measured in told, name
        assert estimated not in told, name
        with override(language):  # nobody is asked for what is not done
            assert str(TRAIN.label).lower() not in told.lower()
            assert str(KEEP.label).lower() in told.lower()
    assert measured in page(treats, "enrol")
    kept = acoustic.consents.get(purpose=ANALYSE)
    with override("en"):
        assert (kept.text, kept.text_version) == (str(wording(ANALYSE)), "2026-1-acoustic")


def test_where_nothing_is_analysed_nobody_is_asked(cast: Cast, treats: Client, settings: Settings) -> None:
    settings.EMOTION_ANALYSIS = "off"
    assert "there is nothing to agree to" in page(treats, "consent", "R-0412")
    notice = page(treats, "consent_notice", "R-0412")
    assert "nothing is measured and nothing is estimated" in notice
    assert "estimates how your speech sounds" not in notice
    assert "id_consents" not in page(treats, "enrol")
    for purpose in Consent.Purpose:
        with pytest.raises(Refused) as refused:
            give_consent(by=cast.treats, patient=cast.patient, purpose=purpose)
        assert refused.value.code == "not_asked_for"
    withdraw_consent(by=cast.treats, patient=cast.patient, purpose=ANALYSE)  # always possible
    assert not has_consent(cast.patient, ANALYSE)


def test_what_was_agreed_to_in_full_covers_less_and_is_kept_word_for_word(
    cast: Cast, treats: Client, settings: Settings
) -> None:
    before = cast.patient.consents.get(purpose=ANALYSE)
    settings.EMOTION_ANALYSIS = "acoustic"
    assert has_consent(cast.patient, ANALYSE)
    told = page(treats, "consent", "R-0412")
    assert "Wording 2026-1-acoustic has replaced it" in told
    assert "Until then the earlier consent stands." in told
    assert before.text in told  # in the history
    give_consent(by=cast.treats, patient=cast.patient, purpose=ANALYSE)
    before.refresh_from_db()
    assert (before.text_version, before.withdrawn_at is None) == ("2026-1", False)
    assert before.text.startswith("A computer may analyse recordings of my voice. It estimates")


def test_who_agreed_to_sound_alone_has_not_agreed_to_estimates(
    cast: Cast, acoustic: Patient, treats: Client, settings: Settings
) -> None:
    assert has_consent(acoustic, ANALYSE)
    settings.EMOTION_ANALYSIS = "full"
    assert not has_consent(acoustic, ANALYSE)
    assert has_consent(acoustic, KEEP)  # in the same words
    with pytest.raises(Refused) as refused:
        hand_in(cast.treats, make_session(cast.treats, acoustic))
    assert refused.value.code == "consent_missing"
    told = page(treats, "consent", acoustic.reference)
    assert "until then no recording is accepted" in told
    assert "Until then the earlier consent stands." not in told
    assert told.count("has replaced it") == 1
    assert "has not agreed to the analysis" in page(treats, "patient", acoustic.reference)
    give_consent(by=cast.treats, patient=acoustic, purpose=ANALYSE)
    assert has_consent(acoustic, ANALYSE)


def test_a_purpose_from_before_that_is_not_asked_for_can_be_withdrawn(
    cast: Cast, treats: Client, settings: Settings
) -> None:
    give_consent(by=cast.treats, patient=cast.patient, purpose=TRAIN)
    settings.EMOTION_ANALYSIS = "acoustic"
    assert "This clinic’s setting does not do this." in page(treats, "consent", "R-0412")
    sent = {"purpose": "train", "decision": "give", "text_version": current()}
    refused = treats.post(reverse("consent", args=["R-0412"]), sent)
    assert refused.status_code == 422
    treats.post(reverse("withdraw_consent", args=["R-0412", "train"]), {"confirmed": "yes"})
    assert not has_consent(cast.patient, TRAIN)
