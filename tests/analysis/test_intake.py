"""What is handed in is kept and queued, or stays listed with its reason; only what must not be is refused."""

from __future__ import annotations

import errno
import hashlib
from pathlib import Path

import numpy as np
import pytest
from celery import current_app
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage
from django.db import DatabaseError
from django.db.models import Model
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from analysis import governance, intake
from analysis.models import Analysis, Recording
from patients import care, enrolment
from patients.access import NotVisible
from patients.errors import Refused
from patients.models import AuditEntry, Consent, Session
from tests.analysis.uploads import half_a_copy, hand_in, two_voices, unreadable
from tests.cast import Cast
from tests.voices import KINDS, encode, silence, speech, video_only


def files(media: Path) -> list[Path]:
    return [path for path in media.rglob("*") if path.is_file()]


def work_on(recording: Recording) -> Analysis:
    analysis = recording.latest_analysis
    assert analysis is not None
    return analysis


@pytest.mark.parametrize("kind", KINDS)
def test_what_phones_and_browsers_make_is_queued(cast: Cast, session: Session, kind: str) -> None:
    contents = encode(speech(4), kind)
    receipt = hand_in(cast.treats, session, contents, name=f"talk.{kind}")
    recording = Recording.objects.get(pk=receipt.recording.pk)
    assert receipt.is_new
    assert work_on(recording).state == Analysis.State.QUEUED, work_on(recording).reason
    assert recording.audio.read() == contents
    assert recording.sha256 == hashlib.sha256(contents).hexdigest()
    assert (recording.size_bytes, recording.channels) == (len(contents), 1)
    assert "talk" not in str(recording.audio.name)
    received = AuditEntry.objects.get(action="recording.received")
    assert (received.actor, received.patient) == (cast.treats, cast.patient)


BAD = {
    "empty": ("talk.wav", b""),
    "not_audio": ("talk.wav", unreadable("random")),
    "cut_off": ("talk.m4a", half_a_copy()),
    "no_audio_stream": ("film.mp4", video_only()),
    "wrong_extension": ("talk.mp3", encode(speech(2), "flac")),
    "choose_channel": ("both.wav", two_voices(2)),
}


@pytest.mark.parametrize("reason", BAD)
def test_what_cannot_be_analysed_stays_listed_with_its_reason(
    cast: Cast, session: Session, reason: str
) -> None:
    name, contents = BAD[reason]
    recording = hand_in(cast.treats, session, contents, name=name).recording
    analysis = work_on(recording)
    assert (analysis.state, analysis.reason) == (Analysis.State.FAILED, reason)
    assert analysis.can_be_retried
    assert AuditEntry.objects.get(action="recording.refused").detail == {"reason": reason}


def test_text_with_the_name_of_a_recording_is_no_recording(cast: Cast, session: Session) -> None:
    recording = hand_in(cast.treats, session, unreadable("text")).recording
    assert work_on(recording).reason == "not_audio"


def test_too_large_is_listed_but_not_kept(
    cast: Cast, session: Session, settings: Settings, media: Path
) -> None:
    settings.MAX_UPLOAD_BYTES = 1000
    recording = hand_in(cast.treats, session).recording
    assert work_on(recording).reason == "too_large"
    assert not work_on(recording).can_be_retried
    assert not files(media)


def test_the_same_file_twice_is_recognised(cast: Cast, session: Session, media: Path) -> None:
    first, second = hand_in(cast.treats, session), hand_in(cast.in_team, session, name="renamed.wav")
    assert (first.is_new, second.is_new) == (True, False)
    assert first.recording.pk == second.recording.pk
    assert len(files(media)) == Recording.objects.count() == Analysis.objects.count() == 1


def test_a_chosen_channel_is_queued(cast: Cast, session: Session) -> None:
    recording = hand_in(cast.treats, session, two_voices(), channel="right").recording
    assert work_on(recording).state == Analysis.State.QUEUED
    assert (recording.channels, recording.patient_channel) == (2, "right")


