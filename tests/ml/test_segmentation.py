"""Speech is found where it was put, is not torn at its pauses, and nothing else is taken for it."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.segmentation import SpeechDetector
from tests import voices

RATE = voices.RATE


def detect(waveform: voices.Waveform, blocks: int = 160_000) -> SpeechDetector:
    detector = SpeechDetector()
    for start in range(0, len(waveform), blocks):
        detector.feed(waveform[start : start + blocks])
    detector.flush()
    return detector


def bursts(seconds: float, *, every: float = 2.0) -> voices.Waveform:
    """A tone that is on for half of the time."""
    gate = (np.arange(round(seconds * RATE)) / RATE % every) < every / 2
    return voices.tone(seconds) * gate.astype(np.float32)


SPEECHLESS = {
    "silence": voices.silence(6.0),
    "hiss": voices.noise(6.0),
    "loud hiss": voices.noise(6.0, level=0.3),
    "hiss that starts": np.concatenate([voices.silence(3.0), voices.noise(3.0)]),
    "tone": voices.tone(6.0),
    "tone that comes and goes": bursts(8.0),
    "mains hum": np.array([voices.tone(6.0, hertz=50.0 * k, level=0.2 / k) for k in range(1, 20)]).sum(
        axis=0
    ),
    "trembling chord": voices.chord(6.0),
    "one click": np.concatenate([voices.silence(2.0), voices.noise(0.02, level=0.9), voices.silence(2.0)]),
}


@pytest.mark.parametrize("sound", SPEECHLESS.values(), ids=SPEECHLESS.keys())
def test_what_is_no_speech(sound: voices.Waveform) -> None:
    detector = detect(np.asarray(np.clip(sound, -1, 1), np.float32))
    assert detector.spans == []
    assert detector.speech_s == 0.0


@pytest.mark.parametrize("clip", [0, 2, 3, 4, 5])
@pytest.mark.parametrize("level", [1.0, 0.05])
def test_a_sentence_is_one_span(clip: int, level: float) -> None:
    sentence = voices.speech(clip=clip)
    scene = np.concatenate([voices.silence(1.0), sentence, voices.silence(1.0)])
    detector = detect(np.float32(level) * scene)
    assert len(detector.spans) == 1
    ((start, end),) = detector.spans
    assert start == pytest.approx(1.0, abs=0.25)
    assert end == pytest.approx(1.0 + len(sentence) / RATE, abs=0.4)


def test_a_sad_voice_that_stops_for_a_second() -> None:
    """The corpus's own pause in mid-sentence: 1 s, twice as long as those that are bridged."""
    (first, second) = detect(voices.speech(clip=1)).spans
    assert second[0] - first[1] == pytest.approx(0.9, abs=0.3)


def test_planted_silences_are_found() -> None:
    sentences = [voices.speech(clip=clip) for clip in (0, 2, 4)]
    pauses = [2.0, 3.0, 1.5, 2.5]
    pieces = [voices.silence(pauses[0])]
    planted, now = [], pauses[0]
    for sentence, pause in zip(sentences, pauses[1:], strict=True):
        planted.append((now, now + len(sentence) / RATE))
        now += len(sentence) / RATE + pause
        pieces += [sentence, voices.silence(pause)]
    heard = detect(np.concatenate(pieces) + voices.noise(now, level=3e-4))
    np.testing.assert_allclose(heard.spans, planted, atol=0.4)


@pytest.mark.parametrize("snr_db", [20, 10, 5])
def test_speech_in_hiss(snr_db: float) -> None:
    sentence = voices.speech(clip=0)
    level = float(np.sqrt(np.square(sentence).mean())) * 10 ** (-snr_db / 20)
    scene = np.concatenate([voices.silence(4.0), sentence, voices.silence(4.0)])
    spans = detect(np.clip(scene + voices.noise(len(scene) / RATE, level=level), -1, 1)).spans
    assert spans
    assert spans[0][0] == pytest.approx(4.0, abs=0.8)
    assert spans[-1][1] == pytest.approx(4.0 + len(sentence) / RATE, abs=0.8)


def test_no_span_ends_after_the_sound() -> None:
    sentence = voices.speech(2.5)
    assert detect(sentence).spans[-1][1] <= 2.5


SCENE = np.concatenate([voices.speech(clip=3), voices.silence(0.8), voices.speech(clip=5), voices.tone(1.0)])


@given(cuts=st.lists(st.integers(0, len(SCENE)), max_size=12))
def test_blocks_do_not_matter(cuts: list[int]) -> None:
    detector = SpeechDetector()
    for block in np.split(SCENE, sorted(cuts)):
        detector.feed(block)
    detector.flush()
    whole = detect(SCENE)
    assert detector.spans == whole.spans
    np.testing.assert_array_equal(detector.level_counts, whole.level_counts)


def test_what_is_settled_stays() -> None:
    """Windows are judged while the sound still arrives: their speech must be what it is at the end."""
    detector, judged = SpeechDetector(), []
    for start in range(0, len(SCENE), 4_000):
        detector.feed(SCENE[start : start + 4_000])
        until = detector.settled_s
        if until > 0:
            judged.append((until, detector.speech_between(max(0.0, until - 1.0), until)))
    detector.flush()
    assert len(judged) > 10
    for until, speech_s in judged:
        assert detector.speech_between(max(0.0, until - 1.0), until) == pytest.approx(speech_s)


@given(st.lists(st.floats(0.0, 12.0), min_size=2, max_size=6))
def test_speech_adds_up(cuts: list[float]) -> None:
    detector = detect(SCENE)
    cuts = sorted([0.0, *cuts, 20.0])
    parts = [detector.speech_between(start, end) for start, end in pairwise(cuts)]
    assert sum(parts) == pytest.approx(detector.speech_s)
