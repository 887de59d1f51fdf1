"""A disk that fills up while a recording arrives: a sentence, nothing half-kept, and room given back."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import Settings
from rest_framework.test import APIClient

from analysis.models import Recording
from analysis.sound.upload_handler import ArrivingFile
from patients.models import Session
from tests.cast import Cast


@pytest.fixture
def arriving(settings: Settings, tmp_path: Path) -> Path:
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "arriving"
    (tmp_path / "arriving").mkdir()
    return tmp_path / "arriving"


def hand_in(cast: Cast, session: Session) -> tuple[int, str]:
    api = APIClient()
    api.force_authenticate(cast.treats)
    sound = SimpleUploadedFile("talk.wav", bytes(1_000_000))
    answer = api.post(f"/api/v1/sessions/{session.pk}/recordings/", {"recording": sound}, format="multipart")
    return answer.status_code, answer.content.decode()


def test_an_upload_that_finds_room_arrives_whole(cast: Cast, session: Session, arriving: Path) -> None:
    status, _body = hand_in(cast, session)
    assert status == 201
    assert Recording.objects.get().size_bytes == 1_000_000
    assert not list(arriving.iterdir())


def test_a_full_disk_is_said_in_a_sentence(
    cast: Cast, session: Session, arriving: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = 0

    def fills_up(self: ArrivingFile, contents: bytes) -> int:
        nonlocal written
        written += len(contents)
        if written > 300_000:
            raise OSError(errno.ENOSPC, "No space left on device")
        return int(self.file.write(contents)) if self.file else 0

    monkeypatch.setattr(ArrivingFile, "write", fills_up)
    status, body = hand_in(cast, session)
    assert status == 400
    assert "no room left" in body
    assert not Recording.objects.exists()
    assert not list(arriving.iterdir())


def test_another_fault_of_the_disk_is_not_hidden(
    cast: Cast, session: Session, arriving: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: ArrivingFile, contents: bytes) -> int:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(ArrivingFile, "write", broken)
    with pytest.raises(OSError, match="Input/output"):
        hand_in(cast, session)
