"""What the pages say: which sentence when, and never more than was heard."""

from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from analysis.models import Analysis
from analysis.trends.reading import patient_trend
from analysis.wording import captions, phrases
from analysis.wording.phrases import Need, finding, moment, session_sentence, sounds_like
from ml.labels import EMOTIONS
from tests.analysis.hearing import make_course, make_heard, make_recording, mixture
from tests.cast import Cast, cast, make_session

__all__ = ["cast"]


@given(shares=st.lists(st.floats(0, 1), min_size=8, max_size=8))
def test_what_is_most_heard_is_never_said_alone(shares: list[float]) -> None:
    words = sounds_like(shares)
    named = [str(word) for word in phrases.SOUNDS.values() if str(word) in words.replace(",", "").split()]
    assert len(named) == 2
    assert words.count("%") == 2


def test_every_emotion_has_a_word() -> None:
    assert set(phrases.SOUNDS) == set(EMOTIONS)
    assert len({str(word) for word in phrases.SOUNDS.values()}) == len(EMOTIONS)


def test_a_stretch_is_heard_unsure_or_silent() -> None:
    nothing = np.zeros(8, np.float32)
    assert moment(nothing, 0) == "no speech"
    assert moment(nothing, 1) == "not sure"
    assert moment(mixture(sad=0.6, calm=0.2), 0).startswith("sounds sad or calm")


@pytest.mark.parametrize(
    ("points", "words"), [(14, "+14"), (-3.4, "−3"), (0, "0"), (0.4, "0"), (-0.4, "0"), (0.6, "+1")]
)
def test_a_difference_has_its_sign_and_none_has_no_sign(points: float, words: str) -> None:
    assert phrases.whole_points(points) == words
    assert captions.signed(points / 100) == words


def test_no_session_yet(cast: Cast) -> None:
    assert finding(patient_trend(cast.patient)).need is Need.NONE_YET


def test_learning_says_how_far(cast: Cast) -> None:
    make_course(cast.treats, cast.patient, [mixture(calm=0.5)] * 3)
    found = finding(patient_trend(cast.patient))
    assert (found.need, found.title) == (
        Need.LEARNING,
        "Learning what is usual: 3 of 7 days with enough speech",
    )


def test_steady(cast: Cast) -> None:
    make_course(cast.treats, cast.patient, [mixture(calm=0.4)] * 9)
    found = finding(patient_trend(cast.patient))
    assert (found.need, found.title) == (Need.STEADY, "No clear change")
    assert found.detail == "Within this patient’s usual, over 9 days with enough speech."


def test_a_change_says_what_how_much_and_how_sure(cast: Cast) -> None:
    calm, sad = mixture(calm=0.5, sad=0.1), mixture(calm=0.2, sad=0.4)
    make_course(cast.treats, cast.patient, [calm] * 8 + [sad] * 3)
    found = finding(patient_trend(cast.patient))
    assert found.need is Need.CHANGED
    assert "sad" in found.title
    assert "-sounding speech" in found.title
    assert "points (sure)" in found.detail
    assert " is sad" not in found.title + found.detail
    assert "feels" not in found.title + found.detail


def test_a_drift_is_found_and_says_how_long_it_has_been_beyond_the_usual(cast: Cast) -> None:
    course = [mixture(calm=0.7 - step * 0.06, sad=0.05 + step * 0.06) for step in range(11)]
    make_course(cast.treats, cast.patient, course)
    found = finding(patient_trend(cast.patient))
    assert found.need is Need.CHANGED
    assert "days in a run beyond this patient’s usual: " in found.detail


def test_a_failed_recording_of_the_last_session_needs_a_look(cast: Cast) -> None:
    make_course(cast.treats, cast.patient, [mixture(calm=0.5)] * 2)
    session = make_session(cast.treats, cast.patient)
    make_recording(cast.treats, session, state=Analysis.State.FAILED, reason="cut_off")
    found = finding(patient_trend(cast.patient))
    assert found.need is Need.FAILED
    assert found.need.is_pressing


def test_two_sessions_of_too_little_speech_need_a_look(cast: Cast) -> None:
    for days in (2, 1):
        session = make_session(cast.treats, cast.patient, held_at=timezone.now() - timedelta(days=days))
        make_heard(cast.treats, session, mixture(), seconds=8)
    assert finding(patient_trend(cast.patient)).need is Need.TOO_LITTLE


def test_what_is_under_way_is_said(cast: Cast) -> None:
    make_recording(cast.treats, make_session(cast.treats, cast.patient))
    assert finding(patient_trend(cast.patient)).title == "Analysing 1 recording"


@pytest.mark.parametrize(
    ("seconds", "unsure", "begins"),
    [(60, 0.1, "Sounds calm or"), (8, 0.0, "Too little speech"), (60, 0.95, "Not sure")],
)
def test_a_session_in_one_sentence(cast: Cast, seconds: float, unsure: float, begins: str) -> None:
    session = make_session(cast.treats, cast.patient)
    make_heard(cast.treats, session, mixture(calm=0.5), seconds=seconds, unsure=unsure)
    assert session_sentence(patient_trend(cast.patient).points[0].heard).startswith(begins)
