"""The one-time link: a patient answers at home without an account, once, named nowhere, told whom to call."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from patients.access import NotVisible
from patients.audit import Action
from patients.care import discharge
from patients.errors import Refused
from patients.models import AuditEntry, QuestionnaireLink, QuestionnaireResponse
from patients.questionnaires.limits import PER_MINUTE
from patients.questionnaires.links import LinkClosed, State, answer, find, make_link, state_of, withdraw_link
from patients.questionnaires.scoring import Answer
from tests.cast import Cast
from tests.live import python

CALM: list[Answer] = [1, 1, 2, 1, 0, 0, 1, 0, 0]
EYES: list[Answer] = [2, 2, 2, 2, 1, 1, 1, 1, 1]


def given(cast: Cast, instrument: str = "phq9") -> tuple[QuestionnaireLink, str]:
    return make_link(by=cast.treats, patient=cast.patient, instrument=instrument)


def address(secret: str) -> str:
    return reverse("answer_questionnaire", args=[secret])


def form_of(answers: list[Answer], **more: str) -> dict[str, str]:
    return {**{f"item_{n}": str(one) for n, one in enumerate(answers) if one is not None}, **more}


def test_only_the_digest_of_the_secret_is_kept(cast: Cast) -> None:
    link, secret = given(cast)
    assert link.digest == sha256(secret.encode()).hexdigest()
    assert len(secret) >= 43  # 256 bits
    assert secret not in str(QuestionnaireLink.objects.values())
    assert secret not in str(AuditEntry.objects.values())
    assert find(secret) == link
    with pytest.raises(NotVisible):
        find(link.digest)


def test_it_ends_after_the_clinics_days(cast: Cast, settings: Settings) -> None:
    settings.QUESTIONNAIRE_LINK_DAYS = 3
    link, _secret = given(cast)
    assert link.expires_at - link.made_at == timedelta(days=3)
    assert state_of(link, link.expires_at - timedelta(seconds=1)) is State.OPEN
    assert state_of(link, link.expires_at) is State.EXPIRED


def test_only_the_team_makes_and_withdraws(cast: Cast) -> None:
    with pytest.raises(NotVisible):
        make_link(by=cast.outsider, patient=cast.patient, instrument="phq9")
    link, _secret = make_link(by=cast.in_team, patient=cast.patient, instrument="phq9")
    with pytest.raises(NotVisible):
        withdraw_link(by=cast.outsider, link=link)
    withdraw_link(by=cast.in_team, link=link)
    with pytest.raises(Refused, match="already"):
        withdraw_link(by=cast.treats, link=link)
    discharge(by=cast.treats, patient=cast.patient, reason="moved away")
    with pytest.raises(Refused, match="discharged"):
        given(cast)


def test_a_patient_answers_and_the_team_reads_it(cast: Cast, client: Client) -> None:
    link, secret = given(cast)
    page = client.get(address(secret))
    assert page.status_code == 200
    assert "not an emergency service" in page.content.decode()
    assert not QuestionnaireResponse.objects.exists()  # a mail program that looks ahead answers nothing
    thanks = client.post(address(secret), form_of(CALM, difficulty="1"))
    assert thanks.status_code == 200
    assert "Thank you" in thanks.content.decode()
    response = QuestionnaireResponse.objects.get()
    assert (response.answers, response.difficulty, response.patient) == (CALM, 1, cast.patient)
    assert (response.link, response.entered_by) == (link, None)
    entry = AuditEntry.objects.get(action=Action.QUESTIONNAIRE_FILLED)
    assert (entry.actor, entry.patient, entry.detail["link"]) == (None, cast.patient, str(link.pk))
    again = client.post(address(secret), form_of(EYES))
    assert again.status_code == 410
    assert "already answered" in again.content.decode()
    assert QuestionnaireResponse.objects.get().answers == CALM


def test_the_page_names_nobody_and_keeps_nothing(cast: Cast, client: Client) -> None:
    _link, secret = given(cast)
    answers = [client.get(address(secret)), client.post(address(secret), form_of([1] * 8 + [None]))]
    answers += [client.post(address(secret), form_of(CALM)), client.get(address(secret))]
    answers.append(client.get(address("wrong" + secret[5:])))
    assert [one.status_code for one in answers] == [200, 422, 200, 410, 404]
    for one in answers:
        text = one.content.decode()
        for word in ("R-0412", "Fernweh", "1991", "Ada", "Affective", "treats", "<script"):
            assert word not in text
        assert "no-store" in one["Cache-Control"]
        assert one["Referrer-Policy"] == "no-referrer"
        assert "noindex" in one["X-Robots-Tag"]
        assert not one.cookies
        assert "unsafe" not in one["Content-Security-Policy"]


def test_no_log_holds_the_secret(cast: Cast, client: Client, caplog: pytest.LogCaptureFixture) -> None:
    _link, secret = given(cast)
    assert client.post(address(secret), form_of([1] * 8 + [None])).status_code == 422
    assert client.post(address(secret), form_of(CALM)).status_code == 200
    assert client.get(address(secret)).status_code == 410
    assert secret not in caplog.text


def test_it_needs_no_cookie_and_no_token(cast: Cast) -> None:
    """Browsers that send no referrer send no origin that Django's check would believe."""
    _link, secret = given(cast)
    bare = Client(enforce_csrf_checks=True)
    assert bare.post(address(secret), form_of(CALM), headers={"Origin": "null"}).status_code == 200


