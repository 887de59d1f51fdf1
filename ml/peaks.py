"""Lowest and highest sample of each stretch of a recording: what is needed to draw its waveform."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]

PEAKS_PER_SECOND = 20


class PeakMeter:
    """Feed blocks of any size, then take the `whole`; peaks do not depend on where blocks end."""

    def __init__(self, sample_rate: int) -> None:
        self._stretch = sample_rate // PEAKS_PER_SECOND
        self._rest: Floats = np.empty(0, np.float32)
        self._peaks: list[NDArray[np.int8]] = []

    def feed(self, block: Floats) -> None:
        """Take in the next samples, (n,), within [-1, 1]."""
        samples = np.concatenate([self._rest, block])
        whole = len(samples) // self._stretch * self._stretch
        self._rest = samples[whole:]
        stretches = samples[:whole].reshape(-1, self._stretch)
        extremes = np.stack([stretches.min(axis=1), stretches.max(axis=1)], axis=1)
        self._peaks.append(np.rint(127 * extremes).astype(np.int8))

    def whole(self) -> NDArray[np.int8]:
        """Return all peaks, (p, 2), 127 being full scale; the odd rest at the end counts as a stretch."""
        if len(self._rest):
            self.feed(np.zeros(self._stretch - len(self._rest), np.float32))
        return np.concatenate([np.empty((0, 2), np.int8), *self._peaks])
