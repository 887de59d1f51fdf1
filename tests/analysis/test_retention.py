"""Sound that nobody agreed to keep goes after a day; so does what killed processes left behind."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from analysis.models import Analysis, Recording
from analysis.sound import retention
from patients import enrolment
from patients.models import AuditEntry, Consent, Session
from tests.analysis.hearing import make_heard, mixture
from tests.analysis.uploads import half_a_copy, hand_in
from tests.cast import Cast, make_patient, make_session

TWO_DAYS = timedelta(days=2)


@pytest.fixture(autouse=True)
def uploads(settings: Settings, tmp_path: Path) -> Path:
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "uploads"
    settings.FILE_UPLOAD_TEMP_DIR.mkdir()
    return tmp_path / "uploads"


def heard_long_ago(cast: Cast, session: Session) -> Recording:
    analysis = make_heard(cast.treats, session, mixture(sad=0.5), with_sound=True)
    Analysis.objects.filter(pk=analysis.pk).update(finished_at=timezone.now() - TWO_DAYS)
    return analysis.recording


@pytest.fixture
def private(cast: Cast) -> Session:
    """A session of a patient who agreed to analysis, and not to the keeping of sound."""
    patient = make_patient(cast.treats, "R-0500", consents=(Consent.Purpose.ANALYSE,))
    return make_session(cast.treats, patient)


def test_sound_goes_where_nobody_agreed_to_keep_it(cast: Cast, private: Session) -> None:
    recording = heard_long_ago(cast, private)
    paths = [Path(recording.audio.path), Path(recording.canonical.path)]
    assert all(path.exists() for path in paths)
    assert retention.forget_sound() == 1
    recording.refresh_from_db()
    assert (recording.audio.name, recording.canonical.name) == ("", "")
    assert not any(path.exists() for path in paths)
    assert Analysis.objects.get(recording=recording).summary.shares
    removed = AuditEntry.objects.get(action="recording.sound_removed")
    assert (removed.patient, removed.actor) == (private.patient, None)
    assert retention.forget_sound() == 0


def test_sound_stays_where_the_patient_agreed(cast: Cast, session: Session) -> None:
    heard_long_ago(cast, session)
    assert retention.forget_sound() == 0


def test_a_withdrawal_takes_effect_after_a_day(cast: Cast, session: Session) -> None:
    heard_long_ago(cast, session)
    enrolment.withdraw_consent(by=cast.treats, patient=cast.patient, purpose=Consent.Purpose.KEEP_AUDIO)
    assert retention.forget_sound() == 0
    Consent.objects.filter(purpose="keep_audio").update(withdrawn_at=timezone.now() - TWO_DAYS)
    enrolment.give_consent(by=cast.treats, patient=cast.patient, purpose=Consent.Purpose.KEEP_AUDIO)
    assert retention.forget_sound() == 0
    Consent.objects.filter(purpose="keep_audio").update(withdrawn_at=timezone.now() - TWO_DAYS)
    assert retention.forget_sound() == 1


def test_what_is_yet_to_be_heard_is_not_taken_away(cast: Cast, private: Session) -> None:
    hand_in(cast.treats, private)
    hand_in(cast.treats, private, half_a_copy(), name="talk.m4a")
    make_heard(cast.treats, private, mixture(sad=0.5), with_sound=True)
    assert retention.forget_sound() == 0


def aged(path: Path) -> Path:
    two_days_ago = time.time() - TWO_DAYS.total_seconds()
    os.utime(path, (two_days_ago, two_days_ago))
    return path


def test_leftovers_go_and_what_is_known_or_fresh_stays(
    cast: Cast, session: Session, uploads: Path, media: Path
) -> None:
    kept = Path(hand_in(cast.treats, session).recording.audio.path)
    aged(kept)
    fresh = [uploads / "fresh.upload", kept.parent / "fresh"]
    stale = [uploads / "stale.upload", kept.parent / "stale"]
    for path in (*fresh, *stale):
        path.write_bytes(b"sound")
    folder = uploads / "hearing-x"
    folder.mkdir()
    (folder / "canonical.flac").write_bytes(b"sound")
    stale.append(folder)
    for path in stale:
        aged(path)
    retention.tidy()
    assert all(path.exists() for path in (kept, *fresh))
    assert not any(path.exists() for path in stale)
