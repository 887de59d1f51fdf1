"""The CPU front end equals librosa, and does not care how the sound is cut into blocks."""

import dataclasses

import librosa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml import frontend
from ml.config import FeatureConfig
from tests import voices
from tests.ml import librosa_oracle

CFG = FeatureConfig()
CONFIGS = {
    "shipped": CFG,
    "odd lengths": FeatureConfig(n_fft=600, win_length=401, hop_length=130, n_mels=40, n_mfcc=13),
    "window as long as the transform": FeatureConfig(win_length=512),
    "whole band": FeatureConfig(f_min=0.0, n_mels=40),
}


@pytest.mark.parametrize("cfg", CONFIGS.values(), ids=CONFIGS.keys())
@pytest.mark.parametrize("clip", range(3))
def test_equals_librosa(cfg: FeatureConfig, clip: int) -> None:
    waveform = voices.speech(clip=clip)
    np.testing.assert_allclose(
        frontend.mfcc(waveform, cfg), librosa_oracle.mfcc(waveform, cfg, frontend.SAMPLE_RATE), atol=1e-3
    )


def test_filterbank_equals_librosa() -> None:
    theirs = librosa.filters.mel(sr=16_000, n_fft=512, n_mels=64, fmin=50, fmax=8_000)
    np.testing.assert_allclose(frontend.mel_filterbank(CFG), theirs, atol=1e-7)


@given(
    samples=st.integers(0, 4_000), cuts=st.lists(st.integers(0, 4_000), max_size=8), seed=st.integers(0, 99)
)
def test_blocks_do_not_matter(samples: int, cuts: list[int], seed: int) -> None:
    waveform = voices.noise(1, seed=seed)[:samples]
    stream = frontend.StreamingLogMel(CFG)
    blocks = np.split(waveform, sorted(min(cut, samples) for cut in cuts))
    streamed = np.concatenate([*map(stream.feed, blocks), stream.flush()])
    assert streamed.shape == (frontend.frame_count(samples, CFG), CFG.n_mels)
    np.testing.assert_allclose(streamed, frontend.log_mel(waveform, CFG), atol=1e-3)
    assert frontend.plane(streamed, CFG).shape == (CFG.n_mfcc, len(streamed))


def test_a_slice_of_a_session_is_the_window_alone() -> None:
    session = voices.speech(8.0)
    whole = frontend.mfcc(session, CFG)
    alone = frontend.mfcc(session[2 * 16_000 : 5 * 16_000], CFG)
    # The two frames at each edge see what lies around the window.
    np.testing.assert_allclose(whole[:, 202:499], alone[:, 2:299], atol=1e-3)


def test_digital_silence_is_the_padding() -> None:
    silent = frontend.mfcc(voices.silence(1.0), CFG)
    np.testing.assert_allclose(silent, frontend.silent_frames(101, CFG), atol=1e-3)
    log_mel = dataclasses.replace(CFG, kind="log_mel")
    np.testing.assert_array_equal(frontend.silent_frames(5, log_mel), np.full((CFG.n_mels, 5), -100.0))


def test_the_faster_transform_of_long_recordings_gives_the_same() -> None:
    sound = voices.speech(40.0)
    whole = frontend.log_mel(sound, CFG)  # begins as a short one does, with numpy's
    stream = frontend.StreamingLogMel(CFG)
    blocks = [stream.feed(sound[start : start + 160_000]) for start in range(0, len(sound), 160_000)]
    in_blocks = np.concatenate([*blocks, stream.flush()])
    assert len(whole) > frontend.LONG_FRAMES
    np.testing.assert_allclose(in_blocks, whole, atol=1e-3)
