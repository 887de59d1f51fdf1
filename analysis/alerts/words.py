"""Alerts, rules and what changed since the last visit, in words. Speech "sounds"; nobody "is" or "feels"."""

from __future__ import annotations

from datetime import date
from math import exp, isfinite
from typing import Any

from django.utils.formats import get_format, number_format
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from analysis.change.days import IN_DECIBELS, SHARE_MEASURES, UNSETTLED
from analysis.change.runs import DIRECTIONS, Rule
from analysis.change.since import Delta, SinceVisit
from analysis.models import Alert, AlertRule
from analysis.wording.dates import written
from analysis.wording.phrases import SOUNDS, percent
from ml.acoustics.measures import MEASURES
from ml.labels import LABELS, Emotion

DIRECTION_WORDS = {
    "both": gettext_lazy("more or less than usual"),
    "more": gettext_lazy("more than usual"),
    "less": gettext_lazy("less than usual"),
}
CAPITAL_NOUNS = {"de"}  # languages that write nouns with a capital within a sentence, too
assert DIRECTION_WORDS.keys() == DIRECTIONS.keys()


def measure_name(measure: str) -> str:
    if measure == UNSETTLED:
        return _("unsettled-sounding speech")
    if measure in LABELS:
        return _("%s-sounding speech") % SOUNDS[Emotion(measure)]
    name = _(MEASURES[measure].name)
    return name if get_language() in CAPITAL_NOUNS else name[:1].lower() + name[1:]


def what_it_is(measure: str) -> str:
    """One sentence on what a measure is made of."""
    if measure == UNSETTLED:
        return _(
            "The share of speech that sounds sad, angry, fearful, disgusted or surprised, against neutral, "
            "calm or happy. It tells that something is different, not that it is worse."
        )
    if measure in LABELS:
        return _("The share of this emotion, against the others.")
    return _(MEASURES[measure].definition)


def title(alert: Alert) -> str:
    """What an alert says first."""
    words = {"measure": measure_name(alert.measure), "day": _day(alert.began_on)}
    if alert.measure in SHARE_MEASURES:
        if alert.direction > 0:
            return _("More %(measure)s than usual since %(day)s") % words
        return _("Less %(measure)s than usual since %(day)s") % words
    words["measure"] = words["measure"][:1].upper() + words["measure"][1:]
    if alert.direction > 0:
        return _("%(measure)s higher than usual since %(day)s") % words
    return _("%(measure)s lower than usual since %(day)s") % words


def run_length(alert: Alert) -> str:
    return ngettext("%(n)d day in the run", "%(n)d days in the run", alert.run_days) % {"n": alert.run_days}


def rationale(alert: Alert) -> list[str]:
    """Why the rule opened it, the numbers in words; as it was then."""
    grounds = alert.rationale
    usual, level = (plain_value(alert.measure, grounds[name]) for name in ("usual", "level"))
    told = [
        _("On average %(level)s on the days of the run; this patient’s usual before it was %(usual)s.")
        % {"level": level, "usual": usual},
        _("That is %(sd)s of this patient’s own day-to-day standard deviations.")
        % {"sd": _signed(grounds["deviations"], 1)},
        _(
            "The moving average (EWMA) stood at %(ewma)s with its limit at ±%(limit)s; the running sum "
            "(CUSUM) at %(cusum)s with its limit at %(decision)s."
        )
        % {
            "ewma": _signed(grounds["ewma"], 1),
            **{name: plain_number(grounds[name], 1) for name in ("limit", "cusum", "decision")},
        },
    ]
    days = grounds["baseline_days"]
    learnt = ngettext(
        "The usual was learnt from %(n)d day with enough speech.",
        "The usual was learnt from %(n)d days with enough speech.",
        days,
    )
    return [*told, learnt % {"n": days}]


def plain_value(measure: str, value: float) -> str:
    """A value of an alert: shares as the per cent that the log-ratio stands for, others with their unit."""
    if measure == UNSETTLED:
        return percent(1 / (1 + exp(-value)))
    if measure in LABELS:
        return _("%(value)s as log-ratio") % {"value": _signed(value, 2)}
    known = MEASURES[measure]
    return f"{number_format(f'{value:{known.step}}')}\u202f{_(known.unit)}"


def charted_value(measure: str, value: float) -> str:
    """A value of a chart, which is as it is charted, as ``plain_value`` says it."""
    return plain_value(measure, value if measure in SHARE_MEASURES or measure in IN_DECIBELS else exp(value))


def deviations(value: float) -> str:
    """Standard deviations of a day, with their sign."""
    return _signed(value, 1) if isfinite(value) else ""


