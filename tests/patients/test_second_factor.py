"""A password alone opens nothing where a second factor is set up or required, whichever way one comes."""

from __future__ import annotations

import re
import time

import pytest
from django.test import Client
from django.urls import reverse
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from knox.models import AuthToken
from pytest_django import Settings

from patients import second_factor
from patients.audit import Action
from patients.models import AuditEntry, Clinician
from tests.cast import Cast, make_clinician
from tests.live import PASSWORD

TOKEN = "/api/v1/token/"


def code_of(clinician: Clinician, *, later: int = 0) -> str:
    """What the phone shows, or will show ``later`` half minutes from now: each code is good only once."""
    key = TOTPDevice.objects.filter(user=clinician).latest("pk").bin_key
    return f"{totp(key, t0=int(-30 * later)):06d}"


def enrol(clinician: Clinician) -> list[str]:
    second_factor.proposal(clinician)
    codes = second_factor.confirm(clinician, code_of(clinician))
    assert codes is not None
    return codes


def password_given(username: str = "treats") -> Client:
    client = Client()
    client.post(reverse("login"), {"username": username, "password": PASSWORD})
    return client


def send_code(client: Client, code: str) -> int:
    return client.post(reverse("sign_in_code"), {"code": code}).status_code


def is_in(client: Client) -> bool:
    return client.get(reverse("caseload")).status_code == 200


def count(action: Action) -> int:
    return AuditEntry.objects.filter(action=action).count()


def test_setting_up_takes_a_code_and_the_password_and_closes_other_ways_in(cast: Cast) -> None:
    client, elsewhere = password_given(), password_given()
    AuthToken.objects.create(user=cast.treats)
    page = client.get(reverse("set_second_factor"))
    assert 'role="img"' in page.text
    assert "style=" not in page.text.partition("<main")[2]
    shown = re.search(r'class="code factor-key">([A-Z2-7 ]+)<', page.text)
    assert shown is not None
    assert len(shown[1].replace(" ", "")) == 32
    right = {"code": code_of(cast.treats), "password": PASSWORD}
    for wrong in ({"code": "000000"}, {"password": "wrong"}):
        assert client.post(reverse("set_second_factor"), right | wrong).status_code == 422
    assert not second_factor.has_one(cast.treats)
    codes = re.findall(r"<code>(\w{5}-\w{5})</code>", client.post(reverse("set_second_factor"), right).text)
    assert len(set(codes)) == 10
    assert is_in(client)
    assert not is_in(elsewhere)
    assert not AuthToken.objects.exists()
    assert count(Action.SECOND_FACTOR_SET) == 1
    assert client.get(reverse("set_second_factor")).status_code == 302  # the key is not shown again


def test_the_password_alone_no_longer_signs_in(cast: Cast) -> None:
    enrol(cast.treats)
    client = password_given()
    assert not is_in(client)
    assert count(Action.SIGNED_IN) == 0
    assert send_code(client, "000000") == 422
    assert not is_in(client)
    assert send_code(client, code_of(cast.treats, later=1)) == 302
    assert is_in(client)
    assert count(Action.SIGNED_IN) == 1
    assert count(Action.SIGN_IN_FAILED) == 1


def test_a_code_is_good_once(cast: Cast) -> None:
    enrol(cast.treats)
    seen = code_of(cast.treats, later=1)
    assert send_code(password_given(), seen) == 302
    assert send_code(password_given(), seen) == 422


def test_a_recovery_code_is_good_once_however_it_is_typed(cast: Cast) -> None:
    first, second, *_ = enrol(cast.treats)
    assert send_code(password_given(), first) == 302
    assert send_code(password_given(), first) == 422
    assert send_code(password_given(), f" {second.upper().replace('-', ' ')} ") == 302
    assert second_factor.recovery_codes_left(cast.treats) == 8
    used = AuditEntry.objects.filter(action=Action.RECOVERY_CODE_USED).order_by("id")
    assert [entry.detail for entry in used] == [{"left": 9}, {"left": 8}]


def test_recovery_codes_cannot_be_read_from_the_database(cast: Cast) -> None:
    kept = set(StaticToken.objects.values_list("token", flat=True))
    for code in enrol(cast.treats):
        assert not {code, code.replace("-", "")} & kept
    other = make_clinician("other")
    enrol(other)
    assert send_code(password_given("other"), enrol(cast.treats)[0]) == 422


def test_new_recovery_codes_end_the_earlier_ones(cast: Cast) -> None:
    earlier = enrol(cast.treats)
    client = password_given()
    send_code(client, earlier[0])
    assert client.post(reverse("make_recovery_codes"), {"password": "wrong"}).status_code == 422
    page = client.post(reverse("make_recovery_codes"), {"password": PASSWORD}).text
    codes = re.findall(r"<code>(\w{5}-\w{5})</code>", page)
    assert send_code(password_given(), earlier[1]) == 422
    assert send_code(password_given(), codes[0]) == 302


def test_guessing_codes_locks_the_account(cast: Cast, settings: Settings) -> None:
    settings.LOCKOUT_FAILURES = 3
    enrol(cast.treats)
    client = password_given()
    for _ in range(3):
        # The password in between must not wipe the slate.
        assert send_code(client, "000000") == 422
        password_given()
    page = client.post(reverse("sign_in_code"), {"code": code_of(cast.treats, later=1)})
    assert "too many failed attempts" in page.text
    assert not is_in(client)


