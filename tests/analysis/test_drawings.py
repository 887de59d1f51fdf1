"""Pictures that the server draws: always inside their box, and only of what there is."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.drawings import COLUMNS, MARK, Sparkline, interval_bars, sparkline, speech_bars, waveform
from analysis.trends import patient_trend
from ml.labels import EMOTIONS, Emotion
from tests.analysis.hearing import make_course, make_heard, mixture
from tests.cast import Cast, cast, make_session

__all__ = ["cast"]


@given(peaks=st.lists(st.tuples(st.integers(-128, 0), st.integers(0, 127)), max_size=2000))
def test_a_waveform_stays_in_its_box(peaks: list[tuple[int, int]]) -> None:
    path = waveform(np.array(peaks, np.int8).tobytes())
    if not peaks:
        assert path == ""
        return
    places = [tuple(map(float, place)) for place in re.findall(r"([\d.]+),(-?[\d.]+)", path)]
    assert len(places) <= 2 * COLUMNS
    assert all(0 <= x <= COLUMNS and -0.02 <= y <= 2.03 for x, y in places)


def test_a_waveform_reaches_as_far_as_its_loudest_place() -> None:
    path = waveform(np.array([[-10, 10], [-60, 60], [0, 0]], np.int8).tobytes())
    heights = [float(y) for _x, y in re.findall(r"([\d.]+),(-?[\d.]+)", path)]
    assert min(heights) == 0


def test_speech_is_laid_on_the_same_width() -> None:
    spans = np.array([[0, 5], [10, 20], [20, 20]], np.float32)
    assert speech_bars(spans, 20) == [(0, COLUMNS / 4), (COLUMNS / 2, COLUMNS / 2)]


def test_no_session_no_sparkline(cast: Cast) -> None:
    assert sparkline(patient_trend(cast.patient)) is None


def test_a_sparkline_breaks_where_nothing_was_heard(cast: Cast) -> None:
    make_course(cast.treats, cast.patient, [mixture(calm=0.5)] * 3)
    make_heard(cast.treats, make_session(cast.treats, cast.patient), mixture(), seconds=5)
    spark = sparkline(patient_trend(cast.patient))
    assert spark is not None
    assert (len(spark.lines), len(spark.dots), spark.band) == (1, 3, None)
    assert all(0 <= x <= Sparkline.WIDTH and 0 <= y <= Sparkline.HEIGHT for x, y in spark.dots)


def test_a_sparkline_shows_what_changed(cast: Cast) -> None:
    make_course(
        cast.treats, cast.patient, [mixture(calm=0.5, sad=0.1)] * 8 + [mixture(calm=0.45, sad=0.4)] * 3
    )
    spark = sparkline(patient_trend(cast.patient))
    assert spark is not None
    assert spark.emotion is Emotion.SAD
    assert spark.band is not None


@pytest.mark.parametrize("shares", [mixture(calm=0.95), mixture()], ids=["one", "all"])
def test_bars_fit_their_scale(cast: Cast, shares: np.ndarray) -> None:
    make_heard(cast.treats, make_session(cast.treats, cast.patient), shares)
    heard = patient_trend(cast.patient).points[0].heard
    assert heard is not None
    bars, end = interval_bars(heard)
    assert [bar.emotion for bar in bars] == list(EMOTIONS)
    assert all(
        0 <= bar.reach_from <= bar.mark + MARK and bar.mark <= bar.reach_from + bar.reach for bar in bars
    )
    assert all(bar.reach_from + bar.reach <= 100.01 and bar.mark + MARK <= 100.01 for bar in bars)
    assert end.endswith("%")
