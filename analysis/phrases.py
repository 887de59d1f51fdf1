"""What was heard and what changed, in words. Speech "sounds"; nobody "is" or "feels"."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from numpy.typing import NDArray

from analysis.change import NEEDED, RECENT, Shift, Sureness
from analysis.trends import ENOUGH_SPEECH_S, Heard, SessionPoint, Trend
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


class Finding(NamedTuple):
    """One sentence, what it rests on, and where it belongs in a caseload."""

    need: Need
    icon: str
    title: str
    detail: str


def percent(share: float) -> str:
    return f"{share * 100:.0f}\u202f%"


def points(shift: Shift) -> str:
    """A difference of shares in points, always with its sign."""
    return f"{'+' if shift.points > 0 else '−'}{abs(shift.points) * 100:.0f}"


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
        return _("failed") if point.failed else _("no recording")
    return session_sentence(point.heard)


def finding(trend: Trend, *, with_results: bool = True) -> Finding:
    """What to know of this patient first; without results, how far the work on recordings has come."""
    need, title, detail = _finding(trend) if with_results else _progress(trend)
    rises = trend.comparison.shifts[0].points > 0 if trend.comparison.shifts else False
    return Finding(need, ICONS.get(need, "rise" if rises else "fall"), title, detail)


def _progress(trend: Trend) -> tuple[Need, str, str]:
    if trend.failed_lately:
        return Need.FAILED, _failed(trend.failed_lately), _("Its reason stands beside it in the session.")
    if trend.pending:
        return Need.ANALYSING, _pending(trend.pending), ""
    if not trend.points:
        return Need.NONE_YET, _("No sessions yet"), _("Upload a first recording to begin.")
    return Need.STEADY, _("All recordings are analysed"), ""


def _finding(trend: Trend) -> tuple[Need, str, str]:
    counted = len(trend.compared)
    if trend.comparison.shifts:
        return Need.CHANGED, _changed_title(trend), _changed_detail(trend)
    if trend.is_silent_lately and not trend.failed_lately:
        needed = _("A session needs %(s).0f s of clear speech to be compared.") % {"s": ENOUGH_SPEECH_S}
        return Need.TOO_LITTLE, _("Too little speech in the last 2 sessions"), needed
    if (progress := _progress(trend))[0] is not Need.STEADY:
        return progress
    if counted < NEEDED:
        title = _("Learning what is usual: %(n)s of %(needed)s sessions") % {"n": counted, "needed": NEEDED}
        return Need.LEARNING, title, _("Changes are judged once there is enough to compare with.")
    return Need.STEADY, _("No clear change"), _compared(trend)


def _failed(count: int) -> str:
    return ngettext("%(n)d recording failed", "%(n)d recordings failed", count) % {"n": count}


def _pending(count: int) -> str:
    return ngettext("Analysing %(n)d recording", "Analysing %(n)d recordings", count) % {"n": count}


def _compared(trend: Trend) -> str:
    return _("The last %(recent)s sessions against the %(earlier)s before.") % {
        "recent": RECENT,
        "earlier": len(trend.compared) - RECENT,
    }


def _changed_title(trend: Trend) -> str:
    """At most two emotions: the rest stands in the detail and in the chart."""
    first, *others = trend.comparison.shifts
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
    since = {"change": change, "day": date_format(localtime(trend.changed_since), "j M")}
    if trend.comparison.is_drift:
        return _("%(change)s-sounding speech, gradually since %(day)s") % since
    return _("%(change)s-sounding speech since %(day)s") % since


def _changed_detail(trend: Trend) -> str:
    shifts = ", ".join(
        _("%(emotion)s %(points)s points (%(sureness)s)")
        % {"emotion": SOUNDS[shift.emotion], "points": points(shift), "sureness": SURENESS[shift.sureness]}
        for shift in trend.comparison.shifts
    )
    if trend.comparison.is_drift:
        over = {"shifts": shifts, "n": trend.comparison.drift_over}
        return _("From the first to the last of %(n)d sessions: %(shifts)s.") % over
    parts = {"shifts": shifts, "recent": RECENT, "earlier": len(trend.compared) - RECENT}
    return _("The last %(recent)d sessions against the %(earlier)d before: %(shifts)s.") % parts
