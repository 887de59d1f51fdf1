"""librosa's answer for every feature, on the same clip and with the same settings."""

from collections.abc import Callable, Mapping
from typing import Any

import librosa
import numpy as np
from numpy.typing import NDArray

from ml.config import FeatureConfig

Plane = NDArray[np.float32]
Waveform = NDArray[np.float32]


def _spectral(cfg: FeatureConfig) -> dict[str, Any]:
    return {"n_fft": cfg.n_fft, "hop_length": cfg.hop_length, "win_length": cfg.win_length}


def power(y: Waveform, cfg: FeatureConfig, sr: int) -> Plane:
    spectrum = librosa.stft(y, pad_mode="constant", **_spectral(cfg))
    magnitude: Plane = np.abs(spectrum)
    return magnitude**2


def mel(y: Waveform, cfg: FeatureConfig, sr: int) -> Plane:
    bands: dict[str, Any] = {"n_mels": cfg.n_mels, "fmin": cfg.f_min, "fmax": cfg.f_max}
    return librosa.feature.melspectrogram(y=y, sr=sr, pad_mode="constant", **bands, **_spectral(cfg))


def log_mel(y: Waveform, cfg: FeatureConfig, sr: int) -> Plane:
    return librosa.power_to_db(mel(y, cfg, sr), amin=cfg.amin, top_db=None)


def mfcc(y: Waveform, cfg: FeatureConfig, sr: int) -> Plane:
    return librosa.feature.mfcc(S=log_mel(y, cfg, sr), n_mfcc=cfg.n_mfcc)


def chroma(y: Waveform, cfg: FeatureConfig, sr: int) -> Plane:
    return librosa.feature.chroma_stft(y=y, sr=sr, tuning=0.0, pad_mode="constant", **_spectral(cfg))


def tonnetz(y: Waveform, cfg: FeatureConfig, sr: int) -> Plane:
    return librosa.feature.tonnetz(chroma=chroma(y, cfg, sr), sr=sr)


def contrast(y: Waveform, cfg: FeatureConfig, sr: int) -> Plane:
    return librosa.feature.spectral_contrast(y=y, sr=sr, pad_mode="constant", **_spectral(cfg))


def zcr(y: Waveform, cfg: FeatureConfig, sr: int) -> Plane:
    return librosa.feature.zero_crossing_rate(y, frame_length=cfg.n_fft, hop_length=cfg.hop_length)


def rms(y: Waveform, cfg: FeatureConfig, sr: int) -> Plane:
    return librosa.feature.rms(y=y, frame_length=cfg.n_fft, hop_length=cfg.hop_length)


def mfcc_delta(y: Waveform, cfg: FeatureConfig, sr: int) -> Plane:
    return librosa.feature.delta(mfcc(y, cfg, sr))


def log_mel_delta2(y: Waveform, cfg: FeatureConfig, sr: int) -> Plane:
    return librosa.feature.delta(log_mel(y, cfg, sr), order=2)


ORACLES: Mapping[str, Callable[[Waveform, FeatureConfig, int], Plane]] = {
    oracle.__name__: oracle
    for oracle in (power, mel, log_mel, mfcc, chroma, tonnetz, contrast, zcr, rms, mfcc_delta, log_mel_delta2)
}


def relative_error(ours: Plane, theirs: Plane) -> float:
    """Largest difference, in parts of the largest value of the plane."""
    assert ours.shape == theirs.shape
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())
