"""Recordings handed in and put right through the pages: by form or script, with every refusal in words."""

from __future__ import annotations

from html import unescape
from http import HTTPStatus

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from analysis.models import Recording
from patients.models import Patient
from tests.analysis.hearing import make_course, mixture, model
from tests.cast import Cast, cast, make_patient, make_session
from tests.voices import encode, speech

__all__ = ["cast"]

CALM = [mixture(calm=0.5)]


@pytest.fixture
def treating(client: Client, cast: Cast) -> Client:
    client.force_login(cast.treats)
    return client


def session_page(client: Client, session_id: object) -> str:
    return client.get(reverse("session", args=[session_id])).content.decode()


# ── upload ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def with_model(db: None) -> None:
    model()


def wav(seconds: float = 2) -> SimpleUploadedFile:
    return SimpleUploadedFile("visit.wav", encode(speech(seconds), "wav"), "audio/wav")


FIELDS = {"held_at": "2026-01-05T10:00", "kind": "phone", "channel": "mix"}
SCRIPT = {"X-Requested-With": "XMLHttpRequest"}


@pytest.mark.usefixtures("with_model")
def test_a_plain_form_uploads_and_leads_to_the_new_session(treating: Client, cast: Cast) -> None:
    response = treating.post(reverse("upload", args=["R-0412"]), {**FIELDS, "recording": wav()})
    session = cast.patient.sessions.get()
    assert response.status_code == HTTPStatus.FOUND
    assert response["Location"] == reverse("session", args=[session.pk])
    assert session.kind == "phone"
    assert session.recordings.get().original_name == "visit.wav"


@pytest.mark.usefixtures("with_model")
def test_a_script_gets_a_line_that_follows_itself(treating: Client, cast: Cast) -> None:
    response = treating.post(
        reverse("upload", args=["R-0412"]), {**FIELDS, "recording": wav()}, headers=SCRIPT
    )
    assert response.status_code == HTTPStatus.CREATED
    line = response.content.decode()
    assert 'hx-trigger="every 1s"' in line
    assert str(cast.patient.sessions.get().pk) in line


@pytest.mark.usefixtures("with_model")
def test_files_chosen_together_share_a_session(treating: Client, cast: Cast) -> None:
    address = reverse("upload", args=["R-0412"])
    treating.post(address, {**FIELDS, "recording": wav(2)}, headers=SCRIPT)
    begun = {**FIELDS, "session": str(cast.patient.sessions.get().pk)}
    treating.post(address, {**begun, "recording": wav(3)}, headers=SCRIPT)
    assert cast.patient.sessions.get().recordings.count() == 2


@pytest.mark.usefixtures("with_model")
def test_a_session_of_another_patient_is_no_place_for_it(treating: Client, cast: Cast) -> None:
    other = make_session(cast.treats, make_patient(cast.treats, "R-9000"))
    response = treating.post(
        reverse("upload", args=["R-0412"]),
        {**FIELDS, "session": str(other.pk), "recording": wav()},
        headers=SCRIPT,
    )
    assert response.status_code == HTTPStatus.NOT_FOUND
    assert not Recording.objects.exists()


@pytest.mark.usefixtures("with_model")
@pytest.mark.parametrize("headers", [{}, SCRIPT], ids=["form", "script"])
def test_without_consent_no_session_begins(treating: Client, cast: Cast, headers: dict[str, str]) -> None:
    silent: Patient = make_patient(cast.treats, "R-9000", consents=())
    response = treating.post(
        reverse("upload", args=["R-9000"]), {**FIELDS, "recording": wav()}, headers=headers
    )
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    told = unescape(response.content.decode())
    if headers:
        assert "The patient has not agreed to the analysis of recordings. Record the consent first." in told
    else:  # the page says it in place of the form, and leads to where it can be recorded
        assert "R-9000 has not agreed to the analysis of recordings, or has withdrawn it." in told
        assert "Nothing is accepted or analysed." in told
        assert f'<a href="{reverse("consent", args=["R-9000"])}">Record the consent</a>' in told
        assert "data-upload" not in told
    assert not silent.sessions.exists()
    assert not Recording.objects.exists()


