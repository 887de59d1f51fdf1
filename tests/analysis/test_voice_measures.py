"""Acoustic measures from the sound to the page: taken by the worker, read per session, said and drawn."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone, translation
from pytest_django import DjangoAssertNumQueries, Settings

from analysis import pipeline
from analysis.charts import acoustics as chart
from analysis.charts.palette import LIGHT
from analysis.models import AcousticMeasures, Analysis
from analysis.views.voice import voice_of_patient
from analysis.voice import acoustics
from analysis.voice.measures import Measured, Series, measures_of, patient_voice, session_voice
from analysis.voice.words import departures, finding, rows_of_patient, rows_of_session, summary
from ml.acoustics.measures import MEASURES, REASONS
from patients import care
from patients.models import Patient, Session
from tests.analysis.hearing import make_heard, mixture, model
from tests.analysis.uploads import hand_in
from tests.cast import Cast, make_patient, make_session
from tests.live import PASSWORD
from tests.voices import encode, noise, silence, speech

pytestmark = pytest.mark.django_db(transaction=True)


def values(seconds: float = 300.0, **measures: float) -> dict[str, dict[str, float]]:
    return {
        key: {
            "value": value,
            "low": value * 0.98,
            "high": value * 1.02,
            "seconds": seconds,
        }
        for key, value in measures.items()
    }


def measured(cast: Cast, session: Session, version: Any = None, **measures: float) -> AcousticMeasures:
    analysis = make_heard(cast.treats, session, mixture(calm=0.5), version=version)
    return AcousticMeasures.objects.create(analysis=analysis, values=values(**measures))


def course(
    cast: Cast, pauses: Sequence[float], patient: Patient | None = None, **more: float
) -> list[Session]:
    made = []
    for place, pause in enumerate(pauses):
        held_at = timezone.now() - timedelta(days=8 * (len(pauses) - place))
        session = make_session(cast.treats, patient or cast.patient, held_at=held_at)
        measured(cast, session, pause_duration=pause, **more)
        made.append(session)
    return made


def signed_in(cast: Cast, username: str = "treats") -> Client:
    client = Client()
    assert client.login(username=username, password=PASSWORD)
    return client


# ── taken ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_worker_measures_beside_the_estimate(cast: Cast, session: Session) -> None:
    clear = np.concatenate([np.concatenate([speech(clip=clip), silence(0.6)]) for clip in range(6)] * 2)
    recording = hand_in(cast.treats, session, encode(clear, "wav")).recording
    pipeline.analyse(Analysis.objects.get(recording=recording).pk)
    row = AcousticMeasures.objects.get(analysis__recording=recording)
    assert set(row.values) | set(row.absent) == set(MEASURES)
    assert {"speech_rate", "pitch", "jitter", "pause_duration"} <= set(row.values)
    for one in row.values.values():
        assert one["low"] <= one["value"] <= one["high"]
        assert 0 < one["seconds"] < len(clear) / 16_000


def test_the_acoustic_setting_measures_without_an_estimate(
    cast: Cast, session: Session, settings: Settings
) -> None:
    settings.EMOTION_ANALYSIS = "acoustic"
    recording = hand_in(cast.treats, session, encode(speech(30), "wav")).recording
    pipeline.analyse(Analysis.objects.get(recording=recording).pk)
    analysis = Analysis.objects.get(recording=recording)
    assert analysis.state == "done"
    assert not hasattr(analysis, "summary")
    assert "pitch" in analysis.acoustics.values
    found = measures_of(Patient.objects.filter(pk=cast.patient.pk))
    assert [pk for pk, _, _ in found[cast.patient.pk]] == [session.pk]
    page = signed_in(cast).get(f"/sessions/{session.pk}/").content.decode()
    assert "Mean pitch" in page
    assert "The whole session" not in page


@pytest.mark.parametrize(
    ("sound", "absent"),
    [
        (np.concatenate([speech(4), silence(10)]), dict.fromkeys(MEASURES, "too_little_speech")),
        (speech(30) + noise(30, level=0.02), {"jitter": "low_snr", "shimmer": "low_snr"}),
        (np.clip(speech(30) * 12, -1, 1), {"shimmer": "clipped", "energy_variability": "clipped"}),
    ],
    ids=["too little speech", "noise", "overdriven"],
)
def test_what_cannot_be_measured_is_absent_with_its_reason(
    cast: Cast, session: Session, sound: Any, absent: dict[str, str]
) -> None:
    recording = hand_in(cast.treats, session, encode(sound.astype(np.float32), "wav")).recording
    pipeline.analyse(Analysis.objects.get(recording=recording).pk)
    row = AcousticMeasures.objects.get(analysis__recording=recording)
    assert absent.items() <= row.absent.items()
    assert not row.absent.keys() & row.values.keys()


def test_a_telephones_band_leaves_the_pitch(cast: Cast, session: Session) -> None:
    recording = hand_in(cast.treats, session, encode(speech(30, clip=1), "3gp"), name="call.3gp").recording
    pipeline.analyse(Analysis.objects.get(recording=recording).pk)
    row = AcousticMeasures.objects.get(analysis__recording=recording)
    assert row.absent["jitter"] == row.absent["shimmer"] == "band_limited"
    assert "pitch" in row.values


def test_a_measurement_that_breaks_off_takes_no_estimate_with_it(
    cast: Cast, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*args: Any, **kwargs: Any) -> None:
        raise ValueError("out of numbers")

    monkeypatch.setattr(acoustics, "measure", breaks)
    recording = hand_in(cast.treats, session).recording
    pipeline.analyse(Analysis.objects.get(recording=recording).pk)
    analysis = Analysis.objects.get(recording=recording)
    assert analysis.state == "done"
    assert set(analysis.acoustics.absent.values()) == {"not_measured"}


def test_kept_sound_is_measured_later(cast: Cast, session: Session) -> None:
    recording = hand_in(cast.treats, session, encode(speech(30), "wav")).recording
    pipeline.analyse(Analysis.objects.get(recording=recording).pk)
    before = AcousticMeasures.objects.get().values
    AcousticMeasures.objects.all().delete()
    call_command("measure_voices")
    assert AcousticMeasures.objects.get().values == before
    assert not acoustics.to_measure().exists()


# ── read ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_many_patients_cost_one(cast: Cast, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    other = make_patient(cast.treats, "R-0500")
    course(cast, [0.4] * 3)
    course(cast, [0.5] * 2, patient=other)
    with django_assert_max_num_queries(2):
        found = measures_of(Patient.objects.filter(pk__in=[cast.patient.pk, other.pk]))
    assert [len(found[patient.pk]) for patient in (cast.patient, other)] == [3, 2]
    assert found[other.pk][0][2]["pause_duration"] == Measured(0.5, 0.49, 0.51, 300.0)
    held = [held_at for _, held_at, _ in found[cast.patient.pk]]
    assert held == sorted(held)


def test_recordings_of_a_session_weigh_by_their_seconds(cast: Cast, session: Session) -> None:
    for pitch, seconds in ((100.0, 100.0), (200.0, 300.0)):
        analysis = make_heard(cast.treats, session, mixture(calm=0.5))
        AcousticMeasures.objects.create(analysis=analysis, values=values(seconds=seconds, pitch=pitch))
    [(_, _, read)] = measures_of(Patient.objects.filter(pk=cast.patient.pk))[cast.patient.pk]
    assert read["pitch"].value == pytest.approx(175.0)
    assert read["pitch"].seconds == 400.0
    reach = np.hypot(0.25 * 2.0, 0.75 * 4.0)
    assert read["pitch"].high - read["pitch"].value == pytest.approx(reach)


def test_voided_and_older_hearings_do_not_count(cast: Cast) -> None:
    first, second = course(cast, [0.4, 0.5])
    care.void_session(by=cast.treats, session=first, reason="another patient's")
    analysis = Analysis.objects.get(recording__session=second)
    newer = Analysis.objects.create(
        recording=analysis.recording, model_version=model(2), state=Analysis.State.DONE
    )
    AcousticMeasures.objects.create(analysis=newer, values=values(pause_duration=0.9))
    [(pk, _, read)] = measures_of(Patient.objects.filter(pk=cast.patient.pk))[cast.patient.pk]
    assert (pk, read["pause_duration"].value) == (second.pk, 0.9)


def test_nothing_is_read_where_the_setting_is_off(cast: Cast, settings: Settings) -> None:
    sessions = course(cast, [0.4])
    settings.EMOTION_ANALYSIS = "off"
    assert measures_of(Patient.objects.all()) == {}
    assert session_voice(sessions[0]) is None


# ── said ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_pauses_longer_than_usual_are_said(cast: Cast) -> None:
    course(cast, [0.40, 0.42, 0.41, 0.39, 0.40, 0.41, 0.43, 0.9])
    trend = patient_voice(cast.patient)
    series = trend.of("pause_duration")
    assert series is not None
    assert series.usual is not None
    assert series.usual.sessions == 5
    assert departures(trend) == ["pauses longer"]
    assert "pauses longer" in finding(trend)
    assert "pauses longer" in summary(trend)


def test_an_interval_that_reaches_the_usual_says_nothing() -> None:
    values = np.array([1.0, 1.1, 0.9, 1.0, 1.1, 1.0, 1.0])
    series = Series("pitch", np.column_stack([values, values, values, np.full(7, 60.0)]))
    assert series.departure(Measured(9.0, 1.0, 17.0, 60.0)) == 0
    assert series.departure(Measured(9.0, 8.0, 10.0, 60.0)) == 1
    assert series.departure(Measured(0.2, 0.1, 0.3, 60.0)) == -1


def test_seven_sessions_are_learnt_from_before_anything_is_unusual(cast: Cast) -> None:
    course(cast, [0.4, 0.4, 0.4, 0.4, 0.4, 0.9])
    trend = patient_voice(cast.patient)
    assert departures(trend) == []
    assert "6 of 7" in finding(trend)


def test_published_ranges_go_by_sex(cast: Cast) -> None:
    course(cast, [0.4], pitch=120.0)
    trend = patient_voice(cast.patient)
    row = {sex: rows_of_patient(trend, sex)[1].published for sex in ("female", "male", "unknown")}
    assert "162 to 238 Hz" in row["female"]
    assert "93 to 135 Hz" in row["male"]
    assert "not recorded" in row["unknown"]


def test_every_measure_has_words_and_every_reason_a_sentence(cast: Cast, session: Session) -> None:
    analysis = make_heard(cast.treats, session, mixture(calm=0.5))
    AcousticMeasures.objects.create(
        analysis=analysis, absent=dict(zip(MEASURES, [*REASONS] * 2, strict=False))
    )
    voice = session_voice(session)
    assert voice is not None
    rows = rows_of_session(voice, patient_voice(cast.patient), "female")
    assert [row.key for row in rows] == list(MEASURES)
    assert all(row.name and row.definition and row.source and row.published for row in rows)
    assert all(row.value.startswith("not measured: ") for row in rows)


# ── drawn and shown ────────────────────────────────────────────────────────────────────────────────────────


def test_each_measure_has_a_plot_with_usual_and_published_range(cast: Cast) -> None:
    course(cast, [0.40, 0.42, 0.41, 0.39, 0.40, 0.41, 0.43, 0.9], pitch=200.0, jitter=2.0)
    figure = chart.draw(patient_voice(cast.patient), LIGHT, columns=2, sex="female")
    assert len(figure["data"]) == 3
    bands = [shape for shape in figure["layout"]["shapes"] if shape["x1"] == 1]
    published = [shape for shape in figure["layout"]["shapes"] if shape["x0"] > 1]
    assert len(bands) == 3
    assert [(one["y0"], one["y1"]) for one in published] == [(0.31, 0.61), (162, 238)]
    colours = figure["data"][0]["marker"]["color"]
    assert [colour == LIGHT.ink for colour in colours] == [False] * 7 + [True]
    assert "<" not in json.dumps(figure).replace("<br>", "").replace("<extra></extra>", "")


def test_a_long_name_is_broken_before_it_runs_out_of_its_plot(cast: Cast) -> None:
    course(cast, [0.4, 0.4], pitch=200.0, energy_variability=6.0)
    heights = {}
    for language in ("en-gb", "de"):
        with translation.override(language):
            layout = chart.draw(patient_voice(cast.patient), LIGHT, columns=4, sex="female")["layout"]
        heights[language] = layout["height"]
        names = [line for one in layout["annotations"] for line in one["text"].split("<br>")]
        assert max(map(len, names)) <= chart.NAME_CHARACTERS
    assert "Lautstärke" in names
    assert heights["de"] >= heights["en-gb"]


def test_a_session_without_a_measure_is_a_gap(cast: Cast) -> None:
    course(cast, [0.4, 0.4])
    measured(cast, make_session(cast.treats, cast.patient), pitch=200.0)
    figure = chart.draw(patient_voice(cast.patient), LIGHT, columns=2, sex="female")
    assert figure["data"][0]["connectgaps"] is False
    assert figure["data"][0]["text"][-1] == ""


def test_the_pages_show_them_with_their_definitions(cast: Cast) -> None:
    sessions = course(cast, [0.40, 0.42, 0.41, 0.39, 0.40, 0.41, 0.43, 0.9], jitter=2.0)
    client = signed_in(cast)
    page = client.get(f"/patients/{cast.patient.reference}/").content.decode()
    assert "pauses longer" in page
    assert MEASURES["pause_duration"].definition.replace("’", "&#x27;")[:40] in page.replace("’", "&#x27;")
    assert "voice.json" in page
    session_page = client.get(f"/sessions/{sessions[-1].pk}/").content.decode()
    assert "pauses longer, against the usual" in session_page
    figure = client.get(f"/patients/{cast.patient.reference}/voice.json?columns=2")
    assert figure.status_code == 200
    assert len(figure.json()["data"]) == 2


@pytest.mark.parametrize(("username", "status"), [("treats", 200), ("in_team", 404), ("outsider", 404)])
def test_only_clinicians_of_the_team_see_them(cast: Cast, username: str, status: int) -> None:
    course(cast, [0.4, 0.4])
    client = signed_in(cast, username)
    assert client.get(f"/patients/{cast.patient.reference}/voice.json").status_code == status
    page = client.get(f"/patients/{cast.patient.reference}/")
    assert (b"Measures of the voice" in page.content) is (username == "treats")


# ── over REST ──────────────────────────────────────────────────────────────────────────────────────────────


def test_the_interface_gives_them_with_or_without_an_estimate(
    cast: Cast, session: Session, settings: Settings
) -> None:
    row = measured(cast, session, pitch=200.0)
    AcousticMeasures.objects.filter(pk=row.pk).update(absent={"jitter": "low_snr"})
    address = f"/api/v1/recordings/{row.analysis.recording_id}"
    client = signed_in(cast)
    result = client.get(f"{address}/result/").json()
    assert {"probabilities", "top"} <= set(result["summary"])
    settings.EMOTION_ANALYSIS = "acoustic"
    assert client.get(f"{address}/result/").status_code == 403
    alone = client.get(f"{address}/acoustics/").json()
    assert alone["measures"] == result["acoustics"]
    told = {one["measure"]: one for one in alone["measures"]}
    assert (told["pitch"]["value"], told["pitch"]["unit"], told["pitch"]["absent"]) == (200.0, "Hz", None)
    assert (told["jitter"]["value"], told["jitter"]["absent"]) == (None, "low_snr")
    settings.EMOTION_ANALYSIS = "off"
    assert client.get(f"{address}/acoustics/").status_code in (403, 404, 409)


def test_chart_table_and_words_tell_of_the_same_sessions(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.voice.measures.MOST_SHOWN", 4)
    monkeypatch.setattr("analysis.charts.acoustics.MOST_SHOWN", 4)
    course(cast, [0.40, 0.42, 0.41, 0.39, 0.40, 0.41, 0.43])
    trend = patient_voice(cast.patient)
    assert "in 7 sessions, the latest 4 of them shown" in summary(trend)
    figure = chart.draw(trend, LIGHT, columns=2, sex="female")
    assert figure["data"][0]["y"] == [0.39, 0.4, 0.41, 0.43]
    assert len(figure["shared"]["sessions"]["customdata"]) == 4
    rows = voice_of_patient(cast.treats, cast.patient, trend)["voice_table"]["rows"]
    assert [cells[0][0] for _, _, cells in rows] == ["0.43", "0.41", "0.40", "0.39"]
