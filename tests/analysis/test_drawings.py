"""Pictures that the server draws: always inside their box, and only of what there is."""

import numpy as np
import pytest

from analysis.charts.drawings import MARK, Sparkline, interval_bars, sparkline
from analysis.trends.gist import gist_of
from analysis.trends.reading import patient_trend
from ml.labels import EMOTIONS, Emotion
from tests.analysis.hearing import make_course, make_heard, mixture
from tests.cast import Cast, cast, make_session

__all__ = ["cast"]


def test_no_session_no_sparkline(cast: Cast) -> None:
    assert sparkline(gist_of(patient_trend(cast.patient)).spark) is None


def test_a_sparkline_breaks_where_nothing_was_heard(cast: Cast) -> None:
    make_course(cast.treats, cast.patient, [mixture(calm=0.5)] * 3)
    make_heard(cast.treats, make_session(cast.treats, cast.patient), mixture(), seconds=5)
    spark = sparkline(gist_of(patient_trend(cast.patient)).spark)
    assert spark is not None
    assert (len(spark.lines), len(spark.dots), spark.band) == (1, 3, None)
    assert all(0 <= x <= Sparkline.WIDTH and 0 <= y <= Sparkline.HEIGHT for x, y in spark.dots)


def test_a_sparkline_shows_what_changed(cast: Cast) -> None:
    make_course(
        cast.treats, cast.patient, [mixture(calm=0.5, sad=0.1)] * 8 + [mixture(calm=0.45, sad=0.4)] * 3
    )
    spark = sparkline(gist_of(patient_trend(cast.patient)).spark)
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
