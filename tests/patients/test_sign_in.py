"""Who gets in, who does not, and that both are written down."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from knox.models import AuthToken
from pytest_django import Settings

from patients.audit import Action
from patients.models import AuditEntry, Clinician
from tests.cast import Cast
from tests.live import PASSWORD

NEW_PASSWORD = "a quite different one"


def sign_in(client: Client, username: str, password: str = PASSWORD) -> bool:
    return client.post(reverse("login"), {"username": username, "password": password}).status_code == 302


def entries(action: Action) -> list[tuple[Clinician | None, str]]:
    return [(entry.actor, entry.subject_id) for entry in AuditEntry.objects.filter(action=action)]


def test_signing_in_and_out_is_audited(cast: Cast, client: Client) -> None:
    assert sign_in(client, "treats")
    assert entries(Action.SIGNED_IN) == [(cast.treats, str(cast.treats.pk))]
    assert client.post(reverse("logout")).status_code == 302
    assert entries(Action.SIGNED_OUT) == [(cast.treats, str(cast.treats.pk))]
    assert client.get(reverse("account")).status_code == 302


def test_a_failed_attempt_is_audited_without_what_was_typed(cast: Cast, client: Client) -> None:
    assert not sign_in(client, "treats", "wrong")
    assert not sign_in(client, "my-secret-typed-in-the-wrong-box", "treats")
    assert entries(Action.SIGN_IN_FAILED) == [(None, ""), (None, str(cast.treats.pk))]
    assert not AuditEntry.objects.exclude(detail={}).filter(action=Action.SIGN_IN_FAILED).exists()


def test_the_failed_page_says_so_beside_the_form(cast: Cast, client: Client) -> None:
    page = client.post(reverse("login"), {"username": "treats", "password": "wrong"}).content.decode()
    assert 'role="alert"' in page
    assert "The user name or the password is wrong" in page
    assert "What you typed is still here" not in page  # a password is never given back


def test_the_failed_page_says_in_german_too_that_something_is_wrong(cast: Cast, client: Client) -> None:
    sent = {"username": "treats", "password": "wrong"}
    page = client.post(reverse("login"), sent, headers={"accept-language": "de"}).content.decode()
    assert "Der Benutzername oder das Passwort ist falsch." in page


def test_published_passwords_work_only_in_a_demo(cast: Cast, client: Client, settings: Settings) -> None:
    Clinician.objects.filter(pk=cast.treats.pk).update(is_demo=True)
    settings.DEMO = False
    assert not sign_in(client, "treats")
    assert client.post("/api/v1/token/", {"username": "treats", "password": PASSWORD}).status_code == 400
    settings.DEMO = True
    assert sign_in(client, "treats")
    token = client.post("/api/v1/token/", {"username": "treats", "password": PASSWORD}).json()["token"]
    outside = Client(headers={"Authorization": f"Token {token}"})
    assert outside.get("/api/v1/patients/").status_code == 200
    assert client.get(reverse("account")).status_code == 200
    settings.DEMO = False  # neither a session nor a token of the demo survives it
    assert client.get(reverse("account")).status_code == 302
    assert outside.get("/api/v1/patients/").status_code == 401


def test_an_account_that_is_switched_off_is_out_at_once(cast: Cast, client: Client) -> None:
    assert sign_in(client, "treats")
    Clinician.objects.filter(pk=cast.treats.pk).update(is_active=False)
    assert client.get(reverse("account")).status_code == 302
    assert not sign_in(Client(), "treats")


def test_changing_the_password_closes_every_other_way_in(cast: Cast, client: Client) -> None:
    elsewhere = Client()
    assert sign_in(client, "treats")
    assert sign_in(elsewhere, "treats")
    AuthToken.objects.create(user=cast.treats)
    sent = {"old_password": PASSWORD, "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    assert client.post(reverse("password_change"), sent).status_code == 302
    assert client.get(reverse("account")).status_code == 200
    assert elsewhere.get(reverse("account")).status_code == 302
    assert not AuthToken.objects.exists()
    assert entries(Action.PASSWORD_CHANGED) == [(cast.treats, str(cast.treats.pk))]


def test_a_weak_password_is_refused_with_reasons(cast: Cast, client: Client) -> None:
    client.force_login(cast.treats)
    sent = {"old_password": PASSWORD, "new_password1": "123", "new_password2": "123"}
    page = client.post(reverse("password_change"), sent).content.decode()
    assert "too short" in page
    assert Clinician.objects.get(pk=cast.treats.pk).check_password(PASSWORD)


def test_a_forgotten_password_is_replaced_through_a_mailed_link(cast: Cast, client: Client) -> None:
    assert client.post(reverse("password_reset"), {"email": cast.treats.email}).status_code == 302
    (message,) = mail.outbox
    assert message.to == [cast.treats.email]
    link = re.search(r"https?://[^/]+(/\S+)", str(message.body))
    assert link is not None
    page = client.get(link[1], follow=True)
    sent = {"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    assert client.post(page.request["PATH_INFO"], sent, follow=True).status_code == 200
    assert sign_in(client, "treats", NEW_PASSWORD)
    assert "no longer works" in Client().get(link[1], follow=True).content.decode()


def test_an_unknown_address_is_answered_alike(cast: Cast, client: Client) -> None:
    answers = [
        re.sub(
            r"[0-9A-Za-z]{64}", "", client.post(reverse("password_reset"), {"email": email}, follow=True).text
        )
        for email in (cast.treats.email, "nobody@clinic.example")
    ]
    assert answers[0] == answers[1]
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("is_demo", [True, False])
def test_without_a_mail_server_it_says_where_the_message_went(
    cast: Cast, client: Client, settings: Settings, tmp_path: Path, is_demo: bool
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path)
    settings.DEMO = is_demo
    page = client.post(reverse("password_reset"), {"email": cast.treats.email}, follow=True).content.decode()
    assert len(list(tmp_path.iterdir())) == 1
    assert "no mail server" in page
    assert (str(tmp_path) in page) == is_demo


def test_tokens_are_shown_once_and_revoked(cast: Cast, client: Client) -> None:
    client.force_login(cast.treats)
    page = client.post(reverse("create_token"))
    shown = re.search(r"<code[^>]*>([0-9a-f]{64})</code>", page.content.decode())
    assert shown is not None
    assert "no-store" in page["Cache-Control"]
    assert shown[1] not in client.get(reverse("account")).content.decode()
    outside = Client(headers={"Authorization": f"Token {shown[1]}"})
    assert outside.get("/api/v1/patients/").status_code == 200
    stranger = Client()
    stranger.force_login(cast.outsider)
    revoke = reverse("revoke_token", args=[shown[1][:15]])
    assert stranger.post(revoke).status_code == 404
    assert client.post(revoke).status_code == 302
    assert outside.get("/api/v1/patients/").status_code == 401
