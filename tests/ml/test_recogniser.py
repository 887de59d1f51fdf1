"""A recording from file to estimate: which windows, which numbers, what is said of too little."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ml import frontend
from ml.audio import UnreadableAudio
from ml.augment.room import reverberate, room_response
from ml.config import FeatureConfig
from ml.labels import EMOTIONS
from ml.peaks import PEAKS_PER_SECOND
from ml.recogniser import EmotionRecogniser, SessionEstimate
from ml.registry import UnknownModel
from ml.runtime import softmax
from tests import voices
from tests.ml.published import TEMPERATURE, matrix, mean_frame_model

RATE = voices.RATE


@pytest.fixture(scope="module")
def recogniser(tmp_path_factory: pytest.TempPathFactory) -> EmotionRecogniser:
    root = tmp_path_factory.mktemp("models")
    return EmotionRecogniser.load(mean_frame_model(root).id, root)


Hear = Callable[..., SessionEstimate]


@pytest.fixture
def hear(recogniser: EmotionRecogniser, tmp_path: Path) -> Hear:
    def heard(waveform: voices.Waveform, kind: str = "wav") -> SessionEstimate:
        return recogniser.analyse(voices.write(tmp_path / f"recording.{kind}", waveform))

    return heard


def by_hand(waveform: voices.Waveform, start: float, end: float, cfg: FeatureConfig) -> np.ndarray:
    """The model's answer for a window, from the features of the whole recording."""
    frames = frontend.mfcc(waveform, cfg)[:, round(100 * start) : round(100 * end) + 1]
    return softmax(frames.mean(axis=1) @ matrix(len(frames)), TEMPERATURE)


def test_numbers_are_those_of_the_whole_session(recogniser: EmotionRecogniser, tmp_path: Path) -> None:
    """Blocks, batches and slices change nothing."""
    session = np.concatenate([voices.speech(clip=clip) for clip in (0, 2, 3, 4, 5)] * 2)
    path = voices.write(tmp_path / "a.wav", session)
    stored = soundfile.read(path, dtype="float32")[0]

    estimate = recogniser.analyse(path)

    assert len(estimate.starts) > 20
    for start, end, answer in zip(estimate.starts, estimate.ends, estimate.probabilities, strict=True):
        expected = by_hand(stored, start, end, recogniser.card.config.features)
        np.testing.assert_allclose(answer, expected, atol=1e-5)
    np.testing.assert_allclose(estimate.probabilities.sum(axis=1), 1.0, atol=1e-6)
    np.testing.assert_array_equal(
        estimate.abstained, estimate.probabilities.max(axis=1) < recogniser.card.abstention_threshold
    )
    assert estimate.model_id == recogniser.card.id


def test_windows_every_second_and_one_for_the_tail(hear: Hear) -> None:
    estimate = hear(voices.speech(10.6, clip=0))
    np.testing.assert_allclose(estimate.starts, [0, 1, 2, 3, 4, 5, 6, 7, 7.6], atol=1e-6)
    np.testing.assert_allclose(estimate.ends - estimate.starts, 3.0, atol=1e-5)


def test_no_window_where_nobody_speaks(hear: Hear) -> None:
    parts = [voices.speech(6.0, clip=0), voices.silence(20.0), voices.speech(6.0, clip=2)]
    estimate = hear(np.concatenate(parts))
    gaps = np.diff(estimate.starts)
    assert gaps.max() > 17
    assert ((estimate.starts < 5.5) | (estimate.ends > 26.5)).all()
    assert estimate.speech_s == pytest.approx(12.0, abs=1.5)
    assert estimate.duration_s == 32.0


