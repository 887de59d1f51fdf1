"""What stretches of speech add up to: every measure is a quotient of sums, so recordings of any length fit.

The interval tells how a value would scatter if other minutes of the same visit had been recorded: the speech
is parted into blocks in order of time, each left out once (delete-one jackknife, Student's t). It says
nothing of another room, microphone or day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

import numpy as np
import scipy.special
from numpy.typing import NDArray

from ml.acoustics.pitch import FRAME_S

Reals: TypeAlias = NDArray[np.float64]

MOST_BLOCKS = 30
LEVEL = 0.95


class Reading(NamedTuple):
    """A measure's value, its 95 % interval, and the seconds of speech that it rests on."""

    value: float
    low: float
    high: float
    seconds: float


@dataclass
class Sums:
    """Of one or more stretches. Semitones above 1 Hz; frames of voice are `FRAME_S` long."""

    speaking_s: float = 0.0
    """Sound and the pauses in it."""
    sounding_s: float = 0.0
    syllables: float = 0.0
    loud_frames: float = 0.0
    decibels: float = 0.0
    decibels_squared: float = 0.0
    voiced_frames: float = 0.0
    voiced_runs: float = 0.0
    hertz: float = 0.0
    semitones: float = 0.0
    semitones_squared: float = 0.0
    harmonicity: float = 0.0
    compared_periods: float = 0.0
    period_differences: float = 0.0
    periods: float = 0.0
    periods_s: float = 0.0
    compared_amplitudes: float = 0.0
    amplitude_differences: float = 0.0
    amplitudes: float = 0.0
    amplitude: float = 0.0


_NAMES = [field.name for field in fields(Sums)]
_values = attrgetter(*_NAMES)  # many times as fast as `astuple`, which copies


class _Table:
    """Sums of several parts, a column for each field: ``table.periods`` is (n,)."""

    def __init__(self, rows: Reals) -> None:
        self._rows = rows

    def __getattr__(self, name: str) -> Reals:
        column: Reals = self._rows[..., _NAMES.index(name)]
        return column


def _deviation(count: Reals, whole: Reals, squares: Reals) -> Reals:
    deviation: Reals = np.sqrt(np.maximum(squares - whole**2 / count, 0.0) / (count - 1))
    return deviation


FORMULAS: Mapping[str, Callable[[_Table], Reals]] = MappingProxyType(
    {
        "speech_rate": lambda s: s.syllables / s.speaking_s,
        "articulation_rate": lambda s: s.syllables / s.sounding_s,
        "pitch_variability": lambda s: _deviation(s.voiced_frames, s.semitones, s.semitones_squared),
        "energy_variability": lambda s: _deviation(s.loud_frames, s.decibels, s.decibels_squared),
        "phonation_ratio": lambda s: 100 * FRAME_S * s.voiced_frames / s.sounding_s,
        "phonation_time": lambda s: FRAME_S * s.voiced_frames / s.voiced_runs,
        "jitter": lambda s: 100 * (s.period_differences / s.compared_periods) / (s.periods_s / s.periods),
        "shimmer": lambda s: (
            100 * (s.amplitude_differences / s.compared_amplitudes) / (s.amplitude / s.amplitudes)
        ),
        "harmonicity": lambda s: s.harmonicity / s.voiced_frames,
        "pitch": lambda s: s.hertz / s.voiced_frames,
    }
)
"""All measures but the pauses, whose median is no quotient."""

RESTS_ON: Mapping[str, Callable[[Sums], float]] = MappingProxyType(
    {
        "speech_rate": lambda s: s.speaking_s,
        "articulation_rate": lambda s: s.sounding_s,
        "energy_variability": lambda s: s.sounding_s,
        "phonation_ratio": lambda s: s.sounding_s,
        "jitter": lambda s: s.periods_s,
        "shimmer": lambda s: s.periods_s,
    }
)
"""Seconds beneath a measure; all others rest on the voiced frames."""


def _voiced_s(sums: Sums) -> float:
    return FRAME_S * sums.voiced_frames


def total(parts: Sequence[Sums]) -> Sums:
    """Everything together."""
    return Sums(*_rows(parts).sum(axis=0).tolist())


def value(key: str, sums: Sums) -> float:
    """One measure; not a number where there is nothing to measure."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(FORMULAS[key](_Table(np.array(_values(sums)))))


def read(key: str, parts: Sequence[Sums]) -> Reading | None:
    """One measure over `parts`, stretches in order of time; None where there is nothing to measure."""
    blocks = _blocks(_rows(parts))
    whole = blocks.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = float(FORMULAS[key](_Table(whole)))
        without = FORMULAS[key](_Table(whole - blocks))
    if not np.isfinite(middle) or len(blocks) < 2 or not np.isfinite(without).all():
        return None
    n = len(blocks)
    error = float(np.sqrt((n - 1) / n * ((without - without.mean()) ** 2).sum()))
    reach = error * float(scipy.special.stdtrit(n - 1, (1 + LEVEL) / 2))
    seconds = RESTS_ON.get(key, _voiced_s)(Sums(*whole.tolist()))
    low = middle - reach if key == "harmonicity" else max(0.0, middle - reach)
    return Reading(middle, low, middle + reach, seconds)


def read_median(lengths: Reals, seconds: float) -> Reading:
    """The median of pauses, with the interval that their ranks give whatever their distribution."""
    ordered = np.sort(lengths)
    n = len(ordered)
    reach = float(scipy.special.ndtri((1 + LEVEL) / 2)) * np.sqrt(n) / 2
    low, high = max(0, round(n / 2 - reach) - 1), min(n - 1, round(n / 2 + reach))
    return Reading(float(np.median(ordered)), float(ordered[low]), float(ordered[high]), seconds)


def _rows(parts: Sequence[Sums]) -> Reals:
    return np.array([_values(part) for part in parts], np.float64).reshape(-1, len(_NAMES))


def _blocks(rows: Reals) -> Reals:
    """At most `MOST_BLOCKS`: neighbouring stretches are alike, and are left out together."""
    if len(rows) <= MOST_BLOCKS:
        return rows
    edges = np.linspace(0, len(rows), MOST_BLOCKS + 1).astype(np.int64)[:-1]
    blocks: Reals = np.add.reduceat(rows, edges, axis=0)
    return blocks
