"""The player's tracks: always inside their box, at their own time, and small enough at any length."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from analysis.session.timeline import Timeline, lay_out
from analysis.session.tracks import (
    CELLS,
    COLUMNS,
    HEIGHT,
    MOST_TICKS,
    WIDTH,
    bars,
    gaps,
    layers,
    loudest,
    ticks,
    waveform,
)
from ml.labels import EMOTIONS
from ml.peaks import PEAKS_PER_SECOND
from tests.analysis.hearing import mixture


def timeline_of(duration_s: float, *, unsure_every: int = 5) -> Timeline:
    starts = np.arange(max(1, duration_s - 2), dtype=np.float32)
    return lay_out(
        starts=starts,
        ends=starts + 3,
        probabilities=np.tile(mixture(sad=0.5), (len(starts), 1)),
        abstained=np.arange(len(starts)) % unsure_every == 0,
        spans=np.array([[0, duration_s]], np.float32),
        duration_s=duration_s,
    )


def corners(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path)]


def area(path: str) -> float:
    """Of stairs from the ground up, as a share of the box."""
    total, x, top = 0.0, 0.0, 0.0
    for sign, first in re.findall(r"([MVH])(-?[\d.]+)", path):
        if sign == "M":
            x = float(first)
        elif sign == "V":
            top = HEIGHT - float(first)
        else:
            total, x = total + (float(first) - x) * top, float(first)
    return total / (WIDTH * HEIGHT)


@given(
    peaks=st.lists(st.tuples(st.integers(-128, 0), st.integers(0, 127)), max_size=2000),
    begin=st.floats(0, 90),
    length=st.floats(1, 100),
)
def test_a_waveform_stays_in_its_box(peaks: list[tuple[int, int]], begin: float, length: float) -> None:
    pairs = np.array(peaks, np.int8).reshape(-1, 2)
    places = corners(waveform(pairs, (begin, begin + length), loudest(pairs)))
    assert len(places) <= 2 * COLUMNS
    step = WIDTH / length / PEAKS_PER_SECOND
    assert all(-step <= x <= WIDTH + step and -1 <= y <= HEIGHT + 2 for x, y in places)


def test_a_waveform_is_at_its_own_time_in_every_view() -> None:
    peaks: NDArray[np.int8] = np.zeros((100 * PEAKS_PER_SECOND, 2), np.int8)
    peaks[40 * PEAKS_PER_SECOND] = (-100, 100)
    for view in ((0.0, 100.0), (30.0, 50.0), (39.0, 43.0)):
        x, _y = min(corners(waveform(peaks, view, loudest(peaks))), key=lambda place: place[1])
        assert x / WIDTH == pytest.approx((40 - view[0]) / (view[1] - view[0]), abs=0.004)


def test_bars_are_cut_at_the_view() -> None:
    path = bars(np.array([[0, 5], [10, 20], [40, 50]], np.float32), (15.0, 45.0))
    assert [x for x, _y in corners(path)] == [0, pytest.approx(WIDTH * 25 / 30, abs=0.1)]
    assert len(re.findall("z", path)) == 2


@pytest.mark.parametrize("duration_s", [0.6, 2.0, 90.0, 3600.0, 7200.0])
def test_a_timeline_stays_small_at_any_length(duration_s: float) -> None:
    drawn = timeline_of(duration_s).coarser(CELLS)
    assert sum(map(len, layers(drawn, (0.0, duration_s)))) < 40_000


def test_layers_rise_in_order_and_leave_the_unsure_uncovered() -> None:
    whole = timeline_of(90)
    areas = [area(path) for path in layers(whole, (0.0, 90.0))]
    assert len(areas) == len(EMOTIONS)
    assert all(lower < upper for lower, upper in pairwise(areas))
    assert areas[-1] == pytest.approx(1 - whole.unsure.mean(), abs=0.01)
    assert areas[0] == pytest.approx(whole.shares[:, 0].mean(), abs=0.01)


def test_gaps_are_covered_and_nothing_else() -> None:
    quiet = lay_out(
        starts=np.array([0, 10], np.float32),
        ends=np.array([3, 13], np.float32),
        probabilities=np.tile(mixture(sad=0.5), (2, 1)),
        abstained=np.array([False, True]),
        spans=np.zeros((0, 2), np.float32),
        duration_s=13,
    )
    assert area(gaps(quiet, (0.0, 13.0))) == pytest.approx(7 / 13, abs=0.001)
    assert gaps(timeline_of(90), (0.0, 90.0)) == ""


@given(begin=st.floats(0, 7000), length=st.floats(1, 7200))
def test_ticks_are_round_few_and_inside(begin: float, length: float) -> None:
    found = ticks((begin, begin + length))
    assert len(found) <= MOST_TICKS + 1
    assert all(0 <= share < 93.1 for share, _seconds in found)
    assert all(begin <= seconds <= begin + length for _share, seconds in found)
