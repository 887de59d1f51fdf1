"""Intensity over time, as Praat's "Sound: To Intensity..." from 50 Hz on, with the mean taken off."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import scipy.special
from numpy.typing import NDArray

from ml.acoustics.pitch import SAMPLE_RATE

Floats: TypeAlias = NDArray[np.float32]
Reals: TypeAlias = NDArray[np.float64]

LOWEST_HZ = 50.0
HOP = round(0.8 * SAMPLE_RATE / LOWEST_HZ)
FRAME_S = HOP / SAMPLE_RATE
HALF = round(3.2 * SAMPLE_RATE / LOWEST_HZ)
"""Half a window, in samples: four hops."""
AUDIBLE = 4e-10
"""Power at 0 dB: (2e-5)², as if full scale were one pascal. Nothing measured depends on it."""
QUIETEST_DB = -300.0


@dataclass(frozen=True)
class Intensity:
    """Of one stretch. Frame i lies at sample `first + i * HOP`."""

    first: float
    decibels: Reals
    """(n,)"""

    def seconds(self, frames: NDArray[np.int64] | Reals) -> Reals:
        """When frames lie, in seconds from the start of the stretch."""
        seconds: Reals = (self.first + np.asarray(frames, np.float64) * HOP + 0.5) / SAMPLE_RATE
        return seconds


def contour(stretch: Floats) -> Intensity:
    """Intensity of a stretch (samples,) at 16 kHz; without frames where it is shorter than a window."""
    frames = (len(stretch) - 2 * HALF) // HOP + 1
    if frames < 1:
        return Intensity(0.0, np.zeros(0))
    first = 0.5 * len(stretch) - 0.5 * frames * HOP + 0.5 * HOP - 0.5
    begin = math.ceil(first - HALF)
    weights = _window(begin - first)
    sound = stretch[begin:]
    plain, weighted = _sums(sound, np.stack([np.ones_like(weights), weights]), frames)
    mean = plain / len(weights)
    power = _sums(sound * sound, weights[None], frames)[0]
    power += mean * (mean * weights.sum(dtype=np.float64) - 2 * weighted)
    level = np.maximum(power / weights.sum(dtype=np.float64), 0.0) / AUDIBLE
    return Intensity(first, np.where(level < 1e-30, QUIETEST_DB, 10 * np.log10(np.maximum(level, 1e-30))))


@lru_cache(maxsize=4)
def _window(begin: float) -> Floats:
    """A Kaiser bell (Praat's "Kaiser20") from `begin` samples off its middle, which need not be a sample."""
    inside = np.maximum(0.0, 1 - ((begin + np.arange(2 * HALF)) / HALF) ** 2)
    bell: Reals = scipy.special.i0((2 * np.pi**2 + 0.5) * np.sqrt(inside))
    scaled: Floats = (bell / bell.max()).astype(np.float32)
    return scaled


def _sums(values: Floats, weights: Floats, frames: int) -> Reals:
    """Weighted sums over windows a hop apart, weights (k, window) → (k, frames).

    Hops by weights are one product, whose diagonals are added up.
    """
    parts = weights.shape[1] // HOP
    rows = frames + parts - 1
    padded = np.zeros(rows * HOP, np.float32)
    padded[: min(len(values), len(padded))] = values[: len(padded)]
    products = (padded.reshape(rows, HOP) @ weights.reshape(-1, HOP).T).reshape(rows, len(weights), parts)
    sums: Reals = sum(
        (products[part : part + frames, :, part].T.astype(np.float64) for part in range(parts)),
        np.zeros((len(weights), frames)),
    )
    return sums
