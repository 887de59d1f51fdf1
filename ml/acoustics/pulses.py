"""Where the periods of the voice begin: a point for each, as Praat's "To PointProcess (cc)" finds them.

In each voiced stretch the first point is the greatest sample of the middle period; from there the sound is
compared with itself about one period further on, to the left and to the right, and the next point lies where
the cross-correlation is highest. Places are in samples from 0, not rounded.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ml.acoustics.pitch import HOP, SAMPLE_RATE, Pitch

Floats: TypeAlias = NDArray[np.float32]
Reals: TypeAlias = NDArray[np.float64]

NEAREST, FARTHEST = 0.8, 1.25
"""Of a period: where the next one is sought."""
LIKE, LIKE_OUTSIDE = 0.3, 0.7
"""Correlation that a period needs, and the last one, which lies outside the voiced stretch."""
TINY = 1e-30
QUIETEST, QUIETEST_OUTSIDE = 0.01, 0.023333
"""Share of the loudest sample that it needs."""


def find(stretch: Floats, pitch: Pitch) -> Reals:
    """The points of one stretch of speech, ascending, (n,)."""
    sound = stretch.astype(np.float64)
    search = _Search(sound, pitch)
    points: list[float] = []
    for start, end in pitch.runs().tolist():
        left = max(pitch.first + (start - 0.5) * HOP, -0.5)
        right = min(pitch.first + (end - 0.5) * HOP, len(sound) - 0.5)
        points += search.voice(left, right, points[-1] if points else -math.inf)
    return np.array(points, np.float64)


class _Search:
    """One stretch with what every step needs."""

    def __init__(self, sound: Reals, pitch: Pitch) -> None:
        self._sound = sound
        self._energy = np.concatenate([[0.0], np.cumsum(sound * sound)])
        self._loudest = float(np.abs(sound).max(initial=0.0))
        self._first = pitch.first
        self._hertz: list[float] = pitch.hertz.tolist()

    def voice(self, left: float, right: float, last: float) -> list[float]:
        """The points of the voiced stretch from `left` to `right`, after the point `last`."""
        middle = 0.5 * (left + right)
        period = self._period(middle)
        if period is None:
            return []
        start = self._extreme(middle - 0.5 * period, middle + 0.5 * period)
        before = [
            place for place, period in self._outward(start, left, -1) if place - last > NEAREST * period
        ]
        return [*reversed(before), start, *(place for place, _ in self._outward(start, right, 1))]

    def _outward(self, place: float, border: float, side: int) -> Iterator[tuple[float, float]]:
        """Points with the periods by the pitch there."""
        while (period := self._period(place)) is not None:
            place, likeness, peak = self._next(place, period, side)
            if (place - border) * side > 0:
                if likeness > LIKE_OUTSIDE and peak > QUIETEST_OUTSIDE * self._loudest:
                    yield place, period
                return
            if likeness > LIKE and (peak == 0 or peak > QUIETEST * self._loudest):
                yield place, period

    def _period(self, place: float) -> float | None:
        """The period in samples by the pitch about there, None where it is not voiced."""
        frame = (place - self._first) / HOP
        left = math.floor(frame)
        share = frame - left
        near, far = (left, left + 1) if share < 0.5 else (left + 1, left)
        count = len(self._hertz)
        if not 0 <= near < count or self._hertz[near] == 0:
            return None
        if not 0 <= far < count or self._hertz[far] == 0:
            return SAMPLE_RATE / self._hertz[near]
        weight = share if share < 0.5 else 1 - share
        return SAMPLE_RATE / ((1 - weight) * self._hertz[near] + weight * self._hertz[far])

    def _extreme(self, start: float, end: float) -> float:
        """Where the sound is farthest from 0 between two places, by a parabola between samples."""
        first, last = max(0, math.floor(start)), min(len(self._sound) - 1, math.ceil(end))
        part = self._sound[first : last + 1]
        at = int(np.abs(part).argmax())
        if at in (0, len(part) - 1):
            return float(first + at)
        before, here, after = part[at - 1 : at + 2].tolist()
        curve = 2 * here - before - after
        return first + at + (0.5 * (after - before) / curve if curve else 0.0)

    def _next(self, place: float, period: float, side: int) -> tuple[float, float, float]:
        """The place most like this one about a period to that side; how alike; and how loud it is there."""
        begin = math.floor(place - 0.5 * period + 0.5)
        length = math.floor(place + 0.5 * period + 0.5) - begin + 1
        nearest, farthest = (NEAREST, FARTHEST) if side > 0 else (-FARTHEST, -NEAREST)
        lowest = math.floor(place + (nearest - 0.5) * period)
        highest = math.ceil(place + (farthest - 0.5) * period)
        sound, energy = self._sound, self._energy
        if begin < 0 or lowest < 0 or max(begin, highest) + length > len(sound):
            shift = max(0, -begin)  # what lies beyond the sound cannot be compared
            length = min(length, len(sound) - begin, len(sound) - highest) - shift
            begin, highest, lowest = begin + shift, highest + shift, max(lowest + shift, 0)
            if length < 3 or highest - lowest < 2:
                return place + side * period, -1.0, 0.0
        likeness = np.correlate(sound[lowest : highest + length], sound[begin : begin + length])
        norms = energy[lowest + length : highest + length + 1] - energy[lowest : highest + 1]
        norms *= energy[begin + length] - energy[begin]
        norms += TINY
        likeness /= np.sqrt(norms, out=norms)
        at = _highest(likeness)
        if at is None:
            return place + side * period, -1.0, 0.0
        r1 = float(likeness[at - 1]) if at > 0 else 0.0
        r2 = float(likeness[at]) if at >= 0 else 0.0
        r3 = float(likeness[at + 1])
        curve, slope = 2 * r2 - r1 - r3, 0.5 * (r3 - r1)
        move = slope / curve if curve else 0.0
        found = lowest + max(at, 0)
        peak = self._peak(found, length)
        return place + lowest + at + move - begin, r2 + 0.5 * slope * move, peak

    def _peak(self, start: int, length: int) -> float:
        """How loud it is: the middle sample if that is loud enough for every question, else the loudest."""
        middle = abs(float(self._sound[start + length // 2]))
        if middle > QUIETEST_OUTSIDE * self._loudest:
            return middle
        there = self._sound[start : start + length]
        return float(max(there.max(), -there.min()))


def _highest(values: Reals) -> int | None:
    """The highest that is no lower than its neighbours; the last has none to the right and does not count.

    Before the first lies, at -1, a correlation of 0, as in Praat: where nothing is alike, the search goes on
    from the nearest place and not from a period further on.
    """
    at = int(values.argmax())
    if 0 < at < len(values) - 1:
        return at
    before = np.concatenate([[0.0], values[:-2]])
    peaks = np.flatnonzero((values[:-1] >= before) & (values[:-1] >= values[1:]))
    best = int(peaks[values[peaks].argmax()]) if len(peaks) else None
    if values[0] <= 0 and (best is None or values[best] <= 0):
        return -1
    return best
