"""The REST interface: the same doors as the pages, problems as problem details."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from patients.audit import Action
from patients.models import AuditEntry, Patient, Session
from tests.cast import Cast, make_patient, make_session
from tests.live import PASSWORD

PATIENTS = "/api/v1/patients/"


@pytest.fixture
def api(cast: Cast) -> APIClient:
    client = APIClient()
    client.force_authenticate(cast.treats)
    return client


def as_outsider(cast: Cast) -> APIClient:
    client = APIClient()
    client.force_authenticate(cast.outsider)
    return client


def test_a_token_is_had_for_a_password(cast: Cast) -> None:
    client = APIClient()
    refused = client.post("/api/v1/token/", {"username": "treats", "password": "wrong"})
    assert refused.status_code == 400
    assert refused["Content-Type"] == "application/problem+json"
    assert AuditEntry.objects.filter(action=Action.SIGN_IN_FAILED).count() == 1
    given = client.post("/api/v1/token/", {"username": "treats", "password": PASSWORD})
    assert given.status_code == 201
    client.credentials(HTTP_AUTHORIZATION=f"Token {given.data['token']}")
    assert [row["reference"] for row in client.get(PATIENTS).data["results"]] == ["R-0412"]


def test_without_a_token_there_is_nothing(cast: Cast) -> None:
    answer = APIClient().get(PATIENTS)
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"


def test_lists_are_of_ones_own_patients_and_constant_in_queries(
    cast: Cast, api: APIClient, django_assert_num_queries: Any
) -> None:
    make_patient(cast.outsider, "R-0900")
    with django_assert_num_queries(3):  # audit, patients, consents
        assert len(api.get(PATIENTS).data["results"]) == 1
    for number in range(5):
        make_patient(cast.treats, f"R-050{number}")
    with django_assert_num_queries(3):
        assert len(api.get(PATIENTS).data["results"]) == 6


def test_enrolling_and_amending(api: APIClient) -> None:
    sent: dict[str, Any] = {"purpose": "care", "reference": "R-0500", "birth_year": 1980, "language": "de"}
    sent |= {"consents": ["analyse"]}
    made = api.post(PATIENTS, sent)
    assert made.status_code == 201, made.data
    assert (made.data["team"], made.data["consents"]) == ("Affective disorders", ["analyse"])
    amended = api.patch(f"{PATIENTS}R-0500/", {"notes": "prefers mornings", "team": "Day hospital"})
    assert (amended.data["notes"], amended.data["team"]) == ("prefers mornings", "Affective disorders")
    assert api.put(f"{PATIENTS}R-0500/", sent).status_code == 405
    assert api.delete(f"{PATIENTS}R-0500/").status_code == 405


def test_a_taken_reference_is_a_problem_with_a_pointer(api: APIClient) -> None:
    answer = api.post(PATIENTS, {"purpose": "care", "reference": "R-0412"})
    assert answer.status_code == 400
    (error,) = answer.data["errors"]
    assert error["pointer"] == "/reference"
    assert "already in use" in error["detail"]
    assert Patient.objects.count() == 1


def test_a_team_of_others_is_refused(cast: Cast, api: APIClient) -> None:
    answer = api.post(PATIENTS, {"purpose": "care", "reference": "R-0500", "team": cast.other_team.name})
    assert answer.data["errors"][0] == {
        "pointer": "/team",
        "detail": "You can enrol patients only into a team of yours.",
        "code": "not_your_team",
    }


def test_in_two_teams_one_must_be_named(cast: Cast, api: APIClient) -> None:
    cast.treats.teams.add(cast.other_team)
    sent = {"purpose": "care", "reference": "R-0500"}
    assert api.post(PATIENTS, sent).data["errors"][0]["pointer"] == "/team"
    assert api.post(PATIENTS, {**sent, "team": "Day hospital"}).status_code == 201


def test_consents(api: APIClient) -> None:
    consents = f"{PATIENTS}R-0412/consents/"
    assert {row["purpose"] for row in api.get(consents).data} == {"analyse", "keep_audio"}
    assert api.post(consents, {"purpose": "train"}).status_code == 201
    assert api.delete(f"{consents}train/").status_code == 204
    assert api.delete(f"{consents}train/").data["errors"][0]["code"] == "no_consent"
    assert api.get(f"{PATIENTS}R-0412/").data["consents"] == ["analyse", "keep_audio"]


def test_sessions(cast: Cast, api: APIClient) -> None:
    sessions = f"{PATIENTS}R-0412/sessions/"
    lacking = api.post(sessions, {}).data["errors"]
    assert {error["pointer"] for error in lacking} == {"/held_at", "/kind"}
    made = api.post(sessions, {"held_at": "2025-03-03T10:00:00Z", "kind": "phone"})
    assert made.status_code == 201, made.data
    assert made.data["patient"] == "R-0412"
    one = f"/api/v1/sessions/{made.data['id']}/"
    assert api.get(one).data == api.get(sessions).data["results"][0] == made.data
    assert api.post(f"{one}void/", {}).data["errors"][0]["pointer"] == "/reason"
    assert api.post(f"{one}void/", {"reason": "mix-up"}).data["void_reason"] == "mix-up"
    assert Session.objects.get().voided_by == cast.treats


def test_reading_is_audited(cast: Cast, api: APIClient) -> None:
    session = make_session(cast.treats, cast.patient)
    before = AuditEntry.objects.count()
    for address in (
        PATIENTS,
        f"{PATIENTS}R-0412/",
        f"{PATIENTS}R-0412/sessions/",
        f"/api/v1/sessions/{session.pk}/",
    ):
        api.get(address)
    seen = AuditEntry.objects.order_by("id")[before:]
    assert [entry.action for entry in seen] == [
        Action.CASELOAD_VIEWED,
        Action.PATIENT_VIEWED,
        Action.PATIENT_VIEWED,
        Action.SESSION_VIEWED,
    ]


def test_hidden_and_absent_are_answered_alike(cast: Cast) -> None:
    outsider = as_outsider(cast)
    hidden = outsider.get(f"{PATIENTS}R-0412/")
    absent = outsider.get(f"{PATIENTS}R-9999/")
    assert hidden.status_code == absent.status_code == 404
    assert hidden.data["detail"] == absent.data["detail"]
