"""The sentence that stands between a questionnaire and the voice: what each did, and whether they agree."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from analysis.trends.beside import HEARD_BESIDE, Heard, Move, Verdict, compare, hear, shares_of
from analysis.trends.trend import Trend
from analysis.wording.phrases import SOUNDS
from patients.questionnaires.course import Filled
from patients.questionnaires.scoring import Change, Reading

MOVES = {
    Reading.RELIABLE_RISE: Move.ROSE,
    Reading.RELIABLE_FALL: Move.FELL,
    Reading.NOT_RELIABLE: Move.STAYED,
}


@dataclass(frozen=True)
class Said:
    name: str
    verdict: Verdict
    sentence: str


def beside(newest: Filled, trend: Trend) -> Said:
    """What the newest of a questionnaire and the voice say of the same weeks."""
    instrument = newest.response.instrument
    emotion = HEARD_BESIDE[instrument]
    voice = hear(shares_of(trend, emotion), newest.at)
    moved = MOVES[newest.change.reading] if newest.change else None
    verdict = compare(moved, voice)
    words = {
        "name": newest.questionnaire.name,
        "scored": _scored(newest),
        "voice": _voiced(voice, str(SOUNDS[emotion])),
    }
    match verdict:
        case Verdict.AGREE:
            sentence = _("%(scored)s, and %(voice)s: they agree.") % words
        case Verdict.DISAGREE:
            sentence = _("%(scored)s, while %(voice)s: they disagree; ask.") % words
        case _:
            sentence = _("%(scored)s. %(voice)s.") % {**words, "voice": _too_little(newest, voice, words)}
    return Said(words["name"], verdict, sentence)


def _scored(newest: Filled) -> str:
    if newest.change is None:
        return _("%(name)s was filled for the first time") % {"name": newest.questionnaire.name}
    return _moved(newest.questionnaire.name, newest.change)


def _moved(name: str, change: Change) -> str:
    words = {"name": name, "points": abs(change.points)}
    match change.reading, change.points:
        case Reading.RELIABLE_RISE, _points:
            return _("%(name)s rose by %(points)d (reliable)") % words
        case Reading.RELIABLE_FALL, _points:
            return _("%(name)s fell by %(points)d (reliable)") % words
        case _reading, 0:
            return _("%(name)s stayed the same") % words
        case _reading, points if points > 0:
            return _("%(name)s rose by %(points)d (not reliable)") % words
        case _:
            return _("%(name)s fell by %(points)d (not reliable)") % words


def _voiced(voice: Heard | None, emotion: str) -> str:
    if voice is None:
        return ""
    match voice.move:
        case Move.ROSE:
            return _("%(emotion)s-sounding speech rose above this patient’s usual") % {"emotion": emotion}
        case Move.FELL:
            return _("%(emotion)s-sounding speech fell below this patient’s usual") % {"emotion": emotion}
        case _:
            return _("%(emotion)s-sounding speech stayed within this patient’s usual") % {"emotion": emotion}


def _too_little(newest: Filled, voice: Heard | None, words: dict[str, str]) -> str:
    if voice is None:
        return _("There are too few sessions in and before those weeks to set the voice beside it")
    voiced = words["voice"]
    return voiced[:1].upper() + voiced[1:]
