"""Every feature of the papers is librosa's, alone, in batches and in stacks."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ml import frontend
from ml.config import FeatureConfig
from ml.features import FEATURES, Features, Mfcc, Summary, build_feature
from ml.features.contrast import bands
from ml.features.spectral import PowerSpectrum
from ml.torchaudio_guard import torchaudio
from tests import voices
from tests.ml.librosa_oracle import ORACLES, relative_error

RATE = 16_000
OURS = FeatureConfig()
PAPERS = FeatureConfig(n_fft=2048, win_length=2048, hop_length=512, n_mels=128, f_min=0.0, n_mfcc=20)
DEVICES = ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]
CONFIGS = [pytest.param(OURS, id="ours"), pytest.param(PAPERS, id="papers")]


def test_every_feature_has_an_oracle() -> None:
    assert set(FEATURES) <= set(ORACLES)


@pytest.mark.parametrize("cfg", CONFIGS)
@pytest.mark.parametrize("name", sorted(ORACLES))
@pytest.mark.parametrize("clip", range(len(voices.clip_paths())))
@pytest.mark.parametrize("device", DEVICES)
def test_features_are_librosas(name: str, cfg: FeatureConfig, clip: int, device: str) -> None:
    waveform = voices.speech(clip=clip)

    plane = build_feature(name, cfg).to(device)(torch.from_numpy(waveform)[None].to(device))
    ours = plane[0].cpu().numpy()

    assert relative_error(ours, ORACLES[name](waveform, cfg, RATE)) <= 1e-5


def test_the_window_is_the_cpu_runtimes() -> None:
    np.testing.assert_allclose(PowerSpectrum(PAPERS).window, frontend.window(PAPERS), atol=1e-7)


def test_mfccs_are_those_of_the_cpu_runtime() -> None:
    waveform = voices.speech()
    ours = Mfcc(OURS)(torch.from_numpy(waveform)[None])[0].numpy()
    assert np.abs(ours - frontend.mfcc(waveform, OURS)).max() <= 1e-3


@pytest.mark.parametrize("name", sorted(ORACLES))
@settings(max_examples=10, deadline=None)
@given(samples=st.integers(2_000, 9_000))
def test_a_clip_of_any_length_has_the_same_frames_alone_and_in_a_batch(name: str, samples: int) -> None:
    clips = torch.from_numpy(np.stack([voices.speech(clip=clip)[8_000 : 8_000 + samples] for clip in (0, 4)]))
    feature = build_feature(name, OURS)

    batch = feature(clips)

    assert batch.shape == (2, feature.rows, 1 + samples // OURS.hop_length)
    torch.testing.assert_close(batch[1:], feature(clips[1:]), rtol=1e-4, atol=1e-4)


def test_torchaudio_says_the_same_where_it_has_the_feature() -> None:
    waveform = torch.from_numpy(voices.speech())[None]
    bands = {"n_mels": PAPERS.n_mels, "f_min": PAPERS.f_min, "f_max": PAPERS.f_max}
    mel = torchaudio.transforms.MelSpectrogram(
        RATE,
        PAPERS.n_fft,
        hop_length=PAPERS.hop_length,
        pad_mode="constant",
        norm="slaney",
        mel_scale="slaney",
        **bands,
    )
    ours = Features(("mel", "mel_delta"), PAPERS)(waveform)[0].numpy()
    theirs = mel(waveform)[0]

    assert relative_error(ours[:128], theirs.numpy()) <= 1e-4
    slopes = torchaudio.functional.compute_deltas(theirs, win_length=9)[:, 4:-4].numpy()  # its edges differ
    assert relative_error(ours[128:, 4:-4], slopes) <= 1e-4


def test_silence_gives_finite_features() -> None:
    stack = Features(tuple(FEATURES), OURS)
    assert torch.isfinite(stack(torch.zeros(1, RATE))).all()


def test_a_stack_is_its_features_one_below_the_other() -> None:
    names = ("mfcc", "chroma", "mel", "contrast", "tonnetz", "zcr", "rms", "mfcc_delta")
    waveform = torch.from_numpy(voices.speech())[None]
    stack = Features(names, OURS)

    planes = stack(waveform)

    assert planes.shape[1] == stack.rows == 40 + 12 + 64 + 7 + 6 + 1 + 1 + 40
    torch.testing.assert_close(planes, torch.cat([build_feature(n, OURS)(waveform) for n in names], dim=1))


def test_features_of_one_height_can_be_channels() -> None:
    stack = Features(("log_mel", "log_mel_delta", "log_mel_delta2"), OURS, layout="channels")
    assert stack(torch.zeros(2, RATE)).shape == (2, 3, 64, 101)
    assert stack.rows == 64
    with pytest.raises(ValueError, match="one height"):
        Features(("log_mel", "chroma"), OURS, layout="channels")


@pytest.mark.parametrize("name", ["pitch", "chroma_delta3", "waveform", "_delta", ""])
def test_an_unknown_name_is_refused_and_the_known_ones_are_told(name: str) -> None:
    with pytest.raises(ValueError, match="mfcc"):
        build_feature(name, OURS)


def test_what_cannot_be_computed_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Features((), OURS)
    with pytest.raises(ValueError, match="9 frames"):
        build_feature("mfcc_delta", OURS)(torch.zeros(1, 800))
    with pytest.raises(ValueError, match="no FFT bin"):
        bands(512, 8_000)
    with pytest.raises(ValueError, match="unknown statistics"):
        Summary(("mean", "colour"))


STATISTICS: dict[str, Callable[..., Any]] = {
    "mean": np.mean,
    "std": np.std,
    "min": np.min,
    "max": np.max,
    "range": np.ptp,
    "median": np.median,
    "q25": lambda x, axis: np.quantile(x, 0.25, axis=axis),
    "q75": lambda x, axis: np.quantile(x, 0.75, axis=axis),
    "skewness": lambda x, axis: scipy.stats.skew(x, axis=axis),
    "kurtosis": lambda x, axis: scipy.stats.kurtosis(x, axis=axis, fisher=False),
    "slope": lambda x, axis: np.polyfit(np.arange(x.shape[axis]), x.T, 1)[0],
}


@given(st.integers(2, 30), st.integers(0, 20), st.integers(0, 2**31))
def test_summaries_are_those_of_numpy_and_scipy_over_the_kept_frames(
    kept: int, padding: int, seed: int
) -> None:
    plane = np.random.default_rng(seed).standard_normal((3, kept + padding))
    mask = torch.arange(kept + padding) < kept

    ours = Summary(tuple(STATISTICS))(torch.from_numpy(plane)[None], mask[None])[0].reshape(-1, 3).numpy()

    for row, (name, oracle) in zip(ours, STATISTICS.items(), strict=True):
        np.testing.assert_allclose(row, oracle(plane[:, :kept], axis=1), atol=1e-8, err_msg=name)


@given(arrays(np.float32, (2, 3, 12), elements=st.floats(-100, 100, width=32)))
def test_summaries_are_finite_even_of_rows_that_do_not_vary(plane: np.ndarray) -> None:
    vector = Summary(tuple(STATISTICS))(torch.from_numpy(plane))
    assert vector.shape == (2, 3 * len(STATISTICS))
    assert torch.isfinite(vector).all()
