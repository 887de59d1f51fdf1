"""What is read of a patient's sessions: what counts, what leaves a gap, and at what cost."""

import numpy as np
import pytest
from pytest_django import DjangoAssertNumQueries

from analysis.correction import void_recording
from analysis.models import Analysis
from analysis.trends.reading import patient_trend, trends_of
from analysis.trends.trend import ENOUGH_SPEECH_S, combine
from patients.access import patients_of
from patients.care import move_session, void_session
from tests.analysis.hearing import make_course, make_heard, make_recording, mixture, model
from tests.cast import Cast, cast, earlier, make_patient, make_session

__all__ = ["cast"]


def test_sessions_come_in_order_with_their_shares(cast: Cast) -> None:
    make_course(cast.treats, cast.patient, [mixture(calm=0.5), mixture(sad=0.6)])
    first, second = patient_trend(cast.patient).points
    assert first.held_at < second.held_at
    assert first.heard is not None
    assert second.heard is not None
    assert [int(point.heard.shares.argmax()) for point in (first, second) if point.heard] == [1, 3]
    assert np.all(second.heard.low <= second.heard.shares)
    assert np.all(second.heard.shares <= second.heard.high)


def test_a_session_of_two_recordings_is_weighted_by_its_clear_speech(cast: Cast) -> None:
    session = make_session(cast.treats, cast.patient)
    make_heard(cast.treats, session, mixture(calm=0.8), seconds=300, unsure=0)
    make_heard(cast.treats, session, mixture(sad=0.8), seconds=100, unsure=0)
    heard = patient_trend(cast.patient).points[0].heard
    assert heard is not None
    expected = (3 * mixture(calm=0.8) + mixture(sad=0.8)) / 4
    assert heard.shares == pytest.approx(expected, abs=1e-5)
    assert heard.duration_s == 400
    assert float((heard.high - heard.low).max()) < 0.12  # two recordings know more than one


def test_a_recording_of_which_nothing_was_clear_does_not_move_the_shares(cast: Cast) -> None:
    session = make_session(cast.treats, cast.patient)
    make_heard(cast.treats, session, mixture(calm=0.8), unsure=0)
    make_heard(cast.treats, session, mixture(angry=0.9), unsure=1)
    heard = patient_trend(cast.patient).points[0].heard
    assert heard is not None
    assert heard.shares == pytest.approx(mixture(calm=0.8), abs=1e-5)
    assert heard.abstained_share == pytest.approx(0.5)


def test_voided_sessions_and_recordings_count_nowhere(cast: Cast) -> None:
    kept, gone = make_course(cast.treats, cast.patient, [mixture(calm=0.5), mixture(sad=0.6)])
    extra = make_heard(cast.treats, kept, mixture(angry=0.9))
    void_session(by=cast.treats, session=gone, reason="someone else spoke")
    void_recording(by=cast.treats, recording=extra.recording, reason="a test of the microphone")
    trend = patient_trend(cast.patient)
    assert [point.session_id for point in trend.points] == [kept.pk]
    assert [point.session_id for point in trend.all_points] == [kept.pk, gone.pk]
    assert trend.points[0].recordings == 1
    assert trend.points[0].heard is not None
    assert trend.points[0].heard.shares.argmax() == 1


def test_a_moved_session_moves_both_trends(cast: Cast) -> None:
    other = make_patient(cast.treats, "R-0500")
    session, _ = make_course(cast.treats, cast.patient, [mixture(calm=0.5), mixture(sad=0.6)])
    move_session(by=cast.treats, session=session, to_patient=other, reason="wrong chart was open")
    assert len(patient_trend(cast.patient).points) == 1
    assert [point.session_id for point in patient_trend(other).points] == [session.pk]


@pytest.mark.parametrize(("seconds", "unsure"), [(12, 0.0), (60, 0.9)])
def test_too_little_clear_speech_is_a_gap(cast: Cast, seconds: float, unsure: float) -> None:
    make_heard(
        cast.treats, make_session(cast.treats, cast.patient), mixture(), seconds=seconds, unsure=unsure
    )
    trend = patient_trend(cast.patient)
    assert trend.points[0].heard is not None
    assert trend.points[0].heard.clear_s < ENOUGH_SPEECH_S
    assert not trend.points[0].counts
    assert trend.compared == ()


def test_what_is_under_way_or_failed_is_counted_apart(cast: Cast) -> None:
    session = make_session(cast.treats, cast.patient)
    make_recording(cast.treats, session, state=Analysis.State.RUNNING)
    make_recording(cast.treats, session, state=Analysis.State.FAILED, reason="not_audio")
    point = patient_trend(cast.patient).points[0]
    assert (point.recordings, point.pending, point.failed, point.heard) == (2, 1, 1, None)


def test_a_new_model_is_not_compared_with_an_old_one(cast: Cast) -> None:
    sessions = make_course(cast.treats, cast.patient, [mixture(calm=0.5)] * 8)
    assert not patient_trend(cast.patient).comparison.is_learning
    late = make_session(cast.treats, cast.patient, held_at=earlier(hours=1))
    make_heard(cast.treats, late, mixture(sad=0.8), version=model(2))
    trend = patient_trend(cast.patient)
    assert len(trend.points) == len(sessions) + 1
    assert trend.comparison.is_learning
    assert trend.comparison.days == 1


def test_nothing_is_combined_to_nothing() -> None:
    assert combine([]) is None


def test_staff_get_states_without_results(cast: Cast) -> None:
    make_course(cast.treats, cast.patient, [mixture(sad=0.6)])
    (point,) = patient_trend(cast.patient, with_results=False).points
    assert point.recordings == 1
    assert point.heard is None


@pytest.mark.parametrize(("patients", "sessions"), [(1, 1), (6, 9)])
def test_many_patients_cost_the_same_few_queries(
    cast: Cast, patients: int, sessions: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for place in range(patients):
        patient = make_patient(cast.treats, f"R-1{place:03}")
        make_course(cast.treats, patient, [mixture(calm=0.5)] * sessions)
    shown = patients_of(cast.treats).exclude(pk=cast.patient.pk)
    with django_assert_num_queries(2):
        trends = trends_of(shown, with_results=True)
        assert all(trend.comparison.days == sessions for trend in trends.values())
    assert len(trends) == patients
