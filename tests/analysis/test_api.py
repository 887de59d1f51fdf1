"""Recordings over REST: handed in, asked after, read, put right; and what each of the cast may do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from analysis import pipeline
from analysis.models import Analysis, Recording
from ml.labels import LABELS
from patients import enrolment
from patients.models import AuditEntry, Clinician, Consent, Session
from tests.analysis.uploads import hand_in, two_voices, uploaded
from tests.cast import Cast, make_patient, make_session
from tests.voices import encode, speech


def signed_in(clinician: Clinician) -> APIClient:
    client = APIClient()
    client.force_authenticate(clinician)
    return client


@pytest.fixture
def api(cast: Cast) -> APIClient:
    return signed_in(cast.treats)


def upload(api: APIClient, session: Session, contents: bytes, name: str = "talk.wav", **fields: str) -> Any:
    return api.post(
        f"/api/v1/sessions/{session.pk}/recordings/",
        {"recording": uploaded(name, contents), **fields},
        format="multipart",
    )


def test_a_recording_is_handed_in_heard_and_read(
    api: APIClient, transactional_db: None, session: Session
) -> None:
    answer = upload(api, session, encode(speech(8), "m4a"), "talk.m4a")
    assert answer.status_code == 201, answer.content
    assert answer.data["is_new"]
    assert answer.data["analysis"]["state"] == "queued"
    place = f"/api/v1/recordings/{answer.data['id']}/"
    assert api.get(f"{place}result/").status_code == 409
    pipeline.analyse(Analysis.objects.get().pk)
    assert api.get(place).data["analysis"]["state"] == "done"
    result = json.loads(api.get(f"{place}result/").content)
    assert result["labels"] == list(LABELS)
    assert sum(result["summary"]["probabilities"]) == pytest.approx(1, abs=1e-4)
    assert result["summary"]["duration_s"] == pytest.approx(8, abs=0.2)
    assert [set(window) for window in result["windows"][:1]] == [
        {"start", "end", "probabilities", "abstained"}
    ]
    assert AuditEntry.objects.filter(action="analysis.viewed").count() == 1


def test_the_same_file_twice_is_said_to_be_known(api: APIClient, session: Session) -> None:
    contents = encode(speech(2), "wav")
    first, second = upload(api, session, contents), upload(api, session, contents)
    assert (first.status_code, second.status_code) == (201, 200)
    assert (second.data["id"], second.data["is_new"]) == (first.data["id"], False)


@pytest.mark.parametrize(
    ("name", "contents", "reason"),
    [
        ("talk.wav", b"", "empty"),
        ("talk.wav", b"Dear colleague", "not_audio"),
        ("x.wav", None, "choose_channel"),
    ],
)
def test_what_cannot_be_heard_is_listed_with_a_sentence(
    api: APIClient, session: Session, name: str, contents: bytes | None, reason: str
) -> None:
    answer = upload(api, session, two_voices(1) if contents is None else contents, name)
    assert answer.status_code == 201
    work = answer.data["analysis"]
    assert (work["state"], work["reason"]) == ("failed", reason)
    assert work["message"].count(".") >= 2
    listed = api.get(f"/api/v1/sessions/{session.pk}/recordings/").data["results"]
    assert [recording["id"] for recording in listed] == [answer.data["id"]]


def test_a_channel_is_chosen_afterwards(api: APIClient, session: Session) -> None:
    place = f"/api/v1/recordings/{upload(api, session, two_voices(1)).data['id']}/retry/"
    assert api.post(place, {}).status_code == 400
    answer = api.post(place, {"channel": "right"})
    assert (answer.status_code, answer.data["channel"], answer.data["analysis"]["state"]) == (
        202,
        "right",
        "queued",
    )


def test_without_consent_the_answer_is_a_problem(cast: Cast, api: APIClient, session: Session) -> None:
    enrolment.withdraw_consent(by=cast.treats, patient=cast.patient, purpose=Consent.Purpose.ANALYSE)
    answer = upload(api, session, encode(speech(1), "wav"))
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert "consent" in answer.json()["detail"]
    assert not Recording.objects.exists()


def test_mistakes_are_put_right(cast: Cast, api: APIClient, session: Session) -> None:
    recording = hand_in(cast.treats, session).recording
    target = make_session(cast.treats, make_patient(cast.treats, "R-0999"))
    place = f"/api/v1/recordings/{recording.pk}/"
    assert api.post(f"{place}move/", {"to_session": str(target.pk), "reason": ""}).status_code == 400
    moved = api.post(f"{place}move/", {"to_session": str(target.pk), "reason": "wrong patient"})
    assert (moved.status_code, moved.json()["session"]) == (200, str(target.pk))
    voided = api.post(f"{place}void/", {"reason": "test call"})
    assert (voided.status_code, voided.data["void_reason"]) == (200, "test call")


def test_to_another_team_nothing_is_there(cast: Cast, session: Session) -> None:
    recording, api = hand_in(cast.treats, session).recording, signed_in(cast.outsider)
    target = make_session(cast.outsider, make_patient(cast.outsider, "R-0997"))
    place = f"/api/v1/recordings/{recording.pk}/"
    answers = [
        api.get(place),
        api.get(f"{place}result/"),
        api.post(f"{place}retry/"),
        api.post(f"{place}move/", {"to_session": str(target.pk), "reason": "mine"}),
        api.post(f"{place}void/", {"reason": "mine"}),
        api.get(f"/api/v1/sessions/{session.pk}/recordings/"),
        upload(api, session, encode(speech(1), "wav")),
        api.get("/api/v1/recordings/00000000-0000-4000-8000-000000000000/"),
    ]
    assert [answer.status_code for answer in answers] == [404] * len(answers)
    assert Recording.objects.get().session == session


def test_staff_hand_in_and_see_states_but_no_results(
    cast: Cast, transactional_db: None, session: Session
) -> None:
    api = signed_in(cast.in_team)
    recording = upload(api, session, encode(speech(5), "wav")).data["id"]
    pipeline.analyse(Analysis.objects.get().pk)
    assert api.get(f"/api/v1/recordings/{recording}/").data["analysis"]["state"] == "done"
    assert api.get(f"/api/v1/recordings/{recording}/result/").status_code == 404


def test_nobody_without_an_account(session: Session) -> None:
    assert APIClient().get(f"/api/v1/sessions/{session.pk}/recordings/").status_code == 401
