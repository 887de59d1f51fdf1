"""Several results as one: weighted by clear speech, their errors added as independent ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.change.pooling import Results, pool, weigh
from ml.labels import EMOTIONS

SECONDS = st.floats(0, 7200, allow_subnormal=False)
SHARES = st.lists(st.floats(0.01, 1), min_size=len(EMOTIONS), max_size=len(EMOTIONS))


@st.composite
def results(draw: st.DrawFn, most: int = 12) -> Results:
    rows = draw(
        st.lists(st.tuples(SHARES, SECONDS, st.floats(0, 1), st.floats(0, 0.3)), min_size=1, max_size=most)
    )
    shares = np.array([row[0] for row in rows])
    shares /= shares.sum(1, keepdims=True)
    reach = np.array([row[3] for row in rows])[:, None]
    speech = np.array([row[1] for row in rows])
    return Results(
        shares=shares,
        low=np.clip(shares - reach, 0, 1),
        high=np.clip(shares + reach, 0, 1),
        speech_s=speech,
        duration_s=speech * 1.5,
        abstained_share=np.array([row[2] for row in rows]),
    )


@st.composite
def runs(draw: st.DrawFn) -> tuple[Results, np.ndarray]:
    found = draw(results())
    later = draw(st.sets(st.integers(1, max(1, len(found) - 1)), max_size=len(found) - 1))
    return found, np.array([0, *sorted(place for place in later if place < len(found))])


@given(runs())
def test_weights_sum_to_one_in_each_run_and_are_never_negative(made: tuple[Results, np.ndarray]) -> None:
    found, starts = made
    weights = weigh(found, starts)
    assert np.add.reduceat(weights, starts) == pytest.approx(1)
    assert (weights >= 0).all()


@given(runs())
def test_pooled_shares_are_shares_within_their_intervals(made: tuple[Results, np.ndarray]) -> None:
    found, starts = made
    pooled = pool(found, starts)
    assert len(pooled) == len(starts)
    assert pooled.shares.sum(1) == pytest.approx(1)
    assert (pooled.low <= pooled.shares + 1e-12).all()
    assert (pooled.shares <= pooled.high + 1e-12).all()
    for run, (low, high) in enumerate(
        zip(np.minimum.reduceat(found.shares, starts), np.maximum.reduceat(found.shares, starts), strict=True)
    ):
        assert (low - 1e-9 <= pooled.shares[run]).all()
        assert (pooled.shares[run] <= high + 1e-9).all()


@given(runs())
def test_nothing_that_was_said_is_lost(made: tuple[Results, np.ndarray]) -> None:
    found, starts = made
    pooled = pool(found, starts)
    assert pooled.speech_s.sum() == pytest.approx(found.speech_s.sum())
    assert pooled.duration_s.sum() == pytest.approx(found.duration_s.sum())
    assert pooled.clear_s.sum() == pytest.approx(found.clear_s.sum())


@given(results())
def test_a_run_of_one_is_that_one(found: Results) -> None:
    pooled = pool(found, np.arange(len(found)))
    for name in ("shares", "low", "high", "speech_s", "duration_s", "abstained_share"):
        assert getattr(pooled, name) == pytest.approx(getattr(found, name), abs=1e-12), name


@given(results())
def test_pooling_in_two_steps_is_pooling_in_one(found: Results) -> None:
    """Recordings into sessions into weeks: the order of the steps does not matter, where speech was clear."""
    if not (found.clear_s > 1).all():
        return
    middle = len(found) // 2
    halves = np.array([0, middle] if middle else [0])
    inside = Results(found.shares, found.shares - 1e-3, found.shares + 1e-3, *_amounts(found))
    at_once, in_steps = pool(inside, np.zeros(1, int)), pool(pool(inside, halves), np.zeros(1, int))
    assert in_steps.shares == pytest.approx(at_once.shares)
    assert in_steps.high == pytest.approx(at_once.high)


def _amounts(found: Results) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return found.speech_s, found.duration_s, found.abstained_share


@given(SHARES, st.integers(1, 40), st.floats(0.001, 0.1))
def test_alike_results_narrow_the_interval_by_the_root_of_their_number(
    shares: list[float], count: int, reach: float
) -> None:
    share = np.array(shares) / sum(shares) * 0.5 + 0.25  # away from the ends, where intervals are cut
    alike = np.tile(share, (count, 1))
    minute = np.full(count, 60.0)
    found = Results(alike, alike - reach, alike + reach, minute, minute, np.zeros(count))
    pooled = pool(found, np.zeros(1, int))
    assert (pooled.high - pooled.shares)[0] == pytest.approx(reach / np.sqrt(count))


def test_what_was_not_clear_says_nothing_unless_nothing_was() -> None:
    shares = np.eye(len(EMOTIONS))[[1, 3]]
    minute = np.full(2, 60.0)
    heard, unheard = (
        pool(Results(shares, shares, shares, minute, minute, np.array(abstained)), np.zeros(1, int))
        for abstained in ([0.0, 1.0], [1.0, 1.0])
    )
    assert heard.shares[0, 1] == 1
    assert unheard.shares[0, [1, 3]] == pytest.approx([0.5, 0.5])
    assert unheard.abstained_share[0] == 1


def test_of_nothing_comes_nothing() -> None:
    empty = np.zeros((0, len(EMOTIONS)))
    none = np.zeros(0)
    assert len(pool(Results(empty, empty, empty, none, none, none), np.zeros(0, int))) == 0