def test_thoughts_of_harm_are_answered_at_once(cast: Cast, client: Client, settings: Settings) -> None:
    settings.CRISIS_TEXT = "Call our line on 030 1234, day and night."
    _link, secret = given(cast)
    assert settings.CRISIS_TEXT in client.get(address(secret)).content.decode()
    thanks = client.post(address(secret), form_of(EYES)).content.decode()
    assert "thoughts of being better off dead" in thanks
    assert settings.CRISIS_TEXT in thanks
    assert thanks.index(settings.CRISIS_TEXT) < thanks.index("You can close this page")
    assert QuestionnaireResponse.objects.get().waits_for_eyes


def test_without_a_line_of_its_own_the_general_numbers_are_named(cast: Cast, client: Client) -> None:
    _link, secret = given(cast, "gad7")
    assert "112" in client.get(address(secret)).content.decode()


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (State.WITHDRAWN, "no longer valid"),
        (State.EXPIRED, "has expired"),
        (State.ANSWERED, "already answered"),
    ],
)
def test_a_closed_link_says_so_plainly(cast: Cast, client: Client, state: State, words: str) -> None:
    link, secret = given(cast)
    match state:
        case State.WITHDRAWN:
            withdraw_link(by=cast.treats, link=link)
        case State.EXPIRED:
            QuestionnaireLink.objects.update(expires_at=timezone.now())
        case _:
            answer(link=link, answers=CALM)
    before = QuestionnaireResponse.objects.count()
    for asked in (client.get(address(secret)), client.post(address(secret), form_of(CALM))):
        assert asked.status_code == 410
        assert words in asked.content.decode()
        assert "not an emergency service" in asked.content.decode()
    assert QuestionnaireResponse.objects.count() == before


def test_a_discharged_patients_link_takes_nothing(cast: Cast, client: Client) -> None:
    link, secret = given(cast)
    discharge(by=cast.treats, patient=cast.patient, reason="moved away")
    assert "no longer valid" in client.get(address(secret)).content.decode()
    with pytest.raises(LinkClosed):
        answer(link=link, answers=CALM)


def test_withdrawn_while_the_page_is_open(cast: Cast) -> None:
    link, secret = given(cast)
    opened = find(secret)
    withdraw_link(by=cast.treats, link=link)
    with pytest.raises(LinkClosed) as closed:
        answer(link=opened, answers=CALM)
    assert closed.value.state is State.WITHDRAWN


ANSWER_AT_ONCE = """
import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
import django; django.setup()
from django.core.management import call_command
from django.db import connection
from patients.models import QuestionnaireResponse, Team
from patients.questionnaires.links import LinkClosed, answer, find, make_link
from tests.cast import make_clinician, make_patient
call_command("migrate", verbosity=0)
mark = "Q-" + uuid.uuid4().hex[:8].upper()
by = make_clinician(mark, team=Team.objects.create(name=mark))
patient = make_patient(by, mark)
link, secret = make_link(by=by, patient=patient, instrument="phq9")
together = Barrier(6)
def send(place):
    try:
        opened = find(secret)
        together.wait()
        answer(link=opened, answers=[place % 4] * 9)
        return "stored"
    except LinkClosed as closed:
        return str(closed.state)
    finally:
        connection.close()
with ThreadPoolExecutor(6) as pool:
    print(*sorted(pool.map(send, range(6))))
print(QuestionnaireResponse.objects.filter(link=link).count())
"""


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_of_many_answers_at_once_one_is_stored(
    tmp_path: Path, request: pytest.FixtureRequest, database: str
) -> None:
    server = {
        "PUBLIC_URL": "http://127.0.0.1",
        "SECRET_KEY": "for tests only, and long enough for what Django asks of a key",
    }
    if database == "postgresql":
        server["DATABASE_URL"] = request.getfixturevalue("postgres_url")
    done = python(tmp_path, "-c", ANSWER_AT_ONCE, **server)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["answered"] * 5 + ["stored", "1"]


