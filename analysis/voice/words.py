"""Acoustic measures in words: what was measured, how it stands to the patient's own usual, why it is absent.

A measure of a voice names no state of mind: nothing here says more than what can be heard.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analysis.decimals import decimal, separators
from analysis.voice.measures import NEEDED, Measured, Series, SessionVoice, Usual, VoiceTrend
from ml.acoustics.measures import MEASURES, REASONS, Measure


@dataclass(frozen=True)
class Row:
    """One measure in a list: ready to be shown."""

    key: str
    name: str
    definition: str
    source: str
    published: str
    value: str
    interval: str
    seconds: float | None
    usual: str
    departure: str
    """How it differs from the usual, in words; empty where it does not, or where the usual is not known."""


def name(key: str) -> str:
    return _(MEASURES[key].name)


def unit(key: str) -> str:
    return _(MEASURES[key].unit)


def amount(measure: Measure, value: float) -> str:
    return _("%(number)s %(unit)s") % {"number": decimal(value, measure.digits), "unit": _(measure.unit)}


def span(measure: Measure, low: float, high: float) -> str:
    return _("%(low)s to %(high)s") % {
        "low": decimal(low, measure.digits),
        "high": decimal(high, measure.digits),
    }


def cells(key: str, measured: Sequence[Measured | None]) -> list[tuple[str, str] | None]:
    """A measure's values with their intervals, of many sessions: the words are looked up once for all."""
    rounded = f"%.{MEASURES[key].digits}f"
    interval = _("%(low)s to %(high)s") % {"low": rounded, "high": rounded}
    point = separators()[0]

    def told(text: str) -> str:
        return text.replace("-", "−").replace(".", point)

    return [one and (told(rounded % one.value), told(interval % (one.low, one.high))) for one in measured]


def rows_of_patient(trend: VoiceTrend, sex: str) -> list[Row]:
    """Each measure in the latest session that has it."""
    return [_row(series.key, series.latest, trend, sex, "") for series in trend.series]


def rows_of_session(voice: SessionVoice, trend: VoiceTrend, sex: str) -> list[Row]:
    """All measures, those that are absent with their reason."""
    return [
        _row(key, voice.values.get(key), trend, sex, voice.absent.get(key, ""))
        for key in MEASURES
        if key in voice.values or key in voice.absent
    ]


def _row(key: str, measured: Measured | None, trend: VoiceTrend, sex: str, absent: str) -> Row:
    measure, series = MEASURES[key], trend.of(key)
    usual: Usual | None = series.usual if series else None
    return Row(
        key=key,
        name=_(measure.name),
        definition=_(measure.definition),
        source=measure.source,
        published=published(measure, sex),
        value=amount(measure, measured.value) if measured else _("not measured: %s") % _(REASONS[absent]),
        interval=span(measure, measured.low, measured.high) if measured else "",
        seconds=measured.seconds if measured else None,
        usual=span(measure, usual.low, usual.high) if usual else "",
        departure=_departure(series, measured),
    )


def published(measure: Measure, sex: str) -> str:
    """The published range with its source, or why there is none."""
    if one := measure.range_for(sex):
        said = {"range": span(measure, one.low, one.high), "unit": _(measure.unit), "source": one.source}
        return _("Published range: %(range)s %(unit)s (%(source)s).") % said
    if measure.ranges:
        return _("There are published ranges for women and men; this patient’s sex is not recorded.")
    return _("No range is given. %s") % _(measure.no_range)


def finding(trend: VoiceTrend) -> str:
    """One sentence: how the latest session stands to the earlier ones."""
    count = len(trend.readings)
    if trend.is_learning:
        return _("Learning how this voice usually is: %(n)s of %(needed)s sessions") % {
            "n": count,
            "needed": NEEDED,
        }
    said = departures(trend)
    if not said:
        return _("Voice as usual in the last session")
    return _("In the last session, against the usual: %s") % "; ".join(said)


def departures(trend: VoiceTrend) -> list[str]:
    """What in the latest session lies wholly outside the patient's usual, in words."""
    latest = trend.readings[-1][2] if trend.readings else {}
    said = (_departure(trend.of(key), measured) for key, measured in latest.items())
    return [words for words in said if words]


def _departure(series: Series | None, measured: Measured | None) -> str:
    way = series.departure(measured) if series and measured else 0
    if series is None or way == 0:
        return ""
    measure = MEASURES[series.key]
    return _(measure.more if way > 0 else measure.less)


def summary(trend: VoiceTrend) -> str:
    """For those who do not see the chart: what it holds, and what stands out in it."""
    count = len(trend.readings)
    drawn = ngettext(
        "%(measures)d measures of the voice in %(n)d session",
        "%(measures)d measures of the voice in %(n)d sessions",
        count,
    ) % {"measures": len(trend.series), "n": count}
    if count > len(trend.shown):
        drawn = _("%(drawn)s, the latest %(n)d of them shown") % {"drawn": drawn, "n": len(trend.shown)}
    said = departures(trend)
    if trend.is_learning:
        return _("%s; what is usual is still being learnt.") % drawn
    return _("%(drawn)s. Outside the usual in the last: %(what)s.") % {
        "drawn": drawn,
        "what": "; ".join(said) or _("none"),
    }
