"""What is new since the last visit: which visit, which three differences, and when one is reliable."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from analysis.alerts.watched import news_of
from analysis.alerts.words import delta_words
from analysis.change.comparison import two_sided_p
from analysis.change.days import Days, days_of_acoustics, days_of_shares, with_acoustics
from analysis.change.pooling import Results
from analysis.change.since import BEFORE, TOLD, critical, since_visit
from analysis.judging.signing import sign_session
from analysis.trends.reading import patient_trend
from analysis.trends.watchable import last_visit
from ml.labels import EMOTIONS, Emotion, index_of
from patients.models import QuestionnaireResponse, Session
from patients.questionnaires.answering import fill, void
from patients.questionnaires.course import course_of, since_day
from tests.analysis.hearing import make_course, make_heard, mixture
from tests.cast import Cast, cast, make_session

__all__ = ["cast"]

START = date(2026, 1, 5)


def told(shares: np.ndarray, half_width: float = 0.03) -> tuple[Days, Results]:
    count = len(shares)
    ones = np.ones(count)
    heard = Results(
        shares,
        (shares - half_width).clip(0),
        (shares + half_width).clip(0, 1),
        60 * ones,
        60 * ones,
        0 * ones,
    )
    return days_of_shares([START + timedelta(weeks=place) for place in range(count)], heard), heard


def steady(count: int, seed: int = 0, spread: float = 0.15) -> np.ndarray:
    logs = np.random.default_rng(seed).normal(0, spread, (count, len(EMOTIONS)))
    shares = np.exp(logs) * np.array([1.0, 2.0, 0.6, 1.5, 0.5, 0.4, 0.3, 0.4])
    return np.asarray(shares / shares.sum(1, keepdims=True))


def raised(shares: np.ndarray, emotion: Emotion, times: float, last: int) -> np.ndarray:
    moved = shares.copy()
    moved[-last:, index_of(emotion)] *= times
    return np.asarray(moved / moved.sum(1, keepdims=True))


@given(degrees=st.integers(3, 60), p=st.floats(0.001, 0.5))
def test_the_critical_value_is_where_the_p_value_is(degrees: int, p: float) -> None:
    assert two_sided_p(critical(p, degrees), degrees) == pytest.approx(p, rel=1e-6)


def test_a_clear_difference_is_reliable_and_its_size_is_told() -> None:
    shares = raised(steady(9), Emotion.SAD, 4.0, last=3)
    days, heard = told(shares)
    news = since_visit(days, heard, days.dates[5])
    assert news is not None
    delta = next(one for one in news.deltas if one.measure == "sad")
    sad = index_of(Emotion.SAD)
    assert delta.is_reliable
    assert delta.difference == pytest.approx(shares[-3:, sad].mean() - shares[:6, sad].mean())
    assert delta.low < delta.difference < delta.high
    assert "more sad-sounding speech (+" in delta_words(delta)
    assert "points, reliable)" in delta_words(delta)


def test_three_at_most_reliable_ones_first() -> None:
    days, heard = told(raised(steady(9, 3), Emotion.ANGRY, 5.0, last=2))
    news = since_visit(days, heard, days.dates[6])
    assert news is not None
    assert len(news.deltas) == TOLD
    assert [one.is_reliable for one in news.deltas] == sorted(
        (one.is_reliable for one in news.deltas), reverse=True
    )
    assert (news.days_before, news.days_since, news.looked_at) == (BEFORE, 2, 8)


def test_without_change_almost_nothing_is_reliable() -> None:
    found = 0
    for seed in range(200):
        days, heard = told(steady(8, seed, 0.25))
        news = since_visit(days, heard, days.dates[6])
        assert news is not None
        found += any(one.is_reliable for one in news.deltas)
    assert found <= 16  # 5 % of 200, and chance


def test_nothing_since_or_nothing_before_is_no_news() -> None:
    days, heard = told(steady(4))
    assert since_visit(days, heard, days.dates[-1]) is None
    assert since_visit(days, heard, START - timedelta(days=1)) is None


def test_acoustic_measures_stand_beside_two_emotions_in_their_own_unit() -> None:
    days, heard = told(steady(9))
    lengths = np.where(np.arange(9) < 6, 0.4, 0.8)
    half = 1.96 * np.sqrt(0.001) * lengths
    table = np.column_stack([lengths, lengths - half, lengths + half, np.full(9, 60.0)])[:, None]
    pauses = days_of_acoustics(days.dates, ["pause_duration"], table)
    news = since_visit(with_acoustics(days, pauses), heard, days.dates[5])
    assert news is not None
    delta = next(one for one in news.deltas if one.measure == "pause_duration")
    assert [delta.before, delta.since] == pytest.approx([0.4, 0.8])
    assert delta.low < 0.4 < delta.high
    assert sum(one.is_share for one in news.deltas) == 2
    assert "pause duration +0.40\u202fs" in delta_words(delta)
    with translation.override("de"):
        assert "Pausendauer +0,40\u202fs" in delta_words(delta)


def test_the_last_visit_was_in_person_or_is_signed(cast: Cast) -> None:
    now = timezone.now()
    for days, kind in ((30, "in_person"), (20, "telehealth"), (10, "diary"), (1, "diary")):
        session = make_session(
            cast.treats, cast.patient, held_at=now - timedelta(days=days), kind=Session.Kind(kind)
        )
        make_heard(cast.treats, session, mixture(sad=0.3))
    today = timezone.localdate()
    assert last_visit(patient_trend(cast.patient), today) == today - timedelta(days=30)
    signed = cast.patient.sessions.get(kind="telehealth")
    sign_session(by=cast.treats, session=signed)
    assert last_visit(patient_trend(cast.patient), today) == today - timedelta(days=20)


def test_a_voided_session_is_no_visit(cast: Cast) -> None:
    older, newer = make_course(cast.treats, cast.patient, [mixture(sad=0.3)] * 2)
    Session.objects.filter(pk=older.pk).update(voided_at=timezone.now())
    assert last_visit(patient_trend(cast.patient), timezone.localtime(newer.held_at).date()) is None


def test_it_is_said_in_one_sentence(cast: Cast) -> None:
    make_course(cast.treats, cast.patient, [mixture(calm=0.5, sad=0.1)] * 8 + [mixture(calm=0.1, sad=0.6)])
    trend = patient_trend(cast.patient)
    news = news_of(trend, trend.days)
    assert news is not None
    assert news.sentence.startswith("Since the last visit (")
    assert "sad-sounding speech (+" in news.sentence
    assert " is sad" not in news.sentence
    assert len(news.rows) == TOLD
    assert all("95 % interval" in row["judged"] for row in news.rows)


def answered(cast: Cast, total: int, days_ago: float, instrument: str = "phq9") -> QuestionnaireResponse:
    """Filled with answers that sum to ``total``; the question about hurting oneself is 0."""
    length = {"phq9": 9, "gad7": 7}[instrument]
    answers = [min(3, max(0, total - 3 * place)) for place in range(length)]
    assert sum(answers) == total
    at = timezone.now() - timedelta(days=days_ago)
    return fill(by=cast.treats, patient=cast.patient, instrument=instrument, answers=answers, filled_at=at)


def test_totals_of_questionnaires_stand_among_the_deltas_by_their_own_rule(cast: Cast) -> None:
    make_course(cast.treats, cast.patient, [mixture(calm=0.5, sad=0.1)] * 9)  # the last visit 9 days ago
    for total, days_ago in ((15, 30), (17, 9), (12, 5), (11, 2)):
        answered(cast, total, days_ago)
    answered(cast, 9, 20, "gad7")
    answered(cast, 6, 1, "gad7")
    trend = patient_trend(cast.patient)
    news = news_of(trend, trend.days, course_of(cast.patient))
    assert news is not None
    phq, gad, *speech = news.rows
    assert phq["words"] == "PHQ-9 17 → 11 (reliable)"
    assert phq["judged"] == "reliable from more than 5.6 points on (reliable change index)"
    assert (gad["words"], gad["is_reliable"]) == ("GAD-7 9 → 6 (not reliable)", False)
    assert "more than 3.7 points" in gad["judged"]
    assert len(speech) == TOLD
    assert "PHQ-9 17 → 11 (reliable); GAD-7 9 → 6 (not reliable); " in news.sentence


def test_of_questionnaires_only_those_on_both_sides_that_stand_count(cast: Cast) -> None:
    make_course(cast.treats, cast.patient, [mixture(calm=0.5, sad=0.1)] * 3)
    visit = timezone.localdate() - timedelta(days=9)
    answered(cast, 4, 1)
    assert since_day(course_of(cast.patient), visit) == ()  # nothing before
    before = answered(cast, 20, 9)  # on the day of the visit
    (told,) = since_day(course_of(cast.patient), visit)
    assert (told.change.before, told.change.after, told.change.is_reliable) == (20, 4, True)
    void(by=cast.treats, response=before, reason="another patient's sheet")
    assert since_day(course_of(cast.patient), visit) == ()
    too_few = [1, None, None, None, 1, 1, 1, 1, 0]
    fill(
        by=cast.treats,
        patient=cast.patient,
        instrument="phq9",
        answers=too_few,
        filled_at=timezone.now() - timedelta(days=12),
    )
    assert since_day(course_of(cast.patient), visit) == ()  # no total, no change


def test_the_patients_page_tells_it(cast: Cast, client: Client) -> None:
    make_course(cast.treats, cast.patient, [mixture(calm=0.5, sad=0.1)] * 9)
    answered(cast, 17, 20)
    answered(cast, 18, 2)
    client.force_login(cast.treats)
    for name in ("patient", "patient_overview"):
        page = client.get(reverse(name, args=[cast.patient.reference])).content.decode()
        assert "PHQ-9 17 → 18 (not reliable)" in page
        assert "1.96 · SD" in page
    client.force_login(cast.in_team)
    page = client.get(reverse("patient", args=[cast.patient.reference])).content.decode()
    assert "17 → 18" not in page
