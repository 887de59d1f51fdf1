"""The summary of a recording: a distribution, its interval, and how much was left unanswered."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ml.aggregation import Summary, summarise
from ml.labels import EMOTIONS, Emotion

N = len(EMOTIONS)


def distributions(windows: int, seed: int = 0, *, sharpness: float = 1.0) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.full(N, 1 / sharpness), windows).astype(np.float32)


def summary_of(
    probabilities: np.ndarray, *, weights: np.ndarray | None = None, abstained: np.ndarray | None = None
) -> Summary:
    windows = len(probabilities)
    return summarise(
        probabilities,
        np.full(windows, 3.0, np.float32) if weights is None else weights,
        np.zeros(windows, np.bool_) if abstained is None else abstained,
        speech_s=10.0,
        overlap=3,
    )


@st.composite
def recordings(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    windows = draw(st.integers(1, 60))
    probabilities = distributions(windows, draw(st.integers(0, 999)), sharpness=draw(st.floats(0.2, 50)))
    weights = draw(arrays(np.float32, windows, elements=st.floats(1.0, 3.0, width=32)))
    return probabilities, weights, draw(arrays(np.bool_, windows))


@given(recordings())
def test_a_distribution_within_its_interval(recording: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    probabilities, weights, abstained = recording
    summary = summary_of(probabilities, weights=weights, abstained=abstained)
    assert summary.probabilities.sum(dtype=np.float64) == pytest.approx(1.0, abs=1e-6)
    assert (summary.low >= 0).all()
    assert (summary.high <= 1).all()
    assert (summary.low <= summary.probabilities).all()
    assert (summary.probabilities <= summary.high).all()
    assert summary.windows == len(probabilities)
    assert summary.abstained_share == pytest.approx(abstained.mean())
    assert (summary.top is None) == abstained.all()


@given(recordings(), st.randoms(use_true_random=False))
def test_order_of_windows_does_not_move_the_mean(
    recording: tuple[np.ndarray, np.ndarray, np.ndarray], random: np.random.Generator
) -> None:
    order = list(range(len(recording[0])))
    random.shuffle(order)
    there, back = (
        summary_of(p, weights=w, abstained=a) for p, w, a in (recording, [part[order] for part in recording])
    )
    np.testing.assert_allclose(there.probabilities, back.probabilities, atol=1e-6)
    assert there.abstained_share == back.abstained_share


def test_the_same_recording_has_the_same_interval() -> None:
    probabilities = distributions(40)
    first, second = summary_of(probabilities), summary_of(probabilities.copy())
    np.testing.assert_array_equal(first.low, second.low)
    np.testing.assert_array_equal(first.high, second.high)


def test_windows_weigh_what_speech_is_in_them() -> None:
    sure = np.eye(N, dtype=np.float32)[[3, 4]]
    summary = summary_of(sure, weights=np.array([3.0, 1.0], np.float32))
    np.testing.assert_allclose(summary.probabilities[[3, 4]], [0.75, 0.25])
    assert summary.top is Emotion.SAD


def test_what_abstained_is_counted_and_not_averaged() -> None:
    probabilities = np.eye(N, dtype=np.float32)[[2, 2, 6, 6, 6]]
    summary = summary_of(probabilities, abstained=np.array([False, False, True, True, True]))
    assert summary.top is Emotion.HAPPY
    assert summary.probabilities[2] == 1.0
    assert summary.abstained_share == pytest.approx(0.6)


def test_all_abstained_gives_a_distribution_and_no_answer() -> None:
    probabilities = distributions(5)
    summary = summary_of(probabilities, abstained=np.ones(5, np.bool_))
    np.testing.assert_allclose(summary.probabilities, probabilities.mean(axis=0), atol=1e-6)
    assert (summary.top, summary.abstained_share) == (None, 1.0)


def test_nothing_heard_says_nothing() -> None:
    summary = summary_of(np.empty((0, N), np.float32))
    np.testing.assert_array_equal(summary.probabilities, np.full(N, 1 / N, np.float32))
    assert (summary.low == 0).all()
    assert (summary.high == 1).all()
    assert (summary.top, summary.abstained_share, summary.windows) == (None, 1.0, 0)


def test_an_emotion_that_was_not_taught_is_no_possible_answer() -> None:
    probabilities = distributions(4)
    probabilities[:, [1, 7]] = 0
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    summary = summary_of(probabilities)
    assert summary.high[[1, 7]].tolist() == [0, 0]
    taught = [place for place in range(N) if place not in (1, 7)]
    assert (summary.low[taught] < summary.probabilities[taught]).all()
    assert (summary.high[taught] > summary.probabilities[taught]).all()


def test_more_speech_narrows_the_interval() -> None:
    widths = [
        np.mean([(s.high - s.low).mean() for s in (summary_of(distributions(n, seed)) for seed in range(5))])
        for n in (1, 5, 40, 400)
    ]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 0.2
    assert widths[-1] < 0.05


def test_windows_that_share_sound_do_not_count_twice() -> None:
    """The same speech heard at three times as many, overlapping places is no surer."""
    once = distributions(60, sharpness=8.0)
    thrice = np.repeat(once, 3, axis=0)
    apart = summarise(once, np.ones(60, np.float32), np.zeros(60, np.bool_), speech_s=180.0, overlap=1)
    shared = summarise(thrice, np.ones(180, np.float32), np.zeros(180, np.bool_), speech_s=180.0, overlap=3)
    ratio = (shared.high - shared.low).mean() / (apart.high - apart.low).mean()
    assert 0.85 < ratio < 1.3


@pytest.mark.parametrize("windows", [3, 12, 60, 300])
def test_the_interval_holds_the_truth_as_often_as_it_says(windows: int) -> None:
    """Recordings whose true shares are known, in windows that overlap as ours do."""
    truth = np.array([0.30, 0.20, 0.15, 0.12, 0.10, 0.06, 0.04, 0.03])
    held = []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        moments = rng.dirichlet(4 * truth, windows + 2)
        overlapping = ((moments[:-2] + moments[1:-1] + moments[2:]) / 3).astype(np.float32)
        summary = summary_of(overlapping)
        held.append((summary.low <= truth) & (truth <= summary.high))
    assert np.mean(held) > 0.9
