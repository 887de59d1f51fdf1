"""PHQ-9 and GAD-7: totals, bands, what is made up for, and reliable change, against what was published."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.questionnaires.instruments import GAD7, PHQ9, QUESTIONNAIRES, Questionnaire
from patients.questionnaires.scoring import Answer, Reading, change, reliable_points, score

BOTH = pytest.mark.parametrize("questionnaire", [PHQ9, GAD7], ids=["phq9", "gad7"])
# Kroenke, Spitzer & Williams 2001, table 4; Spitzer et al. 2006: totals at which each band begins and ends.
PUBLISHED = [
    (PHQ9, {"minimal": (0, 4), "mild": (5, 9), "moderate": (10, 14)}),
    (PHQ9, {"moderately severe": (15, 19), "severe": (20, 27)}),
    (GAD7, {"minimal": (0, 4), "mild": (5, 9), "moderate": (10, 14), "severe": (15, 21)}),
]


def answers_to(questionnaire: Questionnaire, total: int) -> list[Answer]:
    """Answers that add up to ``total``: as many threes as fit, the rest in the next item."""
    threes, rest = divmod(total, 3)
    row: list[Answer] = [*[3] * threes, *([rest] if rest else [])]
    return [*row, *[0] * (questionnaire.length - len(row))]


def rows(questionnaire: Questionnaire, *, missing: int = 0) -> st.SearchStrategy[list[Answer]]:
    given_answers = st.lists(
        st.integers(0, 3), min_size=questionnaire.length - missing, max_size=questionnaire.length - missing
    )
    return given_answers.flatmap(lambda row: st.permutations([*row, *[None] * missing]))


@pytest.mark.parametrize(("questionnaire", "bands"), PUBLISHED)
def test_every_total_falls_into_its_published_band(
    questionnaire: Questionnaire, bands: dict[str, tuple[int, int]]
) -> None:
    for label, (low, high) in bands.items():
        for total in range(low, high + 1):
            result = score(questionnaire, answers_to(questionnaire, total))
            assert result.total == total
            assert result.band is not None
            assert str(result.band.label) == label, total
            assert not result.is_prorated


@BOTH
def test_bands_cover_every_total_once(questionnaire: Questionnaire) -> None:
    covered = [total for band in questionnaire.bands for total in range(band.low, band.high + 1)]
    assert covered == list(range(questionnaire.highest + 1))


def test_the_official_lengths_and_ranges() -> None:
    assert (PHQ9.length, PHQ9.highest, PHQ9.safety_item) == (9, 27, 8)
    assert (GAD7.length, GAD7.highest, GAD7.safety_item) == (7, 21, None)
    for questionnaire in QUESTIONNAIRES.values():
        for wording in questionnaire.wordings.values():
            assert len(wording.items) == questionnaire.length
            assert len(set(wording.items)) == questionnaire.length


def test_the_words_are_the_official_ones() -> None:
    english = PHQ9.wordings["en"]
    assert english.items[0] == "Little interest or pleasure in doing things"
    assert english.items[8] == "Thoughts that you would be better off dead or of hurting yourself in some way"
    assert english.choices == ("Not at all", "Several days", "More than half the days", "Nearly every day")
    assert GAD7.wordings["en"].items[1] == "Not being able to stop or control worrying"
    assert PHQ9.wording("pl").items == english.items
    assert PHQ9.wording("de-AT").choices[0] == "Überhaupt nicht"


@BOTH
@given(data=st.data())
def test_the_total_is_the_sum_in_any_order(questionnaire: Questionnaire, data: st.DataObject) -> None:
    row = data.draw(rows(questionnaire))
    shuffled = data.draw(st.permutations(row))
    assert score(questionnaire, row).total == sum(answer or 0 for answer in row)
    assert score(questionnaire, row) == score(questionnaire, shuffled)


@BOTH
@given(data=st.data())
def test_what_is_made_up_for_is_the_mean_of_the_others(
    questionnaire: Questionnaire, data: st.DataObject
) -> None:
    missing = data.draw(st.integers(1, questionnaire.may_miss))
    row = data.draw(rows(questionnaire, missing=missing))
    answered = [answer for answer in row if answer is not None]
    exact = sum(answered) / len(answered) * questionnaire.length
    result = score(questionnaire, row)
    assert result.total is not None
    assert abs(result.total - exact) <= 0.5 + 1e-9
    assert result.is_prorated
    assert result.missing == missing
    # Between all left out being 0 and all being 3, as it must be.
    assert sum(answered) <= result.total <= sum(answered) + 3 * missing


@pytest.mark.parametrize(
    ("questionnaire", "row", "total"),
    [
        (PHQ9, [1, 1, 1, 1, 1, 1, 1, 1, None], 9),
        (PHQ9, [None, 3, 3, 3, 3, 3, 3, 3, None], 27),
        (PHQ9, [2, 2, 2, 1, 1, 1, 1, None, None], 13),  # 10 · 9 / 7 = 12.86
        (PHQ9, [1, 1, 1, 1, 0, 0, 0, 0, None], 5),  # 4 · 9 / 8 = 4.5, halves upwards
        (GAD7, [2, 2, 2, 2, 2, 2, None], 14),
        (GAD7, [1, 0, 0, 0, 0, 0, None], 1),  # 7 / 6
        (GAD7, [1, 1, 1, 0, 0, 0, None], 4),  # 3.5, halves upwards
    ],
)
def test_prorated_by_hand(questionnaire: Questionnaire, row: list[Answer], total: int) -> None:
    assert score(questionnaire, row).total == total


@BOTH
@given(data=st.data())
def test_with_more_left_out_there_is_no_score(questionnaire: Questionnaire, data: st.DataObject) -> None:
    missing = data.draw(st.integers(questionnaire.may_miss + 1, questionnaire.length))
    result = score(questionnaire, data.draw(rows(questionnaire, missing=missing)))
    assert (result.total, result.band, result.missing) == (None, None, missing)


@pytest.mark.parametrize(
    "wrong", [[], [0] * 8, [0] * 10, [0] * 8 + [4], [0] * 8 + [-1], [True] * 9, ["1"] * 9]
)
def test_what_is_no_answer_is_no_score(wrong: list[Answer]) -> None:
    with pytest.raises(ValueError, match="no answers"):
        score(PHQ9, wrong)


def test_reliable_change_is_computed_from_the_published_figures() -> None:
    # Jacobson & Truax 1991: 1.96 times the standard error of a difference, S_diff = √(2 · SE²).
    for questionnaire, whole_points in ((PHQ9, 6), (GAD7, 4)):
        error = questionnaire.sd * math.sqrt(1 - questionnaire.reliability)
        assert reliable_points(questionnaire) == pytest.approx(1.96 * math.sqrt(2 * error**2))
        # What the NHS Talking Therapies manual counts: at least 6 points of the PHQ-9, 4 of the GAD-7.
        assert math.floor(reliable_points(questionnaire)) + 1 == whole_points


@BOTH
def test_a_change_is_reliable_from_the_limit_on_both_ways(questionnaire: Questionnaire) -> None:
    limit = {"PHQ-9": 6, "GAD-7": 4}[questionnaire.name]
    middle = questionnaire.highest // 2
    for points, reading in (
        (limit, Reading.RELIABLE_RISE),
        (limit - 1, Reading.NOT_RELIABLE),
        (0, Reading.NOT_RELIABLE),
        (1 - limit, Reading.NOT_RELIABLE),
        (-limit, Reading.RELIABLE_FALL),
    ):
        changed = change(questionnaire, middle, middle + points)
        assert changed.reading is reading, points
        assert changed.is_reliable == (abs(points) >= limit)
        assert changed.is_important == (abs(points) >= questionnaire.important)


def test_important_differences_are_the_published_ones() -> None:
    assert (PHQ9.important, GAD7.important) == (5, 4)  # Löwe 2004; Toussaint 2020


@BOTH
@given(data=st.data())
def test_a_change_back_reads_the_other_way(questionnaire: Questionnaire, data: st.DataObject) -> None:
    totals = st.integers(0, questionnaire.highest)
    before, after = data.draw(totals), data.draw(totals)
    there, back = change(questionnaire, before, after), change(questionnaire, after, before)
    assert there.points == -back.points
    assert there.is_reliable == back.is_reliable
    assert there.is_important == back.is_important


@BOTH
def test_bands_are_in_order(questionnaire: Questionnaire) -> None:
    assert all(one.high + 1 == next_one.low for one, next_one in pairwise(questionnaire.bands))
