"""Judging, signing and asking why on the session's page: as fragments for htmx, as pages without a script."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from analysis.correction import void_recording
from analysis.explaining import answering
from analysis.judging.judgement import judge
from analysis.models import Analysis, Explanation, Judgement, Signature
from analysis.wording.said import SessionReview
from patients import care
from patients.models import AuditEntry, Session
from tests.analysis.hearing import make_heard, mixture, model
from tests.analysis.test_explaining import hear
from tests.analysis.uploads import hand_in
from tests.cast import Cast, make_clinician

HTMX = {"HX-Request": "true"}


@pytest.fixture
def heard(cast: Cast, session: Session) -> Analysis:
    return make_heard(cast.treats, session, mixture(sad=0.6), with_sound=True)


@pytest.fixture
def browser(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.treats)
    return client


def said_to(browser: Client, session: Session, scripted: bool = False, **words: Any) -> Any:
    headers = HTMX if scripted else {}
    return browser.post(reverse("judge", args=[session.pk]), {"of": "session", **words}, headers=headers)


def stretch(heard: Analysis) -> dict[str, Any]:
    return {"of": "stretch", "analysis": heard.pk, "start_s": 11, "end_s": 14}


def test_without_a_script_the_whole_session_is_judged(
    browser: Client, session: Session, heard: Analysis
) -> None:
    answer = said_to(browser, session, label="calm", note="tired")
    assert (answer.status_code, answer["Location"]) == (302, reverse("session", args=[session.pk]))
    page = browser.get(answer["Location"]).content.decode()
    assert "Your judgement is kept." in page
    assert "sounds calm" in page
    assert "Model v1 said: Sounds sad" in page


def test_with_htmx_both_blocks_come_back(browser: Client, session: Session, heard: Analysis) -> None:
    answer = said_to(browser, session, scripted=True, verdict="agree", **stretch(heard))
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "<html" not in page
    assert "0:11–0:14" in page
    assert 'id="signature"' in page
    assert 'hx-swap-oob="true"' in page
    assert SessionReview(session, Judgement.objects.get().said_by).fingerprint in page


def test_what_is_refused_stands_beside_its_field_and_the_note_stays(
    browser: Client, session: Session, heard: Analysis
) -> None:
    for scripted, status in ((True, 200), (False, 422)):
        answer = said_to(browser, session, scripted=scripted, verdict="", note="written with care")
        assert answer.status_code == status
        page = answer.content.decode()
        assert "Choose “agree”" in page
        assert "written with care" in page
    answer = said_to(browser, session, scripted=True, verdict="agree", of="stretch")
    assert "Choose a stretch in the timeline first" in answer.content.decode()
    answer = said_to(browser, session, scripted=True, verdict="agree", note="x" * 1001)
    assert "at most 1,000 characters" in answer.content.decode()
    assert not Judgement.objects.exists()


def test_a_word_is_withdrawn_and_stays_listed(
    browser: Client, cast: Cast, session: Session, heard: Analysis
) -> None:
    said = judge(by=cast.treats, session=session, verdict="unusable")
    address = reverse("withdraw_judgement", args=[session.pk, said.pk])
    assert address in browser.get(reverse("session", args=[session.pk])).content.decode()
    page = browser.post(address, headers=HTMX).content.decode()
    assert "<del>unusable</del>" in page
    assert "1 withdrawn judgement" in page
    again = browser.post(address, headers=HTMX).content.decode()
    assert "already withdrawn" in again


def test_a_colleague_reads_the_words_and_cannot_withdraw_them(
    cast: Cast, session: Session, heard: Analysis
) -> None:
    said = judge(by=cast.treats, session=session, verdict="unusable", note="a cough")
    client = Client()
    client.force_login(make_clinician("colleague", team=cast.team))
    page = client.get(reverse("session", args=[session.pk])).content.decode()
    assert "a cough" in page
    assert reverse("withdraw_judgement", args=[session.pk, said.pk]) not in page


def seen(page: str) -> str:
    found = re.search(r'name="seen" value="(\w+)"', page)
    assert found is not None
    return found[1]


def test_a_session_is_signed_and_says_what_came_since(
    browser: Client, cast: Cast, session: Session, heard: Analysis
) -> None:
    page = browser.get(reverse("session", args=[session.pk])).content.decode()
    assert "Not signed yet" in page
    assert browser.post(reverse("sign", args=[session.pk]), {"seen": seen(page)}).status_code == 302
    page = browser.get(reverse("session", args=[session.pk])).content.decode()
    assert "signed by treats on" in page
    assert "Sign session" not in page
    make_heard(cast.treats, session, mixture(calm=0.6), seed=1)
    judge(by=cast.treats, session=session, verdict="agree")
    page = browser.get(reverse("session", args=[session.pk])).content.decode()
    assert "Changed since: a new recording, a new judgement" in page
    assert "Sign session" in page


def test_an_old_page_signs_nothing_and_its_answer_can_be_signed(
    browser: Client, cast: Cast, session: Session, heard: Analysis
) -> None:
    page = browser.get(reverse("session", args=[session.pk])).content.decode()
    make_heard(cast.treats, session, mixture(calm=0.6), seed=1)
    sent = {"seen": seen(page), "note": "as discussed"}
    answer = browser.post(reverse("sign", args=[session.pk]), sent, headers=HTMX).content.decode()
    assert "Something new has come" in answer
    assert "as discussed" in answer
    assert not Signature.objects.exists()
    sent = {"seen": seen(answer), "note": "as discussed"}
    browser.post(reverse("sign", args=[session.pk]), sent, headers=HTMX)
    assert Signature.objects.get().note == "as discussed"


def test_closed_sessions_offer_no_buttons(
    browser: Client, cast: Cast, session: Session, heard: Analysis
) -> None:
    judge(by=cast.treats, session=session, verdict="agree")
    care.discharge(by=cast.treats, patient=cast.patient, reason="end of care")
    page = browser.get(reverse("session", args=[session.pk])).content.decode()
    assert "The patient is discharged" in page
    assert "Sign session" not in page
    assert 'value="agree"' not in page
    assert "agrees" in page


def test_what_was_said_is_read_also_when_nothing_is_left_to_hear(
    browser: Client, cast: Cast, session: Session, heard: Analysis
) -> None:
    judge(by=cast.treats, session=session, verdict="unusable", note="another patient")
    void_recording(by=cast.treats, recording=heard.recording, reason="wrong file")
    assert "another patient" in browser.get(reverse("session", args=[session.pk])).content.decode()


def test_two_forms_of_one_page_share_no_id(browser: Client, session: Session, heard: Analysis) -> None:
    page = browser.get(reverse("session", args=[session.pk])).content.decode()
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert not {one for one in ids if ids.count(one) > 1}


def test_the_session_page_costs_no_more_with_many_judgements(
    browser: Client, cast: Cast, session: Session, heard: Analysis
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            browser.get(reverse("session", args=[session.pk]))
        return len(queries)

    judge(by=cast.treats, session=session, analysis=heard, start_s=1, end_s=4, verdict="agree")
    one = cost()
    for start in range(5, 25):
        judge(
            by=cast.treats, session=session, analysis=heard, start_s=start, end_s=start + 3, verdict="agree"
        )
    assert cost() == one


def why(heard: Analysis, window: int = 3) -> tuple[str, dict[str, Any]]:
    return reverse("why", args=[heard.recording_id]), {"analysis": heard.pk, "window": window}


def test_why_is_asked_followed_and_shown(
    browser: Client, cast: Cast, transactional_db: None, session: Session
) -> None:
    heard = hear(hand_in(cast.treats, session).recording)
    address, asked = why(heard)
    before = browser.get(address, asked).content.decode()
    assert 'data-state="not_asked"' in before
    assert "Show what spoke for it" in before
    waiting = browser.post(address, asked).content.decode()
    assert 'data-state="queued"' in waiting
    assert 'hx-trigger="every 1s"' in waiting
    assert browser.get(address, {**asked, "poll": ""}).status_code == 200
    answering.explain_window(Explanation.objects.get().pk)
    done = browser.get(address, {**asked, "poll": ""})
    assert done.status_code == 286
    page = done.content.decode()
    assert 'data-state="done"' in page
    assert page.count("data:image/png;base64,") == 3
    assert "it does not show why the patient sounds so" in page
    assert page.count("<tr>") == 1 + 5
    german = browser.get(address, asked, headers={"accept-language": "de"}).content.decode()
    places = re.findall(r'<text x="([^"]*)%" y="([^"]*)"', german)
    assert len(places) > 5
    assert [place for place in places if "," in "".join(place)] == []
    assert AuditEntry.objects.filter(action="analysis.viewed", subject_id=str(heard.pk)).count() == 1


def test_a_failed_why_says_the_reason_and_offers_another_try(
    browser: Client, cast: Cast, heard: Analysis
) -> None:
    address, asked = why(heard)
    browser.post(address, asked)
    Explanation.objects.update(state="failed", reason="model_missing")
    page = browser.get(address, asked).content.decode()
    assert "no longer on the server" in page
    assert "Try again" in page
    assert 'data-state="queued"' in browser.post(address, asked).content.decode()


def test_without_sound_it_says_so(browser: Client, session: Session, cast: Cast) -> None:
    heard = make_heard(cast.treats, session, mixture(sad=0.6))
    address, asked = why(heard)
    page = browser.get(address, asked).content.decode()
    assert "not kept any more" in page
    assert "Show what spoke for it" not in page
    assert "not kept any more" in browser.post(address, asked).content.decode()
    assert not Explanation.objects.exists()


def test_why_of_what_is_not_there_is_not_there(
    browser: Client, cast: Cast, session: Session, heard: Analysis
) -> None:
    address, asked = why(heard)
    assert browser.get(address).status_code == 422
    assert browser.get(address, {**asked, "window": 10_000}).status_code == 404
    other = make_heard(cast.treats, session, mixture(sad=0.6), version=model(2), seed=1)
    assert browser.get(address, {**asked, "analysis": other.pk}).status_code == 404
    for nobody in (cast.in_team, cast.outsider):
        client = Client()
        client.force_login(nobody)
        assert client.get(address, asked).status_code == 404
