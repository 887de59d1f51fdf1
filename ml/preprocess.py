"""Preprocessing of whole clips before any feature, each step switched by `PreprocessConfig`.

The network of the clinic needs none of it (its input is made level-free inside, windows are chosen by speech
activity, and a gate could remove what matters); the papers' systems do, and a card shows what was done.
"""

import numpy as np
import scipy.ndimage
import scipy.signal
import scipy.special
import soxr
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ml.config import PreprocessConfig

Floats = NDArray[np.float32]

FRAME, HOP = 512, 128
"""Frames of 32 ms every 8 ms at 16 kHz, for silence and for noise."""


def preprocess(waveform: Floats, cfg: PreprocessConfig, sample_rate: int) -> Floats:
    """Return `waveform` (samples,) after the steps that `cfg` asks for, in the order of its fields.

    A clip that ends before the offset is kept whole; a silent one is not trimmed away.
    """
    start = round(cfg.offset_seconds * sample_rate)
    heard = waveform[start:] if 0 < start < len(waveform) else waveform
    if cfg.noise_reduction_db:
        heard = reduce_noise(heard, cfg.noise_reduction_db)
    if cfg.silence == "trim":
        heard = trim_silence(heard, cfg.silence_db)
    elif cfg.silence == "remove":
        heard = remove_silence(heard, cfg.silence_db)
    if cfg.level == "peak":
        heard = to_peak(heard, cfg.level_db)
    elif cfg.level == "rms":
        heard = to_rms(heard, cfg.level_db)
    return heard if cfg.seconds is None else of_length(heard, round(cfg.seconds * sample_rate))


def resample(waveform: Floats, from_rate: int, to_rate: int) -> Floats:
    """Return `waveform` at `to_rate` Hz."""
    return (
        waveform if from_rate == to_rate else soxr.resample(waveform, from_rate, to_rate).astype(np.float32)
    )


def of_length(waveform: Floats, samples: int) -> Floats:
    """Return the first `samples`, followed by silence where there are fewer."""
    return np.pad(waveform[:samples], (0, max(0, samples - len(waveform))))


def frames(waveform: Floats, length: int, hop: int) -> Floats:
    """Return the complete frames as a view, (frames, length)."""
    return (
        sliding_window_view(waveform, length)[::hop]
        if len(waveform) >= length
        else waveform[:0].reshape(0, length)
    )


def windowed(waveform: Floats, length: int, hop: int, window: str = "hann") -> Floats:
    """Return the complete frames, each under a window of scipy's by that name, (frames, length)."""
    return frames(waveform, length, hop) * scipy.signal.get_window(window, length).astype(np.float32)


def is_sound(
    waveform: Floats, below_peak_db: float, length: int = FRAME, hop: int = HOP
) -> NDArray[np.bool_]:
    """Tell which centred frames, (1 + samples // hop,), are no further below the loudest one than that."""
    framed = frames(np.pad(waveform, length // 2), length, hop)
    power = np.square(framed, dtype=np.float64).mean(axis=1)
    sounding: NDArray[np.bool_] = power > max(power.max(), 1e-20) * 10 ** (-below_peak_db / 10)
    return sounding


def trim_silence(waveform: Floats, below_peak_db: float, length: int = FRAME, hop: int = HOP) -> Floats:
    """Return `waveform` from its first to its last frame of sound: `librosa.effects.trim`."""
    sounding = np.flatnonzero(is_sound(waveform, below_peak_db, length, hop))
    return waveform[sounding[0] * hop : (sounding[-1] + 1) * hop] if len(sounding) else waveform


def remove_silence(waveform: Floats, below_peak_db: float, length: int = FRAME, hop: int = HOP) -> Floats:
    """Return `waveform` without its frames of silence, those between words included."""
    sounding = is_sound(waveform, below_peak_db, length, hop)
    return waveform[np.repeat(sounding, hop)[: len(waveform)]] if sounding.any() else waveform


def reduce_noise(
    waveform: Floats, reduction_db: float, quiet_share: float = 0.1, margin_db: float = 8.0
) -> Floats:
    """Lower whatever does not rise above a steady background by `reduction_db`: spectral gating.

    The background is the mean spectrum of the quietest frames. The gate opens gradually around `margin_db`
    above it and is smoothed over neighbouring bins and frames: a ragged gate is heard as chirping.
    """
    if len(waveform) < FRAME:
        return waveform
    _, _, spectrum = scipy.signal.stft(waveform, nperseg=FRAME, noverlap=FRAME - HOP)  # (bins, frames)
    power = np.square(np.abs(spectrum))
    loudness = power.sum(axis=0)
    quiet = loudness <= np.quantile(loudness, quiet_share)
    background = power[:, quiet].mean(axis=1, keepdims=True)
    rise_db = 10 * np.log10((power + 1e-20) / (background + 1e-20))
    gate = scipy.ndimage.uniform_filter(scipy.special.expit(rise_db - margin_db), size=(3, 5))
    floor = 10 ** (-reduction_db / 20)
    _, cleaned = scipy.signal.istft(
        spectrum * (floor + (1 - floor) * gate), nperseg=FRAME, noverlap=FRAME - HOP
    )
    made: Floats = cleaned[: len(waveform)].astype(np.float32)
    return made


def to_peak(waveform: Floats, level_db: float = 0.0) -> Floats:
    """Return `waveform` with its largest sample at `level_db` below or above 1; silence stays silence."""
    return _scaled(waveform, float(np.abs(waveform).max(initial=0.0)), level_db)


def to_rms(waveform: Floats, level_db: float = -20.0) -> Floats:
    """Return `waveform` with its root mean square at `level_db`; peaks may exceed 1 and are not clipped."""
    return _scaled(waveform, float(np.sqrt(np.square(waveform, dtype=np.float64).mean())), level_db)


def _scaled(waveform: Floats, now: float, level_db: float) -> Floats:
    return waveform * np.float32(10 ** (level_db / 20) / now) if now > 0 else waveform
