"""Figures: what they hold, how large they may become, and that they keep the content security policy."""

import base64
import json
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.change.baseline import NEEDED, standing_prior
from analysis.change.control import Limits, chart
from analysis.change.days import UNSETTLED, Days
from analysis.change.runs import Run
from analysis.charts import calendar, control, differences, path, small_multiples, stacks
from analysis.charts.frame import moments, packed, rounded
from analysis.charts.over_time import labels
from analysis.charts.palette import DARK, LIGHT
from analysis.trends.excerpts import Excerpt, excerpt, places_of
from analysis.trends.marks import Mark
from analysis.trends.periods import Period, compare_periods
from analysis.trends.recording_days import calendar_of
from analysis.trends.trend import Heard, Trend
from analysis.wording.phrases import SOUNDS
from ml.labels import EMOTIONS
from tests.analysis.hearing import mixture
from tests.analysis.trending import heard, point, trend

CALM = heard(mixture(calm=0.5))

MOST_NUMBERS = 2_400


def unpacked(values: dict[str, str] | list[float | None]) -> NDArray[np.float32]:
    """Both ways in which a figure bears numbers."""
    if isinstance(values, list):
        return np.array(values, np.float32)
    assert values["dtype"] == "f4"
    return np.frombuffer(base64.b64decode(values["bdata"]), "<f4")


def test_numbers_survive_packing() -> None:
    values = np.array([0.25, np.nan, 1], np.float32)
    assert np.array_equal(unpacked(packed(values)), values, equal_nan=True)
    assert np.array_equal(unpacked(rounded(values)), values, equal_nan=True)
    assert rounded(np.array([123.456, 0.0123456])) == [123.5, 0.01235]


def drawn(chosen: Excerpt, columns: int = 4) -> dict[str, Any]:
    return small_multiples.draw(chosen, LIGHT, columns=columns, reference="R-0412")


def stacked(chosen: Excerpt) -> dict[str, Any]:
    return stacks.draw(chosen, LIGHT, reference="R-0412")


def marked(whole: Trend) -> Excerpt:
    days = [one.on for one in whole.points]
    marks = (
        Mark(1, "life", days[1], days[2], "moved house", ""),
        Mark(2, "started", days[2], None, "<b>sertraline</b>", "50 mg"),
    )
    return excerpt(whole, marks=marks)


def test_a_moment_stands_at_the_clinics_hour() -> None:
    whole = trend([CALM])
    (milliseconds,) = np.frombuffer(base64.b64decode(moments([whole.points[0].held_at])["bdata"]), "<f8")
    assert milliseconds == whole.points[0].held_at.timestamp() * 1000  # the clinic of the tests keeps UTC


def test_each_emotion_has_its_plot_in_order_on_one_scale() -> None:
    figure = drawn(excerpt(trend([CALM] * 8)))
    assert [trace["line"]["color"] for trace in figure["data"]] == list(LIGHT.emotions.values())
    ranges = [axis["range"] for name, axis in figure["layout"].items() if name.startswith("yaxis")]
    assert len(ranges) == len(EMOTIONS)
    assert all(one == ranges[0] for one in ranges)
    highest = max(float((unpacked(t["y"]) + unpacked(t["error_y"]["array"])).max()) for t in figure["data"])
    assert highest <= ranges[0][1] <= 1


@pytest.mark.parametrize("columns", [1, 2, 4])
def test_small_plots_do_not_overlap(columns: int) -> None:
    layout = drawn(excerpt(trend([CALM] * 2)), columns)["layout"]
    places = ["" if n == 0 else str(n + 1) for n in range(len(EMOTIONS))]
    boxes = [(*layout[f"xaxis{p}"]["domain"], *layout[f"yaxis{p}"]["domain"]) for p in places]
    for left, right, bottom, top in boxes:
        assert 0 <= left < right <= 1
        assert 0 <= bottom < top <= 1
    for one in boxes:
        for other in boxes:
            apart = one[1] <= other[0] or other[1] <= one[0] or one[3] <= other[2] or other[3] <= one[2]
            assert one is other or apart