def plain_number(value: float, digits: int) -> str:
    """Without a sign, as the reader's language writes decimals."""
    return number_format(round(value, digits), digits)


def rule_name(rule: AlertRule) -> str:
    """The default rule's in the reader's language; the others as their authors wrote them."""
    return rule.name if rule.team_id is not None else _("Usual or not")


def rule_sentence(rule: Rule) -> str:
    """What a rule does, in one sentence."""
    names = ", ".join(measure_name(measure) for measure in rule.measures)
    limits = rule.limits
    return _(
        "%(measures)s, %(direction)s: EWMA with λ = %(smoothing)s beyond L = %(width)s, and CUSUM with "
        "k = %(reference)s beyond h = %(decision)s, in a run of at least %(run)d days."
    ) % {
        "measures": names[:1].upper() + names[1:],
        "direction": DIRECTION_WORDS[rule.direction],
        "smoothing": number_format(f"{limits.smoothing:g}"),
        "width": number_format(f"{limits.width:g}"),
        "reference": number_format(f"{limits.reference:g}"),
        "decision": number_format(f"{limits.decision:g}"),
        "run": limits.run,
    }


def replay_sentence(replayed: dict[str, Any]) -> str:
    """What the replay came to: "would have fired 7 times for 3 patients in the last 6 months"."""
    if not replayed["fired"]:
        return (
            _("It would not have fired in the last %(months)d months, over %(watched)d patients.") % replayed
        )
    times = ngettext("%(fired)d time", "%(fired)d times", replayed["fired"]) % replayed
    patients = ngettext("%(patients)d patient", "%(patients)d patients", replayed["patients"]) % replayed
    return _("It would have fired %(times)s for %(whom)s in the last %(months)d months, of %(watched)d.") % {
        "times": times,
        "whom": patients,
        "months": replayed["months"],
        "watched": replayed["watched"],
    }


def delta_words(delta: Delta) -> str:
    """One difference: "more sad-sounding speech (+14 points, reliable)"."""
    sure = _("reliable") if delta.is_reliable else _("not reliable")
    if delta.is_share:
        name = measure_name(delta.measure)
        more = _("more %s") if delta.difference > 0 else _("less %s")
        size = _("%s points") % _signed(delta.difference * 100, 0)
        return f"{more % name} ({size}, {sure})"
    return f"{measure_name(delta.measure)} {_in_unit(delta)} ({sure})"


def delta_interval(delta: Delta) -> str:
    if delta.is_share:
        return _("95 %% interval %(low)s to %(high)s points") % {
            "low": _signed(delta.low * 100, 0),
            "high": _signed(delta.high * 100, 0),
        }
    known = MEASURES[delta.measure]
    return _("95 %% interval %(low)s to %(high)s %(unit)s") % {
        "low": _signed(delta.low, known.digits),
        "high": _signed(delta.high, known.digits),
        "unit": _(known.unit),
    }


def since_sentence(since: SinceVisit, changes: list[str]) -> str:
    return _("Since the last visit (%(day)s): %(changes)s.") % {
        "day": _day(since.visit),
        "changes": "; ".join(changes),
    }


def since_in_short(since: SinceVisit) -> str:
    """For a line of the caseload: "Since 3 Nov reliably: sad +14 points; not reliably: jitter +0.1 %"."""
    sure, unsure = (
        ", ".join(delta_in_short(delta) for delta in since.deltas if delta.is_reliable is reliable)
        for reliable in (True, False)
    )
    words = {"day": _day(since.visit), "sure": sure, "unsure": unsure}
    if not sure:
        return _("Since %(day)s nothing reliable in speech: %(unsure)s") % words
    if not unsure:
        return _("Since %(day)s reliably: %(sure)s") % words
    return _("Since %(day)s reliably: %(sure)s; not reliably: %(unsure)s") % words


def delta_in_short(delta: Delta) -> str:
    """ "sad +14 points"."""
    if delta.is_share:
        size = _("%s points") % _signed(delta.difference * 100, 0)
        return f"{SOUNDS[Emotion(delta.measure)]} {size}"
    return f"{measure_name(delta.measure)} {_in_unit(delta)}"


def _in_unit(delta: Delta) -> str:
    known = MEASURES[delta.measure]
    return f"{_signed(delta.difference, known.digits)}\u202f{_(known.unit)}"


def _signed(value: float, digits: int) -> str:
    rounded = round(value, digits)
    sign = "+" if rounded > 0 else "−" if rounded < 0 else "±"
    return f"{sign}{abs(rounded):.{digits}f}".replace(".", get_format("DECIMAL_SEPARATOR"))


def _day(day: date) -> str:
    return written(day, "j M")