def test_shorter_than_a_window_is_followed_by_silence(recogniser: EmotionRecogniser, hear: Hear) -> None:
    estimate = hear(voices.speech(1.8, clip=0))
    assert (estimate.starts.tolist(), estimate.ends.tolist()) == ([0.0], pytest.approx([1.8]))
    assert estimate.quality == ()
    cfg = recogniser.card.config.features
    padded = frontend.silent_frames(301, cfg)
    heard = frontend.mfcc(voices.speech(1.8, clip=0), cfg)
    padded[:, : heard.shape[1]] = heard
    expected = softmax(padded.mean(axis=1) @ matrix(cfg.rows), TEMPERATURE)
    np.testing.assert_allclose(estimate.probabilities[0], expected, atol=1e-3)


TOO_LITTLE = {
    "nothing but silence": (voices.silence(5.0), "silent", 0),
    "a tone": (voices.tone(5.0), "no_speech", 0),
    "a word": (voices.speech(0.6, clip=0), "too_short", 1),
    "a word in a long silence": (
        np.concatenate([voices.silence(9.0), voices.speech(0.6, clip=0), voices.silence(9.0)]),
        "too_short",
        0,
    ),
    "a hundredth of a second": (voices.noise(0.01), "no_speech", 0),
}


@pytest.mark.parametrize(("sound", "code", "windows"), TOO_LITTLE.values(), ids=TOO_LITTLE.keys())
def test_too_little_gives_no_answer(hear: Hear, sound: voices.Waveform, code: str, windows: int) -> None:
    estimate = hear(sound)
    assert estimate.quality[0] == code
    assert len(estimate.starts) == windows
    assert estimate.abstained.all()
    assert (estimate.summary.top, estimate.summary.abstained_share) == (None, 1.0)
    assert estimate.summary.probabilities.sum(dtype=np.float64) == pytest.approx(1.0, abs=1e-6)


QUALITIES = {
    "clean": (voices.speech(8.0), "wav", ()),
    "overdriven": (np.clip(15 * voices.speech(8.0), -1, 1), "wav", ("clipped",)),
    "scaled to its own peak": (voices.speech(8.0) / np.abs(voices.speech(8.0)).max(), "wav", ()),
    "in hiss": (
        np.clip(0.5 * voices.speech(8.0) + voices.noise(8.0, level=0.06), -1, 1),
        "wav",
        ("low_snr",),
    ),
    "in a room that echoes": (
        reverberate(voices.speech(8.0), room_response(0.8, np.random.default_rng(0))),
        "wav",
        ("reverberant",),
    ),
    "telephone": (voices.speech(8.0), "amr", ("band_limited",)),
    "phone memo": (voices.speech(8.0), "m4a", ()),
}


@pytest.mark.parametrize(("sound", "kind", "codes"), QUALITIES.values(), ids=QUALITIES.keys())
def test_quality(hear: Hear, sound: voices.Waveform, kind: str, codes: tuple[str, ...]) -> None:
    assert hear(sound.astype(np.float32), kind).quality == codes


@pytest.mark.parametrize(("floor", "codes"), [(-1.0, ()), (1.0, ("unfamiliar",))])
def test_what_lies_under_the_floor_is_not_answered_and_says_so(
    recogniser: EmotionRecogniser, tmp_path: Path, floor: float, codes: tuple[str, ...]
) -> None:
    class Gated:
        """The same network behind a gate that scores every window 0."""

        logits = recogniser._runtime.logits

        def scores(self, features: np.ndarray) -> np.ndarray:
            return np.zeros(len(features), np.float32)

    strict = EmotionRecogniser(replace(recogniser.card, voice_floor=floor), Gated())
    path = voices.write(tmp_path / "a.wav", voices.speech(8.0))
    estimate, before = strict.analyse(path), recogniser.analyse(path)
    assert estimate.quality == codes
    assert np.array_equal(estimate.probabilities, before.probabilities)
    assert estimate.abstained.all() if codes else np.array_equal(estimate.abstained, before.abstained)


