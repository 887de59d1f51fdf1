"""Rows that are written without a template say the same, and escape as one would."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import uuid4

from django.utils import translation

from analysis.charts.drawings import Sparkline
from analysis.charts.tables import TrendRow
from analysis.judging.reviews import Review
from analysis.trends.marks import Mark
from analysis.trends.trend import SessionPoint
from analysis.views.patient import Line
from analysis.voice.measures import Measured
from analysis.voice.words import amount, cells
from ml.acoustics.measures import MEASURES
from ml.labels import Emotion
from ser_clinic.templatetags.rows import (
    control_rows,
    mark_items,
    session_lines,
    share_rows,
    sparkline,
    voice_lines,
)

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def line(*, voided: bool = False, with_results: bool = True, review: Review | None = None) -> str:
    point = SessionPoint(uuid4(), NOON, "in <person>", voided, 1, 0, 0, None)
    return str(session_lines([Line(point, "/sessions/1/", review or Review(), with_results)]))


def test_a_row_of_shares_has_a_cell_for_each_number() -> None:
    row = TrendRow(NOON, "20 Nov", "/a?b=1&c=2", cells=["1 (0–3)"] * 8, unsure=0.25, speech_s=61)
    written = share_rows([row, row])
    assert written.count("<tr>") == 2
    assert written.count('<td class="number">') == 20
    assert '<a href="/a?b=1&amp;c=2">20 Nov</a>' in written
    assert '<td class="number">25\u202f%</td><td class="number">1:01</td></tr>' in written


def test_what_was_typed_in_is_escaped() -> None:
    assert "<i>" not in share_rows([TrendRow(NOON, "<i>", note="Mark 1: <i>moved</i>")])
    signed = line(review=Review("Dr <b>", NOON, 1))
    assert "signed by Dr &lt;b&gt;, 20 Nov 2026" in signed
    assert "in &lt;person&gt;" in signed


def test_a_line_says_whether_it_was_reviewed_to_those_who_see_results() -> None:
    assert '<span class="review is-open">not reviewed</span>' in line()
    assert "2 judgements, not signed" in line(review=Review(judgements=2))
    assert "review" not in line(with_results=False)
    assert "review" not in line(voided=True)
    assert ">voided<" in line(voided=True)


def test_a_row_of_a_control_chart_names_its_day_and_whether_it_lies_in_a_run() -> None:
    row = {
        "day": date(2026, 11, 20),
        "value": "41\u202f%",
        "z": "+1.0",
        "ewma": "",
        "up": "0.4",
        "down": "0.0",
    }
    within, outside = control_rows([row | {"in_run": True}]), control_rows([row | {"in_run": False}])
    assert within.endswith("<td>yes</td></tr>")
    assert outside.endswith("<td></td></tr>")
    assert '<th scope="row" class="nowrap">20 Nov 2026</th><td class="number">41' in outside


def test_a_sparkline_says_its_emotion_beside_the_picture() -> None:
    spark = Sparkline(Emotion.SAD, ["4,4 9,9"], [(4.0, 4.0), (9.0, 9.0)], None, "41\u202f%")
    written = sparkline(spark)
    assert '<path class="line" d="M4,4 9,9"/>' in written
    assert '<path class="spots last-spot" d="M9.0,9.0h0"/>' in written
    assert '<span class="spark-label">sad <b>41\u202f%</b></span>' in written


def test_marks_are_escaped_and_numbered() -> None:
    marks = [Mark(3, "started", date(2026, 11, 3), date(2026, 11, 9), "<b>sertraline</b>", "50 mg")]
    written = mark_items(marks)
    assert '<span class="mark-number">3</span>' in written
    assert "3 Nov 2026 – 9 Nov 2026 · medication started: &lt;b&gt;sertraline&lt;/b&gt; (50 mg)" in written


def test_a_session_without_a_measure_has_a_dash_and_says_so() -> None:
    written = voice_lines([("/sessions/1/", NOON, [("0.42", "0.40 to 0.44"), None])])
    assert '<td class="number">0.42 <span class="meta">0.40 to 0.44</span></td>' in written
    assert "not measured" in written
    assert written.count("<td") == 2


def test_values_are_rounded_and_not_cut_off() -> None:
    (told,) = cells("pause_duration", [Measured(0.4189, 0.3951, 0.4449, 60.0)])
    assert told == ("0.42", "0.40 to 0.44")
    with translation.override("de"):
        (told,) = cells("pause_duration", [Measured(0.4189, 0.3951, 0.4449, 60.0)])
    assert told == ("0,42", "0,40 bis 0,44")


def test_below_zero_stands_a_minus_and_no_hyphen() -> None:
    """A hoarse voice has more noise than tone: its harmonicity is negative."""
    (told,) = cells("harmonicity", [Measured(-1.24, -2.06, 0.41, 60.0)])
    assert told == ("−1.2", "−2.1 to 0.4")
    assert amount(MEASURES["harmonicity"], -1.24).startswith("−1.2")
