"""Where one is signed in can be seen and ended, and ends by itself when nobody is there."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from knox.models import AuthToken
from pytest_django import Settings

from patients.audit import Action
from patients.browser_sessions import clear_unused
from patients.models import AuditEntry, BrowserSession, Clinician
from ser_clinic.templatetags.display import browser
from tests.cast import Cast, make_clinician
from tests.live import PASSWORD

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 (KHTML, like Gecko) "
    "Version/18.0 Mobile/15E148 Safari/604.1"
)


def signed_in(username: str, agent: str = FIREFOX) -> Client:
    client = Client(headers={"User-Agent": agent})
    sent = {"username": username, "password": PASSWORD}
    assert client.post(reverse("login"), sent).status_code == 302
    return client


def is_in(client: Client) -> bool:
    return client.get(reverse("account")).status_code == 200


def let_pass(minutes: float, session: BrowserSession | None = None) -> None:
    """As if every session, or this one, had been used so long ago."""
    rows = BrowserSession.objects.all() if session is None else [session]
    for row in rows:
        passed = timedelta(minutes=minutes)
        kept = BrowserSession.objects.filter(pk=row.pk)
        kept.update(used_at=row.used_at - passed, expire_date=row.expire_date - passed)


def audited(action: Action) -> list[tuple[Clinician | None, dict[str, object]]]:
    return [(entry.actor, entry.detail) for entry in AuditEntry.objects.filter(action=action)]


def test_the_account_lists_each_browser_and_no_key_to_it(cast: Cast) -> None:
    signed_in("treats", SAFARI)
    signed_in("outsider", SAFARI)
    page = signed_in("treats").get(reverse("account")).text
    rows = re.findall(r"<strong>([^<]+)</strong>.*?<p class=\"meta\">([\d.]+) ·", page, re.DOTALL)
    assert rows == [("Firefox, Linux", "127.0.0.1"), ("Safari, iPhone", "127.0.0.1")]
    assert page.count("This browser") == 1
    for key in BrowserSession.objects.values_list("session_key", flat=True):
        assert key not in page


def test_one_browser_is_signed_out_from_another(cast: Cast) -> None:
    phone, desk = signed_in("treats", SAFARI), signed_in("treats")
    (there,) = re.findall(r'action="(/account/browsers/\w{16}/sign-out/)"', desk.get(reverse("account")).text)
    assert signed_in("outsider").post(there).status_code == 404
    assert is_in(phone)
    assert desk.post(there).status_code == 302
    assert not is_in(phone)
    assert is_in(desk)
    assert desk.post(there).status_code == 404
    assert audited(Action.SIGNED_OUT_ELSEWHERE) == [(cast.treats, {})]


def test_all_others_are_signed_out_at_once(cast: Cast) -> None:
    others, desk, stranger = (
        [signed_in("treats") for _ in range(3)],
        signed_in("treats"),
        signed_in("outsider"),
    )
    assert desk.post(reverse("sign_out_elsewhere")).status_code == 302
    assert not any(is_in(other) for other in others)
    assert is_in(desk)
    assert is_in(stranger)
    assert audited(Action.SIGNED_OUT_ELSEWHERE) == [(cast.treats, {"ended": 3})]


def test_a_browser_that_nobody_uses_is_signed_out_by_the_server(cast: Cast, settings: Settings) -> None:
    settings.IDLE_MINUTES = 20
    client = signed_in("treats")
    let_pass(minutes=19)
    assert is_in(client)
    let_pass(minutes=19)
    assert is_in(client), "being used puts the end off"
    let_pass(minutes=21)
    assert not is_in(client)


def test_what_a_page_asks_by_itself_is_no_use_of_it(cast: Cast) -> None:
    client = signed_in("treats")
    for _ in range(3):
        let_pass(minutes=11)
        polled = client.get(reverse("caseload"), headers={"HX-Request": "true"})
    assert polled.status_code == 302


def test_staying_says_for_how_long(cast: Cast) -> None:
    client = signed_in("treats")
    let_pass(minutes=29)
    stay = client.post(reverse("stay_signed_in"))
    assert stay.json()["seconds"] in (1799, 1800)
    assert 'data-seconds="1800"' in client.get(reverse("account")).text


def test_however_much_it_is_used_a_day_is_the_end(cast: Cast, settings: Settings) -> None:
    client = signed_in("treats")
    session = client.session
    session["begun"] = (timezone.now() - timedelta(hours=11, minutes=59)).timestamp()
    session.save()
    assert client.post(reverse("stay_signed_in")).json()["seconds"] <= 60
    settings.SESSION_COOKIE_AGE = 11 * 3600
    let_pass(minutes=2)
    assert not is_in(client)


def test_being_used_is_written_down_seldom(cast: Cast) -> None:
    client = signed_in("treats")
    before = BrowserSession.objects.get().used_at
    assert is_in(client)
    assert BrowserSession.objects.get().used_at == before
    let_pass(minutes=1.1)
    assert is_in(client)
    assert BrowserSession.objects.get().used_at >= before


def test_the_audit_tells_why_someone_was_signed_out(cast: Cast) -> None:
    assert signed_in("treats").post(reverse("logout"), {"because": "idle"}).status_code == 302
    signed_in("outsider")
    let_pass(minutes=31)
    clear_unused()
    clear_unused()
    entries = AuditEntry.objects.filter(action=Action.SIGNED_OUT).order_by("id")
    told = [(entry.actor, entry.subject_id, entry.detail) for entry in entries]
    assert told == [
        (cast.treats, str(cast.treats.pk), {"because": "idle"}),
        (None, str(cast.outsider.pk), {"because": "unused"}),
    ]
    assert not BrowserSession.objects.exists()


def test_an_administrator_signs_someone_out_everywhere(cast: Cast) -> None:
    make_clinician("root", admin=True)
    root, phone, stranger = signed_in("root"), signed_in("treats"), signed_in("outsider")
    AuthToken.objects.create(user=cast.treats)
    chosen = {"action": "sign_out_everywhere", "_selected_action": [cast.treats.pk]}
    assert root.post(reverse("admin:patients_clinician_changelist"), chosen).status_code == 302
    assert not is_in(phone)
    assert not AuthToken.objects.exists()
    assert is_in(stranger)
    assert AuditEntry.objects.get(action=Action.SIGNED_OUT_ELSEWHERE).subject_id == str(cast.treats.pk)


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (FIREFOX, "Firefox, Linux"),
        (SAFARI, "Safari, iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 Chrome/140.0 Safari/537 Edg/140.0", "Edge, Windows"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537 Chrome/140.0 Mobile Safari/537", "Chrome, Android"),
        ("curl/8.0", "curl/8.0"),
        ("", "unknown"),
    ],
)
def test_browsers_are_called_by_the_name_that_people_know(agent: str, name: str) -> None:
    assert browser(agent) == name
