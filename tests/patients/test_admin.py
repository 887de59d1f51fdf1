"""An administrator runs the clinic without reading it, and whatever they look at is written down."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from knox.models import AuthToken

from patients.audit import Action
from patients.models import AuditEntry, Clinician, Patient
from tests.cast import Cast, make_clinician


@pytest.fixture
def admin_client(cast: Cast) -> Client:
    client = Client()
    client.force_login(make_clinician("root", admin=True))
    return client


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


@pytest.mark.parametrize("kind", ["clinician", "team", "patient", "auditentry"])
def test_each_list_opens_and_is_audited(admin_client: Client, kind: str) -> None:
    answer = admin_client.get(reverse(f"admin:patients_{kind}_changelist"))
    assert answer.status_code == 200
    latest = AuditEntry.objects.first()
    assert latest is not None
    assert (latest.action, latest.detail) == (Action.ADMIN_LISTED, {"kind": kind})


def test_the_admin_speaks_no_librarys_name(admin_client: Client) -> None:
    page = admin_client.get(reverse("admin:index")).content.decode()
    assert "API tokens" in page
    assert "Knox" not in page


def test_looking_at_a_patient_is_in_the_patients_audit(admin_client: Client, cast: Cast) -> None:
    page = admin_client.get(reverse("admin:patients_patient_change", args=[cast.patient.pk]))
    assert page.status_code == 200
    assert "R-0412" in page.content.decode()
    assert "Ada Fernweh" not in page.content.decode()
    assert AuditEntry.objects.filter(patient=cast.patient, action=Action.ADMIN_VIEWED).count() == 1


def test_changing_the_team_says_from_where_to_where(admin_client: Client, cast: Cast) -> None:
    page = reverse("admin:patients_patient_change", args=[cast.patient.pk])
    assert admin_client.post(page, {"team": cast.other_team.pk}).status_code == 302
    assert Patient.objects.get().team == cast.other_team
    entry = AuditEntry.objects.get(patient=cast.patient, action=Action.PATIENT_TRANSFERRED)
    assert entry.detail == {"from": "Affective disorders", "to": "Day hospital"}
    assert Action.ADMIN_CHANGED in actions()


def test_an_account_is_made_and_joins_a_team(admin_client: Client, cast: Cast) -> None:
    sent = {"username": "new", "usable_password": "true", "role": "staff", "email": "new@clinic.example"}
    sent |= {"password1": "long and unusual", "password2": "long and unusual"}
    assert admin_client.post(reverse("admin:patients_clinician_add"), sent).status_code == 302
    new = Clinician.objects.get(username="new")
    assert not new.sees_results
    rows = {
        "name": cast.team.name,
        "memberships-TOTAL_FORMS": 1,
        "memberships-INITIAL_FORMS": 0,
        "memberships-0-clinician": new.pk,
    }
    assert (
        admin_client.post(reverse("admin:patients_team_change", args=[cast.team.pk]), rows).status_code == 302
    )
    assert list(new.teams.all()) == [cast.team]


@pytest.mark.parametrize(
    "page", ["patient_add", "auditentry_add", "patient_delete", "clinician_delete", "auditentry_delete"]
)
def test_what_must_not_be_possible_is_not(admin_client: Client, cast: Cast, page: str) -> None:
    kind, verb = page.split("_")
    row = {"patient": cast.patient, "clinician": cast.treats, "auditentry": AuditEntry.objects.first()}[kind]
    assert row is not None
    args = [] if verb == "add" else [row.pk]
    assert admin_client.post(reverse(f"admin:patients_{page}", args=args), {"post": "yes"}).status_code == 403


def test_the_history_of_a_record_is_the_audit(admin_client: Client, cast: Cast) -> None:
    answer = admin_client.get(reverse("admin:patients_patient_history", args=[cast.patient.pk]), follow=True)
    assert answer.status_code == 200
    assert "enrolled the patient" in answer.content.decode()


def test_a_clinician_has_no_administration(cast: Cast, client: Client) -> None:
    client.force_login(cast.treats)
    assert client.get(reverse("admin:patients_patient_changelist")).status_code == 302


def test_tokens_are_seen_and_revoked_but_not_made(admin_client: Client, cast: Cast) -> None:
    row, token = AuthToken.objects.create(user=cast.treats)
    tokens = reverse("admin:knox_authtoken_changelist")
    assert row.token_key in admin_client.get(tokens).content.decode()
    assert admin_client.get(reverse("admin:knox_authtoken_add")).status_code == 403
    sent = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    assert admin_client.post(tokens, sent).status_code == 302
    assert not AuthToken.objects.exists()
    entry = AuditEntry.objects.get(action=Action.ADMIN_REMOVED)
    assert (entry.subject_id, entry.detail) == (str(cast.treats.pk), {"token": row.token_key})
    assert token not in str(entry.detail)


def test_a_new_password_by_an_administrator_revokes_tokens(admin_client: Client, cast: Cast) -> None:
    AuthToken.objects.create(user=cast.treats)
    page = reverse("admin:auth_user_password_change", args=[cast.treats.pk])
    assert admin_client.post(page, {"password1": "short", "password2": "short"}).status_code == 200
    assert AuthToken.objects.exists()
    sent = {"password1": "long and unusual", "password2": "long and unusual", "usable_password": "true"}
    assert admin_client.post(page, sent).status_code == 302
    assert not AuthToken.objects.exists()
    assert Action.ADMIN_CHANGED in actions()
