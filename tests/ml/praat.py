"""Praat as oracle of the acoustic measures, through parselmouth: the same sums, by Praat's own algorithms.

GPL: for tests and benches only, and never imported by the product (`test_acoustics_praat` holds it to that).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import parselmouth
from numpy.typing import NDArray
from parselmouth.praat import call

from ml.acoustics import intensity, pauses, pitch, sums, syllables
from ml.acoustics.perturbation import AMPLITUDE_FACTOR, LONGEST_S, PERIOD_FACTOR, SHORTEST_S
from ml.acoustics.sums import Sums
from ml.acoustics.voice import add_voice, sum_up_loudness

Floats = NDArray[np.float32]
Reals = NDArray[np.float64]

RATE = 16_000
PERIODS = (SHORTEST_S, LONGEST_S, PERIOD_FACTOR)


@dataclass(frozen=True)
class Measured:
    """Of one sound: sums as ours, and the lengths of its pauses."""

    sums: Sums
    pauses_s: Reals


@dataclass(frozen=True)
class Compared:
    ours: Measured
    praats: Measured


def compare(sound: Floats) -> Compared:
    """Measure one short sound, (samples,) at 16 kHz, as one stretch, by both."""
    return Compared(by_us(sound), by_praat(sound))


def pooled(measured: Sequence[Measured], key: str) -> float:
    """One measure over several sounds: of their sums, as within a recording.

    Praat tells jitter and shimmer and not their sums; those are means weighted by the periods of each sound.
    """
    if key == "pause_duration":
        return float(np.median(np.concatenate([one.pauses_s for one in measured] or [np.zeros(0)])))
    if key in ("jitter", "shimmer"):
        kept = [(sums.value(key, one.sums), one.sums.periods) for one in measured if one.sums.periods > 2]
        values, weights = zip(*kept, strict=True)
        return float(np.average(values, weights=weights))
    return sums.value(key, sums.total([one.sums for one in measured]))


def by_us(sound: Floats) -> Measured:
    loudness = intensity.contour(sound)
    sounding = syllables.sounding(loudness, len(sound) / RATE)
    part = sum_up_loudness(loudness, sounding)
    return _with_pauses(add_voice(part, sound, pitch.track([sound])[0], loudness, sounding), sounding)


def _with_pauses(part: Sums, sounding: Reals) -> Measured:
    lengths = pauses.between(sounding)
    part.speaking_s += float(lengths.sum())
    return Measured(part, lengths)


def by_praat(waveform: Floats) -> Measured:
    sound = parselmouth.Sound(waveform.astype(np.float64), RATE)
    tracked = track(sound)
    loudness = call(sound, "To Intensity", intensity.LOWEST_HZ, 0.0, "yes")
    sounding = sounding_of(loudness)
    part = Sums()
    _add_pitch(part, tracked)
    _add_intensity(part, loudness, sounding)
    part.syllables = len(nuclei(loudness, tracked, sounding))
    _add_periods(part, sound, tracked)
    return _with_pauses(part, sounding)


def track(sound: Any) -> Any:
    return call(
        sound,
        "To Pitch (ac)",
        *(pitch.FRAME_S, pitch.FLOOR_HZ, 15, "no", pitch.SILENCE_THRESHOLD, pitch.VOICING_THRESHOLD),
        *(pitch.OCTAVE_COST, pitch.OCTAVE_JUMP_COST, pitch.VOICED_UNVOICED_COST, pitch.CEILING_HZ),
    )


def periods(sound: Any, tracked: Any) -> Reals:
    """Praat's points, in samples from 0."""
    points = call([sound, tracked], "To PointProcess (cc)")
    count = int(call(points, "Get number of points"))
    times = [call(points, "Get time from index", place + 1) for place in range(count)]
    return np.array(times) * RATE - 0.5


