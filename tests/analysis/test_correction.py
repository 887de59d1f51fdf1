"""Mistakes about recordings are put right: moved, voided, heard again; both patients' audits say so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analysis import pipeline
from analysis.correction import move_recording, retry_analysis, void_recording
from analysis.models import Analysis, Recording, Summary, WindowMatrix
from patients.access import NotVisible
from patients.errors import Refused
from patients.models import AuditEntry, Patient, Session
from tests.analysis.uploads import half_a_copy, hand_in, two_voices
from tests.cast import Cast, make_patient, make_session
from tests.voices import encode, speech


@pytest.fixture
def recording(cast: Cast, session: Session) -> Recording:
    return hand_in(cast.treats, session).recording


@pytest.fixture
def other(cast: Cast) -> Patient:
    return make_patient(cast.treats, "R-0999")


def code_of(refusal: pytest.ExceptionInfo[Refused]) -> str:
    return refusal.value.code


def test_a_recording_moves_to_the_patient_who_spoke(cast: Cast, recording: Recording, other: Patient) -> None:
    target = make_session(cast.treats, other)
    move_recording(by=cast.treats, recording=recording, to_session=target, reason="wrong patient chosen")
    assert Recording.objects.get(pk=recording.pk).session == target
    moved = AuditEntry.objects.filter(action__startswith="recording.moved")
    assert {(entry.action, entry.patient) for entry in moved} == {
        ("recording.moved_away", cast.patient),
        ("recording.moved_in", other),
    }
    assert {entry.detail["reason"] for entry in moved} == {"wrong patient chosen"}


def test_a_recording_moves_within_a_patient(cast: Cast, recording: Recording) -> None:
    target = make_session(cast.in_team, cast.patient)
    moved = move_recording(by=cast.in_team, recording=recording, to_session=target, reason="wrong date")
    assert moved.session == target


def test_moving_needs_a_reason_and_a_place(cast: Cast, recording: Recording, other: Patient) -> None:
    target = make_session(cast.treats, other)
    with pytest.raises(Refused) as refusal:
        move_recording(by=cast.treats, recording=recording, to_session=target, reason=" ")
    assert code_of(refusal) == "reason_needed"
    with pytest.raises(Refused) as refusal:
        move_recording(by=cast.treats, recording=recording, to_session=recording.session, reason="x")
    assert code_of(refusal) == "same_session"
    hand_in(cast.treats, target)
    with pytest.raises(Refused) as refusal:
        move_recording(by=cast.treats, recording=recording, to_session=target, reason="x")
    assert code_of(refusal) == "already_there"


def test_nothing_moves_to_a_patient_who_did_not_agree(cast: Cast, recording: Recording) -> None:
    silent = make_patient(cast.treats, "R-0998", consents=())
    target = make_session(cast.treats, silent)
    with pytest.raises(Refused) as refusal:
        move_recording(by=cast.treats, recording=recording, to_session=target, reason="x")
    assert code_of(refusal) == "consent_missing"
    assert Recording.objects.get(pk=recording.pk).session == recording.session


def test_nothing_moves_into_or_out_of_another_teams_care(cast: Cast, recording: Recording) -> None:
    hidden = make_patient(cast.outsider, "R-0997")
    target = make_session(cast.outsider, hidden)
    for by in (cast.treats, cast.outsider):
        with pytest.raises(NotVisible):
            move_recording(by=by, recording=recording, to_session=target, reason="x")
    assert not AuditEntry.objects.filter(action__startswith="recording.moved").exists()


def test_a_voided_recording_stays_listed_and_cannot_be_changed(cast: Cast, recording: Recording) -> None:
    void_recording(by=cast.treats, recording=recording, reason="test call")
    kept = Recording.objects.get(pk=recording.pk)
    assert (kept.is_voided, kept.voided_by, kept.void_reason) == (True, cast.treats, "test call")
    for again in (
        lambda: void_recording(by=cast.treats, recording=recording, reason="x"),
        lambda: retry_analysis(by=cast.treats, recording=recording),
    ):
        with pytest.raises(Refused) as refusal:
            again()
        assert code_of(refusal) == "voided"


def test_what_was_voided_may_be_handed_in_again(cast: Cast, session: Session, recording: Recording) -> None:
    void_recording(by=cast.treats, recording=recording, reason="wrong channel told")
    assert hand_in(cast.treats, session).is_new


def test_what_failed_is_tried_again(cast: Cast, session: Session) -> None:
    recording = hand_in(cast.treats, session, half_a_copy(), name="talk.m4a").recording
    analysis = retry_analysis(by=cast.in_team, recording=recording)
    assert (analysis.state, analysis.reason, analysis.attempts) == ("queued", "", 0)
    assert AuditEntry.objects.get(action="analysis.retried").actor == cast.in_team


def test_an_extension_that_lies_is_forgiven_once_someone_says_so(cast: Cast, session: Session) -> None:
    recording = hand_in(cast.treats, session, encode(speech(2), "flac"), name="talk.mp3").recording
    assert retry_analysis(by=cast.treats, recording=recording).state == "queued"


def test_two_voices_are_heard_once_a_channel_is_chosen(cast: Cast, session: Session) -> None:
    recording = hand_in(cast.treats, session, two_voices()).recording
    with pytest.raises(Refused) as refusal:
        retry_analysis(by=cast.treats, recording=recording)
    assert code_of(refusal) == "choose_channel"
    assert retry_analysis(by=cast.treats, recording=recording, channel="left").state == "queued"
    assert Recording.objects.get(pk=recording.pk).patient_channel == "left"


def test_what_waits_is_not_tried_again(cast: Cast, recording: Recording) -> None:
    with pytest.raises(Refused) as refusal:
        retry_analysis(by=cast.treats, recording=recording)
    assert code_of(refusal) == "in_progress"


def test_what_was_not_kept_cannot_be_heard_again(cast: Cast, session: Session) -> None:
    recording = Recording.objects.create(session=session, size_bytes=10**9, received_by=cast.treats)
    with pytest.raises(Refused) as refusal:
        retry_analysis(by=cast.treats, recording=recording)
    assert code_of(refusal) == "not_kept"


@pytest.mark.django_db(transaction=True)
def test_the_wrong_voice_is_forgotten_and_the_right_one_heard(cast: Cast, session: Session) -> None:
    recording = hand_in(cast.treats, session, two_voices(), channel="left").recording
    analysis = Analysis.objects.get(recording=recording)
    pipeline.analyse(analysis.pk)
    wrong = np.array(Summary.objects.get().shares)
    with pytest.raises(Refused) as refusal:
        retry_analysis(by=cast.treats, recording=recording)
    assert code_of(refusal) == "already_done"
    retry_analysis(by=cast.treats, recording=recording, channel="right")
    assert not Summary.objects.exists()
    assert not WindowMatrix.objects.exists()
    pipeline.analyse(analysis.pk)
    assert not np.allclose(np.array(Summary.objects.get().shares), wrong, atol=1e-3)
    kept = Recording.objects.get(pk=recording.pk).canonical
    assert list(Path(kept.storage.path("canonical")).rglob("*.flac")) == [Path(kept.path)]