def test_what_is_left_out_is_asked_about_once(cast: Cast, client: Client) -> None:
    _link, secret = given(cast, "gad7")
    some: list[Answer] = [1, None, 1, 1, 1, 1, 1]
    asked = client.post(address(secret), form_of(some))
    assert asked.status_code == 422
    assert "Question 2 has no answer yet." in asked.content.decode()
    assert asked.content.decode().count(" checked>") == 6  # what was answered is still there
    assert client.post(address(secret), form_of(some, as_it_is="1")).status_code == 200
    assert QuestionnaireResponse.objects.get().answers == some


@pytest.mark.parametrize("wrong", ["7", "-1", "1.5", "x", "\0"])
def test_what_is_no_answer_is_not_stored(cast: Cast, client: Client, wrong: str) -> None:
    _link, secret = given(cast)
    sent = {**form_of(CALM), "item_3": wrong, "as_it_is": "1"}
    assert client.post(address(secret), sent).status_code == 422
    assert not QuestionnaireResponse.objects.exists()
    assert QuestionnaireLink.objects.get().used_at is None


def test_it_speaks_the_patients_language_where_it_can(cast: Cast, client: Client) -> None:
    cast.patient.language = "de"
    cast.patient.save()
    _link, secret = given(cast)
    assert "Wenig Interesse oder Freude an Ihren Tätigkeiten" in client.get(address(secret)).content.decode()
    cast.patient.language = "pl"
    cast.patient.save()
    assert "Little interest or pleasure" in client.get(address(secret)).content.decode()


def test_one_address_may_not_ask_for_ever(cast: Cast, client: Client) -> None:
    _link, secret = given(cast)
    codes = [client.get(address(f"{number:043}")).status_code for number in range(PER_MINUTE)]
    assert set(codes) == {404}
    assert client.get(address(secret)).status_code == 429
    assert client.get(address(secret), REMOTE_ADDR="127.0.0.9").status_code == 200


def test_it_opens_for_whoever_is_signed_in_beside_it(cast: Cast, client: Client) -> None:
    _link, secret = given(cast)
    client.force_login(cast.outsider)
    assert client.get(address(secret)).status_code == 200
    assert not AuditEntry.objects.filter(actor=cast.outsider).exists()


def test_a_link_is_shown_once_and_listed_without_its_secret(cast: Cast, client: Client) -> None:
    client.force_login(cast.in_team)
    shown = client.post(reverse("make_questionnaire_link", args=["R-0412"]), {"instrument": "gad7"})
    text = shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    secret = text.split("/q/")[1].split("/")[0]
    assert find(secret).patient == cast.patient
    listed = client.get(reverse("questionnaires", args=["R-0412"])).content.decode()
    assert "waiting for the answer" in listed
    assert secret not in listed
    client.post(reverse("withdraw_questionnaire_link", args=[find(secret).pk]))
    assert state_of(find(secret)) is State.WITHDRAWN


def test_links_over_rest(cast: Cast, client: Client) -> None:
    client.force_login(cast.treats)
    listed = reverse("api-patient-link-list", args=["R-0412"])
    made = client.post(listed, {"instrument": "phq9"}, content_type="application/json")
    assert made.status_code == 201
    body = made.json()
    secret = body.pop("url").split("/q/")[1].rstrip("/")
    assert find(secret).patient == cast.patient
    assert client.get(listed).json()["results"] == [body]
    assert client.delete(reverse("api-link-detail", args=[body["id"]])).status_code == 204
    assert client.get(listed).json()["results"][0]["state"] == "withdrawn"
    refused = client.delete(reverse("api-link-detail", args=[body["id"]]))
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["code"] == "link_closed"
