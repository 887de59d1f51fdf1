"""Figures: what they hold, how large they may become, and that they keep the content security policy."""

import base64
import json
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from django.utils import timezone
from numpy.typing import NDArray

from analysis.charts import small_multiples, stacks
from analysis.charts.frame import packed
from analysis.palette import DARK, LIGHT
from analysis.timeline import lay_out
from analysis.trends import Heard, SessionPoint, Trend, patient_trend
from ml.labels import EMOTIONS
from tests.analysis.hearing import make_course, make_heard, mixture
from tests.cast import Cast, cast, make_session

__all__ = ["cast"]

MOST_NUMBERS = 2_400


def unpacked(values: dict[str, str]) -> NDArray[np.float32]:
    assert values["dtype"] == "f4"
    return np.frombuffer(base64.b64decode(values["bdata"]), "<f4")


def timeline_of(duration_s: float, *, unsure_every: int = 5) -> Any:
    starts = np.arange(max(1, duration_s - 2), dtype=np.float32)
    probabilities = np.tile(mixture(sad=0.5), (len(starts), 1))
    abstained = np.arange(len(starts)) % unsure_every == 0
    spans = np.array([[0, duration_s]], np.float32)
    return lay_out(
        starts=starts,
        ends=starts + 3,
        probabilities=probabilities,
        abstained=abstained,
        spans=spans,
        duration_s=duration_s,
    )


def test_numbers_survive_packing() -> None:
    values = np.array([0.25, np.nan, 1], np.float32)
    assert np.array_equal(unpacked(packed(values)), values, equal_nan=True)


def test_each_emotion_has_its_plot_in_order_on_one_scale(cast: Cast) -> None:
    make_course(cast.treats, cast.patient, [mixture(calm=0.5)] * 8)
    figure = small_multiples.draw(patient_trend(cast.patient), LIGHT, columns=4)
    assert [trace["line"]["color"] for trace in figure["data"]] == list(LIGHT.emotions.values())
    ranges = [axis["range"] for name, axis in figure["layout"].items() if name.startswith("yaxis")]
    assert len(ranges) == len(EMOTIONS)
    assert all(one == ranges[0] for one in ranges)
    highest = max(float((unpacked(t["y"]) + unpacked(t["error_y"]["array"])).max()) for t in figure["data"])
    assert highest <= ranges[0][1] <= 1


@pytest.mark.parametrize("columns", [1, 2, 4])
def test_small_plots_do_not_overlap(cast: Cast, columns: int) -> None:
    make_course(cast.treats, cast.patient, [mixture(calm=0.5)] * 2)
    layout = small_multiples.draw(patient_trend(cast.patient), LIGHT, columns=columns)["layout"]
    places = ["" if n == 0 else str(n + 1) for n in range(len(EMOTIONS))]
    boxes = [(*layout[f"xaxis{p}"]["domain"], *layout[f"yaxis{p}"]["domain"]) for p in places]
    for left, right, bottom, top in boxes:
        assert 0 <= left < right <= 1
        assert 0 <= bottom < top <= 1
    for one in boxes:
        for other in boxes:
            apart = one[1] <= other[0] or other[1] <= one[0] or one[3] <= other[2] or other[3] <= one[2]
            assert one is other or apart


def test_a_session_without_result_breaks_the_line_and_is_marked(cast: Cast) -> None:
    make_course(cast.treats, cast.patient, [mixture(calm=0.5)] * 4)
    make_heard(cast.treats, make_session(cast.treats, cast.patient), mixture(), seconds=5)
    line, crosses = small_multiples.draw(patient_trend(cast.patient), LIGHT, columns=4)["data"][:2]
    assert np.isnan(unpacked(line["y"])).tolist() == [False] * 4 + [True]
    assert line["connectgaps"] is False
    assert crosses["marker"]["symbol"] == "x-thin"
    assert "Too little speech" in crosses["text"][0]


