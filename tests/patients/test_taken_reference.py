"""A reference that cannot be given is said with all else that is wrong, and says nothing of who has it."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from patients.audit import Action
from patients.models import AuditEntry, Patient
from tests.cast import Cast, make_patient

TAKEN = "already in use"
TOKEN = re.compile(r'(csrfmiddlewaretoken" value="|X-CSRFToken": ")[^"]*')
NOT_YET = "This year has not come yet."


@pytest.fixture
def sent(cast: Cast) -> dict[str, Any]:
    """Wrong in three places: a taken reference, a year to come, and no purpose."""
    return {
        "reference": "r-0412 ",
        "team": cast.team.pk,
        "sex": "unknown",
        "language": "en",
        "birth_year": "2999",
    }


def enrolled(client: Client, sent: dict[str, Any]) -> str:
    answer = client.post(reverse("enrol"), sent)
    assert answer.status_code == 422
    assert Patient.objects.filter(birth_year=2999).count() == 0
    return unescape(answer.content.decode())


def test_all_that_is_wrong_is_said_at_once(cast: Cast, client: Client, sent: dict[str, Any]) -> None:
    client.force_login(cast.treats)
    page = enrolled(client, sent)
    for fault in (TAKEN, NOT_YET, "Say what this is for."):
        assert page.count(fault) == 2  # above the form, and beside the field
    assert 'id="id_reference_error"' in page


def test_so_is_a_reference_of_the_wrong_shape(cast: Cast, client: Client, sent: dict[str, Any]) -> None:
    client.force_login(cast.treats)
    page = enrolled(client, sent | {"reference": "R 0412!"})
    assert "Use capital letters, digits and hyphens only" in page
    assert NOT_YET in page
    assert TAKEN not in page


def test_of_a_patient_of_others_it_says_that_it_is_taken_and_no_more(
    cast: Cast, client: Client, sent: dict[str, Any]
) -> None:
    make_patient(cast.outsider, "R-9000", name="Ida Verborgen", birth_year=1977)
    client.force_login(cast.treats)
    before = AuditEntry.objects.count()
    hidden, own = (enrolled(client, sent | {"reference": name}) for name in ("R-9000", "R-0412"))
    assert TAKEN in hidden
    for told in ("Verborgen", "1977", cast.other_team.name):
        assert told not in hidden
    same = TOKEN.sub("", hidden).replace("R-9000", "R-0412")
    assert same == TOKEN.sub("", own)  # not a word more than of a patient of one's own
    assert AuditEntry.objects.count() == before


def test_who_is_in_no_team_learns_nothing(cast: Cast, client: Client, sent: dict[str, Any]) -> None:
    cast.treats.memberships.all().delete()
    client.force_login(cast.treats)
    page = enrolled(client, {name: value for name, value in sent.items() if name != "team"})
    assert TAKEN not in page
    assert "Ask your administrator" in page


def test_another_purpose_is_still_refused_on_record(cast: Cast, client: Client, sent: dict[str, Any]) -> None:
    client.force_login(cast.treats)
    page = enrolled(client, sent | {"birth_year": "", "purpose": "insurance"})
    assert "care of the patient alone" in page
    assert AuditEntry.objects.filter(action=Action.PURPOSE_REFUSED).count() == 1


def test_amending_says_it_together_and_keeps_the_own_reference(cast: Cast, client: Client) -> None:
    make_patient(cast.treats, "R-0500")
    client.force_login(cast.treats)
    address = reverse("amend_patient", args=["R-0412"])
    sent = {"reference": "R-0500", "sex": "female", "language": "en", "birth_year": "2999"}
    page = unescape(client.post(address, sent).content.decode())
    assert TAKEN in page
    assert NOT_YET in page
    assert client.post(address, sent | {"reference": "R-0412", "birth_year": "1980"}).status_code == 302
    cast.patient.refresh_from_db()
    assert (cast.patient.reference, cast.patient.birth_year) == ("R-0412", 1980)
