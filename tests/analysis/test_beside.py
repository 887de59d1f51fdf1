"""Voice beside questionnaire: where they agree and where not, by the stated rule, and how that is drawn."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from analysis.trends.beside import LEAST_BEFORE, Move, Point, Verdict, compare, hear
from analysis.trends.reading import patient_trend
from analysis.wording.beside import beside
from patients.questionnaires.answering import fill
from patients.questionnaires.course import course_of, latest
from patients.questionnaires.scoring import Answer
from tests.analysis.hearing import make_course, mixture
from tests.cast import Cast

NOW = timezone.now()


def weekly(*shares: float) -> list[Point]:
    """Sessions a week apart, the last of them yesterday."""
    days = [1 + 7 * place for place in reversed(range(len(shares)))]
    return [
        Point(NOW - timedelta(days=ago), share, share - 0.05, share + 0.05)
        for ago, share in zip(days, shares, strict=True)
    ]


BEFORE = [0.20, 0.24, 0.22, 0.18, 0.20, 0.23, 0.21]


@pytest.mark.parametrize(
    ("within", "move"),
    [
        ([0.2] * 3, Move.STAYED),
        ([0.6] * 3, Move.ROSE),
        ([0.02] * 3, Move.FELL),
        ([0.26, 0.1, 0.27], Move.STAYED),
    ],
)
def test_the_voice_is_set_against_the_patients_own_usual(within: list[float], move: Move) -> None:
    heard = hear(weekly(*BEFORE, *within), NOW)
    assert heard is not None
    assert heard.move is move
    assert heard.sessions == 3
    mean, reach = float(np.mean(BEFORE)), 2 * float(np.std(BEFORE, ddof=1))
    assert heard.usual == pytest.approx((mean - reach, mean + reach))


def test_with_too_few_sessions_it_says_nothing() -> None:
    assert hear(weekly(*BEFORE[1:], 0.6, 0.6, 0.6), NOW) is None
    assert hear([*weekly(*BEFORE, 0.6, 0.6, 0.6)[:LEAST_BEFORE], *weekly(0.6)], NOW) is None
    assert hear([], NOW) is None


def test_what_comes_after_the_filling_does_not_count() -> None:
    points = weekly(*BEFORE, 0.6, 0.6, 0.6)
    assert hear(points, NOW) != hear(points, NOW - timedelta(days=21))


@given(st.sampled_from(Move), st.lists(st.floats(0, 1), min_size=3, max_size=3))
def test_they_agree_exactly_when_both_moved_alike(moved: Move, within: list[float]) -> None:
    heard = hear(weekly(*BEFORE, *within), NOW)
    assert heard is not None
    assert (compare(moved, heard) is Verdict.AGREE) == (moved is heard.move)
    assert compare(None, heard) is compare(moved, None) is Verdict.UNKNOWN


LOW: list[Answer] = [1, 1, 1, 1, 1, 1, 0, 0, 0]  # 6
HIGH: list[Answer] = [2, 2, 2, 2, 2, 2, 1, 0, 0]  # 13
SIMILAR: list[Answer] = [1, 1, 1, 1, 1, 1, 1, 0, 0]  # 7


def case(cast: Cast, first: list[Answer], second: list[Answer], sad_lately: float) -> None:
    shares = [mixture(sad=0.2)] * 9 + [mixture(sad=sad_lately)] * 3
    make_course(cast.treats, cast.patient, shares, every_days=7)
    for answers, days in ((first, 40), (second, 0)):
        at = timezone.now() - timedelta(days=days)
        fill(by=cast.treats, patient=cast.patient, instrument="phq9", answers=answers, filled_at=at)


@pytest.mark.parametrize(
    ("first", "second", "sad", "sentence"),
    [
        (
            *(LOW, HIGH, 0.2),
            "PHQ-9 rose by 7 (reliable), while sad-sounding speech stayed within this patient’s usual: "
            "they disagree; ask.",
        ),
        (
            *(LOW, HIGH, 0.6),
            "PHQ-9 rose by 7 (reliable), and sad-sounding speech rose above this patient’s usual: "
            "they agree.",
        ),
        (
            *(HIGH, LOW, 0.02),
            "PHQ-9 fell by 7 (reliable), and sad-sounding speech fell below this patient’s usual: "
            "they agree.",
        ),
        (
            *(LOW, SIMILAR, 0.2),
            "PHQ-9 rose by 1 (not reliable), and sad-sounding speech stayed within this patient’s usual: "
            "they agree.",
        ),
        (
            *(LOW, LOW, 0.6),
            "PHQ-9 stayed the same, while sad-sounding speech rose above this patient’s usual: "
            "they disagree; ask.",
        ),
    ],
)
def test_one_sentence_says_where_they_agree(
    cast: Cast, client: Client, first: list[Answer], second: list[Answer], sad: float, sentence: str
) -> None:
    case(cast, first, second, sad)
    (newest,) = latest(course_of(cast.patient))
    assert beside(newest, patient_trend(cast.patient)).sentence == sentence
    client.force_login(cast.treats)
    assert sentence in client.get(reverse("patient", args=["R-0412"])).content.decode()


def test_the_first_one_has_nothing_to_be_set_against(cast: Cast) -> None:
    fill(by=cast.treats, patient=cast.patient, instrument="gad7", answers=[1] * 7)
    (newest,) = latest(course_of(cast.patient))
    said = beside(newest, patient_trend(cast.patient))
    assert said.verdict is Verdict.UNKNOWN
    assert said.sentence == (
        "GAD-7 was filled for the first time. There are too few sessions in and before those weeks to set "
        "the voice beside it."
    )


def figure(client: Client, **query: str) -> dict[str, Any]:
    answer = client.get(reverse("questionnaire_figure", args=["R-0412"]), query)
    assert answer.status_code == 200
    drawn: dict[str, Any] = json.loads(answer.content)
    return drawn


def test_scores_and_voice_share_one_time_axis(cast: Cast, client: Client) -> None:
    case(cast, LOW, HIGH, 0.6)
    client.force_login(cast.treats)
    drawn = figure(client)
    scores, voice = drawn["data"]
    assert "yaxis" not in scores
    assert voice["yaxis"] == "y2"
    assert len(scores["text"]) == 2
    assert "13 of 27, moderate" in scores["text"][-1]
    assert "6 → 13 (reliable)" in scores["text"][-1]
    assert len(voice["text"]) == 12
    assert {label["text"] for label in drawn["layout"]["annotations"]} == {"PHQ-9", "sad"}
    assert drawn["layout"]["yaxis"]["range"] == [0, 27]
    assert figure(client, theme="dark")["data"][0]["line"]["color"] != scores["line"]["color"]


def test_the_chart_is_said_in_a_sentence_and_can_be_taken_along(cast: Cast, client: Client) -> None:
    case(cast, LOW, HIGH, 0.6)
    client.force_login(cast.treats)
    page = client.get(reverse("patient", args=["R-0412"])).content.decode()
    panel = page[page.index('id="questionnaires"') :]
    assert "2 questionnaires, " in panel
    assert "The newest are PHQ-9: 13 of 27, moderate." in panel
    for kind in ("png", "svg"):
        assert f'data-download="{kind}"' in panel


def test_both_questionnaires_without_any_voice(cast: Cast, client: Client) -> None:
    fill(by=cast.treats, patient=cast.patient, instrument="gad7", answers=[1] * 7)
    fill(by=cast.treats, patient=cast.patient, instrument="phq9", answers=LOW)
    client.force_login(cast.treats)
    phq, gad = figure(client)["data"]
    # Never colour alone.
    assert phq["line"]["dash"] != gad["line"]["dash"]
    assert phq["marker"]["symbol"] != gad["marker"]["symbol"]


def test_without_a_score_there_is_no_figure(cast: Cast, client: Client) -> None:
    client.force_login(cast.treats)
    address = reverse("questionnaire_figure", args=["R-0412"])
    assert client.get(address).status_code == 404
    fill(by=cast.treats, patient=cast.patient, instrument="phq9", answers=LOW)
    assert client.get(address).status_code == 200
    client.force_login(cast.in_team)
    assert client.get(address).status_code == 404


def test_item_9_leads_the_patients_page_and_the_caseload(cast: Cast, client: Client) -> None:
    eyes: list[Answer] = [0, 0, 0, 0, 0, 0, 0, 0, 1]
    response = fill(by=cast.treats, patient=cast.patient, instrument="phq9", answers=eyes)
    client.force_login(cast.treats)
    page = client.get(reverse("patient", args=["R-0412"])).content.decode()
    assert page.index("Question 9 of the PHQ-9") < page.index('id="overview"')
    assert reverse("mark_questionnaire_seen", args=[response.pk]) in page
    assert "nobody has seen it yet" in client.get(reverse("caseload")).content.decode()
    client.force_login(cast.in_team)
    for address in (reverse("patient", args=["R-0412"]), reverse("caseload")):
        told = client.get(address).content.decode()
        assert "A questionnaire needs a clinician’s eyes" in told
        assert "uestion 9" not in told
    client.force_login(cast.treats)
    client.post(reverse("mark_questionnaire_seen", args=[response.pk]), {"note": "Spoke with her."})
    assert "Question 9" not in client.get(reverse("patient", args=["R-0412"])).content.decode()
    assert "nobody has seen it" not in client.get(reverse("caseload")).content.decode()
