"""Rows that are written without a template say the same, and escape as one would."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import uuid4

from analysis.charts.drawings import Sparkline
from analysis.charts.tables import TrendRow
from analysis.judging.reviews import Review
from analysis.trends.trend import SessionPoint
from analysis.views.patient import Line
from ml.labels import Emotion
from ser_clinic.templatetags.rows import control_rows, session_lines, share_rows, sparkline

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
