"""What each chart of a patient's page says in one sentence, and its text for whoever does not see it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache

from django.utils.timezone import localdate
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from analysis.decimals import decimal, signed_decimal
from analysis.trends.affect import Places
from analysis.trends.excerpts import Excerpt
from analysis.trends.grouping import Grouping, Stretch
from analysis.trends.periods import NEEDED_DAYS, Compared, Contrast, NotJudged, Period
from analysis.trends.recording_days import Calendar
from analysis.trends.trend import ENOUGH_SPEECH_S
from analysis.wording.dates import written
from analysis.wording.phrases import SOUNDS, percent, whole_points

BY = {
    Grouping.SESSION: gettext_lazy("by session"),
    Grouping.DAY: gettext_lazy("by day"),
    Grouping.WEEK: gettext_lazy("by week"),
    Grouping.FORTNIGHT: gettext_lazy("by two weeks"),
    Grouping.FOUR_WEEKS: gettext_lazy("by four weeks"),
    Grouping.QUARTER: gettext_lazy("by thirteen weeks"),
}


def day(moment: datetime | date) -> str:
    return written(localdate(moment) if isinstance(moment, datetime) else moment, "j M Y")


def days(first: date, last: date | None) -> str:
    return day(first) if last is None or last == first else f"{day(first)} – {day(last)}"


def sessions(count: int) -> str:
    return _sessions(count, get_language())


@lru_cache(maxsize=1_000)
def _sessions(count: int, _language: str) -> str:
    return ngettext("%(n)d session", "%(n)d sessions", count) % {"n": count}


def stretch_name(stretch: Stretch, by: Grouping) -> str:
    """ "15 Nov 2026", or "10 Nov 2026 – 15 Nov 2026, 3 sessions"."""
    if by is Grouping.SESSION:
        return day(stretch.at)
    name = days(stretch.first.on, stretch.last.on)
    return f"{name}, {sessions(len(stretch.sessions))}"


def signed(points: float) -> str:
    """A difference of shares in points, with its sign; none has no sign."""
    return whole_points(points * 100)


# ── trend ────────────────────────────────────────────────────────────────────────────────────────────────


def trend_summary(excerpt: Excerpt) -> str:
    """What is drawn, how it was gathered, and what interrupts it."""
    if not excerpt.sessions:
        return _("No sessions in this range.")
    first, last = excerpt.days
    parts = [
        f"{sessions(len(excerpt.sessions))}, {days(first, last)}, {BY[excerpt.by]}"
        + ("" if excerpt.by is Grouping.SESSION else _(" (weighted by clear speech)"))
    ]
    if excerpt.is_coarser:
        parts.append(_("too many to draw %(by)s") % {"by": BY[excerpt.asked]})
    if excerpt.left_out:
        parts.append(_("the earliest %(n)d points are left out") % {"n": excerpt.left_out})
    if silent := len(excerpt.silent):
        parts.append(ngettext("%(n)d without a result", "%(n)d without a result", silent) % {"n": silent})
    if pauses := len(excerpt.pauses):
        parts.append(
            ngettext("%(n)d long gap, not bridged", "%(n)d long gaps, not bridged", pauses) % {"n": pauses}
        )
    parts += [
        _("model v%(n)d from %(day)s, not joined with what was before")
        % {"n": one.number, "day": day(one.at)}
        for one in excerpt.model_changes
    ]
    return "; ".join(parts) + "."


# ── path ─────────────────────────────────────────────────────────────────────────────────────────────────


def path_title(stops: Sequence[Stretch], places: Places, by: Grouping) -> str:
    """Where the latest stop lies, as far as its interval allows to say."""
    if not stops:
        return _("No place on the plane yet")
    (valence, arousal), (v_reach, a_reach) = places.means[-1], places.reach[-1]
    where = {
        "v": _side(valence, v_reach, _("on the unpleasant side"), _("on the pleasant side")),
        "a": _side(arousal, a_reach, _("low in arousal"), _("high in arousal")),
        "when": stretch_name(stops[-1], by),
    }
    match where["v"], where["a"]:
        case "", "":
            return _("Latest: near the middle, to neither side surely (%(when)s)") % where
        case _side_v, "":
            return _("Latest: sounds %(v)s, neither low nor high in arousal surely (%(when)s)") % where
        case "", _side_a:
            return _("Latest: sounds %(a)s, to neither side of pleasantness surely (%(when)s)") % where
        case _both:
            return _("Latest: sounds %(v)s and %(a)s (%(when)s)") % where


def _side(value: float, reach: float, below: str, above: str) -> str:
    return below if value + reach < 0 else above if value - reach > 0 else ""


def path_summary(stops: Sequence[Stretch], places: Places) -> str:
    if not stops:
        return _("A session needs %(s).0f s of clear speech to have a place.") % {"s": ENOUGH_SPEECH_S}
    latest = _coordinates(places, -1)
    if len(stops) == 1:
        return _("One place: %(latest)s.") % {"latest": latest}
    return _("From %(first)s, to %(latest)s, over %(n)d stops.") % {
        "first": _coordinates(places, 0),
        "latest": latest,
        "n": len(stops),
    }


def _coordinates(places: Places, at: int) -> str:
    (valence, arousal), (v_reach, a_reach) = places.means[at], places.reach[at]
    return _("valence %(v)s ± %(vr)s and arousal %(a)s ± %(ar)s") % {
        "v": signed_decimal(valence, 2),
        "a": signed_decimal(arousal, 2),
        "vr": decimal(v_reach, 2),
        "ar": decimal(a_reach, 2),
    }


# ── calendar ─────────────────────────────────────────────────────────────────────────────────────────────


def calendar_title(calendar: Calendar) -> str:
    held, enough = len(calendar.days), len(calendar.recorded)
    if not held:
        return _("No sessions in this range")
    parts = {"enough": enough, "n": held, "minutes": calendar.clear_s / 60}
    if enough == held:
        return (
            ngettext(
                "%(n)d day with a session, all with enough clear speech",
                "%(n)d days with a session, all with enough clear speech",
                held,
            )
            % parts
        )
    return (
        ngettext(
            "%(n)d day with a session, %(enough)d with enough clear speech",
            "%(n)d days with a session, %(enough)d with enough clear speech",
            held,
        )
        % parts
    )


def calendar_summary(calendar: Calendar) -> str:
    total = _("%(minutes).0f minutes of clear speech in all.") % {"minutes": calendar.clear_s / 60}
    if (gap := calendar.longest_gap) is None:
        return total
    return f"{total} " + _("Longest time without: %(n)d days, %(days)s.") % {
        "n": (gap[1].on - gap[0].on).days,
        "days": days(gap[0].on, gap[1].on),
    }


# ── two periods ──────────────────────────────────────────────────────────────────────────────────────────

REFUSALS = {
    NotJudged.EMPTY: gettext_lazy("Nothing to compare: one of the periods holds no clear speech"),
    NotJudged.UNLIKE: gettext_lazy(
        "Not compared: the two periods were heard by different models, or over different bands"
    ),
    NotJudged.TOO_FEW: gettext_lazy("Too few days to judge a difference"),
}


def periods_title(compared: Compared) -> str:
    if compared.not_judged:
        return str(REFUSALS[compared.not_judged])
    if not compared.reliable:
        return _("No reliable difference between A and B")
    told = [
        (
            _("more %(emotion)s (%(points)s points)")
            if one.difference > 0
            else _("less %(emotion)s (%(points)s points)")
        )
        % {"emotion": SOUNDS[one.emotion], "points": signed(one.difference)}
        for one in compared.reliable
    ]
    listed = (
        told[0]
        if len(told) == 1
        else _("%(some)s and %(last)s") % {"some": ", ".join(told[:-1]), "last": told[-1]}
    )
    return _("B sounds %(listed)s than A, reliably") % {"listed": listed}


def periods_summary(compared: Compared) -> str:
    a, b = (
        _side_summary(side.period, side.days, side.sessions, side.left_out)
        for side in (compared.a, compared.b)
    )
    words = _("A: %(a)s. B: %(b)s.") % {"a": a, "b": b}
    if compared.not_judged is NotJudged.TOO_FEW:
        needed = _("Each period needs %(n)d days with enough clear speech.") % {"n": NEEDED_DAYS}
        return f"{words} {needed}"
    return words


def _side_summary(period: Period, count: int, held: int, left_out: int) -> str:
    words = f"{days(period.since, period.until)}, {sessions(held)}, " + (
        ngettext("%(n)d day", "%(n)d days", count) % {"n": count}
    )
    if left_out:
        words += ", " + _("%(n)d left out (no result, another model or another band)") % {"n": left_out}
    return words


def contrast_words(contrast: Contrast) -> str:
    return _("%(emotion)s: %(before)s → %(after)s, %(difference)s points (%(low)s to %(high)s)") % {
        "emotion": SOUNDS[contrast.emotion],
        "before": percent(contrast.before),
        "after": percent(contrast.after),
        "difference": signed(contrast.difference),
        "low": signed(contrast.low),
        "high": signed(contrast.high),
    }