def test_half_a_recording_says_so(recogniser: EmotionRecogniser, tmp_path: Path) -> None:
    content = voices.encode(voices.speech(12.0), "wav")
    (tmp_path / "a.wav").write_bytes(content[: len(content) // 2])
    estimate = recogniser.analyse(tmp_path / "a.wav")
    assert estimate.quality == ("cut_off",)
    assert estimate.summary.windows > 0


def test_only_the_patient_is_heard(recogniser: EmotionRecogniser, tmp_path: Path) -> None:
    talk = np.stack([voices.speech(6.0), voices.silence(6.0)], axis=1)
    path = voices.write(tmp_path / "a.wav", talk)
    alone = voices.write(tmp_path / "b.wav", voices.speech(6.0))
    np.testing.assert_array_equal(
        recogniser.analyse(path, channel=0).probabilities, recogniser.analyse(alone).probabilities
    )
    assert recogniser.analyse(path, channel=1).quality == ("silent",)


def test_canonical_copy_is_what_was_heard(recogniser: EmotionRecogniser, tmp_path: Path) -> None:
    path = voices.write(tmp_path / "a.webm", voices.speech(23.0))
    first = recogniser.analyse(path, canonical=tmp_path / "a.flac")
    info = soundfile.info(tmp_path / "a.flac")
    assert (info.format, info.samplerate, info.channels) == ("FLAC", RATE, 1)
    assert info.frames == round(first.duration_s * RATE)
    again = recogniser.analyse(tmp_path / "a.flac")
    np.testing.assert_array_equal(again.starts, first.starts)
    np.testing.assert_allclose(again.probabilities, first.probabilities, atol=0.01)


def test_no_copy_is_left_of_what_failed(recogniser: EmotionRecogniser, tmp_path: Path) -> None:
    path = voices.write(tmp_path / "a.wav", voices.speech(25.0))

    class Stopped(Exception):
        pass

    def stop(share: float) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        recogniser.analyse(path, canonical=tmp_path / "a.flac", progress=stop)
    (tmp_path / "empty.wav").touch()
    with pytest.raises(UnreadableAudio):
        recogniser.analyse(tmp_path / "empty.wav", canonical=tmp_path / "empty.flac")
    assert {left.name for left in tmp_path.iterdir()} == {"a.wav", "empty.wav"}


@pytest.mark.parametrize("kind", ["wav", "m4a", "live.webm", "amr"])
def test_progress_rises_to_one(recogniser: EmotionRecogniser, kind: str, tmp_path: Path) -> None:
    shares: list[float] = []
    recogniser.analyse(voices.write(tmp_path / "a", voices.speech(42.0), kind=kind), progress=shares.append)
    assert len(shares) >= 4
    assert shares == sorted(shares)
    assert shares[0] < 0.5
    assert shares[-1] == 1.0
    assert shares.count(1.0) == 1


def test_peaks_draw_the_waveform(hear: Hear) -> None:
    waveform = np.concatenate([voices.silence(1.0), voices.tone(1.02, level=0.5)])
    peaks = hear(waveform).peaks
    assert peaks.dtype == np.int8
    assert len(peaks) == 2 * PEAKS_PER_SECOND + 1
    assert (peaks[:PEAKS_PER_SECOND] == 0).all()
    np.testing.assert_allclose(peaks[PEAKS_PER_SECOND:-1], [[-64, 64]] * PEAKS_PER_SECOND, atol=1)


@pytest.mark.parametrize("seconds", [0.2, 1.0, 2.5, 7.5])
def test_a_short_waveform_is_taken_whole(recogniser: EmotionRecogniser, seconds: float) -> None:
    probabilities = recogniser.probabilities(voices.speech(seconds))
    assert probabilities.shape == (len(EMOTIONS),)
    assert probabilities.sum() == pytest.approx(1.0, abs=1e-6)


def test_an_unknown_model(tmp_path: Path) -> None:
    with pytest.raises(UnknownModel):
        EmotionRecogniser.load("parallel-00000000", tmp_path)