def test_a_session_without_result_breaks_the_line_and_is_marked() -> None:
    figure = drawn(excerpt(trend([CALM, CALM, heard(clear_s=4), CALM])))
    line, crosses = figure["data"][:2]
    assert np.isnan(unpacked(line["y"])).tolist() == [False, False, True, False]
    assert line["connectgaps"] is False
    assert crosses["marker"]["symbol"] == "x-thin"
    assert "Too little speech" in figure["shared"]["silent"]["text"][0]


def test_a_long_pause_breaks_the_line() -> None:
    early = trend([CALM] * 5)
    later = point(early.points[-1].held_at + timedelta(days=60), CALM)
    line = drawn(excerpt(Trend((*early.all_points, later))))["data"][0]
    assert np.isnan(unpacked(line["y"])).tolist() == [False] * 5 + [True, False]


def test_a_change_of_model_is_a_line_in_every_plot_and_said_once() -> None:
    figure = drawn(excerpt(trend([heard(model=1)] * 3 + [heard(model=2)] * 3)))
    assert np.isnan(unpacked(figure["data"][0]["y"])).sum() == 1
    solid = [shape for shape in figure["layout"]["shapes"] if shape.get("line", {}).get("width") == 1.5]
    assert len(solid) == len(EMOTIONS)
    said = [note["text"] for note in figure["layout"]["annotations"] if "Model" in note["text"]]
    assert said == ["Model v2 from here"]
    assert figure["data"][0]["marker"]["symbol"][:3] == ["diamond"] * 3


def test_marks_stand_in_every_plot_and_are_told_on_hover() -> None:
    figure = drawn(marked(trend([CALM] * 6)))
    marks = [trace for trace in figure["data"] if trace["shared"] == "marks"]
    assert len(marks) == len(EMOTIONS)
    shared = figure["shared"]["marks"]
    assert "life event: moved house" in shared["hovertext"][0]
    assert "&lt;b&gt;sertraline&lt;/b&gt; (50 mg)" in shared["hovertext"][1]
    assert len({*shared["marker"]["symbol"]}) == 2  # by shape, not by colour
    assert any(shape.get("opacity") for shape in figure["layout"]["shapes"])  # what lasts is shaded


def test_numbers_of_marks_that_would_run_into_each_other_are_one_label() -> None:
    marks = [Mark(number, "life", None, None, "", "") for number in range(1, 6)]  # type: ignore[arg-type]
    assert labels([0, 1, 2, 9, 20], marks, 5) == ["1–3", "", "", "4", "5"]


def test_what_all_plots_have_alike_is_sent_once() -> None:
    figure = drawn(excerpt(trend([CALM] * 8)))
    assert all("x" not in trace and "customdata" not in trace for trace in figure["data"])
    links = [link for link, _name in figure["shared"]["line"]["customdata"]]
    assert len(set(links)) == 8
    assert all(link.startswith("/sessions/") for link in links)


def test_a_point_of_several_sessions_leads_to_them() -> None:
    chosen = excerpt(trend([CALM] * 300, every_days=1))
    link, name = drawn(chosen)["shared"]["line"]["customdata"][3]
    assert link.startswith("/patients/R-0412/?range=own&since=")
    assert link.endswith("#sessions")
    assert "7 sessions" in name


def test_days_under_the_columns_stand_upright_and_fewer_of_them_in_a_hand() -> None:
    chosen = excerpt(trend([CALM] * 10))
    desk, hand = (
        stacks.draw(chosen, LIGHT, reference="R-0412", is_wide=is_wide)["layout"]["xaxis"]
        for is_wide in (True, False)
    )
    assert desk["tickangle"] == hand["tickangle"] == 0
    assert len(desk["ticktext"]) == 5
    assert len(hand["ticktext"]) == 4


def test_stacked_layers_fill_the_height_in_order_with_the_unsure_hatched_on_top() -> None:
    even = heard(mixture(calm=0.5))
    unsure = Heard(even.shares, even.low, even.high, 300.0, 600.0, 0.25, (), 1)
    figure = stacks.draw(excerpt(trend([unsure] * 3)), DARK, reference="R-0412")
    *emotions, hatched, _whole = figure["data"]
    assert [trace["marker"]["color"] for trace in emotions] == list(DARK.emotions.values())
    assert len({trace["marker"]["pattern"]["shape"] for trace in emotions}) == len(EMOTIONS)
    assert np.allclose(unpacked(hatched["base"]) + unpacked(hatched["y"]), 1, atol=1e-5)
    for lower, upper in pairwise(emotions):
        assert np.all(unpacked(lower["base"]) + unpacked(lower["y"]) <= unpacked(upper["base"]) + 1e-6)


