"""Whether the room echoes, heard from speech alone: how fast the energy in bands falls where it falls.

In a room of reverberation time T no band's energy falls faster than 60 dB in T for long, while the closures
and ends of speech close to the microphone fall at several hundred dB a second. So the distribution of decay
rates tells them apart without any knowledge of what was said (Wen, Habets & Naylor 2008, "Blind estimation of
reverberation time based on the distribution of signal decay rates", ICASSP). Here it is the share of steep
ones among the falls that begin well above the noise: such a fall shows its rate before it runs into the
noise, and the noise's own wavering is not counted.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ml.config import FeatureConfig
from ml.frontend import mel_centres

Floats: TypeAlias = NDArray[np.float32]
Levels: TypeAlias = NDArray[np.float64]

EDGES_HZ = (300.0, 500.0, 800.0, 1_250.0, 2_000.0, 3_400.0)
"""What a telephone carries as well, so that a line changes nothing. Narrower bands would waver in a room as
the tones of a voice do, and wavering is steep."""
FALL_S = 0.1
"""Over which a rate is taken, by least squares: longer than the dips of a voiced sound, and about as long as
a consonant or a syllable's end."""
NOISE_SHARE, LOUD_SHARE = 0.05, 0.95
"""The percentiles of a band's levels that stand for its noise and for its speech."""
ABOVE_NOISE_DB, BELOW_LOUD_DB = 20.0, 20.0
"""How far from either a fall has to begin. Nearer to the noise it has no way to go; far below the loud it is
as likely the voice's own soft ending as a room's."""
LOWEST_DB, HIGHEST_DB = -100, 40
DIGITAL_SILENCE_DB = -90
"""What is quieter than the steps of 16 bits was made by a program; it says nothing about noise."""
ENOUGH_FALLS = 400
"""Three to seven seconds of clear speech. Of dry pieces of EMO-DB, RAVDESS and nEMO with 128 to 256 falls one
in 444 was called a room, of 985 with more none."""
STEEP_SHARE = 0.2
STEEP_DB_PER_S = 150.0
# Chosen on 118 recordings of RAVDESS, EMO-DB and nEMO (one speaker each, 15 s of speech at least) as the
# least multiple of 5 that marks 95 % of each corpus at RT60 0.6 s and above (`ml.augment.room`, the direct
# sound as strong as the rest), also in white noise at 20 dB and by telephone. Marked of these corpora, on
# 100 recordings of 20 other speakers:
#     dry; by telephone, in noise at 10 to 20 dB or both (at 5 dB mostly no verdict)     0    0    0 %
#     RT60 0.2 and 0.3 s                                                                 0    0    0 %
#     RT60 0.4 s                                                                        42   50   59 %
#     RT60 0.5 to 1.5 s; 0.6 and 1.0 s also by telephone, and in noise at 15 dB        100  100  100 %
#     RT60 0.6 s, the direct sound 5 dB stronger than the rest                          98   90   66 %
# So what counts is the echo beside the voice, not the room alone: in simulated rooms of 5 by 4 m and 0.6 s
# (image sources) all were marked at half a metre and one in 43 at 0.2 m. In dry speech at least 0.31 of the
# falls were steep (a calm voice), and 0.30 when it was played at 0.6 of its speed: neither low spirits nor
# slow speech is a room. EMO-DB, from a dead room, has a median of 0.60, nEMO and RAVDESS 0.55 and 0.51.
# Mistaken was up to a third of what a phase vocoder had slowed; AMR left 100, 90 and 78 % of rooms of 0.6 s
# to be heard.


class DecayMeter:
    """Counts falls by band, level and steepness; feed blocks of any size, they are counted the same."""

    def __init__(self, cfg: FeatureConfig, sample_rate: int) -> None:
        places = np.unique(np.searchsorted(mel_centres(cfg), EDGES_HZ))
        self._chosen = slice(int(places[0]), int(places[-1]))
        self._starts = places[:-1] - places[0]
        frames_per_s = sample_rate / cfg.hop_length
        frames = max(2, round(FALL_S * frames_per_s))
        times = (np.arange(frames) - (frames - 1) / 2) / frames_per_s
        self._slope = times / np.sum(times**2)  # (frames,): its product with levels is dB/s
        self._pending: Levels = np.empty((0, len(self._starts)))
        # All frames, those from which a band falls, and those from which it falls steeply.
        self._counts = np.zeros((3, len(self._starts), HIGHEST_DB - LOWEST_DB + 1), np.int64)

    def feed(self, log_mel: Floats) -> None:
        """Take in frames (k, n_mels) in dB."""
        levels = np.concatenate([self._pending, self._levels(log_mel)])
        begun = len(levels) - len(self._slope) + 1
        if begun <= 0:
            self._pending = levels
            return
        rates = np.zeros((begun, levels.shape[1]))
        for frame, weight in enumerate(self._slope):
            rates += weight * levels[frame : frame + begun]
        self._count(levels[:begun], rates)
        self._pending = levels[begun:]

    @property
    def reverberant(self) -> bool:
        """Whether steep falls are missing among enough falls; with too few nothing is said."""
        falls, steep = self.falls
        return falls >= ENOUGH_FALLS and steep < STEEP_SHARE * falls

    @property
    def falls(self) -> tuple[int, int]:
        """Falls that began well above the noise, and how many of them were steep: frames, of all bands."""
        audible = self._counts[0].copy()
        audible[:, : DIGITAL_SILENCE_DB - LOWEST_DB] = 0
        whole = np.cumsum(audible, axis=1)
        total = whole[:, -1:]
        noise = np.argmax(whole >= NOISE_SHARE * total, axis=1)
        loud = np.argmax(whole >= LOUD_SHARE * total, axis=1)
        least = np.maximum(noise + ABOVE_NOISE_DB, loud - BELOW_LOUD_DB)
        counted = (np.arange(audible.shape[1]) > least[:, None]) & (total > 0)
        falling, steep = (int(self._counts[row][counted].sum()) for row in (1, 2))
        return falling, steep

    def _levels(self, log_mel: Floats) -> Levels:
        """Mean power of each band in dB, (k, bands)."""
        power = np.exp(np.float32(np.log(10) / 10) * log_mel[:, self._chosen])
        widths = np.diff(self._starts, append=power.shape[1])
        levels: Levels = 10 * np.log10(np.add.reduceat(power, self._starts, axis=1) / widths)
        return levels

    def _count(self, levels: Levels, rates: Levels) -> None:
        _, bands, steps = self._counts.shape
        level = np.clip(np.rint(levels).astype(np.int64) - LOWEST_DB, 0, steps - 1)
        cell = level + steps * np.arange(bands)
        for counts, limit in zip(self._counts, (np.inf, 0.0, -STEEP_DB_PER_S), strict=True):
            counts += np.bincount(cell[rates < limit], minlength=counts.size).reshape(counts.shape)
