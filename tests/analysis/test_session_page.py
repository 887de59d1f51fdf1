"""A session's page: what it shows of a recording, in each state and to each role."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from analysis.charts.palette import LIGHT, greyed
from analysis.correction import void_recording
from analysis.models import Analysis, Judgement, ModelVersion, Recording
from analysis.session.evidence import evidence_of
from analysis.session.hearings import hearing_of
from ml.labels import Emotion
from patients.audit import Action, record
from patients.care import void_session
from patients.enrolment import amend_patient
from patients.models import AuditEntry, Session
from tests.analysis.hearing import make_heard, make_recording, mixture
from tests.cast import Cast, cast

__all__ = ["cast"]

SECONDS = 300.0


@pytest.fixture
def treating(client: Client, cast: Cast) -> Client:
    client.force_login(cast.treats)
    return client


@pytest.fixture
def analysis(cast: Cast, session: Session) -> Analysis:
    return make_heard(cast.treats, session, mixture(sad=0.6), seconds=SECONDS, with_sound=True)


def page_of(client: Client, session: Session, query: str = "") -> str:
    response = client.get(reverse("session", args=[session.pk]) + query)
    assert response.status_code == HTTPStatus.OK
    return response.content.decode()


def stretch_of(client: Client, analysis: Analysis, **between: str | int) -> dict[str, Any]:
    response = client.get(reverse("recording_stretch", args=[analysis.recording_id]), between)
    assert response.status_code == HTTPStatus.OK
    assert "no-store" in response["Cache-Control"]
    drawn: dict[str, Any] = response.json()
    return drawn


# ── what is on the page before any script runs ───────────────────────────────────────────────────────────


def test_all_tracks_are_drawn_by_the_server(treating: Client, session: Session, analysis: Analysis) -> None:
    page = page_of(treating, session)
    for track in ("wave", "speech", "gaps"):
        assert re.search(rf'data-path="{track}" d="', page)
    assert len(re.findall(r'data-layer="\w+" d="M', page)) == 8
    assert "Other voice" not in page
    assert 'id="player-plan"' in page
    assert "plotly.min.js" not in page
    assert "style=" not in page


@pytest.mark.parametrize("page", ["session", "print_session"])
def test_drawings_keep_their_points_where_decimals_have_commas(
    treating: Client, session: Session, analysis: Analysis, page: str
) -> None:
    german = treating.get(reverse(page, args=[session.pk]), headers={"accept-language": "de"})
    places = re.findall(r'<svg x="([^"]*)%"', german.content.decode())
    assert len(places) >= 3
    assert [place for place in places if "," in place] == []


def test_words_write_numbers_as_their_language_does(
    treating: Client, session: Session, analysis: Analysis
) -> None:
    german = treating.get(reverse("session", args=[session.pk]), headers={"accept-language": "de"})
    told = re.findall(r"verschiebt \w+ um [+−](\S+) Punkte", german.content.decode())
    assert len(told) == 3
    assert all(re.fullmatch(r"\d+,\d", number) for number in told)


def test_the_moments_are_named_and_play_with_three_seconds_around(
    treating: Client, session: Session, analysis: Analysis
) -> None:
    evidence = evidence_of(hearing_of(analysis.recording, with_results=True))
    assert evidence is not None
    page = page_of(treating, session)
    assert len(re.findall(r'data-moment="\d"', page)) == len(evidence.moments) == 3
    for moment in evidence.moments:
        assert f'data-from="{moment.start:.2f}" data-to="{moment.end:.2f}"' in page
        minutes, seconds = divmod(round(moment.start), 60)
        assert re.search(rf"sounds \w+, {minutes}:{seconds:02}", page)
    assert "3 s before" in page


def test_with_too_little_speech_no_moment_is_named(treating: Client, cast: Cast, session: Session) -> None:
    make_heard(cast.treats, session, mixture(sad=0.6), seconds=10, with_sound=True)
    page = page_of(treating, session)
    assert "data-player" in page
    assert "data-moment" not in page
    assert "Each moment is drawn by itself" in page
    assert "clear enough for" not in page
    assert "First third" not in page
    assert "All through" not in page


def test_the_timeline_is_told_in_one_sentence_and_in_a_table(
    treating: Client, session: Session, analysis: Analysis
) -> None:
    page = page_of(treating, session)
    sentence = re.search(r'<p class="in-words">(.+?)</p>', page)
    assert sentence
    assert re.fullmatch(
        r"First third: .+; second: .+; last: .+; not sure for \d+\u202f% of the speech\.", sentence[1]
    )
    assert sentence[1] in page.split('role="img" aria-label="')[1]
    assert 20 < page.count('<tr><th scope="row">') <= 61


def test_who_spoke_for_how_long(treating: Client, cast: Cast, session: Session, analysis: Analysis) -> None:
    page = page_of(treating, session)
    assert "Nobody speaks" in page
    assert "which has one channel" in page
    with_other_voice(analysis.recording)
    page = page_of(treating, session)
    assert "only the patient’s voice is analysed" in page
    for words in ("The patient speaks", "The other voice speaks", "Both at once", "Nobody speaks"):
        assert words in page
    assert re.search(r'data-path="other_wave" d="M', page)


def test_no_voice_is_promised_where_no_sound_is_kept(treating: Client, cast: Cast, session: Session) -> None:
    analysis = make_heard(cast.treats, session, mixture(sad=0.6), seconds=SECONDS)
    with_other_voice(analysis.recording)
    page = page_of(treating, session)
    assert "only the patient’s voice is analysed." in page
    assert "can be heard here" not in page


def test_a_voided_session_asks_for_no_signature(
    treating: Client, cast: Cast, session: Session, analysis: Analysis
) -> None:
    assert "Not signed yet" in page_of(treating, session)
    void_session(by=cast.treats, session=session, reason="recorded by mistake")
    assert "Not signed yet" not in page_of(treating, session)


def with_other_voice(recording: Recording) -> None:
    recording.other_spans = np.array([[9, 12], [20, 22]], "<f4").tobytes()
    recording.other_peaks = np.full((round(SECONDS) * 20, 2), (-40, 40), np.int8).tobytes()
    recording.save()


def test_quality_is_told_in_words_and_where_it_is_known(
    treating: Client, cast: Cast, session: Session
) -> None:
    analysis = make_heard(
        cast.treats, session, mixture(sad=0.6), seconds=SECONDS, quality=["clipped", "low_snr"]
    )
    peaks = np.zeros((round(SECONDS) * 20, 2), np.int8)
    for second in (10, 40, 70, 100, 130, 160, 190):
        peaks[second * 20] = (-128, 127)
    Recording.objects.filter(pk=analysis.recording_id).update(peaks=peaks.tobytes())
    faults = re.search(r'class="notes faults">(.+?)</ul>', page_of(treating, session), re.DOTALL)
    assert faults
    assert re.findall(r'data-go="([\d.]+)"', faults[1]) == ["10.00", "40.00", "70.00", "100.00", "130.00"]
    assert "and at 2 more places" in faults[1]
    assert "much background noise" in faults[1]


@pytest.mark.parametrize(
    ("at", "begins"),
    [("120.5", "120.500"), ("-4", "0.000"), ("9999", "300.000"), ("nan", "0.000"), ("x", "0.000")],
)
def test_an_address_may_name_a_moment(
    treating: Client, session: Session, analysis: Analysis, at: str, begins: str
) -> None:
    assert f'data-begin-at="{begins}"' in page_of(treating, session, f"?at={at}")


# ── states ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("state", "reason", "words"),
    [
        (None, "", "No recording in this session yet"),
        (Analysis.State.RUNNING, "", "Still being analysed"),
        (Analysis.State.FAILED, "cut_off", "No recording could be analysed"),
    ],
)
def test_without_a_result_the_page_says_why(
    treating: Client, cast: Cast, session: Session, state: str | None, reason: str, words: str
) -> None:
    if state:
        make_recording(cast.treats, session, state=state, reason=reason)
    page = page_of(treating, session)
    assert words in page
    assert "data-player" not in page


def test_what_was_heard_outlives_its_sound(treating: Client, session: Session, analysis: Analysis) -> None:
    recording = analysis.recording
    recording.canonical.delete()
    recording.audio.delete()
    record(
        actor=None,
        action=Action.RECORDING_SOUND_REMOVED,
        patient=session.patient,
        subject=recording,
    )
    page = page_of(treating, session)
    assert f"The sound was removed on {timezone.localdate():%-d %B %Y}, as agreed." in page
    assert "data-play " not in page
    assert "data-sound" not in page
    assert 'data-layer="sad"' in page


def test_a_voided_recording_is_not_opened(
    treating: Client, cast: Cast, session: Session, analysis: Analysis
) -> None:
    void_recording(by=cast.treats, recording=analysis.recording, reason="not this patient")
    assert "data-player" not in page_of(treating, session)
    for name in ("recording_stretch", "timeline_picture"):
        response = treating.get(reverse(name, args=[analysis.recording_id]))
        assert response.status_code == HTTPStatus.NOT_FOUND


def test_staff_see_that_it_is_done_and_nothing_of_it(
    client: Client, cast: Cast, session: Session, analysis: Analysis
) -> None:
    client.force_login(cast.in_team)
    page = page_of(client, session)
    for word in ("data-player", "data-moment", "Speech and pauses", "sounds sad"):
        assert word not in page
    for clinician in (cast.in_team, cast.outsider):
        client.force_login(clinician)
        for name in ("recording_stretch", "timeline_picture"):
            response = client.get(reverse(name, args=[analysis.recording_id]))
            assert response.status_code == HTTPStatus.NOT_FOUND


# ── looking closer ───────────────────────────────────────────────────────────────────────────────────────


def test_a_closer_look_has_finer_cells_with_their_words(treating: Client, analysis: Analysis) -> None:
    whole, part = stretch_of(treating, analysis), stretch_of(treating, analysis, **{"from": 60, "to": 120})
    assert (whole["from"], whole["to"]) == (0, SECONDS)
    assert (part["from"], part["to"], part["cell_s"], part["cells_from"]) == (60, 120, 1, 60)
    assert whole["cell_s"] > part["cell_s"]
    assert len(part["words"]) == 60
    assert all(word == "not sure" or word.startswith(("sounds ", "no speech")) for word in part["words"])


@pytest.mark.parametrize(
    "between",
    [{"from": "x"}, {"from": 900}, {"from": 50, "to": 50}, {"to": "-3"}, {"from": "inf", "to": "nan"}],
)
def test_no_address_asks_for_what_is_not_there(
    treating: Client, analysis: Analysis, between: dict[str, str | int]
) -> None:
    drawn = stretch_of(treating, analysis, **between)
    assert 0 <= drawn["from"] < drawn["to"] <= SECONDS


def test_what_somebody_judged_is_marked(treating: Client, cast: Cast, analysis: Analysis) -> None:
    assert stretch_of(treating, analysis)["marked"] == []
    for withdrawn, start in ((None, 20), (timezone.now(), 90)):
        Judgement.objects.create(
            session=analysis.recording.session,
            analysis=analysis,
            start_s=start,
            end_s=start + 6,
            verdict=Judgement.Verdict.AGREE,
            said_by=cast.treats,
            withdrawn_at=withdrawn,
        )
    assert stretch_of(treating, analysis)["marked"] == [[20, 26]]


def test_many_looks_are_noted_once(treating: Client, cast: Cast, analysis: Analysis) -> None:
    for begin in (0, 60, 120):
        stretch_of(treating, analysis, **{"from": begin, "to": begin + 60})
    looks = AuditEntry.objects.filter(actor=cast.treats, action=Action.ANALYSIS_VIEWED)
    assert [look.subject_id for look in looks] == [str(analysis.pk)]


def test_the_picture_stands_alone(treating: Client, session: Session, analysis: Analysis) -> None:
    response = treating.get(
        reverse("timeline_picture", args=[analysis.recording_id]), {"from": "60", "to": "120"}
    )
    assert response["Content-Type"] == "image/svg+xml"
    assert re.search(r'filename="r-0412-\d{4}-\d\d-\d\d-timeline\.svg"', response["Content-Disposition"])
    words = " ".join(ElementTree.fromstring(response.content).itertext())
    for expected in ("R-0412", "1:00–2:00", "of 5:00", "First third", "not sure", "Not a diagnosis", "sad"):
        assert expected in words
    looks = AuditEntry.objects.filter(action=Action.ANALYSIS_VIEWED)
    assert [look.detail for look in looks] == [{"as": "picture"}]


def test_what_was_not_validated_is_greyed_on_the_page_and_in_its_picture(
    treating: Client, cast: Cast, session: Session, analysis: Analysis
) -> None:
    def seen() -> tuple[bool, str]:
        picture = treating.get(reverse("timeline_picture", args=[analysis.recording_id])).content.decode()
        return "with-aside is-not-validated" in page_of(treating, session), picture

    ModelVersion.objects.filter(is_active=True).update(
        card={"training": {"languages": ["en"], "ages": [18, 90]}}
    )
    amend_patient(by=cast.treats, patient=cast.patient, language="en")
    is_greyed, picture = seen()
    assert not is_greyed
    assert LIGHT.emotions[Emotion.SAD] in picture
    assert "Not validated for this patient" not in picture

    amend_patient(by=cast.treats, patient=cast.patient, voice_condition="a paralysed vocal fold")
    is_greyed, picture = seen()
    assert is_greyed
    assert LIGHT.emotions[Emotion.SAD] not in picture
    assert greyed(LIGHT.emotions[Emotion.SAD]) in picture
    assert "Not validated for this patient" in picture


def test_the_plan_names_every_window_and_uncertain_stretch(
    treating: Client, session: Session, analysis: Analysis
) -> None:
    found = re.search(r'id="player-plan" type="application/json">(.+?)</script>', page_of(treating, session))
    assert found
    plan = json.loads(found[1])
    assert sum(count for _index, _start, count, _step in plan["windows"]) == analysis.matrix.count
    assert plan["window_s"] == 3
    assert plan["unsure"]
    assert all(0 <= start < end <= SECONDS for start, end in plan["unsure"])