def test_stacked_sessions_leave_a_place_for_what_has_no_result_and_for_a_long_pause() -> None:
    early = trend([CALM, CALM, CALM, heard(clear_s=3), CALM])
    later = point(early.points[-1].held_at + timedelta(days=90), CALM)
    figure = stacked(excerpt(Trend((*early.all_points, later))))
    heights = np.sum([unpacked(trace["y"]) for trace in figure["data"][:9]], axis=0)
    assert np.allclose(heights[[0, 1, 2, 4, 5]], 1, atol=0.06)
    assert heights[3] == 0
    assert unpacked(figure["shared"]["slots"]["x"]).tolist() == [0, 1, 2, 3, 4, 6]


def test_the_last_column_names_its_layers() -> None:
    names = {note["text"] for note in stacked(excerpt(trend([CALM, None])))["layout"]["annotations"]}
    assert {"calm", "sad", "surprised"} <= names
    assert stacked(excerpt(trend([None])))["layout"]["annotations"] == []


@pytest.mark.parametrize("shares", [mixture(neutral=0.97), mixture(surprised=0.97), mixture()])
def test_even_the_thinnest_layers_are_named_in_their_order_and_apart(shares: NDArray[np.float32]) -> None:
    notes = stacked(excerpt(trend([heard(shares)])))["layout"]["annotations"]
    assert [note["text"] for note in notes][:8] == [str(SOUNDS[emotion]) for emotion in EMOTIONS]
    heights = [note["y"] for note in notes]
    assert min(np.diff(heights)) >= stacks.LABEL_GAP - 1e-6
    assert heights[0] >= 0
    assert heights[-1] <= 1


def test_a_thousand_sessions_stay_small() -> None:
    chosen = excerpt(trend([CALM] * 1000, every_days=1))
    for figure in (drawn(chosen), stacked(chosen)):
        numbers = [unpacked(trace["y"]) for trace in figure["data"] if isinstance(trace["y"], dict | list)]
        assert sum(map(len, numbers)) <= MOST_NUMBERS + len(chosen.stretches)
        assert len(json.dumps(figure)) < 120_000


def test_differences_are_filled_where_reliable() -> None:
    whole = trend([heard(mixture(calm=0.6))] * 4 + [heard(mixture(sad=0.6))] * 4)
    days = [one.on for one in whole.points]
    compared = compare_periods(whole, Period(days[0], days[3]), Period(days[4], days[7]))
    figure = differences.draw(compared, LIGHT)
    filled = [trace["marker"]["color"] != LIGHT.paper for trace in figure["data"]]
    assert filled == [one.is_reliable for one in compared.contrasts]
    assert any(filled)
    nothing = compare_periods(whole, Period(days[0], days[0]), Period(days[7], days[7]))
    assert differences.draw(nothing, LIGHT)["data"] == []


@pytest.mark.parametrize("share", [0.14, 0.2, 0.35, 0.6, 0.95])
def test_the_axis_of_differences_has_round_numbers_and_a_bare_zero(share: float) -> None:
    whole = trend([heard(mixture(calm=0.14))] * 4 + [heard(mixture(calm=share))] * 4)
    days = [one.on for one in whole.points]
    compared = compare_periods(whole, Period(days[0], days[3]), Period(days[4], days[7]))
    axis = differences.draw(compared, LIGHT)["layout"]["xaxis"]
    ticks, texts = axis["tickvals"], axis["ticktext"]
    assert "tickformat" not in axis
    assert texts[ticks.index(0)] == "0"
    assert [text[0] for text in texts if text != "0"] == ["−" if tick < 0 else "+" for tick in ticks if tick]
    assert [int(text.replace("−", "-")) for text in texts] == ticks
    assert ticks == [-tick for tick in reversed(ticks)]
    assert 3 <= len(ticks) <= 9
    assert axis["range"][0] <= ticks[0] < ticks[-1] <= axis["range"][1]