def test_a_long_pause_breaks_the_line(cast: Cast) -> None:
    make_course(cast.treats, cast.patient, [mixture(calm=0.5)] * 2, every_days=60)
    make_course(cast.treats, cast.patient, [mixture(calm=0.5)] * 4, every_days=3)
    line = small_multiples.draw(patient_trend(cast.patient), LIGHT, columns=4)["data"][0]
    assert np.isnan(unpacked(line["y"])).sum() == 1


@pytest.mark.parametrize("duration_s", [2.0, 90.0, 3600.0, 7200.0])
def test_a_timeline_stays_small_at_any_length(duration_s: float) -> None:
    figure = stacks.draw_timeline(timeline_of(duration_s), LIGHT)
    assert sum(len(unpacked(trace["y"])) for trace in figure["data"]) <= MOST_NUMBERS
    assert len(json.dumps(figure)) < 60_000


def test_layers_fill_the_height_in_order_with_the_unsure_hatched_on_top() -> None:
    figure = stacks.draw_timeline(timeline_of(90), DARK)
    *emotions, unsure = figure["data"]
    assert [trace["marker"]["color"] for trace in emotions] == list(DARK.emotions.values())
    assert unsure["marker"]["pattern"]["shape"]
    tops = unpacked(unsure["base"]) + unpacked(unsure["y"])
    assert np.allclose(tops, 1, atol=1e-5)
    for lower, upper in pairwise(emotions):
        assert np.all(unpacked(lower["base"]) + unpacked(lower["y"]) <= unpacked(upper["base"]) + 1e-6)


def test_a_thousand_sessions_stay_small() -> None:
    now = timezone.now()
    even = np.full(len(EMOTIONS), 1 / len(EMOTIONS), np.float32)
    heard = Heard(even, even, even, 60.0, 60.0, 0.0, (), 1)
    days = [now - timedelta(days=day) for day in range(1000, 0, -1)]
    points = [SessionPoint(uuid4(), day, "phone", False, 1, 0, 0, heard) for day in days]
    trend = Trend(tuple(points))
    for figure in (small_multiples.draw(trend, LIGHT, columns=4), stacks.draw_sessions(trend, LIGHT)):
        assert sum(len(unpacked(trace["y"])) for trace in figure["data"]) <= MOST_NUMBERS


def test_each_cell_of_a_timeline_is_told_in_words() -> None:
    figure = stacks.draw_timeline(timeline_of(20, unsure_every=2), LIGHT)
    assert len(figure["data"][0]["text"]) == len(unpacked(figure["data"][0]["y"]))
    assert {"not sure"} < set(figure["data"][0]["text"])


def test_stacked_sessions_leave_a_place_for_what_has_no_result(cast: Cast) -> None:
    make_course(cast.treats, cast.patient, [mixture(calm=0.5)] * 3)
    make_heard(cast.treats, make_session(cast.treats, cast.patient), mixture(), seconds=5)
    figure = stacks.draw_sessions(patient_trend(cast.patient), LIGHT)
    heights = np.sum([unpacked(trace["y"]) for trace in figure["data"]], axis=0)
    assert np.allclose(heights[:3], 1, atol=0.06)
    assert heights[3] == 0


def test_no_text_carries_a_style(cast: Cast) -> None:
    """Plotly turns tags in text into style attributes, which the content security policy refuses."""
    make_course(cast.treats, cast.patient, [mixture(calm=0.5)] * 8)
    make_heard(cast.treats, make_session(cast.treats, cast.patient), mixture(), seconds=5)
    trend = patient_trend(cast.patient)
    figures = [
        small_multiples.draw(trend, LIGHT, columns=4),
        stacks.draw_sessions(trend, LIGHT),
        stacks.draw_timeline(timeline_of(30), LIGHT),
    ]
    text = json.dumps(figures).replace("<br>", "").replace("<extra></extra>", "")
    assert "<" not in text