def _add_pitch(part: Sums, tracked: Any) -> None:
    hertz, strength = tracked.selected_array["frequency"], tracked.selected_array["strength"]
    voiced = hertz > 0
    part.voiced_frames = int(voiced.sum())
    part.voiced_runs = int((np.diff(np.concatenate([[0], voiced.astype(int)])) == 1).sum())
    part.hertz = float(hertz.sum())
    semitones = 12 * np.log2(hertz[voiced])
    part.semitones, part.semitones_squared = float(semitones.sum()), float((semitones**2).sum())
    strength = strength[voiced]
    part.harmonicity = float((10 * np.log10(strength / (1 - strength))).sum())


def _add_intensity(part: Sums, loudness: Any, sounding: Reals) -> None:
    times, level = loudness.xs(), loudness.values[0]
    loud = np.any([(times >= start) & (times < end) for start, end in sounding], axis=0)
    part.sounding_s = part.speaking_s = float((sounding[:, 1] - sounding[:, 0]).sum())
    part.loud_frames = int(loud.sum())
    part.decibels, part.decibels_squared = float(level[loud].sum()), float((level[loud] ** 2).sum())


def threshold(loudness: Any) -> float:
    """As de Jong & Wempe's script has it: 25 dB below the 99th percentile."""
    loudest: float = call(loudness, "Get quantile", 0, 0, syllables.LOUDEST)
    least: float = call(loudness, "Get minimum", 0, 0, "Parabolic")
    return max(loudest + syllables.SILENCE_DB, least)


def sounding_of(loudness: Any) -> Reals:
    below = threshold(loudness) - call(loudness, "Get maximum", 0, 0, "Parabolic")
    settings = (below, pauses.SHORTEST_S, pauses.SHORTEST_SOUND_S, "silent", "sounding")
    grid = call(loudness, "To TextGrid (silences)", *settings)
    count = int(call(grid, "Get number of intervals", 1))
    return np.array(
        [
            (
                call(grid, "Get start time of interval", 1, place),
                call(grid, "Get end time of interval", 1, place),
            )
            for place in range(1, count + 1)
            if call(grid, "Get label of interval", 1, place) == "sounding"
        ]
    ).reshape(-1, 2)


def nuclei(loudness: Any, tracked: Any, sounding: Reals) -> list[float]:
    """The steps of de Jong & Wempe's script, voicing from the pitch that is given."""
    as_sound = call(call(loudness, "Down to Matrix"), "To Sound (slice)", 1)
    extrema = call(as_sound, "To PointProcess (extrema)", 1, "yes", "no", "Sinc70")
    count = int(call(extrema, "Get number of points"))
    times = [call(extrema, "Get time from index", place + 1) for place in range(count)]
    peaks = [(time, call(loudness, "Get value at time", time, "Cubic")) for time in times]
    peaks = [peak for peak in peaks if peak[1] > threshold(loudness)]
    found = []
    for (time, level), (following, _) in pairwise(peaks):
        dip = call(loudness, "Get minimum", time, following, "None")
        is_sounding = any(start <= time <= end for start, end in sounding)
        if level - dip > syllables.DIP_DB and is_sounding and not np.isnan(tracked.get_value_at_time(time)):
            found.append(time)
    return found


def _add_periods(part: Sums, sound: Any, tracked: Any) -> None:
    """Praat's quotients, as if of one pair."""
    points = call([sound, tracked], "To PointProcess (cc)")
    jitter = call(points, "Get jitter (local)", 0, 0, *PERIODS)
    shimmer = call([sound, points], "Get shimmer (local)", 0, 0, *PERIODS, AMPLITUDE_FACTOR)
    if np.isnan(jitter) or np.isnan(shimmer):
        return
    part.compared_periods = part.amplitudes = part.compared_amplitudes = part.amplitude = 1
    part.period_differences, part.amplitude_differences = jitter, shimmer
    part.periods = part.periods_s = call(points, "Get number of periods", 0, 0, *PERIODS)
