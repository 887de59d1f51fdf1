"""Whether the sound is fit for measures that noise, a telephone's band or overdriving would falsify.

The codes are those of `ml.quality`, found here from the stretches of speech alone, without any model's front
end: the measures must not depend on whether emotions are estimated as well.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from ml.acoustics.pitch import SAMPLE_RATE
from ml.quality import CLIPPED_SHARE, FULL_SCALE, TELEPHONE_HZ, signal_to_noise_db
from ml.segmentation import FRAME, LOWEST_DB

Floats: TypeAlias = NDArray[np.float32]

LOW_SNR_DB = 22.0
"""Stricter than for emotions: in white noise at 20 dB, which reads as 21 to 25 here, pauses, energy and
harmonicity are a tenth and more off; at 25 dB half of that."""
TELEPHONE_DB = -35.0
"""Mean power above `TELEPHONE_HZ` in relation to the whole spectrum's: -19 dB and more in wide-band clips,
-47 and less in what went through AMR."""
WINDOW = 1024
EVERY = 2048
"""Samples from one look at the spectrum to the next."""
LOUD_DB = -25.0
"""In relation to the loudest frame of a stretch: what is quieter counts as sound without speech."""


class Fitness:
    """Of one recording, gathered stretch by stretch."""

    def __init__(self) -> None:
        self._samples = 0
        self._overdriven = 0
        self._level_counts = np.zeros((2, 1 - LOWEST_DB), np.int64)
        self._power = np.zeros(WINDOW // 2 + 1)

    def feed(self, sound: Floats) -> None:
        """Take in a stretch, (samples,) at 16 kHz."""
        self._samples += len(sound)
        self._overdriven += int(np.count_nonzero(np.abs(sound) >= FULL_SCALE))
        self._count_levels(sound)
        if len(sound) >= WINDOW:
            windows = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[::EVERY]
            spectrum = scipy.fft.rfft(windows * np.hanning(WINDOW).astype(np.float32), axis=1)
            self._power += (np.abs(spectrum) ** 2).sum(axis=0, dtype=np.float64)

    def codes(self) -> tuple[str, ...]:
        """What stands in the way."""
        above = scipy.fft.rfftfreq(WINDOW, 1 / SAMPLE_RATE) >= TELEPHONE_HZ
        found = {
            "low_snr": signal_to_noise_db(self._level_counts) < LOW_SNR_DB,
            "band_limited": self._power[above].mean() < 10 ** (TELEPHONE_DB / 10) * self._power.mean(),
            "clipped": self._overdriven > CLIPPED_SHARE * self._samples,
        }
        return tuple(code for code, applies in found.items() if applies)

    def _count_levels(self, sound: Floats) -> None:
        frames = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)
        if not len(frames):
            return
        levels = 10 * np.log10(np.einsum("ij,ij->i", frames, frames).astype(np.float64) / FRAME + 1e-10)
        steps = np.clip(np.rint(levels).astype(np.int64) - LOWEST_DB, 0, -LOWEST_DB)
        loud = levels > levels.max() + LOUD_DB
        for row, chosen in enumerate((~loud, loud)):
            self._level_counts[row] += np.bincount(steps[chosen], minlength=1 - LOWEST_DB)