def test_the_step_in_between_does_not_last(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    enrol(cast.treats)
    client = password_given()
    late = time.time() + 301
    monkeypatch.setattr("patients.second_factor_pages.time.time", lambda: late)
    assert client.get(reverse("sign_in_code")).status_code == 302
    assert send_code(Client(), "123456") == 302
    assert not is_in(client)


def test_the_way_on_is_kept_and_leads_nowhere_else(cast: Cast) -> None:
    codes = enrol(cast.treats)
    for wanted, expected in (("/patients/enrol/", "/patients/enrol/"), ("https://evil.example/", "/")):
        client = Client()
        client.post(reverse("login"), {"username": "treats", "password": PASSWORD, "next": wanted})
        answer = client.post(reverse("sign_in_code"), {"code": codes.pop()})
        assert answer["Location"] == expected


def test_a_token_takes_the_second_factor_too(cast: Cast, client: Client) -> None:
    codes = enrol(cast.treats)
    sent = {"username": "treats", "password": PASSWORD}
    without, wrong = client.post(TOKEN, sent), client.post(TOKEN, sent | {"code": "000000"})
    assert [without.status_code, wrong.status_code] == [400, 400]
    assert without.json()["errors"][0]["code"] == "code_required"
    assert wrong.json()["errors"][0]["code"] == "code_wrong"
    assert not AuthToken.objects.exists()
    given = client.post(TOKEN, sent | {"code": codes[0]})
    assert given.status_code == 201
    assert client.post(TOKEN, sent | {"code": codes[0]}).status_code == 400
    outside = Client(headers={"Authorization": f"Token {given.json()['token']}"})
    assert outside.get("/api/v1/patients/").status_code == 200


@pytest.mark.parametrize(
    ("required", "held"),
    [
        (["clinician"], {"treats", "outsider", "root"}),
        (["staff"], {"in_team"}),
        (["admin"], {"root"}),
        (["staff", "admin"], {"in_team", "root"}),
        ([], set()),
    ],
)
def test_each_role_can_be_required(
    cast: Cast, settings: Settings, required: list[str], held: set[str]
) -> None:
    make_clinician("root", admin=True)
    settings.REQUIRE_SECOND_FACTOR = required
    assert {who.username for who in Clinician.objects.all() if second_factor.is_required(who)} == held


def test_who_must_have_one_gets_nowhere_before(cast: Cast, settings: Settings) -> None:
    settings.REQUIRE_SECOND_FACTOR = ["clinician", "admin"]
    make_clinician("root", admin=True)
    for username in ("treats", "root"):
        client = password_given(username)
        for path in ("/", "/account/", f"/patients/{cast.patient.reference}/", "/admin/", "/password/"):
            answer = client.get(path)
            assert (answer.status_code, answer.headers.get("Location")) == (302, reverse("set_second_factor"))
        assert client.get("/api/v1/patients/").status_code == 403
        assert client.get(reverse("set_second_factor")).status_code == 200
        refused = Client().post(TOKEN, {"username": username, "password": PASSWORD})
        assert refused.json()["errors"][0]["code"] == "second_factor_missing"
    assert is_in(password_given("in_team"))
    client = password_given()
    client.get(reverse("set_second_factor"))
    sent = {"code": code_of(cast.treats), "password": PASSWORD}
    assert client.post(reverse("set_second_factor"), sent).status_code == 200
    assert is_in(client)


def test_tokens_of_before_do_not_outlive_the_requirement(cast: Cast, settings: Settings) -> None:
    _, token = AuthToken.objects.create(user=cast.treats)
    outside = Client(headers={"Authorization": f"Token {token}"})
    assert outside.get("/api/v1/patients/").status_code == 200
    settings.REQUIRE_SECOND_FACTOR = ["clinician"]
    assert outside.get("/api/v1/patients/").status_code == 401


def test_taking_it_off_takes_the_password(cast: Cast, settings: Settings) -> None:
    codes = enrol(cast.treats)
    client = password_given()
    send_code(client, codes[0])
    assert client.post(reverse("remove_second_factor"), {"password": "wrong"}).status_code == 422
    assert second_factor.has_one(cast.treats)
    settings.REQUIRE_SECOND_FACTOR = ["clinician"]
    assert client.post(reverse("remove_second_factor"), {"password": PASSWORD}).status_code == 302
    assert not second_factor.has_one(cast.treats)
    assert client.get("/")["Location"] == reverse("set_second_factor")
    assert count(Action.SECOND_FACTOR_REMOVED) == 1


def test_an_administrator_removes_that_of_a_lost_phone_and_reads_no_key(cast: Cast, client: Client) -> None:
    codes = enrol(cast.treats)
    theirs = password_given()
    send_code(theirs, codes[0])
    client.force_login(make_clinician("root", admin=True))
    assert client.get("/admin/otp_totp/totpdevice/").status_code == 404
    assert client.get("/admin/otp_static/staticdevice/").status_code == 404
    chosen = {"action": "remove_second_factor", "_selected_action": [cast.treats.pk]}
    assert client.post(reverse("admin:patients_clinician_changelist"), chosen).status_code == 302
    assert not is_in(theirs)
    assert is_in(password_given())


def test_a_new_password_by_mail_does_not_go_around_it(cast: Cast, client: Client) -> None:
    enrol(cast.treats)
    cast.treats.set_password("a quite different one")
    cast.treats.save()
    client.post(reverse("login"), {"username": "treats", "password": "a quite different one"})
    assert not is_in(client)
