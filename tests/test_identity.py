"""Whose page it is stands on every page of a patient: every address of the resolver that names one is asked.

The wrong patient is the worst mistake, so nothing is left out but parts of pages, which have no head.
"""

from __future__ import annotations

import pytest
from django.test import Client

from patients.care import discharge
from patients.enrolment import withdraw_consent
from patients.models import Consent
from tests.cast import Cast
from tests.test_access_matrix import GUARDED, Address, Scene, body, scene

__all__ = ["scene"]

PAGES = [one for one in GUARDED if not one.route.startswith("api/")]


def banner(page: str, *, of: str = "") -> str:
    assert page.count('class="identity"') == 1, f"{of}: no banner, or more than one"
    return page[page.index('class="identity"') : page.index("</aside>")]


SHOWN = {200, 400, 422}


def asked(scene: Scene, address: Address, client: Client) -> list[str]:
    """The whole pages that an address answers with, opened and sent back with an empty form."""
    path = scene.path(address)
    answers = (client.get(path), client.post(path))
    pages = [body(answer) for answer in answers if answer.status_code in SHOWN]
    return [page for page in pages if "<html" in page]


WORDS = ("R-0412", "Ada Fernweh", "born 1991", "English", "analyse recordings")


@pytest.mark.parametrize("role", ["treats", "in_team"])
def test_every_page_of_a_patient_says_whose_it_is(scene: Scene, role: str) -> None:
    client = Client(raise_request_exception=False)  # a page that breaks is for its own tests
    client.force_login(getattr(scene.cast, role))
    pages = {one.name: asked(scene, one, client) for one in PAGES}
    shown = {name for name, answers in pages.items() if answers}
    # Without this the rest would also hold if no address answered with a page.
    assert shown >= {"patient", "session", "amend_patient", "consent", "void_recording", "upload"}
    for name, answers in pages.items():
        for page in answers:
            missing = [word for word in WORDS if word not in banner(page, of=name)]
            assert not missing, (name, missing)


def test_the_banner_tells_discharge_and_missing_consent(scene: Scene) -> None:
    cast: Cast = scene.cast
    client = Client()
    client.force_login(cast.treats)
    for purpose in (Consent.Purpose.ANALYSE, Consent.Purpose.KEEP_AUDIO):
        withdraw_consent(by=cast.treats, patient=cast.patient, purpose=purpose)
    assert "no consent" in banner(body(client.get("/patients/R-0412/amend/")))
    discharge(by=cast.treats, patient=cast.patient, reason="recovered")
    assert "discharged" in banner(body(client.get("/patients/R-0412/amend/")))
