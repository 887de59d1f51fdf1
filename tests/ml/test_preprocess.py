"""Preprocessing of clips: every step does what it says, and none is done unless asked for."""

import librosa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.config import ExperimentConfig, PreprocessConfig
from ml.preprocess import (
    frames,
    is_sound,
    of_length,
    preprocess,
    reduce_noise,
    remove_silence,
    resample,
    to_peak,
    to_rms,
    trim_silence,
    windowed,
)
from tests import voices

RATE = voices.RATE


def padded_speech() -> voices.Waveform:
    return np.concatenate([voices.silence(0.7), voices.speech(), voices.silence(1.1)])


def snr_db(clean: voices.Waveform, heard: voices.Waveform) -> float:
    """Of `heard`, whose gain is taken to be the one that fits best."""
    gain = float(clean @ heard / (clean @ clean))
    return float(10 * np.log10(np.sum((gain * clean) ** 2) / np.sum((heard - gain * clean) ** 2)))


def test_nothing_is_done_unless_asked_for() -> None:
    waveform = padded_speech()
    assert preprocess(waveform, PreprocessConfig(), RATE) is waveform
    assert "preprocess" not in ExperimentConfig().to_dict()


def test_what_is_asked_for_stands_in_the_card() -> None:
    asked = ExperimentConfig(preprocess=PreprocessConfig(silence="trim", level="peak", seconds=3.0))
    assert asked.to_dict()["preprocess"]["silence"] == "trim"
    assert ExperimentConfig.from_dict(asked.to_dict()) == asked


def test_the_papers_three_seconds_from_half_a_second_on() -> None:
    papers = PreprocessConfig(offset_seconds=0.5, seconds=3.0)
    long, short = voices.speech(5.0), voices.speech(1.0)

    np.testing.assert_array_equal(preprocess(long, papers, RATE), long[8_000:56_000])
    heard = preprocess(short, papers, RATE)
    np.testing.assert_array_equal(heard[:8_000], short[8_000:])
    assert len(heard) == 48_000
    assert not heard[8_000:].any()
    np.testing.assert_array_equal(preprocess(short[:4_000], papers, RATE)[:4_000], short[:4_000])


@pytest.mark.parametrize("clip", range(len(voices.clip_paths())))
@pytest.mark.parametrize("below_peak_db", [20.0, 35.0, 60.0])
def test_trimming_is_librosas(clip: int, below_peak_db: float) -> None:
    waveform = voices.speech(clip=clip)
    theirs, _ = librosa.effects.trim(waveform, top_db=below_peak_db, frame_length=512, hop_length=128)
    np.testing.assert_array_equal(trim_silence(waveform, below_peak_db), theirs)


def test_silent_edges_go_and_pauses_stay_or_go_as_asked() -> None:
    word = voices.tone(0.5)
    waveform = np.concatenate([voices.silence(1), word, voices.silence(1), word, voices.silence(1)])

    assert len(trim_silence(waveform, 35)) / RATE == pytest.approx(2.0, abs=0.06)
    assert len(remove_silence(waveform, 35)) / RATE == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("seconds", [0.01, 1.0])
def test_silence_is_left_as_it_is(seconds: float) -> None:
    everything = PreprocessConfig(noise_reduction_db=12, silence="remove", level="rms")
    silence = voices.silence(seconds)
    np.testing.assert_array_equal(preprocess(silence, everything, RATE), silence)


@pytest.mark.parametrize("snr", [0.0, 10.0])
@pytest.mark.parametrize("clip", [0, 2, 4])
def test_a_steady_noise_is_reduced(clip: int, snr: float) -> None:
    clean = np.concatenate([voices.silence(0.4), voices.speech(clip=clip), voices.silence(0.4)])
    level = float(np.sqrt(np.mean(clean**2)) * 10 ** (-snr / 20))
    noisy = clean + voices.noise(len(clean) / RATE, level=level)

    cleaned = reduce_noise(noisy, 12.0)

    assert cleaned.shape == noisy.shape
    assert snr_db(clean, cleaned) >= snr_db(clean, noisy) + 3
    pause = slice(0, 4_000)
    assert 10 * np.log10(np.mean(noisy[pause] ** 2) / np.mean(cleaned[pause] ** 2)) == pytest.approx(
        12, abs=2
    )


@pytest.mark.parametrize("clip", range(len(voices.clip_paths())))
def test_speech_without_noise_is_hardly_touched(clip: int) -> None:
    clean = voices.speech(clip=clip)
    assert snr_db(clean, reduce_noise(clean, 12.0)) >= 15


@given(st.floats(0.001, 100), st.floats(-40, 0))
def test_levels_are_what_was_asked_for(gain: float, level_db: float) -> None:
    waveform = voices.noise(0.2) * np.float32(gain)
    assert np.abs(to_peak(waveform, level_db)).max() == pytest.approx(10 ** (level_db / 20), rel=1e-4)
    assert np.sqrt(np.mean(to_rms(waveform, level_db) ** 2)) == pytest.approx(10 ** (level_db / 20), rel=1e-4)


@given(samples=st.integers(0, 2_000), length=st.integers(1, 512), hop=st.integers(1, 512))
def test_frames_are_the_complete_ones(samples: int, length: int, hop: int) -> None:
    waveform = np.arange(samples, dtype=np.float32)
    framed = frames(waveform, length, hop)
    assert framed.shape == (max(0, (samples - length) // hop + 1) if samples >= length else 0, length)
    for index, frame in enumerate(framed):
        np.testing.assert_array_equal(frame, waveform[index * hop : index * hop + length])


def test_windowed_frames_fade_at_both_ends() -> None:
    framed = windowed(np.ones(2_000, np.float32), 400, 160)
    assert framed.shape == (11, 400)
    assert framed[:, 0].max() == 0
    assert framed[:, 200].min() == 1


@given(st.integers(0, 300), st.integers(0, 300))
def test_a_fixed_length_is_kept_by_cutting_or_silence(samples: int, wanted: int) -> None:
    made = of_length(np.ones(samples, np.float32), wanted)
    assert len(made) == wanted
    assert made.sum() == min(samples, wanted)


def test_resampling_keeps_pitch_and_length_in_seconds() -> None:
    there = resample(voices.tone(1.0, hertz=440), RATE, 48_000)
    assert len(there) == 48_000
    assert np.abs(np.fft.rfft(there)).argmax() == 440
    same = voices.tone(0.1)
    assert resample(same, RATE, RATE) is same


def test_sound_is_judged_from_the_loudest_frame() -> None:
    loud_then_quiet = np.concatenate([voices.tone(0.5, level=0.5), voices.tone(0.5, level=0.005)])
    assert is_sound(loud_then_quiet, 50).all()
    assert is_sound(loud_then_quiet, 30).mean() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(
    "wrong",
    [
        {"silence": "cut"},
        {"level": "loud"},
        {"offset_seconds": -1},
        {"level_db": 3},
        {"seconds": 0},
        {"silence_db": 0},
    ],
)
def test_a_wrong_value_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="preprocess"):
        ExperimentConfig.from_dict({"preprocess": wrong})