def test_a_channel_chosen_for_one_voice_means_that_voice(cast: Cast, session: Session) -> None:
    recording = hand_in(cast.treats, session, channel="right").recording
    assert (work_on(recording).state, recording.patient_channel) == ("queued", "mix")


def test_without_consent_nothing_is_taken(cast: Cast, session: Session, media: Path) -> None:
    enrolment.withdraw_consent(by=cast.treats, patient=cast.patient, purpose=Consent.Purpose.ANALYSE)
    with pytest.raises(Refused) as refusal:
        hand_in(cast.treats, session)
    assert refusal.value.code == "consent_missing"
    assert not Recording.objects.exists()
    assert not files(media)


def test_a_voided_session_and_a_discharged_patient_take_nothing(cast: Cast, session: Session) -> None:
    care.discharge(by=cast.treats, patient=cast.patient, reason="moved away")
    with pytest.raises(Refused) as refusal:
        hand_in(cast.treats, session)
    assert refusal.value.code == "discharged"
    care.readmit(by=cast.treats, patient=cast.patient, reason="came back")
    care.void_session(by=cast.treats, session=session, reason="test call")
    with pytest.raises(Refused) as refusal:
        hand_in(cast.treats, session)
    assert refusal.value.code == "session_voided"


def test_to_another_team_the_session_does_not_exist(cast: Cast, session: Session) -> None:
    with pytest.raises(NotVisible):
        hand_in(cast.outsider, session)
    assert not Recording.objects.exists()


def test_a_full_disk_leaves_no_half_of_anything(
    cast: Cast, session: Session, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = FileSystemStorage.save

    def breaks_off(self: FileSystemStorage, name: str, content: File[bytes]) -> str:
        Path(self.path(save(self, name, content))).write_bytes(b"half of it")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(FileSystemStorage, "save", breaks_off)
    with pytest.raises(Refused) as refusal:
        hand_in(cast.treats, session)
    assert refusal.value.code == "storage_full"
    assert "administrator" in str(refusal.value)
    assert not Recording.objects.exists()
    assert not files(media)


@pytest.mark.parametrize("row", [Recording, Analysis, AuditEntry])
def test_a_database_that_breaks_off_leaves_no_half_of_anything(
    cast: Cast, session: Session, media: Path, monkeypatch: pytest.MonkeyPatch, row: type[Model]
) -> None:
    governance.active_model()

    def breaks_off(self: Model, *args: object, **kwargs: object) -> None:
        raise DatabaseError("disk full")

    monkeypatch.setattr(row, "save", breaks_off)
    with pytest.raises(DatabaseError):
        hand_in(cast.treats, session)
    assert not Recording.objects.exists()
    assert not Analysis.objects.exists()
    assert not files(media)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("C:\\Users\\x\\talk.wav", "talk.wav"),
        ("../../etc/talk.wav", "talk.wav"),
        ("a\x00b\n.wav", "ab.wav"),
        ("ä" * 300 + ".wav", "ä" * 196 + ".wav"),
        ("Gespräch vom 3. Mai.m4a", "Gespräch vom 3. Mai.m4a"),
    ],
)
def test_names_are_kept_plain(sent: str, kept: str) -> None:
    assert intake._plain(sent) == kept


def test_silence_is_a_recording(cast: Cast, session: Session) -> None:
    receipt = hand_in(cast.treats, session, encode(silence(3), "wav"))
    assert work_on(receipt.recording).state == Analysis.State.QUEUED


def test_a_broker_that_is_down_is_no_reason_to_refuse(
    cast: Cast,
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    def down(*args: object, **kwargs: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(current_app, "send_task", down)
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        recording = hand_in(cast.treats, session, encode(np.resize(speech(), 32_000), "wav")).recording
    assert len(callbacks) == 1
    analysis = work_on(recording)
    assert (analysis.state, analysis.rung_at) == (Analysis.State.QUEUED, None)
