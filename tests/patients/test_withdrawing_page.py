"""Withdrawing a consent is a step of its own: what it does is said first, and only the button acts."""

from __future__ import annotations

from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from patients.care import discharge
from patients.consent_pages import WITHDRAWING
from patients.consent_texts import CURRENT
from patients.enrolment import give_consent, has_consent, withdraw_consent
from patients.models import AuditEntry, Consent
from tests.cast import Cast

PURPOSES = list(Consent.Purpose)
PRESSED = {"confirmed": "yes"}


def page_of(purpose: str) -> str:
    return reverse("withdraw_consent", args=["R-0412", purpose])


@pytest.fixture
def treats(cast: Cast, client: Client) -> Client:
    client.force_login(cast.treats)
    for purpose in PURPOSES:
        give_consent(by=cast.treats, patient=cast.patient, purpose=purpose)
    return client


def test_the_consent_page_leads_there_and_withdraws_nothing_itself(cast: Cast, treats: Client) -> None:
    address = reverse("consent", args=["R-0412"])
    page = treats.get(address).content.decode()
    for purpose in PURPOSES:
        assert f'href="{page_of(purpose)}"' in page
    assert 'value="withdraw"' not in page
    for version in ("", CURRENT):  # as sent by a page that was opened before there were two steps
        sent = {"purpose": "train", "decision": "withdraw", "text_version": version}
        assert treats.post(address, sent).status_code == 422
    assert has_consent(cast.patient, Consent.Purpose.TRAIN)
    assert cast.patient.consents.filter(purpose="train").count() == 1


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("purpose", PURPOSES)
def test_what_will_happen_is_said_before_it_does(
    cast: Cast, treats: Client, purpose: Consent.Purpose, language: str
) -> None:
    before = AuditEntry.objects.count()
    treats.cookies["django_language"] = language
    page = unescape(treats.get(page_of(purpose)).content.decode())
    with override(language):
        told = [str(words) for words in WITHDRAWING[purpose]]
    assert all(words in page for words in told)
    assert len(set(told)) == 3
    assert ("Cannot be undone" in page) is (language == "en")
    assert f'href="{reverse("consent", args=["R-0412"])}"' in page
    assert 'name="confirmed" value="yes" type="submit"' in page
    assert treats.post(page_of(purpose)).status_code == 422
    assert has_consent(cast.patient, purpose)
    assert AuditEntry.objects.count() == before


@pytest.mark.parametrize("purpose", PURPOSES)
def test_the_button_withdraws_that_purpose_alone(
    cast: Cast, treats: Client, purpose: Consent.Purpose
) -> None:
    answer = treats.post(page_of(purpose), PRESSED, follow=True)
    assert answer.redirect_chain == [(reverse("consent", args=["R-0412"]), 302)]
    assert f"Consent is withdrawn: {purpose.label}." in unescape(answer.content.decode())
    assert [has_consent(cast.patient, one) for one in PURPOSES] == [one != purpose for one in PURPOSES]


def test_what_was_withdrawn_meanwhile_is_not_withdrawn_twice(cast: Cast, treats: Client) -> None:
    withdraw_consent(by=cast.in_team, patient=cast.patient, purpose=Consent.Purpose.TRAIN)
    page = treats.get(page_of("train")).content.decode()
    assert "no consent to withdraw" in page
    assert "button-danger" not in page
    again = treats.post(page_of("train"), PRESSED)
    assert again.status_code == 422
    assert again.content.decode().count("no consent to withdraw") == 1


def test_a_discharged_patient_can_still_withdraw(cast: Cast, treats: Client) -> None:
    discharge(by=cast.treats, patient=cast.patient, reason="moved away")
    treats.post(page_of("analyse"), PRESSED)
    assert not has_consent(cast.patient, Consent.Purpose.ANALYSE)


def test_an_unknown_purpose_is_no_page(cast: Cast, treats: Client) -> None:
    assert treats.get(page_of("everything")).status_code == 404
    assert treats.post(page_of("everything"), PRESSED).status_code == 404
