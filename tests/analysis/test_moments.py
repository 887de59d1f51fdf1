"""The moments that weigh most: what is said of them holds when the summary is taken again without them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from analysis.session.moments import LONGEST_S, MOST, Moment, speech_in, telling_moments
from ml.aggregation import summarise
from ml.labels import EMOTIONS, Emotion, index_of
from tests.analysis.hearing import mixture

WINDOW_S = 3.0
CLOSE = 1e-6


@dataclass(frozen=True)
class Windows:
    starts: NDArray[np.float32]
    ends: NDArray[np.float32]
    probabilities: NDArray[np.float32]
    abstained: NDArray[np.bool_]
    spans: NDArray[np.float32]

    @property
    def moments(self) -> tuple[Moment, ...]:
        return telling_moments(**vars(self))

    @property
    def weights(self) -> NDArray[np.float64]:
        return speech_in(self.starts, self.ends, self.spans)

    def shares(self, kept: NDArray[np.bool_]) -> NDArray[np.float64]:
        """The mean that `ml.aggregation` takes, over the windows that are kept."""
        weights = self.weights[kept]
        return np.asarray(weights @ self.probabilities[kept].astype(np.float64) / weights.sum())

    def pull(self, start: float, end: float) -> float:
        """Half the L1 distance between the shares with and without the windows of a moment."""
        sure = ~self.abstained
        inside = (self.starts >= start - CLOSE) & (self.ends <= end + CLOSE)
        return float(np.abs(self.shares(sure) - self.shares(sure & ~inside)).sum() / 2)


@st.composite
def windows(draw: st.DrawFn) -> Windows:
    """Every second a window, now and then a gap, all speech or with pauses."""
    count = draw(st.integers(1, 60))
    gaps = draw(arrays(np.float32, count, elements=st.sampled_from([1.0, 1.0, 1.0, 1.0, 8.0])))
    starts = np.cumsum(gaps, dtype=np.float32)
    ends = starts + np.float32(WINDOW_S)
    raw = draw(arrays(np.float32, (count, len(EMOTIONS)), elements=st.floats(0.125, 1, width=16)))
    abstained = draw(arrays(np.bool_, count))
    pauses = draw(st.booleans())
    length = float(ends[-1])
    edges = np.arange(0, length, 5, dtype=np.float32)
    spans = np.column_stack([edges, np.minimum(edges + 4, length)]) if pauses else np.array([[0, length]])
    return Windows(starts, ends, raw / raw.sum(1, keepdims=True), abstained, spans.astype(np.float32))


@given(windows())
def test_a_moment_is_short_sure_and_apart_from_the_others(heard: Windows) -> None:
    moments = heard.moments
    assert len(moments) <= MOST
    for moment in moments:
        assert 0 < moment.end - moment.start <= LONGEST_S + CLOSE
        inside = (heard.starts >= moment.start - CLOSE) & (heard.ends <= moment.end + CLOSE)
        assert inside.any()
        assert not heard.abstained[inside].any()
        assert all(
            other is moment or other.end <= moment.start or moment.end <= other.start for other in moments
        )


@given(windows())
def test_its_pull_is_what_the_shares_really_move(heard: Windows) -> None:
    moments = heard.moments
    assert [moment.pull for moment in moments] == sorted((one.pull for one in moments), reverse=True)
    for moment in moments:
        assert moment.pull == pytest.approx(heard.pull(moment.start, moment.end), abs=CLOSE)
        assert 0 < abs(moment.by) <= moment.pull + CLOSE


@given(windows())
def test_no_other_stretch_pulls_more_than_the_first(heard: Windows) -> None:
    sure = ~heard.abstained
    if not heard.moments:
        return
    for first in range(len(heard.starts)):
        for last in range(first, len(heard.starts)):
            length = heard.ends[last] - heard.starts[first]
            joined = (heard.starts[first + 1 : last + 1] <= heard.ends[first:last]).all()
            left = heard.weights[sure].sum() - heard.weights[first : last + 1].sum()
            if length > LONGEST_S or not joined or not sure[first : last + 1].all() or left <= CLOSE:
                continue
            pull = heard.pull(float(heard.starts[first]), float(heard.ends[last]))
            assert pull <= heard.moments[0].pull + CLOSE


def talk(seconds: int, **moments: int) -> Windows:
    """Neutral speech, in which from one second on six seconds sound otherwise."""
    starts = np.arange(seconds - 2, dtype=np.float32)
    probabilities = np.tile(mixture(neutral=0.6), (len(starts), 1))
    for emotion, second in moments.items():
        probabilities[second : second + 4] = mixture(**{emotion: 0.9})
    spans = np.array([[0, seconds]], np.float32)
    return Windows(starts, starts + 3, probabilities, np.zeros(len(starts), bool), spans)


def test_what_stands_out_is_found_with_its_words() -> None:
    heard = talk(300, sad=60, angry=200)
    found = {moment.emotion: (moment.start, moment.end) for moment in heard.moments}
    assert found[Emotion.SAD] == (60, 66)
    assert found[Emotion.ANGRY] == (200, 206)
    sad = next(moment for moment in heard.moments if moment.emotion is Emotion.SAD)
    assert (sad.moved, sad.by > 0) == (Emotion.SAD, True)


def test_what_was_not_sure_is_never_a_moment() -> None:
    heard = talk(300, sad=60)
    heard.abstained[60:64] = True
    assert all(moment.end <= 60 or moment.start >= 64 for moment in heard.moments)


def test_the_shares_are_those_of_the_summary() -> None:
    """The same arithmetic as `ml.aggregation`, or the pull would be of something else."""
    heard = talk(60, sad=20)
    weights = heard.weights.astype(np.float32)
    summary = summarise(heard.probabilities, weights, heard.abstained, speech_s=60, overlap=3)
    assert heard.shares(~heard.abstained) == pytest.approx(summary.probabilities, abs=1e-6)


@pytest.mark.parametrize("seconds", [0, 1, 3])
def test_where_nothing_would_be_left_there_is_no_moment(seconds: int) -> None:
    count = max(0, seconds - 2)
    starts = np.arange(count, dtype=np.float32)
    even = np.full((count, len(EMOTIONS)), 1 / len(EMOTIONS), np.float32)
    spans = np.array([[0, seconds]], np.float32)
    assert (
        telling_moments(
            starts=starts, ends=starts + 3, probabilities=even, abstained=np.zeros(count, bool), spans=spans
        )
        == ()
    )


def test_silence_weighs_nothing() -> None:
    heard = talk(60, sad=20)
    mute = Windows(**(vars(heard) | {"spans": np.zeros((0, 2), np.float32)}))
    assert mute.moments == ()
    assert index_of(Emotion.SAD) == int(heard.probabilities[20].argmax())
