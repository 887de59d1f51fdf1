"""Voice beside questionnaire: do they say the same of the last weeks? One rule, stated in full.

A questionnaire asks about the last two weeks. Its change since the one before is a rise or a fall if it is
reliable (``patients.questionnaires.scoring``), and none otherwise.

Beside the PHQ-9 stands the share of sad-sounding speech, beside the GAD-7 that of fearful-sounding speech, in
the sessions of the three weeks up to the filling: the two that it asks about, and one more, so that weekly
sessions give at least two; with fewer than two the voice says nothing. Their mean is a rise or a fall if it
lies outside this patient's usual, which is mean ± 2 standard deviations of the sessions before those weeks,
of which there must be seven. A mean of several sessions scatters less than one of them, so this is a cautious
rule. Only sessions that may be compared count: enough speech, the newest model, telephone with telephone.

They agree where both moved the same way, or neither moved. Anything else is a disagreement: neither is the
truth about the other, and the patient can be asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

import numpy as np

from analysis.trends.trend import Trend
from ml.labels import Emotion, index_of

WEEKS = timedelta(weeks=3)
LEAST_WITHIN = 2
LEAST_BEFORE = 7
SPREADS = 2.0
HEARD_BESIDE = {"phq9": Emotion.SAD, "gad7": Emotion.FEARFUL}


class Move(IntEnum):
    FELL = -1
    STAYED = 0
    ROSE = 1


class Verdict(StrEnum):
    AGREE = "agree"
    DISAGREE = "disagree"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Point:
    """One session's share of one emotion, with its 95 % interval."""

    at: datetime
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Heard:
    """What the voice says of the weeks up to a filling; ``usual`` is low and high of this patient's own."""

    move: Move
    mean: float
    sessions: int
    usual: tuple[float, float]


def shares_of(trend: Trend, emotion: Emotion) -> list[Point]:
    """Of the sessions that may be compared, the oldest first."""
    place = index_of(emotion)
    return [
        Point(point.held_at, *(float(part[place]) for part in (heard.shares, heard.low, heard.high)))
        for point, heard in trend.compared
    ]


def hear(points: Sequence[Point], at: datetime) -> Heard | None:
    """The voice in the weeks up to ``at``, or None where it says too little."""
    within = [point.share for point in points if at - WEEKS <= point.at <= at]
    before = [point.share for point in points if point.at < at - WEEKS]
    if len(within) < LEAST_WITHIN or len(before) < LEAST_BEFORE:
        return None
    mean, usual = float(np.mean(within)), float(np.mean(before))
    reach = SPREADS * float(np.std(before, ddof=1))
    low, high = max(0.0, usual - reach), min(1.0, usual + reach)
    move = Move.ROSE if mean > high else Move.FELL if mean < low else Move.STAYED
    return Heard(move, mean, len(within), (low, high))


def compare(questionnaire: Move | None, voice: Heard | None) -> Verdict:
    """``questionnaire`` is None where there is no earlier one to set it against."""
    if questionnaire is None or voice is None:
        return Verdict.UNKNOWN
    return Verdict.AGREE if questionnaire is voice.move else Verdict.DISAGREE
