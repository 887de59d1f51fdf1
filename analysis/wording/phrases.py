"""What was heard and what changed, in words. Speech "sounds"; nobody "is" or "feels"."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from django.utils.timezone import localdate
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from analysis.change.comparison import NEEDED, Shift, Sureness
from analysis.trends.gist import Gist, gist_of
from analysis.trends.trend import ENOUGH_SPEECH_S, Heard, SessionPoint, Trend
from analysis.wording.dates import written
from ml.labels import EMOTIONS, Emotion

SOUNDS = {
    Emotion.NEUTRAL: gettext_lazy("neutral"),
    Emotion.CALM: gettext_lazy("calm"),
    Emotion.HAPPY: gettext_lazy("happy"),
    Emotion.SAD: gettext_lazy("sad"),
    Emotion.ANGRY: gettext_lazy("angry"),
    Emotion.FEARFUL: gettext_lazy("fearful"),
    Emotion.DISGUST: gettext_lazy("disgusted"),
    Emotion.SURPRISED: gettext_lazy("surprised"),
}
SURENESS = {Sureness.SURE: gettext_lazy("sure"), Sureness.FAIRLY_SURE: gettext_lazy("fairly sure")}


class Need(IntEnum):
    """Why a patient stands where they stand in the caseload, the most pressing first."""

    CHANGED = 0
    FAILED = 1
    TOO_LITTLE = 2
    ANALYSING = 3
    STEADY = 4
    LEARNING = 5
    NONE_YET = 6

    @property
    def is_pressing(self) -> bool:
        return self <= Need.TOO_LITTLE


ICONS = {
    Need.FAILED: "alert",
    Need.TOO_LITTLE: "unsure",
    Need.ANALYSING: "clock",
    Need.STEADY: "level",
    Need.LEARNING: "learning",
    Need.NONE_YET: "plus",
}


class Words(NamedTuple):
    """One sentence, and what it rests on."""

    title: str
    detail: str = ""


class Finding(NamedTuple):
    """One sentence, what it rests on, and where it belongs in a caseload."""

    need: Need
    icon: str
    title: str
    detail: str


def percent(share: float) -> str:
    return f"{share * 100:.0f}\u202f%"


def clock(seconds: float | None) -> str:
    """A length or a place in a recording: 0:42, 17:05, 1:02:03."""
    if seconds is None:
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def points(shift: Shift) -> str:
    """A difference of shares in points, with its sign; none has no sign."""
    return whole_points(shift.points * 100)


def whole_points(points: float) -> str:
    """ "+14", "−3", or "0" for what rounds to it."""
    rounded = round(points)
    return f"{'+' if rounded > 0 else '−' if rounded < 0 else ''}{abs(rounded)}"


def sounds_like(shares: NDArray[np.float32] | Sequence[float]) -> str:
    """The two most heard, never one alone: "sad or calm, 46 % and 31 %"."""
    first, second = np.argsort(-np.asarray(shares), kind="stable")[:2]
    return _("%(first)s or %(second)s, %(a)s and %(b)s") % {
        "first": SOUNDS[EMOTIONS[first]],
        "second": SOUNDS[EMOTIONS[second]],
        "a": percent(float(shares[first])),
        "b": percent(float(shares[second])),
    }


def session_sentence(heard: Heard | None) -> str:
    """What a session, or one recording of it, sounds like."""
    if heard is None:
        return _("No result yet")
    if heard.speech_s < ENOUGH_SPEECH_S:
        return _("Too little speech: %(heard).0f s (needs %(needed).0f s)") % {
            "heard": heard.speech_s,
            "needed": ENOUGH_SPEECH_S,
        }
    if not heard.is_enough:
        return _("Not sure: %(clear).0f s of speech were clear enough (needs %(needed).0f s)") % {
            "clear": heard.clear_s,
            "needed": ENOUGH_SPEECH_S,
        }
    return _("Sounds %s") % sounds_like(heard.shares)


def moment(shares: NDArray[np.float32], unsure: float) -> str:
    """What one stretch of a recording sounds like."""
    total = float(shares.sum())
    if total + unsure == 0:
        return _("no speech")
    return _("not sure") if unsure >= total else _("sounds %s") % sounds_like(shares / total)


def short_result(point: SessionPoint) -> str:
    """What stands in the place of a result in a list of sessions."""
    if point.pending:
        return _("analysing")
    if point.heard is None:
        if point.failed:
            return _("failed")
        return _("analysed") if point.recordings else _("no recording")
    return session_sentence(point.heard)


def finding(seen: Trend | Gist, *, with_results: bool = True) -> Finding:
    """What to know of this patient first; without results, how far the work on recordings has come."""
    gist = seen if isinstance(seen, Gist) else gist_of(seen, None)
    need, words = _finding(gist) if with_results else _progress(gist)
    return Finding(need, ICONS.get(need) or way(gist), *words)


def way(gist: Gist) -> str:
    """The icon of the way in which the clearest change goes."""
    return "rise" if gist.shifts and gist.shifts[0].points > 0 else "fall"


def _progress(gist: Gist) -> tuple[Need, Words]:
    if gist.failed_lately:
        return Need.FAILED, failed(gist.failed_lately)
    if gist.pending:
        return Need.ANALYSING, pending(gist.pending)
    if not gist.sessions:
        return Need.NONE_YET, none_yet(gist)
    return Need.STEADY, all_analysed()


def _finding(gist: Gist) -> tuple[Need, Words]:
    if gist.shifts:
        return Need.CHANGED, changed(gist)
    if gist.is_silent:
        return Need.TOO_LITTLE, too_little()
    if (progress := _progress(gist))[0] is not Need.STEADY:
        return progress
    if gist.compared < NEEDED:
        return Need.LEARNING, learning(gist)
    return Need.STEADY, steady(gist)


def changed(gist: Gist) -> Words:
    return Words(_changed_title(gist), _changed_detail(gist))


def too_little() -> Words:
    needed = _("A session needs %(s).0f s of clear speech to be compared.") % {"s": ENOUGH_SPEECH_S}
    return Words(_("Too little speech in the last 2 sessions"), needed)


def failed(count: int) -> Words:
    title = ngettext("%(n)d recording failed", "%(n)d recordings failed", count) % {"n": count}
    return Words(title, _("Its reason stands beside it in the session."))


def pending(count: int) -> Words:
    return Words(ngettext("Analysing %(n)d recording", "Analysing %(n)d recordings", count) % {"n": count})


def none_yet(gist: Gist) -> Words:
    if gist.sessions:
        return Words(_("No recording yet"), _("Upload one into a session to begin."))
    return Words(_("No sessions yet"), _("Upload a first recording to begin."))


def all_analysed() -> Words:
    return Words(_("All recordings are analysed"))


def learning(gist: Gist) -> Words:
    how_far = {"n": gist.compared, "needed": NEEDED}
    title = _("Learning what is usual: %(n)s of %(needed)s days with enough speech") % how_far
    return Words(title, _("Changes are judged once there is enough to compare with."))


def steady(gist: Gist) -> Words:
    detail = ngettext(
        "Within this patient’s usual, over %(n)d day with enough speech.",
        "Within this patient’s usual, over %(n)d days with enough speech.",
        gist.compared,
    )
    return Words(_("No clear change"), detail % {"n": gist.compared})


def _changed_title(gist: Gist) -> str:
    """At most two emotions: the rest stands in the detail and in the chart."""
    first, *others = gist.shifts
    words = {
        "first": SOUNDS[first.emotion],
        "second": SOUNDS[others[0].emotion] if others else "",
    }
    match (first.points > 0, others[0].points > 0 if others else None):
        case (True, None):
            change = _("More %(first)s") % words
        case (False, None):
            change = _("Less %(first)s") % words
        case (True, True):
            change = _("More %(first)s- and %(second)s") % words
        case (False, False):
            change = _("Less %(first)s- and %(second)s") % words
        case (True, False):
            change = _("More %(first)s- and less %(second)s") % words
        case _:
            change = _("Less %(first)s- and more %(second)s") % words
    since = {"change": change, "day": _short_day(localdate(gist.changed_since), get_language())}
    return _("%(change)s-sounding speech since %(day)s") % since


@lru_cache(maxsize=5_000)
def _short_day(on: date, _language: str | None) -> str:
    """Kept: a caseload names the same days again and again."""
    return written(on, "j M")


def _changed_detail(gist: Gist) -> str:
    shifts = ", ".join(
        _("%(emotion)s %(points)s points (%(sureness)s)")
        % {"emotion": SOUNDS[shift.emotion], "points": points(shift), "sureness": SURENESS[shift.sureness]}
        for shift in gist.shifts
    )
    parts = {"shifts": shifts, "n": gist.run_days}
    return (
        ngettext(
            "%(n)d day beyond this patient’s usual: %(shifts)s.",
            "%(n)d days in a run beyond this patient’s usual: %(shifts)s.",
            gist.run_days,
        )
        % parts
    )