@pytest.mark.parametrize("headers", [{}, SCRIPT], ids=["form", "script"])
def test_no_file_chosen(treating: Client, cast: Cast, headers: dict[str, str]) -> None:
    response = treating.post(reverse("upload", args=["R-0412"]), FIELDS, headers=headers)
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Choose a recording first" in response.content.decode()


@pytest.mark.usefixtures("with_model")
def test_the_same_file_twice_is_recognised(treating: Client, cast: Cast) -> None:
    session = make_session(cast.treats, cast.patient)
    address = reverse("upload_to_session", args=[session.pk])
    for _ in range(2):
        response = treating.post(address, {"channel": "mix", "recording": wav()}, headers=SCRIPT)
    assert "already has this very file" in response.content.decode()
    assert session.recordings.count() == 1


@pytest.mark.usefixtures("with_model")
@pytest.mark.parametrize(
    ("name", "content", "says"),
    [("empty.wav", b"", "it is empty"), ("letter.wav", b"Dear colleague", "not a sound file")],
)
def test_what_cannot_be_heard_stays_listed_with_its_reason(
    treating: Client, cast: Cast, name: str, content: bytes, says: str
) -> None:
    session = make_session(cast.treats, cast.patient)
    upload = {"channel": "mix", "recording": SimpleUploadedFile(name, content)}
    response = treating.post(reverse("upload_to_session", args=[session.pk]), upload, headers=SCRIPT)
    assert response.status_code == HTTPStatus.CREATED
    assert says in response.content.decode()
    page = session_page(treating, session.pk)
    assert name in page
    assert says in page


@pytest.mark.usefixtures("with_model")
def test_two_voices_are_analysed_once_the_patients_channel_is_named(treating: Client, cast: Cast) -> None:
    session = make_session(cast.treats, cast.patient)
    both = encode(np.column_stack([speech(3), speech(3, clip=1)]), "wav")
    upload = {"channel": "mix", "recording": SimpleUploadedFile("both.wav", both)}
    response = treating.post(reverse("upload_to_session", args=[session.pk]), upload, headers=SCRIPT)
    assert "Which channel is the patient?" in response.content.decode()
    retry = reverse("retry_recording", args=[session.recordings.get().pk])
    again = treating.post(retry, {"channel": "right"}, headers={"HX-Request": "true"})
    assert 'data-state="queued"' in again.content.decode()
    assert session.recordings.get().patient_channel == "right"


# ── corrections ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_recording_moves_to_a_new_session_of_another_patient(treating: Client, cast: Cast) -> None:
    right = make_patient(cast.treats, "R-9000")
    session = make_course(cast.treats, cast.patient, CALM)[0]
    recording = session.recordings.get()
    address = reverse("move_recording", args=[recording.pk]) + "?to=R-9000"
    assert "Move recording to R-9000" in treating.get(address).content.decode()
    wrong = treating.post(address, {"typed_reference": "R-0412", "reason": "wrong chart"})
    assert wrong.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    response = treating.post(address, {"typed_reference": "R-9000", "reason": "wrong chart"})
    assert response.status_code == HTTPStatus.FOUND
    moved = right.sessions.get()
    assert moved.held_at == session.held_at
    assert moved.recordings.get() == recording
    assert not session.recordings.exists()


def test_a_recording_is_voided_with_a_reason(treating: Client, cast: Cast) -> None:
    session = make_course(cast.treats, cast.patient, CALM)[0]
    address = reverse("void_recording", args=[session.recordings.get().pk])
    assert treating.post(address, {"reason": " "}).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    treating.post(address, {"reason": "a test of the microphone"})
    page = session_page(treating, session.pk)
    assert "a test of the microphone" in page
    assert "data-figure" not in page
