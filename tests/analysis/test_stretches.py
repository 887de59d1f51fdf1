"""Stretches of time: who spoke, where the sound is distorted, how windows are told in few numbers."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.session.stretches import distorted, runs, talk_of, window_runs

TENTHS = 600  # a minute in steps that can be counted one by one

some_speech = st.lists(st.tuples(st.integers(0, 650), st.integers(1, 90)), max_size=8)


def spans(spoken: list[tuple[int, int]]) -> np.ndarray:
    """(start, length) in tenths of a second → (n, 2) in seconds."""
    return np.array([[start / 10, (start + length) / 10] for start, length in spoken]).reshape(-1, 2)


def counted(spoken: list[tuple[int, int]]) -> np.ndarray:
    speaks = np.zeros(TENTHS, bool)
    for start, length in spoken:
        speaks[start : start + length] = True
    return speaks


@given(mine=some_speech, theirs=some_speech)
def test_who_spoke_is_what_counting_tenths_gives(
    mine: list[tuple[int, int]], theirs: list[tuple[int, int]]
) -> None:
    talk = talk_of(60.0, spans(mine), spans(theirs))
    patient, other = counted(mine), counted(theirs)
    assert talk.patient == pytest.approx(patient.sum() / 10)
    assert talk.other == pytest.approx(other.sum() / 10)
    assert talk.both == pytest.approx((patient & other).sum() / 10, abs=1e-6)
    assert talk.pause == pytest.approx((~patient & ~other).sum() / 10, abs=1e-6)


def test_with_one_channel_there_is_speech_and_pause() -> None:
    talk = talk_of(100.0, spans([(0, 100), (500, 150)]), None)
    assert (talk.patient, talk.other, talk.pause) == (25.0, None, 75.0)
    assert talk.share(talk.patient) == 0.25


@given(st.lists(st.booleans(), max_size=60))
def test_runs_are_the_true_ones(flags: list[bool]) -> None:
    found = runs(np.array(flags, bool))
    rebuilt = [any(start <= place < end for start, end in found) for place in range(len(flags))]
    assert rebuilt == flags
    assert all(one[1] < other[0] for one, other in pairwise(found))


def test_distorted_places_close_together_are_one() -> None:
    peaks = np.zeros((20 * 60, 2), np.int8)
    for second in (10, 11, 30):
        peaks[second * 20] = (-128, 127)
    assert distorted(peaks, 20) == [(10.0, 11.05), (30.0, 30.05)]


def indices(told: list[tuple[int, float, int, float]]) -> dict[int, float]:
    return {
        index + place: start + place * step for index, start, count, step in told for place in range(count)
    }


@given(st.lists(st.sampled_from([1.0, 1.0, 1.0, 4.0, 9.5]), max_size=80))
def test_window_runs_give_every_start_back(gaps: list[float]) -> None:
    starts = np.cumsum([0.0, *gaps], dtype=np.float32)
    told = window_runs(starts)
    assert indices(told) == pytest.approx(dict(enumerate(starts.tolist())), abs=1e-3)


def test_two_hours_of_speech_are_told_in_one_run() -> None:
    assert window_runs(np.arange(7198, dtype=np.float32)) == [(0, 0.0, 7198, 1.0)]
    assert window_runs(np.array([], np.float32)) == []
