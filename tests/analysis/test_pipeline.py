"""From a kept file to one written result, by the shipped model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from analysis import pipeline, queue
from analysis.models import Analysis, Recording, Summary, WindowMatrix
from analysis.sound import audio_store
from ml.registry import UnknownModel
from patients import care, enrolment
from patients.models import Consent, Session
from tests.analysis.uploads import hand_in, two_voices, wav_header_only
from tests.cast import Cast
from tests.voices import encode, silence, speech

pytestmark = pytest.mark.django_db(transaction=True)


def heard(recording: Recording) -> Analysis:
    """The recording's analysis after a worker was told of it."""
    analysis = Analysis.objects.get(recording=recording)
    pipeline.analyse(analysis.pk)
    analysis.refresh_from_db()
    return analysis


def test_a_recording_is_heard(cast: Cast, session: Session) -> None:
    recording = hand_in(cast.treats, session).recording
    analysis = heard(recording)
    recording.refresh_from_db()
    summary, matrix = analysis.summary, analysis.matrix
    assert (analysis.state, analysis.reason, analysis.progress) == ("done", "", 1.0)
    assert sum(summary.shares) == pytest.approx(1, abs=1e-4)
    assert all(
        low <= share <= high
        for low, share, high in zip(summary.low, summary.shares, summary.high, strict=True)
    )
    assert summary.windows == matrix.count == len(matrix.starts) >= 10
    assert np.allclose(matrix.probabilities.sum(1), 1, atol=5e-3)
    assert summary.duration_s == recording.duration_s == pytest.approx(12)
    assert len(recording.peaks) == 2 * 20 * 12
    canonical, sample_rate = soundfile.read(recording.canonical.path)
    assert (sample_rate, canonical.shape) == (16_000, (12 * 16_000,))


def test_a_second_bell_changes_nothing(cast: Cast, session: Session) -> None:
    analysis = heard(hand_in(cast.treats, session).recording)
    again = heard(analysis.recording)
    assert again.finished_at == analysis.finished_at
    assert Summary.objects.count() == WindowMatrix.objects.count() == 1


@pytest.mark.parametrize(("channel", "voice"), [("left", 1), ("right", 4)])
def test_only_the_patients_channel_is_heard(cast: Cast, session: Session, channel: str, voice: int) -> None:
    both = heard(hand_in(cast.treats, session, two_voices(), channel=channel).recording)
    alone = heard(hand_in(cast.treats, session, encode(speech(12, clip=voice), "wav")).recording)
    assert np.allclose(both.matrix.probabilities, alone.matrix.probabilities, atol=2e-3)
    heard_sound = soundfile.read(both.recording.canonical.path)[0]
    assert np.allclose(heard_sound, speech(12, clip=voice), atol=1e-3)


@pytest.mark.parametrize(("seconds", "code"), [(0.0, "silent"), (0.5, "too_short")])
def test_too_little_is_a_result(cast: Cast, session: Session, seconds: float, code: str) -> None:
    waveform = np.concatenate([speech(seconds or 0.001), silence(4)]) if seconds else silence(4)
    analysis = heard(hand_in(cast.treats, session, encode(waveform, "wav")).recording)
    assert analysis.state == "done"
    assert code in analysis.summary.quality or "no_speech" in analysis.summary.quality
    assert analysis.summary.top == ""
    assert sum(analysis.summary.shares) == pytest.approx(1, abs=1e-4)


def test_a_file_that_breaks_off_fails_with_its_reason(cast: Cast, session: Session) -> None:
    analysis = heard(hand_in(cast.treats, session, wav_header_only()).recording)
    assert (analysis.state, analysis.reason, analysis.attempts) == ("failed", "cut_off", 1)
    assert not Recording.objects.get(pk=analysis.recording_id).canonical


def test_a_file_that_is_gone_from_the_storage(cast: Cast, session: Session) -> None:
    recording = hand_in(cast.treats, session).recording
    Path(recording.audio.path).unlink()
    assert heard(recording).reason == "file_missing"


def test_consent_withdrawn_while_it_waited(cast: Cast, session: Session) -> None:
    recording = hand_in(cast.treats, session).recording
    enrolment.withdraw_consent(by=cast.treats, patient=cast.patient, purpose=Consent.Purpose.ANALYSE)
    assert heard(recording).reason == "consent_withdrawn"
    assert not Summary.objects.exists()


def test_voided_while_it_waited(cast: Cast, session: Session) -> None:
    recording = hand_in(cast.treats, session).recording
    care.void_session(by=cast.treats, session=session, reason="another patient's")
    assert heard(recording).reason == "voided"


def test_a_model_that_is_gone(cast: Cast, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = hand_in(cast.treats, session).recording

    def gone(model_id: str) -> None:
        raise UnknownModel(model_id)

    monkeypatch.setattr(pipeline, "_recogniser", gone)
    assert heard(recording).reason == "model_missing"


def test_no_room_for_the_canonical_sound_is_tried_again(
    cast: Cast, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = hand_in(cast.treats, session).recording
    analysis = Analysis.objects.get(recording=recording)

    def full(*args: Any) -> None:
        raise audio_store.StorageFull

    with monkeypatch.context() as disk:
        disk.setattr(audio_store, "keep", full)
        with pytest.raises(audio_store.StorageFull):
            pipeline.analyse(analysis.pk)
    analysis.refresh_from_db()
    assert (analysis.state, analysis.attempts) == ("queued", 1)
    assert heard(recording).state == "done"


def test_a_result_is_dropped_when_the_row_is_someone_elses(
    cast: Cast, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker that slept through its lease finds, at the very end, that another one took over."""
    recording = hand_in(cast.treats, session).recording
    write_down = pipeline._write_down

    def too_late(claim: queue.Claim, analysis: Analysis, *heard: Any) -> None:
        Analysis.objects.filter(pk=claim.job_id).update(claim=None, state="queued")
        write_down(claim, analysis, *heard)

    with monkeypatch.context() as asleep:
        asleep.setattr(pipeline, "_write_down", too_late)
        pipeline.analyse(Analysis.objects.get(recording=recording).pk)
    assert not Summary.objects.exists()
    assert heard(recording).state == "done"
    assert len(list(Path(recording.canonical.storage.path("canonical")).rglob("*.flac"))) == 1


def test_a_result_that_cannot_be_written_whole_is_not_written_at_all(
    cast: Cast, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = hand_in(cast.treats, session).recording

    def breaks_off(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("the disk of the database is full")

    with monkeypatch.context() as broken:
        broken.setattr(Summary, "save", breaks_off)
        with pytest.raises(RuntimeError):
            pipeline.analyse(Analysis.objects.get(recording=recording).pk)
    assert not WindowMatrix.objects.exists()
    assert Analysis.objects.get(recording=recording).state == "queued"
    assert heard(recording).state == "done"