def test_no_text_carries_a_style() -> None:
    """Plotly turns tags in text into style attributes, which the content security policy refuses."""
    whole = trend([CALM] * 4 + [heard(clear_s=3)] + [heard(model=2)] * 4)
    chosen = marked(whole)
    days = chosen.days
    figures = [
        drawn(chosen),
        stacked(chosen),
        path.draw(chosen, places_of(chosen), LIGHT, reference="R-0412"),
        calendar.draw(
            calendar_of(whole.points),
            chosen.marks,
            LIGHT,
            since=days[0],
            until=days[1],
            is_wide=True,
            reference="R-0412",
        ),
    ]
    text = json.dumps(figures).replace("<br>", "").replace("<extra></extra>", "")
    assert "<" not in text


def test_every_day_of_a_control_chart_is_drawn_once_either_as_learnt_from_or_as_judged() -> None:
    values = np.linspace(-0.4, 1.2, NEEDED + 5)[:, None]
    dates = tuple(date(2026, 1, 1) + timedelta(weeks=week) for week in range(len(values)))
    days = Days(
        dates, (UNSETTLED,), values, np.full_like(values, 0.01), tuple((i,) for i in range(len(values)))
    )
    prior = standing_prior(*(np.array([one]) for one in (0.0, 0.5, 0.06)))
    made = control.draw(
        days, chart(values, days.noise, prior, Limits(), days.rhythm), [], LIGHT, decision=2.0
    )
    learnt, judged = (unpacked(trace["y"]) for trace in made["data"] if trace.get("mode") == "markers")
    assert np.array_equal(np.isfinite(learnt), np.arange(len(values)) < NEEDED)
    assert np.array_equal(np.isfinite(judged), ~np.isfinite(learnt))
    low, high = made["layout"]["yaxis"]["range"]
    assert low < np.nanmin(learnt) <= np.nanmax(judged) < high


def test_a_control_chart_draws_both_sums_and_their_limit() -> None:
    """An alarm needs EWMA and CUSUM beyond their limits: who sees one of them alone cannot follow it."""
    values = np.linspace(-0.4, 1.2, NEEDED + 5)[:, None]
    dates = tuple(date(2026, 1, 1) + timedelta(weeks=week) for week in range(len(values)))
    members = tuple((place,) for place in range(len(values)))
    days = Days(dates, (UNSETTLED,), values, np.full_like(values, 0.01), members)
    prior = standing_prior(*(np.array([one]) for one in (0.0, 0.5, 0.06)))
    drawn = chart(values, days.noise, prior, Limits(), days.rhythm)
    made = control.draw(days, drawn, [], LIGHT, decision=2.0)
    low, high, up, down = (unpacked(trace["y"]) for trace in made["data"] if trace.get("yaxis") == "y2")
    assert np.nanmin(low) == np.nanmax(low) == -2.0
    assert np.nanmin(high) == np.nanmax(high) == 2.0
    assert np.allclose(up[NEEDED:], drawn.up[NEEDED:, 0])
    assert np.allclose(down[NEEDED:], -drawn.down[NEEDED:, 0])
    assert not np.isfinite(up[:NEEDED]).any()
    least, most = made["layout"]["yaxis2"]["range"]
    assert least < -2.0 < np.nanmax(up) < most


def test_of_many_runs_the_latest_are_named_where_their_words_have_room() -> None:
    begin = date(2024, 1, 1)
    starts = [begin + timedelta(days=day) for day in range(0, 1000, 20)]
    runs = [
        Run(UNSETTLED, 1, on, on, on + timedelta(days=5), 3, False, (), 0, 1, 2, 2, 1, 2, 2) for on in starts
    ]
    told = control._told(runs, begin, timedelta(days=1000))
    assert told[0] == runs[-1]
    assert len(told) >= 4
    assert all((later.began_on - earlier.began_on).days >= 200 for later, earlier in pairwise(told))
    assert control._told(runs[:1], begin, timedelta(days=1000)) == []  # the name of the curve stands there
    assert control._told(runs[30:31], begin, timedelta(0)) == runs[30:31]
