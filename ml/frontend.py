"""The front end on the CPU: waveform → log-mel → MFCC, without torch.

This is the only home of the window, the mel filter bank and the DCT matrix: `ml.features` builds its torch
modules from them, so training and use cannot drift apart. The conventions are librosa's (centred frames, zero
padding, periodic Hann window, Slaney mel scale and area normalisation, decibels, orthonormal DCT-II) with one
exception: no `top_db`, since a floor that depends on the loudest frame would make a window's features depend
on what surrounds it, and windows are sliced from features that are computed once for a whole session.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ml.config import FeatureConfig

Floats: TypeAlias = NDArray[np.float32]

SAMPLE_RATE = 16_000
"""Hz. With the hop of 160 it gives 100 frames a second, so that whole-second windows start on frames."""

CHUNK_FRAMES = 128
"""Frames transformed at a time: what one chunk touches stays in the processor's second-level cache."""
LONG_FRAMES = 3_000
"""Half a minute, from which on a faster transform is worth loading."""


def window(cfg: FeatureConfig) -> Floats:
    """Periodic Hann window, (win_length,)."""
    phase = 2 * np.pi * np.arange(cfg.win_length) / cfg.win_length
    return (0.5 - 0.5 * np.cos(phase)).astype(np.float32)


def mel_filterbank(cfg: FeatureConfig, sample_rate: int = SAMPLE_RATE) -> Floats:
    """Triangular filters from FFT bins to mel bands, (n_mels, n_fft // 2 + 1), each of unit area over Hz.

    Slaney's Auditory Toolbox (1998): linear below 1 kHz, logarithmic above.
    """
    corners = _mel_to_hz(np.linspace(_hz_to_mel(cfg.f_min), _hz_to_mel(cfg.f_max), cfg.n_mels + 2))
    bins = np.fft.rfftfreq(cfg.n_fft, 1 / sample_rate)
    widths = np.diff(corners)
    ramps = corners[:, None] - bins[None, :]
    rising = -ramps[:-2] / widths[:-1, None]
    falling = ramps[2:] / widths[1:, None]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return (triangles * (2.0 / (corners[2:] - corners[:-2]))[:, None]).astype(np.float32)


def mel_centres(cfg: FeatureConfig) -> Floats:
    """The frequency in Hz at which each mel band is highest, (n_mels,)."""
    corners = np.linspace(_hz_to_mel(cfg.f_min), _hz_to_mel(cfg.f_max), cfg.n_mels + 2)
    return _mel_to_hz(corners)[1:-1].astype(np.float32)


def dct_matrix(cfg: FeatureConfig) -> Floats:
    """Orthonormal DCT-II, (n_mfcc, n_mels): cepstrum = dct_matrix @ log-mel."""
    order, band = np.arange(cfg.n_mfcc)[:, None], np.arange(cfg.n_mels)[None, :]
    basis: NDArray[np.float64] = np.cos(np.pi / cfg.n_mels * (band + 0.5) * order)
    return (np.sqrt(np.where(order == 0, 1.0, 2.0) / cfg.n_mels) * basis).astype(np.float32)


def plane(log_mel: Floats, cfg: FeatureConfig) -> Floats:
    """What the network sees of log-mel frames (k, n_mels): (rows, k), MFCCs or the log-mel itself."""
    return dct_matrix(cfg) @ log_mel.T if cfg.kind == "mfcc" else log_mel.T


def silent_frames(count: int, cfg: FeatureConfig) -> Floats:
    """Digital silence as the network sees it, (rows, count): what follows anything shorter than a window."""
    return plane(np.full((count, cfg.n_mels), 10.0 * np.log10(cfg.amin), np.float32), cfg)


def frame_count(samples: int, cfg: FeatureConfig) -> int:
    """Frames of a waveform of so many samples; frame k is centred on sample k * hop_length."""
    return 1 + samples // cfg.hop_length


def log_mel(waveform: Floats, cfg: FeatureConfig, sample_rate: int = SAMPLE_RATE) -> Floats:
    """Log-mel energies in dB, (frames, n_mels), of a mono waveform in [-1, 1], (samples,)."""
    stream = StreamingLogMel(cfg, sample_rate)
    return np.concatenate([stream.feed(waveform), stream.flush()])


