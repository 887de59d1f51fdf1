"""Windows laid on a grid: what is drawn is what was heard, at every length."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.session.timeline import CELL_S, Timeline, lay_out
from ml.labels import EMOTIONS


def laid(starts: list[float], abstained: list[bool], duration_s: float, length: float = 3.0) -> Timeline:
    begin = np.asarray(starts, np.float32)
    probabilities = np.eye(len(EMOTIONS), dtype=np.float32)[np.arange(len(starts)) % len(EMOTIONS)]
    return lay_out(
        starts=begin,
        ends=np.minimum(begin + length, duration_s).astype(np.float32),
        probabilities=probabilities,
        abstained=np.asarray(abstained, bool),
        spans=np.zeros((0, 2), np.float32),
        duration_s=duration_s,
    )


def test_each_second_belongs_to_the_window_around_it() -> None:
    timeline = laid([0, 1, 2], [False, False, False], 5)
    assert timeline.shares.argmax(1).tolist() == [0, 0, 1, 2, 2]
    assert not timeline.is_gap.any()


def test_where_no_window_lies_is_a_gap_and_where_it_abstained_is_not_sure() -> None:
    timeline = laid([0, 10], [False, True], 13)
    assert timeline.is_gap.tolist() == [False] * 3 + [True] * 7 + [False] * 3
    assert timeline.unsure.tolist() == [0] * 10 + [1] * 3
    assert timeline.unsure_stretches == [(10, 13)]


def test_nothing_heard_is_one_gap() -> None:
    assert laid([], [], 20).is_gap.all()


@pytest.mark.parametrize("duration_s", [0.4, 3.0, 90.0, 3600.0, 7200.0])
def test_any_length_fits(duration_s: float) -> None:
    starts = [float(start) for start in range(int(max(1, duration_s - 2)))]
    timeline = laid(starts, [start % 5 == 0 for start in range(len(starts))], duration_s)
    for cells in (len(timeline.unsure), 240):
        drawn = timeline.coarser(cells)
        assert len(drawn.unsure) <= cells
        assert drawn.cell_s * len(drawn.unsure) >= duration_s
        assert np.allclose(drawn.shares.sum(1) + drawn.unsure, 1, atol=1e-5)


@given(abstained=st.lists(st.booleans(), min_size=1, max_size=700), cells=st.integers(1, 300))
def test_coarser_cells_keep_the_whole(abstained: list[bool], cells: int) -> None:
    fine = laid([float(start) for start in range(len(abstained))], abstained, len(abstained) + 2.0)
    coarse = fine.coarser(cells)
    assert len(coarse.unsure) <= cells or len(coarse.unsure) == len(fine.unsure) <= cells
    total = coarse.shares.sum(1) + coarse.unsure
    assert np.all(np.isclose(total, 1, atol=1e-4) | (total == 0))


@given(
    windows=st.integers(1, 400),
    begin_s=st.floats(0, 450),
    length_s=st.floats(1, 450),
)
def test_a_part_is_the_whole_there(windows: int, begin_s: float, length_s: float) -> None:
    whole = laid([float(start) for start in range(windows)], [False] * windows, windows + 2.0)
    part = whole.between(begin_s, begin_s + length_s)
    first = round(part.begin_s / CELL_S)
    assert len(part.unsure) >= 1
    assert np.array_equal(part.shares, whole.shares[first : first + len(part.unsure)])
    if begin_s < whole.duration_s - 1:
        assert part.begin_s <= begin_s < part.begin_s + CELL_S
        assert part.starts[-1] + CELL_S >= min(begin_s + length_s, len(whole.unsure)) - 1e-3
