"""What stood in the way of hearing well: codes with a sentence each, gathered as the sound arrives."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ml.config import FeatureConfig
from ml.frontend import mel_filterbank
from ml.reverberation import DecayMeter
from ml.segmentation import LOWEST_DB

Floats: TypeAlias = NDArray[np.float32]

QUALITY: Mapping[str, str] = MappingProxyType(
    {
        "silent": "The recording is silent: check the microphone and the channel.",
        "no_speech": "No speech was found in the recording.",
        "too_short": "There is too little speech for an estimate: there should be at least a few sentences.",
        "cut_off": "The recording breaks off: the file promised more than it holds.",
        "gaps": "Parts of the recording are damaged and were heard as silence.",
        "clipped": "The recording is overdriven: loud passages are distorted.",
        "low_snr": "Loud background noise: the voice hardly stands out.",
        "reverberant": "The room echoes: move the microphone closer, or record among carpets and curtains.",
        "band_limited": "Telephone quality: nothing above 4 kHz, where the recogniser expects something.",
        "unfamiliar": "Unlike anything that the recogniser learnt from: music, a machine, or several voices.",
    }
)
FORBIDDING = frozenset({"silent", "no_speech", "too_short"})
"""Codes with which no estimate may count as an answer."""

SILENT_PEAK = 1e-3
FULL_SCALE = 0.999
CLIPPED_SHARE = 5e-4
"""Of the samples; a recording that is merely scaled to its own peak touches full scale once."""
GAPS_SHARE = 0.02
LOW_SNR_DB = 10.0
# Between the 95th percentile of speech levels and the 5th of all levels lie the SNR and 3.5 dB more:
# measured on EMO-DB, RAVDESS and nEMO under white noise from 0 to 20 dB, within 1.5 dB for nine clips in
# ten.
PERCENTILE_BIAS_DB = 3.5
TELEPHONE_HZ = 4_300.0
# Power above that in relation to the whole: -40 dB and more in every one of 240 wide-band clips, -68 dB and
# less in what went through AMR.
TELEPHONE_DB = -50.0
_EVERY = 8


class QualityMeter:
    """Levels, bandwidth and echo of one recording."""

    def __init__(self, cfg: FeatureConfig, sample_rate: int) -> None:
        hertz = np.fft.rfftfreq(cfg.n_fft, 1 / sample_rate)
        lowest = hertz[np.argmax(mel_filterbank(cfg, sample_rate) > 0, axis=1)]
        self._above_telephone = lowest >= TELEPHONE_HZ  # (n_mels,)
        self._power = np.zeros(cfg.n_mels)
        self._decays = DecayMeter(cfg, sample_rate)
        self._peak = 0.0
        self._samples = 0
        self._overdriven = 0

    def feed(self, block: Floats, log_mel: Floats) -> None:
        """Take in a block (samples,) and the frames that it completes (k, n_mels) in dB."""
        magnitudes = np.abs(block)
        self._peak = max(self._peak, float(magnitudes.max(initial=0.0)))
        self._samples += len(block)
        self._overdriven += int(np.count_nonzero(magnitudes >= FULL_SCALE))
        self._power += np.power(10.0, 0.1 * log_mel[::_EVERY]).sum(axis=0)
        self._decays.feed(log_mel)

    @property
    def silent(self) -> bool:
        """Whether nothing exceeded -60 dB of full scale."""
        return self._peak < SILENT_PEAK

    @property
    def clipped(self) -> bool:
        """Whether full scale was reached too often."""
        return self._overdriven > CLIPPED_SHARE * self._samples

    @property
    def reverberant(self) -> bool:
        """Whether speech dies away as slowly as in a room that echoes."""
        return self._decays.reverberant

    @property
    def band_limited(self) -> bool:
        """Whether there is next to nothing above what a telephone carries."""
        above, whole = self._power[self._above_telephone], self._power
        return bool(above.size and above.mean() < 10 ** (TELEPHONE_DB / 10) * whole.mean())


def signal_to_noise_db(level_counts: NDArray[np.int64]) -> float:
    """Estimate the SNR from frames per level (`SpeechDetector.level_counts`); infinite without speech."""
    if not level_counts[1].any():
        return float("inf")
    loud = _percentile(level_counts[1], 0.95)
    return loud - _percentile(level_counts.sum(axis=0), 0.05) - PERCENTILE_BIAS_DB


def _percentile(counts: NDArray[np.int64], share: float) -> int:
    return int(np.searchsorted(np.cumsum(counts), share * counts.sum())) + LOWEST_DB


def quality_codes(
    *,
    meter: QualityMeter,
    level_counts: NDArray[np.int64],
    speech_s: float,
    enough: bool,
    cut_off: bool,
    bad_packet_share: float,
    unfamiliar: bool = False,
) -> tuple[str, ...]:
    """The codes that apply, in the order of `QUALITY`; without speech its further qualities say nothing."""
    breaks = {"cut_off": cut_off, "gaps": bad_packet_share > GAPS_SHARE}
    if meter.silent:
        found = {"silent": True, **breaks}
    elif speech_s == 0:
        found = {"no_speech": True, **breaks}
    else:
        found = {
            "too_short": not enough,
            **breaks,
            "clipped": meter.clipped,
            "low_snr": signal_to_noise_db(level_counts) < LOW_SNR_DB,
            "reverberant": meter.reverberant,
            "band_limited": meter.band_limited,
            "unfamiliar": unfamiliar,
        }
    return tuple(code for code, applies in found.items() if applies)
