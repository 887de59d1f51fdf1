"""The pages of enrolment and care: they work without JavaScript, and an error stands where it belongs."""

from __future__ import annotations

from datetime import timedelta
from html import unescape
from html.parser import HTMLParser

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from pytest_django import Settings

from patients.care import discharge
from patients.consent_texts import CURRENT, wording
from patients.enrolment import has_consent
from patients.models import Consent, Patient, Session, Team
from tests.cast import Cast, make_patient, make_session


class Controls(HTMLParser):
    """What a reader of the page meets: labelled controls, buttons and where the cursor begins."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.labelled: set[str] = set()
        self.controls: dict[str, dict[str, str | None]] = {}
        self.ids: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.ids.add(found.get("id") or "")
        if tag == "label":
            self.labelled.add(found.get("for") or "")
        if tag in {"input", "select", "textarea"} and found.get("type") not in {"hidden", "submit"}:
            self.controls[found.get("id") or ""] = found


@pytest.fixture
def treats(cast: Cast, client: Client) -> Client:
    client.force_login(cast.treats)
    return client


def form_pages(cast: Cast) -> list[str]:
    session = make_session(cast.treats, cast.patient)
    of_patient = ["amend_patient", "consent", "transfer", "discharge", "readmit", "start_session"]
    return [
        reverse("enrol"),
        *(reverse(name, args=["R-0412"]) for name in of_patient),
        reverse("withdraw_consent", args=["R-0412", "analyse"]),
        *(reverse(name, args=[session.pk]) for name in ("move_session", "void_session")),
        *(reverse(name) for name in ("password_change", "account")),
    ]


def test_every_control_has_a_label_and_every_form_says_what_it_does(cast: Cast, treats: Client) -> None:
    for address in form_pages(cast):
        answer = treats.get(address)
        assert answer.status_code == 200, address
        page = Controls(answer.content.decode())
        assert set(page.controls) <= page.labelled, address
        assert sum("autofocus" in control for control in page.controls.values()) <= 1
        for control in page.controls.values():
            assert set((control.get("aria-describedby") or "").split()) <= page.ids, address


def test_an_empty_form_is_answered_beside_its_fields(cast: Cast, treats: Client) -> None:
    for address in form_pages(cast):
        if "password" in address or "account" in address:
            continue
        answer = treats.post(address, {})
        page = answer.content.decode()
        assert answer.status_code == 422, address
        assert 'role="alert"' in page, address
        assert "Nothing was changed yet" in page
        shown = Controls(page)
        wrong = [one for one in shown.controls.values() if one.get("aria-invalid") == "true"]
        for control in wrong:
            described = set((control["aria-describedby"] or "").split())
            assert described <= shown.ids
            assert any(name.endswith("_error") for name in described)


def test_identity_is_on_every_page_of_a_patient(cast: Cast, treats: Client) -> None:
    for address in form_pages(cast):
        if "R-0412" in address or "/sessions/" in address:
            page = treats.get(address).content.decode()
            assert 'class="identity"' in page, address
            assert "Ada Fernweh" in page


def test_a_purpose_keeps_the_capitals_of_its_nouns(cast: Cast, treats: Client) -> None:
    page = treats.get(reverse("enrol"), headers={"accept-language": "de"}).content.decode()
    assert "<strong>Den Ton aufbewahren.</strong>" in page


def test_enrolling_with_consent(cast: Cast, treats: Client) -> None:
    sent = {"reference": " r-0500 ", "team": cast.team.pk, "sex": "female", "language": "de"}
    sent |= {"birth_year": "1980", "consents": ["analyse"], "purpose": "care"}
    answer = treats.post(reverse("enrol"), sent)
    assert answer.status_code == 302
    patient = Patient.objects.get(reference="R-0500")
    assert answer["Location"] == reverse("patient", args=["R-0500"])
    assert has_consent(patient, Consent.Purpose.ANALYSE)
    assert not has_consent(patient, Consent.Purpose.TRAIN)


def test_a_taken_reference_keeps_what_was_typed(cast: Cast, treats: Client) -> None:
    sent = {"reference": "R-0412", "name": "Zweite", "team": cast.team.pk, "sex": "unknown", "language": "en"}
    sent |= {"purpose": "care"}
    page = treats.post(reverse("enrol"), sent).content.decode()
    assert "already in use" in page
    assert "Zweite" in page
    assert Patient.objects.count() == 1


def test_a_clinician_of_two_teams_chooses(cast: Cast, treats: Client) -> None:
    assert '<select name="team"' not in treats.get(reverse("enrol")).content.decode()
    cast.treats.teams.add(cast.other_team)
    assert '<select name="team"' in treats.get(reverse("enrol")).content.decode()


def test_a_clinician_of_no_team_is_told_whom_to_ask(cast: Cast, treats: Client) -> None:
    cast.treats.memberships.all().delete()
    sent = {"reference": "R-0500", "sex": "unknown", "language": "en"}
    assert "Ask your administrator" in treats.post(reverse("enrol"), sent).content.decode()


def test_amending(cast: Cast, treats: Client) -> None:
    visit = timezone.localtime() + timedelta(days=7)
    sent = {"reference": "R-0412", "name": "", "sex": "female", "language": "en", "notes": "prefers mornings"}
    sent |= {"next_visit": f"{visit:%Y-%m-%dT%H:%M}"}
    assert treats.post(reverse("amend_patient", args=["R-0412"]), sent).status_code == 302
    cast.patient.refresh_from_db()
    assert (cast.patient.name, cast.patient.notes) == ("", "prefers mornings")
    assert cast.patient.next_visit == visit.replace(second=0, microsecond=0)


def test_amending_nothing_changes_nothing(cast: Cast, treats: Client) -> None:
    """The form comes back as it was shown: no field may lose precision or change its language."""
    cast.patient.next_visit = timezone.now().replace(second=0, microsecond=0)
    cast.patient.language = "pt-BR"
    cast.patient.save()
    page = Controls(treats.get(reverse("amend_patient", args=["R-0412"])).content.decode())
    assert (
        page.controls["id_next_visit"]["value"]
        == f"{timezone.localtime(cast.patient.next_visit):%Y-%m-%dT%H:%M}"
    )
    assert ">pt-BR<" in treats.get(reverse("amend_patient", args=["R-0412"])).content.decode()


def test_consent_is_given_by_a_button(cast: Cast, treats: Client) -> None:
    sent = {"purpose": "train", "decision": "give", "text_version": CURRENT, "language": "de"}
    assert treats.post(reverse("consent", args=["R-0412"]), sent, follow=True).redirect_chain
    assert has_consent(cast.patient, Consent.Purpose.TRAIN)


def test_the_words_that_were_shown_are_the_words_that_are_agreed_to(cast: Cast, treats: Client) -> None:
    address = reverse("consent", args=["R-0412"])
    shown = treats.get(address).content.decode()
    assert str(wording(Consent.Purpose.TRAIN)) in unescape(shown)
    sent = {"purpose": "train", "decision": "give", "language": "de"}
    for older in ("", "2025-1"):
        refused = treats.post(address, {**sent, "text_version": older})
        assert refused.status_code == 422
        assert "The wording has changed" in refused.content.decode()
    treats.post(address, {**sent, "text_version": CURRENT})
    given = cast.patient.consents.get(purpose="train")
    with override("de"):
        assert given.text == str(wording(Consent.Purpose.TRAIN))
    assert given.text in unescape(treats.get(address).content.decode())


def test_an_older_wording_is_named_and_its_renewal_offered(cast: Cast, treats: Client) -> None:
    cast.patient.consents.filter(purpose="analyse").update(text_version="2025-1", text="")
    page = treats.get(reverse("consent", args=["R-0412"])).content.decode()
    assert f"agreed to wording 2025-1. Wording {CURRENT} has replaced it" in page
    assert str(wording(Consent.Purpose.ANALYSE, "2025-1")) in unescape(page)
    beside = treats.get(reverse("patient", args=["R-0412"])).content.decode()
    assert "The wording of 1 consent has been replaced" in beside
    sent = {"purpose": "analyse", "decision": "give", "text_version": CURRENT}
    treats.post(reverse("consent", args=["R-0412"]), sent)
    assert "has been replaced" not in treats.get(reverse("patient", args=["R-0412"])).content.decode()
    given = cast.patient.consents.filter(purpose="analyse")
    assert [one.withdrawn_at is None for one in given] == [False, True]


def test_the_notice_is_in_plain_words_with_version_and_contact(
    cast: Cast, treats: Client, settings: Settings
) -> None:
    settings.CLINIC_CONTACT = "data.protection@clinic.example"
    address = reverse("consent_notice", args=["R-0412"])
    page = unescape(treats.get(address).content.decode())
    for purpose in Consent.Purpose:
        assert str(wording(purpose)) in page
    for words in (CURRENT, "mailto:data.protection@clinic.example", "Not a diagnosis", "You have not agreed"):
        assert words in page
    assert "Was mit Ihrer Stimme geschieht" in treats.get(address, {"language": "de"}).content.decode()
    assert treats.get(address, {"language": "xx"}).status_code == 200


def test_transferring_leads_back_to_the_caseload(cast: Cast, treats: Client) -> None:
    sent = {"to_team": cast.other_team.pk, "reason": "moved house"}
    answer = treats.post(reverse("transfer", args=["R-0412"]), sent)
    assert answer["Location"] == reverse("caseload")
    assert treats.get(reverse("consent", args=["R-0412"])).status_code == 404


def test_discharge_and_readmission(cast: Cast, treats: Client) -> None:
    for name, discharged in (("discharge", True), ("readmit", False)):
        assert treats.post(reverse(name, args=["R-0412"]), {"reason": "as agreed"}).status_code == 302
        cast.patient.refresh_from_db()
        assert cast.patient.is_discharged is discharged


def test_starting_a_session(cast: Cast, treats: Client) -> None:
    held_at = timezone.localtime() - timedelta(hours=2)
    sent = {"held_at": f"{held_at:%Y-%m-%dT%H:%M}", "kind": "telehealth", "note": "first"}
    answer = treats.post(reverse("start_session", args=["R-0412"]), sent)
    session = Session.objects.get()
    assert answer["Location"] == reverse("session", args=[session.pk])
    assert session.held_at == held_at.replace(second=0, microsecond=0)


def test_what_the_domain_refuses_stands_beside_its_field(cast: Cast, treats: Client) -> None:
    tomorrow = timezone.localtime() + timedelta(days=1)
    sent = {"held_at": f"{tomorrow:%Y-%m-%dT%H:%M}", "kind": "phone"}
    page = treats.post(reverse("start_session", args=["R-0412"]), sent).content.decode()
    assert "cannot be held in the future" in page
    assert Controls(page).controls["id_held_at"]["aria-invalid"] == "true"
    discharge(by=cast.treats, patient=cast.patient, reason="recovered")
    answer = treats.post(reverse("start_session", args=["R-0412"]), sent)
    assert "Readmit them" in answer.content.decode()


@pytest.mark.parametrize("typed", ["", "R-0412", "R-04130"])
def test_a_session_moves_only_to_the_patient_that_was_typed(cast: Cast, treats: Client, typed: str) -> None:
    session = make_session(cast.treats, cast.patient)
    other = make_patient(cast.treats, "R-0413", name="Grace Fernweh")
    address = reverse("move_session", args=[session.pk])
    sent = {"to_patient": other.pk, "typed_reference": typed, "reason": "wrong patient"}
    assert treats.post(address, sent).status_code == 422
    assert Session.objects.get().patient == cast.patient
    assert treats.post(address, sent | {"typed_reference": "r-0413"}).status_code == 302
    assert Session.objects.get().patient == other


def test_only_ones_own_patients_are_offered(cast: Cast, treats: Client) -> None:
    make_patient(cast.treats, "R-0413")
    make_patient(cast.outsider, "R-0900")
    session = make_session(cast.treats, cast.patient)
    page = treats.get(reverse("move_session", args=[session.pk])).content.decode()
    assert "R-0413" in page
    assert "R-0900" not in page


def test_voiding_wants_the_reference_of_its_patient(cast: Cast, treats: Client) -> None:
    session = make_session(cast.treats, cast.patient)
    address = reverse("void_session", args=[session.pk])
    assert treats.post(address, {"typed_reference": "R-0413", "reason": "mix-up"}).status_code == 422
    assert treats.post(address, {"typed_reference": "R-0412", "reason": "mix-up"}).status_code == 302
    assert Session.objects.get().is_voided


def test_the_audit_page_tells_in_words(cast: Cast, treats: Client) -> None:
    page = treats.get(reverse("patient_audit", args=["R-0412"])).content.decode()
    for words in ("enrolled the patient", "recorded consent", "looked at this audit", "treats"):
        assert words in page


def test_a_long_audit_has_pages_and_few_queries(
    cast: Cast, treats: Client, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    for _ in range(60):
        make_session(cast.treats, cast.patient)
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        page = treats.get(reverse("patient_audit", args=["R-0412"])).content.decode()
    assert "Page 1 of 2" in page
    assert (
        "started a session"
        in treats.get(reverse("patient_audit", args=["R-0412"]) + "?page=2").content.decode()
    )


def test_names_are_never_markup(cast: Cast, treats: Client) -> None:
    Team.objects.filter(pk=cast.other_team.pk).update(name="<b>Day</b>")
    Patient.objects.update(name="<script>alert(1)</script>")
    for address in form_pages(cast):
        page = treats.get(address).content.decode()
        assert "<script>alert" not in page
        assert "<b>Day" not in page
