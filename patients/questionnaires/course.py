"""Reads: a patient's questionnaires over time, each with its score and its change since the one before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.formats import number_format
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from patients.models import Instrument, Patient, QuestionnaireResponse
from patients.questionnaires.instruments import QUESTIONNAIRES, Questionnaire
from patients.questionnaires.scoring import Change, Reading, Score, change, reliable_points, score


@dataclass(frozen=True)
class Filled:
    """One response with what it comes to. ``change`` is None for the first, and where there is no total."""

    response: QuestionnaireResponse
    score: Score
    change: Change | None

    @property
    def questionnaire(self) -> Questionnaire:
        return QUESTIONNAIRES[self.response.instrument]

    @property
    def at(self) -> datetime:
        return self.response.filled_at

    @property
    def counts(self) -> bool:
        return self.score.total is not None and not self.response.is_voided

    @property
    def score_in_words(self) -> str:
        if self.score.total is None:
            return _("no score: %(missing)d of %(length)d questions left out (at most %(most)d may be)") % {
                "missing": self.score.missing,
                "length": self.questionnaire.length,
                "most": self.questionnaire.may_miss,
            }
        assert self.score.band is not None
        words = {
            "total": self.score.total,
            "highest": self.questionnaire.highest,
            "band": self.score.band.label,
        }
        if self.score.is_prorated:
            words |= {"missing": self.score.missing}
            return _("%(total)d of %(highest)d, %(band)s (%(missing)d left out, made up by the mean)") % words
        return _("%(total)d of %(highest)d, %(band)s") % words

    @property
    def change_in_words(self) -> str:
        return change_in_words(self.change) if self.change else ""

    @property
    def left_out_safety(self) -> bool:
        """Whether the question about hurting oneself was left out, which is no answer of 0."""
        place = self.questionnaire.safety_item
        return place is not None and self.response.answers[place] is None

    @property
    def answered(self) -> list[tuple[str, str]]:
        """Each question with the answer that was chosen, in the reader's language."""
        words = self.questionnaire.wording()
        chosen = [
            _("left out") if answer is None else f"{answer} · {words.choices[answer]}"
            for answer in self.response.answers
        ]
        return list(zip(words.items, chosen, strict=True))

    @property
    def difficulty_in_words(self) -> str:
        value = self.response.difficulty
        return "" if value is None else self.questionnaire.wording().difficulty_choices[value]


@dataclass(frozen=True)
class SinceDay:
    """One questionnaire's newest total after a day, set against its last one up to that day."""

    questionnaire: Questionnaire
    change: Change

    @property
    def in_words(self) -> str:
        return f"{self.questionnaire.name} {change_in_words(self.change)}"

    @property
    def rule(self) -> str:
        """By which rule the change is called reliable or not."""
        words = {"points": number_format(round(reliable_points(self.questionnaire), 1), 1)}
        return _("reliable from more than %(points)s points on (reliable change index)") % words


def since_day(course: Sequence[Filled], day: date) -> tuple[SinceDay, ...]:
    """In the order of ``Instrument``; those with a total on both sides. ``course``: the newest first."""
    found: list[SinceDay] = []
    for instrument in Instrument.values:
        totals = [
            (localdate(one.at) > day, one.score.total)
            for one in course
            if one.response.instrument == instrument and one.counts and one.score.total is not None
        ]
        after = next((total for is_since, total in totals if is_since), None)
        before = next((total for is_since, total in totals if not is_since), None)
        if after is not None and before is not None:
            questionnaire = QUESTIONNAIRES[instrument]
            found.append(SinceDay(questionnaire, change(questionnaire, before, after)))
    return tuple(found)


def change_in_words(changed: Change) -> str:
    """ "13 → 12 (not reliable)"."""
    sureness = _("not reliable") if changed.reading is Reading.NOT_RELIABLE else _("reliable")
    return f"{changed.before} → {changed.after} ({sureness})"


def course_of(patient: Patient) -> list[Filled]:
    """Everything that was filled for this patient, voided ones included, the newest first; one query."""
    responses = patient.questionnaire_responses.select_related(
        "entered_by", "voided_by", "safety_seen_by", "link"
    )
    return filled(list(responses))


def filled(responses: Sequence[QuestionnaireResponse]) -> list[Filled]:
    """``responses`` in any order; each is set against the last before it with a total that is not voided."""
    before: dict[str, int] = {}
    course: list[Filled] = []
    for response in sorted(responses, key=lambda one: one.filled_at):
        questionnaire = QUESTIONNAIRES[response.instrument]
        result = score(questionnaire, response.answers)
        changed = None
        if result.total is not None and not response.is_voided:
            if (earlier := before.get(response.instrument)) is not None:
                changed = change(questionnaire, earlier, result.total)
            before[response.instrument] = result.total
        course.append(Filled(response, result, changed))
    return course[::-1]


def latest(course: Sequence[Filled]) -> list[Filled]:
    """Of each questionnaire the newest with a total, in the order of ``Instrument``."""
    newest = {one.response.instrument: one for one in reversed(course) if one.counts}
    return [newest[instrument] for instrument in Instrument.values if instrument in newest]
