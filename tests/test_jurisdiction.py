"""Where the law allows no estimates of emotion, no address shows one: every address, found from the resolver.

A page that is added later is visited here, too, before anybody thinks of it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from analysis import jurisdiction, pipeline
from analysis.change.rules import default_rule
from analysis.models import Alert, Analysis, Recording, Summary, WindowMatrix
from analysis.triage import digests
from patients.errors import Refused
from patients.models import Patient
from tests.analysis.hearing import make_course, make_recording, mixture
from tests.analysis.uploads import hand_in
from tests.cast import Cast, make_clinician, make_session
from tests.live import ROOT, python
from tests.test_access_matrix import EVERY, PAGES, Address, Scene, body, concrete, scene, signed_in

__all__ = ["scene"]  # a fixture

WORDS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "disgusted", "surprised")
# As a word of its own or as part of a name ("emotion-sad"); not in "Saddleworth".
EMOTION = re.compile(rf"(?<![A-Za-z])({'|'.join(WORDS)}|probabilities|valence|arousal)(?![A-Za-z])", re.I)
# Of a form against forgery: 64 letters and digits by chance, among which "4sAD9" was met once.
CSRF_TOKEN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9]{64}(?![A-Za-z0-9])")
# What the pages say of the program, not of a patient.
ABOUT_THE_PROGRAM = {
    "api-schema": "describes every field that the interface has",
    "api-docs": "the same, to read",
    "consent": "its history repeats word for word what was agreed to before",
}
SHOWN = [address for address in PAGES if address.name not in ABOUT_THE_PROGRAM]
WITHOUT = pytest.mark.parametrize("setting", ["acoustic", "off"])


@pytest.fixture
def full_scene(scene: Scene) -> Scene:
    """With a course in which speech came to sound sadder, so that there is a finding to be told."""
    shares = [mixture(calm=0.5, sad=0.1)] * 9 + [mixture(calm=0.1, sad=0.6)] * 3
    make_course(scene.cast.treats, scene.cast.patient, shares)
    raise_acoustic_alert(scene.cast)
    return scene


def raise_acoustic_alert(cast: Cast) -> Alert:
    """Of a measure that may be told, with moments of emotion beside it, as earlier versions kept them."""
    session = cast.patient.sessions.filter(recordings__analyses__state=Analysis.State.DONE).latest("held_at")
    recording = session.recordings.latest("received_at")
    numbers = {"usual": 1.0, "level": 2.0, "deviations": 2.0, "ewma": 1.0, "limit": 0.5, "cusum": 3.0}
    moment = {"session": str(session.pk), "recording": str(recording.pk), "start": 1.0, "end": 3.0}
    return Alert.objects.create(
        patient=cast.patient,
        rule=default_rule(),
        measure="jitter",
        direction=1,
        began_on=session.held_at.date(),
        run_days=3,
        rationale=numbers
        | {"decision": 2.0, "baseline_days": 7, "sessions": [str(session.pk)]}
        | {"moments": [moment | {"emotion": "angry"}]},
    )


def words_of_emotion(shown: str) -> list[str]:
    return EMOTION.findall(CSRF_TOKEN.sub("", shown))


def told(scene: Scene, address: Address) -> list[str]:
    """Words of emotion in anything that the address answers to a clinician of the team."""
    client, path = signed_in(scene.cast.treats), scene.path(address)
    found: list[str] = []
    for method in ("get", "post", "patch"):
        answer = getattr(client, method)(path)
        if not answer.get("Content-Type", "").startswith("audio/"):
            found += words_of_emotion(body(answer))
    return found


def test_in_full_the_same_search_finds_them(full_scene: Scene) -> None:
    """Without this the search below could be blind."""
    names = {address.name for address in SHOWN if told(full_scene, address)}
    assert names >= {"caseload", "patient", "patient_overview", "session", "api-recording-result"}
    assert names >= {"trend_figure", "recording_stretch"}


def test_a_random_token_tells_of_nothing_and_a_page_around_it_does() -> None:
    token = "4sAD9" + "x" * 59
    assert words_of_emotion(f'value="{token}"') == []
    assert words_of_emotion(f'value="{token}" class="emotion-sad"') == ["sad"]
    assert words_of_emotion(token[:63]) == ["sAD"]


@WITHOUT
def test_no_address_tells_of_an_emotion(full_scene: Scene, settings: Settings, setting: str) -> None:
    first = next(address for address in SHOWN if address.name == "caseload")
    assert told(full_scene, first)  # by now its lines are kept, with what was heard
    settings.EMOTION_ANALYSIS = setting
    found = {address.name: set(words) for address in SHOWN if (words := told(full_scene, address))}
    assert not found


@WITHOUT
def test_nor_does_the_administration(full_scene: Scene, settings: Settings, setting: str) -> None:
    settings.EMOTION_ANALYSIS = setting
    root = signed_in(make_clinician("root", admin=True))
    paths = {concrete(address.route) for address in EVERY if address.is_admin}
    assert len(paths) > 30
    found = {
        path: set(words)
        for path in sorted(paths)
        if (words := words_of_emotion(body(root.get(path, follow=True))))
    }
    assert not found


@WITHOUT
def test_pages_say_why_and_results_are_kept(full_scene: Scene, settings: Settings, setting: str) -> None:
    kept = (Summary.objects.count(), WindowMatrix.objects.count())
    settings.EMOTION_ANALYSIS = setting
    client = signed_in(full_scene.cast.treats)
    for name, key in (("patient", "R-0412"), ("session", full_scene.session.pk)):
        page = client.get(reverse(name, args=[key])).content.decode()
        assert "This clinic’s setting allows no" in page, name
    assert (Summary.objects.count(), WindowMatrix.objects.count()) == kept
    settings.EMOTION_ANALYSIS = "full"
    assert "This clinic’s setting" not in client.get(reverse("patient", args=["R-0412"])).content.decode()
    assert told(full_scene, next(address for address in SHOWN if address.name == "patient"))


@WITHOUT
def test_the_interface_says_why(full_scene: Scene, settings: Settings, setting: str) -> None:
    settings.EMOTION_ANALYSIS = setting
    path = reverse("api-recording-result", args=[full_scene.analysis.recording_id])
    answer = signed_in(full_scene.cast.treats).get(path)
    assert answer.status_code == 403
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "emotion_not_shown"
    assert "This clinic’s setting allows no" in answer.json()["detail"]


def test_an_alert_of_the_voice_leads_to_sessions_and_to_no_emotion(
    full_scene: Scene, settings: Settings
) -> None:
    """It said "sounds angry" of moments to hear, on its page and in the interface."""
    settings.EMOTION_ANALYSIS = "acoustic"
    client, kept = signed_in(full_scene.cast.treats), Alert.objects.get(measure="jitter")
    shown = client.get(reverse("alerts")).content.decode()
    assert "Jitter higher than usual" in shown
    assert f"/sessions/{kept.rationale['sessions'][0]}/" in shown
    assert not words_of_emotion(shown)
    (told,) = client.get(reverse("api-alert-list")).json()["results"]
    assert told["measure"] == "jitter"
    assert told["rationale"]["moments"] == []


def test_the_caseload_tells_of_an_alert_of_the_voice_where_voices_are_measured(
    full_scene: Scene, settings: Settings
) -> None:
    """Where no emotion is shown, the caseload said nothing of alerts that the page of alerts listed."""
    digests.catch_up(Patient.objects.filter(pk=full_scene.cast.patient.pk), seconds=5)
    client = signed_in(full_scene.cast.treats)
    for setting, is_told in (("full", True), ("acoustic", True), ("off", False)):
        settings.EMOTION_ANALYSIS = setting
        assert ("An alert is open" in client.get(reverse("caseload")).content.decode()) is is_told


@WITHOUT
def test_no_page_offers_what_it_would_refuse(full_scene: Scene, settings: Settings, setting: str) -> None:
    """It listed sessions as "no recording" to be reviewed, led to a page that is closed, and took uploads."""
    settings.EMOTION_ANALYSIS = setting
    shown = signed_in(full_scene.cast.treats).get(reverse("patient", args=["R-0412"])).content.decode()
    assert reverse("about_estimates") not in shown
    assert (reverse("upload", args=["R-0412"]) in shown) is (setting == "acoustic")
    assert "not reviewed" not in shown
    assert ">analysed<" in shown
    assert shown.count("no recording") == full_scene.cast.patient.sessions.filter(recordings=None).count()


def test_every_closed_address_is_one(settings: Settings) -> None:
    assert {address.name for address in EVERY} >= jurisdiction.ABOUT_EMOTION


@pytest.mark.django_db(transaction=True)
def test_where_only_sound_is_measured_no_emotion_is_computed(
    cast: Cast, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EMOTION_ANALYSIS, settings.MEDIA_ROOT = "acoustic", str(tmp_path / "media")

    def never(*_arguments: object) -> None:
        raise AssertionError("A recogniser was loaded.")

    monkeypatch.setattr(pipeline, "_recogniser", never)
    recording = hand_in(cast.treats, make_session(cast.treats, cast.patient)).recording
    analysis = Analysis.objects.get(recording=recording)
    pipeline.analyse(analysis.pk)
    analysis.refresh_from_db()
    recording.refresh_from_db()
    assert (analysis.state, analysis.reason) == ("done", "")
    assert not Summary.objects.exists()
    assert not WindowMatrix.objects.exists()
    assert recording.duration_s == pytest.approx(12)
    assert len(recording.peaks) == 2 * 20 * 12
    assert recording.canonical
    # And what was heard without an estimate is read by every page when the setting becomes full.
    settings.EMOTION_ANALYSIS = "full"
    client = signed_in(cast.treats)
    for address in (reverse("caseload"), reverse("patient", args=["R-0412"])):
        assert client.get(address).status_code == 200
    assert client.get(reverse("session", args=[recording.session_id])).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_where_it_is_off_recordings_are_refused(cast: Cast, settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    session = make_session(cast.treats, cast.patient)
    waiting = make_recording(cast.treats, session)
    settings.EMOTION_ANALYSIS = "off"
    with pytest.raises(Refused, match="no recording is taken in") as refused:
        hand_in(cast.treats, session)
    assert refused.value.code == "analysis_off"
    assert Recording.objects.count() == 1
    pipeline.analyse(waiting.pk)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason) == ("failed", "analysis_off")
    page = signed_in(cast.treats).get(reverse("session", args=[session.pk])).content.decode()
    assert "allows no analysis of voices" in page


def test_questionnaires_do_not_depend_on_it(full_scene: Scene, settings: Settings) -> None:
    settings.EMOTION_ANALYSIS = "off"
    client = signed_in(full_scene.cast.treats)
    page = client.get(reverse("patient", args=["R-0412"])).content.decode()
    assert "Question 9 of the PHQ-9" in page
    assert "9 of 27, mild" in page
    drawn = client.get(reverse("questionnaire_figure", args=["R-0412"])).json()
    assert len(drawn["data"]) == 1  # the scores, and no voice under them


def test_a_misspelt_setting_stops_the_start(tmp_path: Path) -> None:
    done = python(tmp_path, "-c", "import ser_clinic.settings", EMOTION_ANALYSIS="accoustic")
    assert done.returncode != 0
    assert ImproperlyConfigured.__name__ in done.stderr
    assert "full, acoustic or off" in done.stderr


def test_the_manual_has_its_chapter() -> None:
    manual = (ROOT / "docs" / "operations.md").read_text()
    for part in ("### What the law allows", "Article 5(1)(f)", "Public Act 104-0054", "no legal advice"):
        assert part in manual


def test_whom_it_hides_results_from_anyway_is_told_nothing_new(full_scene: Scene, settings: Settings) -> None:
    settings.EMOTION_ANALYSIS = "acoustic"
    client: Client = signed_in(full_scene.cast.in_team)
    page = client.get(reverse("patient", args=["R-0412"])).content.decode()
    assert "This clinic’s setting" not in page
