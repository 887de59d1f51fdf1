"""Syllables as voiced peaks of intensity, and what is silence, after de Jong & Wempe (2009).

As their script has it: a peak counts that lies within 25 dB of the loudest speech, stands out by 2 dB from
the dip that follows, is voiced and not in a pause. Voicing is that of the pitch that all measures share.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ml.acoustics import pauses
from ml.acoustics.intensity import Intensity
from ml.acoustics.pitch import HOP, SAMPLE_RATE, Pitch

Reals: TypeAlias = NDArray[np.float64]

SILENCE_DB = -25.0
"""Below the level that all but the loudest hundredth of frames keep under."""
DIP_DB = 2.0
LOUDEST = 0.99


def sounding(intensity: Intensity, length_s: float) -> Reals:
    """Where a stretch of `length_s` seconds is not silent: (n, 2) s from its start."""
    if not len(intensity.decibels):
        return np.array([[0.0, length_s]])
    return pauses.sounding(
        intensity.seconds(np.arange(len(intensity.decibels))),
        intensity.decibels >= _threshold(intensity.decibels),
        length_s,
    )


def nuclei(intensity: Intensity, pitch: Pitch, sounding_s: Reals) -> Reals:
    """When syllables peak, in seconds from the start of the stretch, (n,); it sounds in (m, 2) s."""
    level = intensity.decibels
    inner = level[1:-1]
    frames = np.flatnonzero((inner > level[:-2]) & (inner >= level[2:])) + 1
    if not len(frames):
        return np.zeros(0)
    places, heights = _between_frames(level, frames)
    loud = heights > _threshold(level)
    frames, places, heights = frames[loud], places[loud], heights[loud]
    if len(frames) < 2:
        return np.zeros(0)
    # As in the script, the last peak has no dip after it and is not counted.
    dips = np.minimum.reduceat(level, frames)[:-1]
    times = intensity.seconds(places[:-1][heights[:-1] - dips > DIP_DB])
    in_sound = np.zeros(len(times), np.bool_)
    for start, end in sounding_s:
        in_sound |= (times >= start) & (times <= end)
    return times[in_sound & _voiced(pitch, (times * SAMPLE_RATE - 0.5 - pitch.first) / HOP)]


def _threshold(level: Reals) -> float:
    return max(
        float(np.quantile(level, LOUDEST, method="hazen")) + SILENCE_DB, float(level.min(initial=np.inf))
    )


def _between_frames(level: Reals, peaks: NDArray[np.int64]) -> tuple[Reals, Reals]:
    """Where peaks lie between frames, and their heights, by a parabola."""
    left, here, right = level[peaks - 1], level[peaks], level[peaks + 1]
    slope = 0.5 * (right - left)
    move = slope / np.maximum(2 * here - left - right, 1e-12)
    return peaks + move, here + 0.5 * slope * move


def _voiced(pitch: Pitch, frames: Reals) -> NDArray[np.bool_]:
    """Whether there is voice at places that lie between frames: at the nearer of the two."""
    if not len(pitch.hertz):
        return np.zeros(len(frames), np.bool_)
    nearest = np.floor(frames + 0.5).astype(np.int64)
    inside = (nearest >= 0) & (nearest < len(pitch.hertz))
    return inside & pitch.voiced[np.clip(nearest, 0, len(pitch.hertz) - 1)]
