"""A patient is enrolled for their own care. Any other purpose is refused, with a sentence and on record."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from patients.audit import Action
from patients.enrolment import enrol
from patients.errors import Refused
from patients.models import AuditEntry, Patient
from patients.purposes import Declared
from patients.trail import entries_of, told
from tests.cast import Cast

OTHERS = [purpose for purpose in Declared if purpose is not Declared.CARE]


@pytest.mark.parametrize("purpose", OTHERS)
def test_any_other_purpose_is_refused_and_on_record(cast: Cast, purpose: Declared) -> None:
    with pytest.raises(Refused, match="care of the patient alone") as refused:
        enrol(by=cast.treats, team=cast.team, reference="R-0500", purpose=purpose)
    assert (refused.value.code, refused.value.field) == ("purpose_refused", "purpose")
    assert not Patient.objects.filter(reference="R-0500").exists()
    entry = AuditEntry.objects.get(action=Action.PURPOSE_REFUSED)
    assert (entry.actor, entry.patient, entry.detail) == (cast.treats, None, {"declared": purpose})


def test_an_unknown_purpose_is_no_purpose(cast: Cast) -> None:
    with pytest.raises(Refused, match="Say what this is for"):
        enrol(by=cast.treats, team=cast.team, reference="R-0500", purpose="marketing")


def test_what_was_declared_stands_in_the_patients_audit(cast: Cast) -> None:
    patient = enrol(by=cast.treats, team=cast.team, reference="R-0500", purpose=Declared.CARE)
    (line,) = told(entries_of(patient), to=cast.treats)
    assert "declared purpose: The care of this patient" in line.notes


def test_the_page_asks_and_ticks_nothing_beforehand(cast: Cast, client: Client) -> None:
    client.force_login(cast.treats)
    page = client.get(reverse("enrol")).content.decode()
    assert "What is this for?" in page
    assert " checked" not in page
    sent = {"reference": "R-0500", "team": cast.team.pk, "sex": "unknown", "language": "en"}
    assert "Say what this is for." in client.post(reverse("enrol"), sent).content.decode()
    refused = client.post(reverse("enrol"), {**sent, "purpose": "insurance"})
    assert refused.status_code == 422
    assert "care of the patient alone" in refused.content.decode()
    assert AuditEntry.objects.filter(action=Action.PURPOSE_REFUSED).count() == 1
    assert client.post(reverse("enrol"), {**sent, "purpose": "care"}).status_code == 302


def test_the_interface_asks_too(cast: Cast, client: Client) -> None:
    client.force_login(cast.treats)
    address = reverse("api-patient-list")
    missing = client.post(address, {"reference": "R-0500"}, content_type="application/json")
    assert missing.json()["errors"][0]["pointer"] == "/purpose"
    sent = {"reference": "R-0500", "purpose": "employment"}
    refused = client.post(address, sent, content_type="application/json")
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["code"] == "purpose_refused"
    assert AuditEntry.objects.filter(action=Action.PURPOSE_REFUSED).count() == 1
    assert not Patient.objects.filter(reference="R-0500").exists()
