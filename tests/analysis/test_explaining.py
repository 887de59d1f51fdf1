"""Why a moment sounded as it did: asked once, worked out by a worker from the kept sound, then kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis import pipeline, queue, tasks
from analysis.correction import retry_analysis, void_recording
from analysis.explaining import answering, enquiry
from analysis.judging.judgement import judge
from analysis.models import Analysis, Explanation, Judgement, Recording, WindowMatrix
from analysis.sound import retention
from ml.labels import LABELS
from ml.registry import load_card
from patients import enrolment
from patients.access import NotVisible
from patients.errors import Refused
from patients.models import AuditEntry, Consent, Session
from tests.analysis.uploads import hand_in, two_voices
from tests.cast import Cast, make_clinician
from tests.voices import encode, speech

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def heard(cast: Cast, session: Session) -> Analysis:
    return hear(hand_in(cast.treats, session, encode(speech(8), "m4a"), name="talk.m4a").recording)


def hear(recording: Recording) -> Analysis:
    analysis = Analysis.objects.get(recording=recording)
    pipeline.analyse(analysis.pk)
    return Analysis.objects.get(pk=analysis.pk)


def explained(asked: Explanation) -> Explanation:
    answering.explain_window(asked.pk)
    return Explanation.objects.get(pk=asked.pk)


def test_a_window_is_explained_by_the_model_that_heard_it(cast: Cast, heard: Analysis) -> None:
    window = heard.matrix.count // 2
    done = explained(enquiry.ask_why(by=cast.treats, analysis=heard, window=window))
    assert (done.state, done.reason) == ("done", "")
    kept = heard.matrix.probabilities[window]
    assert done.label == LABELS[int(kept.argmax())]
    assert done.reading["shares"] == pytest.approx(kept.tolist(), abs=1e-3)
    assert done.reading["start_s"] == heard.matrix.starts[window]
    assert done.reading["completeness_error"] < 0.03
    assert done.reading["model_id"] == heard.model_version.model_id
    assert done.bands == len(done.reading["hertz"]) == 64
    assert done.frames == 301
    levels = np.frombuffer(done.packed_levels, np.uint8).reshape(done.bands, done.frames)
    saliency = np.frombuffer(done.packed_saliency, np.int8).reshape(done.bands, done.frames)
    assert levels.max() == 255
    assert np.abs(saliency).max() == 127
    weights = [region["weight"] for region in done.reading["regions"]]
    assert weights == sorted(weights, key=abs, reverse=True)
    assert all(abs(weight) <= 1 for weight in weights)


def test_every_window_is_heard_again_as_it_was(cast: Cast, heard: Analysis, monkeypatch: Any) -> None:
    """The first, the last, which ends with the recording, and one between: frames and edges are the same."""
    monkeypatch.setattr(answering, "SURE_ENOUGH", 0.01)
    for window in (0, 3, heard.matrix.count - 1):
        asked = enquiry.ask_why(by=cast.treats, analysis=heard, window=window)
        assert explained(asked).state == "done"


def test_a_recording_shorter_than_a_window_is_explained(
    cast: Cast, session: Session, monkeypatch: Any
) -> None:
    monkeypatch.setattr(answering, "SURE_ENOUGH", 0.01)
    heard = hear(hand_in(cast.treats, session, encode(speech(1.7), "wav")).recording)
    assert explained(enquiry.ask_why(by=cast.treats, analysis=heard, window=0)).state == "done"


def test_it_is_worked_out_once_and_found_again(cast: Cast, heard: Analysis) -> None:
    first = explained(enquiry.ask_why(by=cast.treats, analysis=heard, window=2))
    colleague = make_clinician("colleague", team=cast.team)
    again = enquiry.ask_why(by=colleague, analysis=heard, window=2)
    assert (again.pk, again.state) == (first.pk, "done")
    assert explained(first).finished_at == first.finished_at
    entry = AuditEntry.objects.get(action="explanation.asked")
    assert (entry.actor, entry.patient) == (cast.treats, cast.patient)


def test_the_bell_is_its_own(cast: Cast, heard: Analysis) -> None:
    asked = enquiry.ask_why(by=cast.treats, analysis=heard, window=2)
    assert queue.BELLS[Explanation] == "analysis.tasks.explain" == tasks.explain.name
    tasks.explain(str(asked.pk))
    assert Explanation.objects.get(pk=asked.pk).state == "done"


def test_only_windows_that_there_are(cast: Cast, heard: Analysis) -> None:
    for window in (-1, heard.matrix.count):
        with pytest.raises(Refused) as refusal:
            enquiry.ask_why(by=cast.treats, analysis=heard, window=window)
        assert refusal.value.code == "no_window"
    assert not Explanation.objects.exists()


def test_who_sees_no_results_asks_nothing(cast: Cast, heard: Analysis) -> None:
    for nobody in (cast.in_team, cast.outsider):
        with pytest.raises(NotVisible):
            enquiry.ask_why(by=nobody, analysis=heard, window=0)


def withdraw(cast: Cast, heard: Analysis) -> None:
    enrolment.withdraw_consent(by=cast.treats, patient=cast.patient, purpose=Consent.Purpose.ANALYSE)


def void(cast: Cast, heard: Analysis) -> None:
    void_recording(by=cast.treats, recording=heard.recording, reason="test call")


def forget(cast: Cast, heard: Analysis) -> None:
    Recording.objects.update(canonical="", audio="")


@pytest.mark.parametrize(
    ("change", "code"), [(withdraw, "consent_withdrawn"), (void, "voided"), (forget, "not_kept")]
)
def test_what_stands_against_it_is_said_at_once_and_also_later(
    cast: Cast, heard: Analysis, change: Any, code: str
) -> None:
    asked = enquiry.ask_why(by=cast.treats, analysis=heard, window=1)
    change(cast, heard)
    ended = explained(asked)
    assert (ended.state, ended.reason, ended.attempts) == ("failed", code, 1)
    with pytest.raises(Refused) as refusal:
        enquiry.ask_why(by=cast.treats, analysis=heard, window=2)
    assert refusal.value.code == code


def test_what_failed_is_tried_again(cast: Cast, heard: Analysis, tmp_path: Path, monkeypatch: Any) -> None:
    with monkeypatch.context() as gone:
        gone.setattr(answering, "load_card", lambda *_: load_card("nowhere-00000000", tmp_path))
        asked = enquiry.ask_why(by=cast.treats, analysis=heard, window=1)
        assert explained(asked).reason == "model_missing"
    again = enquiry.ask_why(by=cast.treats, analysis=heard, window=1)
    assert (again.pk, again.state, again.attempts) == (asked.pk, "queued", 0)
    assert explained(again).state == "done"


def test_a_reason_that_is_not_this_hearings_is_not_shown(cast: Cast, heard: Analysis) -> None:
    """Whatever makes the kept estimate and the sound part ways: no picture that explains something else."""
    matrix = WindowMatrix.objects.get(analysis=heard)
    shares = np.roll(matrix.probabilities, 1, axis=1)
    WindowMatrix.objects.update(packed_probabilities=shares.astype("<f2").tobytes())
    ended = explained(enquiry.ask_why(by=cast.treats, analysis=heard, window=1))
    assert (ended.state, ended.reason) == ("failed", "not_reproduced")


def test_with_the_sound_goes_its_picture(cast: Cast, heard: Analysis) -> None:
    explained(enquiry.ask_why(by=cast.treats, analysis=heard, window=1))
    enrolment.withdraw_consent(by=cast.treats, patient=cast.patient, purpose=Consent.Purpose.KEEP_AUDIO)
    long_ago = "2020-01-01T00:00:00+00:00"
    Consent.objects.filter(purpose=Consent.Purpose.KEEP_AUDIO).update(withdrawn_at=long_ago)
    Analysis.objects.update(finished_at=long_ago)
    assert retention.forget_sound() == 1
    assert not Explanation.objects.exists()


def test_the_wrong_voice_takes_its_picture_along_and_leaves_what_was_said(
    cast: Cast, session: Session
) -> None:
    heard = hear(hand_in(cast.treats, session, two_voices(5), channel="left").recording)
    explained(enquiry.ask_why(by=cast.treats, analysis=heard, window=0))
    said = judge(by=cast.treats, session=session, analysis=heard, start_s=1, end_s=3, verdict="agree")
    retry_analysis(by=cast.treats, recording=heard.recording, channel="right")
    assert not Explanation.objects.exists()
    kept = Judgement.objects.get(pk=said.pk)
    assert (kept.withdrawn_by, kept.verdict, kept.heard) == (cast.treats, "agree", said.heard)
