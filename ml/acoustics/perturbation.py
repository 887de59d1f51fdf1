"""Jitter and shimmer (local) from the points of the periods, as Praat defines them, as sums that add up."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ml.acoustics.pitch import SAMPLE_RATE

Floats: TypeAlias = NDArray[np.float32]
Reals: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

SHORTEST_S, LONGEST_S = 0.0001, 0.02
PERIOD_FACTOR = 1.3
"""Neighbouring periods that differ by more are not compared: between them the voice broke or was misheard."""
AMPLITUDE_FACTOR = 1.6
REACH = 0.2
"""Of the neighbouring periods: how far the bell under which a period's amplitude is taken reaches."""


class Jitter(NamedTuple):
    """Sums over one or more stretches."""

    pairs: int
    differences: float
    """Of the periods of each pair, without sign, s."""
    periods: int
    seconds: float

    @property
    def local(self) -> float:
        """As a share of the mean period; not a number where fewer than two periods follow each other."""
        if not self.pairs or not self.periods:
            return float("nan")
        return (self.differences / self.pairs) / (self.seconds / self.periods)


class Shimmer(NamedTuple):
    """Sums over one or more stretches."""

    pairs: int
    differences: float
    amplitudes: int
    whole: float

    @property
    def local(self) -> float:
        """As a share of the mean amplitude; not a number without a pair."""
        if not self.pairs or not self.whole:
            return float("nan")
        return (self.differences / self.pairs) / (self.whole / self.amplitudes)


def jitter(points: Reals) -> Jitter:
    """`points` in samples, ascending, (n,)."""
    periods = np.diff(points) / SAMPLE_RATE
    compared = _comparable(periods)
    counted = _are_periods(periods)
    differences = np.abs(np.diff(periods))[compared]
    return Jitter(
        int(compared.sum()), float(differences.sum()), int(counted.sum()), float(periods[counted].sum())
    )


def shimmer(stretch: Floats, points: Reals) -> Shimmer:
    """`points` in samples from the start of the stretch (samples,), ascending, (n,)."""
    periods = np.diff(points) / SAMPLE_RATE
    inner = np.flatnonzero(_comparable(periods)) + 1
    amplitudes = _amplitudes(stretch, points, inner)
    inner, amplitudes = inner[amplitudes > 0], amplitudes[amplitudes > 0]
    if len(inner) < 2:
        return Shimmer(0, 0.0, 0, 0.0)
    apart = np.diff(points[inner]) / SAMPLE_RATE
    before, after = amplitudes[:-1], amplitudes[1:]
    factor = np.maximum(before / after, after / before)
    compared = (apart >= SHORTEST_S) & (apart <= LONGEST_S) & (factor <= AMPLITUDE_FACTOR)
    differences = np.abs(after - before)[compared]
    return Shimmer(int(compared.sum()), float(differences.sum()), len(before), float(before.sum()))


def _comparable(periods: Reals) -> Flags:
    """For each pair of neighbours whether both are periods and alike, (n - 1,)."""
    fits = (periods >= SHORTEST_S) & (periods <= LONGEST_S)
    before, after = periods[:-1], periods[1:]
    factor = np.maximum(before, after) / np.maximum(np.minimum(before, after), 1e-12)
    alike: Flags = fits[:-1] & fits[1:] & (factor <= PERIOD_FACTOR)
    return alike


def _are_periods(periods: Reals) -> Flags:
    """Whether a distance is a period: of fitting length, and not unlike both of its neighbours."""
    fits: Flags = (periods >= SHORTEST_S) & (periods <= LONGEST_S)
    if len(periods) < 2:
        return fits
    factor = np.maximum(periods[:-1], periods[1:]) / np.maximum(np.minimum(periods[:-1], periods[1:]), 1e-12)
    unlike = factor > PERIOD_FACTOR
    alone = np.concatenate([[False], unlike]) & np.concatenate([unlike, [False]])
    accepted: Flags = fits & ~alone
    return accepted


def _amplitudes(stretch: Floats, points: Reals, inner: NDArray[np.int64]) -> Reals:
    """Root mean square under a bell about each inner point, whose sides are a fifth of the periods there."""
    if not len(inner):
        return np.zeros(0)
    places = points[inner]
    left, right = REACH * (places - points[inner - 1]), REACH * (points[inner + 1] - places)
    first, last = np.ceil(places - left).astype(np.int64), np.floor(places + right).astype(np.int64)
    first, last = np.maximum(first, 0), np.minimum(last, len(stretch) - 1)
    at = first[:, None] + np.arange(int((last - first).max()) + 1)
    distance = at - places[:, None]
    phase = distance / np.where(distance < 0, left[:, None], right[:, None])
    bell = np.where(at <= last[:, None], 0.5 + 0.5 * np.cos(np.pi * phase), 0.0)
    heard = bell * stretch[np.minimum(at, len(stretch) - 1)]
    amplitude: Reals = np.sqrt((heard**2).sum(axis=1) / (bell**2).sum(axis=1))
    return np.where(last - first + 1 < 3, 0.0, amplitude)
