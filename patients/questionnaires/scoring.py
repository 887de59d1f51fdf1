"""From answers to a total, a band and a change, exactly as published. Pure functions.

A total is the sum of the answers. Where few items were left out, each is taken as the mean of those answered
and the sum rounded to the nearest whole point (halves upwards); where more were left out there is no total.

A change is reliable when chance alone explains it in fewer than 1 of 20 patients who do not change: it must
exceed 1.96 · SD · √(2 · (1 − reliability)) (Jacobson & Truax, J Consult Clin Psychol 1991;59:12–19). With the
figures in ``instruments`` that is 5.6 points of the PHQ-9 and 3.7 of the GAD-7: 6 and 4 whole points, as the
English NHS counts it for its talking therapies, too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from patients.questionnaires.instruments import ANSWERS, Band, Questionnaire

TWO_SIDED_95 = 1.96

Answer = int | None


@dataclass(frozen=True)
class Score:
    """``total`` is None where too many items were left out; ``missing`` counts them."""

    total: int | None
    band: Band | None
    missing: int

    @property
    def is_prorated(self) -> bool:
        return self.total is not None and self.missing > 0


class Reading(StrEnum):
    RELIABLE_RISE = "reliable_rise"
    RELIABLE_FALL = "reliable_fall"
    NOT_RELIABLE = "not_reliable"


@dataclass(frozen=True)
class Change:
    """From one total to the next, in points; ``is_important`` by the minimal important difference."""

    before: int
    after: int
    reading: Reading
    is_important: bool

    @property
    def points(self) -> int:
        return self.after - self.before

    @property
    def is_reliable(self) -> bool:
        return self.reading is not Reading.NOT_RELIABLE


def is_answer(value: object) -> bool:
    return value is None or (type(value) is int and value in ANSWERS)


def score(questionnaire: Questionnaire, answers: Sequence[Answer]) -> Score:
    """``answers``: one entry an item, 0 to 3, None where it was left out.

    Raises:
        ValueError: not as many entries as the questionnaire has items, or one that is no answer.
    """
    if len(answers) != questionnaire.length or not all(map(is_answer, answers)):
        raise ValueError(f"These are no answers to {questionnaire.name}: {answers}")
    given = [answer for answer in answers if answer is not None]
    missing = questionnaire.length - len(given)
    if missing > questionnaire.may_miss:
        return Score(total=None, band=None, missing=missing)
    # In whole numbers, so that a half is a half: the nearest point of sum · length / given.
    total = (2 * sum(given) * questionnaire.length + len(given)) // (2 * len(given))
    return Score(total=total, band=questionnaire.band(total), missing=missing)


def reliable_points(questionnaire: Questionnaire) -> float:
    """How many points a change must exceed to be reliable."""
    return TWO_SIDED_95 * questionnaire.sd * math.sqrt(2 * (1 - questionnaire.reliability))


def change(questionnaire: Questionnaire, before: int, after: int) -> Change:
    points = after - before
    if abs(points) <= reliable_points(questionnaire):
        reading = Reading.NOT_RELIABLE
    else:
        reading = Reading.RELIABLE_RISE if points > 0 else Reading.RELIABLE_FALL
    return Change(before, after, reading, is_important=abs(points) >= questionnaire.important)
