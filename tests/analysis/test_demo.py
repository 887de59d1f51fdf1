"""The demo clinic: invented patients out of labelled clips, heard by the real pipeline, apart from others."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from io import StringIO

import numpy as np
import pytest
import soundfile
from django.core.management import CommandError, call_command
from django.utils import timezone

from analysis.demo import compose as composing
from analysis.demo.compose import CLIPS, compose
from analysis.demo.plan import LOGINS, PlannedSession, read_clinic
from analysis.demo.prepare_clips import is_wanted
from analysis.models import Alert, Analysis, Recording, Summary
from ml.corpora.catalogue import CORPORA
from ml.labels import Emotion
from patients.models import Clinician, CourseEvent, Patient, QuestionnaireResponse, Session
from patients.questionnaires.notices import waiting
from tests.cast import Cast

TODAY = datetime(2026, 3, 2, 10, tzinfo=UTC)
CLINIC = read_clinic()


def sessions(reference: str, today: datetime = TODAY) -> list[PlannedSession]:
    patient = next(p for p in CLINIC.patients if p.reference == reference)
    return list(patient.planned(today=today, days=CLINIC.days, seed=CLINIC.seed))


def test_the_clips_are_few_free_and_apart_from_every_training() -> None:
    clips = sorted(CLIPS.glob("*.ogg"))
    assert all(is_wanted(clip.stem) for clip in clips)
    assert {f"emodb-{clip.name[:2]}" for clip in clips} == CORPORA["emodb"].reserved
    assert sum(clip.stat().st_size for clip in clips) < 5_000_000
    assert all(soundfile.info(clip).channels == 1 for clip in clips)


def test_six_patients_over_three_months_in_the_past() -> None:
    assert len({p.reference for p in CLINIC.patients}) == 6
    for patient in CLINIC.patients:
        planned = sessions(patient.reference)
        dates = [session.held_at for session in planned]
        assert dates == sorted(dates)
        assert max(dates) < TODAY
        assert all(date.weekday() < 5 for date in dates)
        assert all(sum(session.mix.values()) == pytest.approx(1) for session in planned)
    spans = [
        (sessions(p.reference)[-1].held_at - sessions(p.reference)[0].held_at).days for p in CLINIC.patients
    ]
    assert sorted(spans)[1] >= 70  # all but the one who has just come


def test_one_improves_and_one_worsens_by_the_corpus_labels() -> None:
    low = {Emotion.SAD, Emotion.FEARFUL, Emotion.ANGRY}

    def burden(reference: str) -> list[float]:
        return [sum(share for e, share in s.mix.items() if e in low) for s in sessions(reference)]

    better, worse, same = burden("R-0107"), burden("R-0112"), burden("R-0119")
    assert np.mean(better[:3]) > 0.6 > 0.3 > np.mean(better[-3:])
    assert np.mean(worse[:3]) < 0.3 < 0.6 < np.mean(worse[-3:])
    assert abs(np.mean(same[:3]) - np.mean(same[-3:])) < 0.15


def test_a_session_holds_the_speech_that_was_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    planned = sessions("R-0119")[0]
    spoken: dict[Emotion, float] = {}
    runs = composing._runs

    def counted(sentences: list[composing.Waveform], seconds: float, rng: np.random.Generator) -> object:
        chosen = runs(sentences, seconds, rng)
        emotion = next(e for e, s in composing._voice("03").items() if s is sentences)
        spoken[emotion] = sum(len(s) for run in chosen for s in run) / composing.SAMPLE_RATE
        return chosen

    monkeypatch.setattr(composing, "_runs", counted)
    waveform, sample_rate = soundfile.read(io.BytesIO(compose(planned, "03")), dtype="float32")
    assert sample_rate == 16_000
    assert sum(spoken.values()) == pytest.approx(planned.speech_s, abs=8)
    assert spoken[Emotion.NEUTRAL] / sum(spoken.values()) == pytest.approx(
        planned.mix[Emotion.NEUTRAL], abs=0.1
    )
    assert len(waveform) / sample_rate > planned.speech_s
    assert compose(planned, "03") == compose(planned, "03")


def test_every_voice_has_the_emotions_that_it_is_to_speak() -> None:
    for patient in CLINIC.patients:
        assert {Emotion(e) for e in (*patient.first, *patient.last)} <= set(composing._voice(patient.voice))


def test_it_refuses_where_real_patients_are(cast: Cast) -> None:
    with pytest.raises(CommandError, match="real patients"):
        call_command("load_demo", stdout=StringIO())
    assert Patient.objects.get() == cast.patient


@pytest.mark.django_db(transaction=True)
def test_it_is_heard_by_the_real_pipeline() -> None:
    told = StringIO()
    call_command("load_demo", stdout=told)
    assert Patient.objects.filter(is_demo=True).count() == Patient.objects.count() == 6
    assert 45 <= Session.objects.count() <= 66
    assert not Analysis.objects.exclude(state__in=("done", "failed")).exists()
    # The worsening patient is found by the default rule and the stable one is not. The improving one, whose
    # speech the model hears as a little less settled, lies near the limits.
    found = set(Alert.objects.values_list("patient__reference", "rule__team"))
    assert {("R-0112", None)} <= found <= {("R-0107", None), ("R-0112", None)}
    failed = Analysis.objects.get(state="failed")
    assert (failed.reason, failed.recording.session.patient.reference) == ("damaged", "R-0140")
    silent = Summary.objects.filter(analysis__recording__session__patient__reference="R-0126", top="")
    assert silent.exists()
    assert Session.objects.latest("held_at").held_at < timezone.now()
    # Beside the voices of three are questionnaires, and none of them asks for eyes.
    filled = QuestionnaireResponse.objects.values_list("patient__reference", flat=True)
    assert set(filled) == {"R-0107", "R-0112", "R-0119"}
    assert not waiting().exists()
    assert set(CourseEvent.objects.values_list("patient__reference", "kind")) == {
        ("R-0112", "life"),
        ("R-0112", "started"),
    }
    for login in LOGINS:
        account = Clinician.objects.get(username=login.username)
        assert account.check_password(login.password)
        assert account.is_demo
        assert login.password in told.getvalue()
    call_command("load_demo", stdout=StringIO())
    assert Recording.objects.count() == Analysis.objects.count() == Session.objects.count()


def test_a_load_that_breaks_off_leaves_nothing(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from analysis.demo import load as loading

    calls = iter(range(100))

    def breaks_off(session: PlannedSession, voice: str) -> bytes:
        if next(calls) == 2:
            raise KeyboardInterrupt
        return compose(session, voice)

    monkeypatch.setattr(loading, "compose", breaks_off)
    with pytest.raises(KeyboardInterrupt):
        call_command("load_demo", stdout=StringIO())
    assert not Clinician.objects.exists()
    assert not Patient.objects.exists()