def mfcc(waveform: Floats, cfg: FeatureConfig, sample_rate: int = SAMPLE_RATE) -> Floats:
    """MFCCs, (n_mfcc, frames), of a mono waveform in [-1, 1], (samples,)."""
    return dct_matrix(cfg) @ log_mel(waveform, cfg, sample_rate).T


class StreamingLogMel:
    """`log_mel` of a waveform that arrives in blocks; its frames do not depend on where the blocks end."""

    def __init__(self, cfg: FeatureConfig, sample_rate: int = SAMPLE_RATE) -> None:
        self._cfg = cfg
        self._window = window(cfg)
        self._filters = np.ascontiguousarray(mel_filterbank(cfg, sample_rate).T)  # (bins, n_mels)
        # The FFT frame is n_fft long with the window in its middle. Only the part under the window is kept: a
        # shift in time leaves the power spectrum as it is.
        self._lead = cfg.n_fft // 2 - (cfg.n_fft - cfg.win_length) // 2
        self._pending: Floats = np.zeros(self._lead, np.float32)
        self._samples = 0
        self._frames = 0

    def feed(self, block: Floats) -> Floats:
        """Frames completed by this block, (k, n_mels)."""
        self._samples += len(block)
        self._pending = np.concatenate([self._pending, block.astype(np.float32, copy=False)])
        return self._take((len(self._pending) - self._cfg.win_length) // self._cfg.hop_length + 1)

    def flush(self) -> Floats:
        """The last frames, (k, n_mels), with silence behind the end; the stream is over."""
        missing = frame_count(self._samples, self._cfg) - self._frames
        self._pending = np.concatenate([self._pending, np.zeros(self._cfg.win_length, np.float32)])
        return self._take(missing)

    def _take(self, frames: int) -> Floats:
        if frames <= 0:
            return np.empty((0, self._cfg.n_mels), np.float32)
        energies = np.concatenate(list(self._energies(frames)))
        self._frames += frames
        self._pending = self._pending[frames * self._cfg.hop_length :]
        decibels: Floats = 10.0 * np.log10(np.maximum(energies, self._cfg.amin))
        return decibels

    def _energies(self, frames: int) -> Iterator[Floats]:
        framed = sliding_window_view(self._pending, self._cfg.win_length)[:: self._cfg.hop_length][:frames]
        transform = _transform(self._frames)
        for start in range(0, frames, CHUNK_FRAMES):
            spectrum = transform(framed[start : start + CHUNK_FRAMES] * self._window, n=self._cfg.n_fft)
            power = np.square(spectrum.real)
            power += np.square(spectrum.imag)
            yield power @ self._filters


def _transform(frames: int) -> Callable[..., NDArray[np.complexfloating]]:
    """The FFT of real rows for a stream that has given so many frames: the same but for the last digits."""
    if frames < LONG_FRAMES:
        return np.fft.rfft
    # It takes several rows at once, in single precision, five times as fast as numpy's; but a tenth of a
    # second to load, which a short recording is not worth.
    import scipy.fft

    transform: Callable[..., NDArray[np.complexfloating]] = scipy.fft.rfft
    return transform


_LINEAR_HZ_PER_MEL = 200.0 / 3
_BREAK_HZ = 1000.0
_BREAK_MEL = _BREAK_HZ / _LINEAR_HZ_PER_MEL
_LOG_STEP = np.log(6.4) / 27.0


def _hz_to_mel(hertz: float) -> float:
    if hertz < _BREAK_HZ:
        return hertz / _LINEAR_HZ_PER_MEL
    return float(_BREAK_MEL + np.log(hertz / _BREAK_HZ) / _LOG_STEP)


def _mel_to_hz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    logarithmic = _BREAK_HZ * np.exp(_LOG_STEP * (mels - _BREAK_MEL))
    return np.where(mels < _BREAK_MEL, _LINEAR_HZ_PER_MEL * mels, logarithmic)
