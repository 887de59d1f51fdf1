"""docs/acoustics.md tells what the table of measures has."""

from __future__ import annotations

import pytest

from ml.acoustics.measures import MEASURES
from tests.live import ROOT

PAGE = (ROOT / "docs" / "acoustics.md").read_text()


@pytest.mark.parametrize("key", MEASURES)
def test_a_measure_stands_in_the_page_as_in_the_table(key: str) -> None:
    measure = MEASURES[key]
    [row] = [line for line in PAGE.splitlines() if line.startswith(f"| {measure.name} |")]
    _, name, unit, definition, published, error, _ = (cell.strip() for cell in row.split("|"))
    assert (name, unit, definition) == (measure.name, measure.unit, measure.definition)
    for one in measure.ranges:
        assert f"{one.low:g} to {one.high:g} {measure.unit}" in published
    assert bool(measure.ranges) is (published != "–")
    assert f'"acoustics.{key}_rel_error"' in error
