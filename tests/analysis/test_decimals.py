"""Numbers as the reader's language writes them: in sentences, tables and on the scales of figures."""

from __future__ import annotations

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from analysis.charts import path
from analysis.charts.palette import LIGHT
from analysis.charts.tables import path_rows
from analysis.decimals import decimal, signed_decimal
from analysis.session.moments import Moment
from analysis.trends.excerpts import excerpt, places_of
from analysis.views.session import ShownMoment
from analysis.wording.captions import path_summary
from ml.labels import Emotion
from tests.analysis.hearing import mixture
from tests.analysis.trending import heard, trend


@pytest.mark.parametrize(
    ("value", "written", "with_sign"),
    [(0.25, "0.25", "+0.25"), (-1.199, "−1.20", "−1.20"), (-0.001, "0.00", "+0.00")],
)
def test_decimals_are_rounded_and_signed(value: float, written: str, with_sign: str) -> None:
    assert (decimal(value, 2), signed_decimal(value, 2)) == (written, with_sign)


@given(st.floats(-1e6, 1e6), st.integers(0, 3))
def test_a_decimal_is_within_half_of_its_last_digit(value: float, digits: int) -> None:
    assert abs(float(decimal(value, digits).replace("−", "-")) - value) <= 0.5001 * 10**-digits


def test_in_german_a_path_has_commas_in_sentence_table_hover_and_on_its_scales() -> None:
    chosen = excerpt(trend([heard(mixture(sad=0.8), half=0.02)] * 2))
    found = places_of(chosen)
    with translation.override("de"):
        figure = path.draw(chosen, found, LIGHT, reference="R-0412")
        texts = [path_summary(chosen.telling, found), *figure["data"][-1]["hovertext"]]
        texts += [row.valence for row in path_rows(chosen, found, "R-0412")]
    assert figure["layout"]["separators"] == ",."
    assert all("−0," in text and "−0." not in text for text in texts)


def test_what_a_moment_moves_is_rounded_and_not_cut_off() -> None:
    moment = Moment(1.0, 4.0, Emotion.SAD, pull=0.1, moved=Emotion.SAD, by=0.0319)
    assert "+3.2 points" in ShownMoment(moment).moves
