"""Guessing ends by account and by address, tells nothing about who exists, and opens again by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from patients import lock_out
from patients.audit import Action
from patients.lock_out import LockedOut
from patients.models import AuditEntry, SignInFailure
from tests.cast import Cast, make_clinician
from tests.live import PASSWORD

TOO_MANY = "too many failed attempts"


@pytest.fixture(autouse=True)
def limits(settings: Settings) -> None:
    settings.LOCKOUT_FAILURES, settings.LOCKOUT_ADDRESS_FAILURES = 3, 6
    settings.DEMO = False  # a demo answers one address only


def attempt(username: str, password: str = "wrong", address: str = "192.0.2.1") -> str:
    """What the page says, empty for someone who is in."""
    sent = {"username": username, "password": password}
    answer = Client(REMOTE_ADDR=address).post(reverse("login"), sent)
    return "" if answer.status_code == 302 else answer.text


def let_pass(minutes: float) -> None:
    for failure in SignInFailure.objects.all():
        SignInFailure.objects.filter(pk=failure.pk).update(at=failure.at - timedelta(minutes=minutes))


def locks() -> list[tuple[str, str]]:
    entries = AuditEntry.objects.filter(action=Action.LOCKED_OUT)
    return [(entry.subject_id, entry.detail["locked"]) for entry in entries]


def test_an_account_is_locked_from_everywhere_and_opens_by_itself(cast: Cast) -> None:
    for address in ("192.0.2.1", "192.0.2.2", "192.0.2.3"):
        assert TOO_MANY not in attempt("treats", address=address)
    assert TOO_MANY in attempt("treats", PASSWORD, address="192.0.2.4")
    assert attempt("in_team", PASSWORD) == ""
    assert locks() == [(str(cast.treats.pk), "account")]
    let_pass(minutes=14)
    assert "Try again in 1 minute," in attempt("treats", PASSWORD)
    let_pass(minutes=1.1)
    assert attempt("treats", PASSWORD) == ""


def test_what_is_refused_while_locked_does_not_lengthen_the_lock(cast: Cast) -> None:
    for _ in range(20):
        attempt("treats")
    assert SignInFailure.objects.count() == 3
    assert AuditEntry.objects.filter(action=Action.SIGN_IN_FAILED).count() == 3


def test_nobody_learns_which_accounts_exist(cast: Cast) -> None:
    def without_tokens(username: str) -> list[str]:
        pages = [attempt(username) for _ in range(5)]
        return [page.partition("<main")[2].replace(username, "…").split("csrf")[0] for page in pages]

    assert without_tokens("treats") == without_tokens("nobody")


def test_an_address_is_locked_for_whatever_account(cast: Cast) -> None:
    for number in range(6):
        assert TOO_MANY not in attempt(f"guess-{number}")
    assert TOO_MANY in attempt("treats", PASSWORD)
    assert attempt("treats", PASSWORD, address="192.0.2.9") == ""
    assert locks() == [("", "address")]


def test_the_neighbours_of_an_ipv6_address_count_as_one(cast: Cast) -> None:
    for number in range(6):
        attempt(f"guess-{number}", address=f"2001:db8::{number + 1}")
    assert TOO_MANY in attempt("treats", PASSWORD, address="2001:db8::ffff")
    assert attempt("treats", PASSWORD, address="2001:db8:0:1::1") == ""


def test_behind_a_proxy_the_client_is_locked_not_the_proxy(cast: Cast, settings: Settings) -> None:
    settings.BEHIND_PROXY = True

    def from_client(address: str, username: str, password: str) -> str:
        proxied = Client(REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": f"192.0.2.77, {address}"})
        return proxied.post(reverse("login"), {"username": username, "password": password}).text

    for number in range(6):
        from_client("198.51.100.1", f"guess-{number}", "wrong")
    assert TOO_MANY in from_client("198.51.100.1", "treats", PASSWORD)
    assert TOO_MANY not in from_client("198.51.100.2", "treats", PASSWORD)


def test_signing_in_forgives_the_account_but_not_the_address(cast: Cast) -> None:
    for address in ("192.0.2.7", "192.0.2.8"):
        attempt("treats", address=address)
        attempt("treats", address=address)
        assert attempt("treats", PASSWORD, address=address) == ""
    # Whoever has an account of their own must not be able to guess at others' without end.
    assert lock_out.failures_of(cast.treats).count() == 0
    for number in range(6):
        attempt(f"guess-{number}")
        attempt("in_team", PASSWORD)
    assert TOO_MANY in attempt("in_team", PASSWORD)


def test_the_token_endpoint_is_locked_too_and_says_for_how_long(cast: Cast, client: Client) -> None:
    for _ in range(3):
        answer = client.post("/api/v1/token/", {"username": "treats", "password": "wrong"})
        assert answer.status_code == 400
    answer = client.post("/api/v1/token/", {"username": "treats", "password": PASSWORD})
    assert answer.status_code == 429
    assert 800 < int(answer["Retry-After"]) <= 900
    assert TOO_MANY in answer.json()["detail"]
    assert TOO_MANY in attempt("treats", PASSWORD)


def test_the_administration_has_no_door_of_its_own(cast: Cast, client: Client) -> None:
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0] == "/login/?next=/admin/"
    client.force_login(cast.treats)
    assert client.get("/admin/", follow=True).status_code == 403


def test_an_administrator_unlocks_an_account_and_an_address(cast: Cast, client: Client) -> None:
    for number in range(3):
        attempt("treats")
        attempt(f"guess-{number}")
    client.force_login(make_clinician("root", admin=True))
    page = client.get(reverse("admin:patients_clinician_change", args=[cast.treats.pk])).text
    assert "not locked" not in page
    clinicians = reverse("admin:patients_clinician_changelist")
    client.post(clinicians, {"action": "unlock", "_selected_action": [cast.treats.pk]})
    assert AuditEntry.objects.get(action=Action.UNLOCKED).detail == {"failures": 3}
    assert attempt("treats", PASSWORD, address="192.0.2.9") == ""
    for number in range(3):
        attempt(f"other-{number}")
    assert TOO_MANY in attempt("treats", PASSWORD)
    failures = reverse("admin:patients_signinfailure_changelist")
    every = list(SignInFailure.objects.values_list("pk", flat=True))
    client.post(failures, {"action": "delete_selected", "_selected_action": every, "post": "yes"})
    assert attempt("treats", PASSWORD) == ""


def test_what_was_typed_cannot_be_read_from_the_rows(cast: Cast) -> None:
    attempt("my-secret-typed-in-the-wrong-box")
    row = SignInFailure.objects.get()
    assert "secret" not in f"{row.account} {row.address} {row}"
    let_pass(minutes=16)
    attempt("treats", PASSWORD)
    assert not SignInFailure.objects.exists()


def test_attempts_on_their_way_count_already(cast: Cast) -> None:
    """Otherwise a thousand sent at once would all be tried before the first has failed."""
    on_their_way = [lock_out.begin("treats") for _ in range(3)]
    with pytest.raises(LockedOut):
        lock_out.begin("treats")
    on_their_way[0].delete()  # that one had the right password
    lock_out.begin("treats")
