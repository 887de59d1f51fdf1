"""Pitch by autocorrelation after Boersma (1993), with the path through the candidates found by Viterbi.

The settings are those of Praat's "Sound: To Pitch (ac)...": stretches of speech go in, and each frame of
10 ms comes out with its frequency, or 0 where it is not voiced. All frames of a stretch are computed at once,
by FFT; only the path is walked frame by frame, for all unbroken runs of all stretches side by side.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import numpy as np
import scipy.fft
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]
Reals: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]

SAMPLE_RATE = 16_000
HOP = 160
FRAME_S = HOP / SAMPLE_RATE

FLOOR_HZ = 75.0
CEILING_HZ = 600.0
SILENCE_THRESHOLD = 0.03
VOICING_THRESHOLD = 0.45
OCTAVE_COST = 0.01
OCTAVE_JUMP_COST = 0.35
VOICED_UNVOICED_COST = 0.14
JUMP, CHANGE = np.float32(OCTAVE_JUMP_COST), np.float32(VOICED_UNVOICED_COST)

LONGEST = int(SAMPLE_RATE / FLOOR_HZ)
"""Samples in the longest period."""
WINDOW = 2 * (int(3 * SAMPLE_RATE / FLOOR_HZ) // 2 - 1)
"""Three of the longest periods, less two samples as in Praat."""
FFT = 896
"""Holds a window and all lags in question, so that none wraps around; a size that FFTs are quick at."""
SHORTEST_LAG = math.ceil(SAMPLE_RATE / CEILING_HZ)
LONGEST_LAG = WINDOW // 3 + 2

MOST_CANDIDATES = 10
"""Per frame. Praat keeps 14; on speech the path is the same."""
TAPS = SHORTEST_LAG - 1
"""Samples to either side from which a value between samples is interpolated: none lies before lag 0."""
PHASES = 64
_AT_A_TIME = 128
"""Frames: what the processor's cache holds."""


@dataclass(frozen=True)
class Pitch:
    """The pitch of one stretch. Frame i lies at sample `first + i * HOP`, not rounded."""

    first: float
    hertz: Reals
    """(n,): 0 where the frame is not voiced."""
    strength: Reals
    """(n,): the autocorrelation at the period, 0 to 1."""

    @property
    def voiced(self) -> Flags:
        return self.hertz > 0

    def runs(self) -> Integers:
        """Unbroken voice: (m, 2), first frame and the frame after the last."""
        edges = np.diff(np.concatenate([[0], self.voiced.astype(np.int8), [0]]))
        return np.flatnonzero(edges).reshape(-1, 2).astype(np.int64)


def track(stretches: Sequence[Floats]) -> list[Pitch]:
    """The pitch of stretches of speech, each (samples,) at 16 kHz and a sound of its own.

    One that is shorter than a window has no frames. Several stretches cost less together than one by one.
    """
    heard = [_hear(stretch) for stretch in stretches]
    places = best_paths([(one.hertz, one.strength, one.unvoiced) for one in heard])
    return [_chosen(one, place) for one, place in zip(heard, places, strict=True)]


class _Candidates(NamedTuple):
    """Of one stretch; the strength of an empty place is minus infinity."""

    first: float
    hertz: Reals
    """(n, k)"""
    strength: Reals
    """(n, k)"""
    unvoiced: Reals
    """(n,)"""


def _hear(stretch: Floats) -> _Candidates:
    frames = (len(stretch) - WINDOW - 2) // HOP + 1
    if frames < 1:
        return _Candidates(0.0, np.ones((0, 1)), np.zeros((0, 1)), np.zeros(0))
    # Frames lie in the middle of the sound, as Praat lays them.
    first = 0.5 * len(stretch) - 0.5 * frames * HOP + 0.5 * HOP - 0.5
    hertz, strength, loudness = _candidates(stretch, math.floor(first), frames)
    unvoiced = 2.0 - loudness / (SILENCE_THRESHOLD / (1.0 + VOICING_THRESHOLD))
    return _Candidates(first, hertz, strength, VOICING_THRESHOLD + np.maximum(0.0, unvoiced))


def _chosen(heard: _Candidates, place: Integers) -> Pitch:
    rows, chosen = np.arange(len(place)), np.maximum(place, 0)
    return Pitch(
        heard.first,
        np.where(place < 0, 0.0, heard.hertz[rows, chosen]),
        np.where(place < 0, 0.0, heard.strength[rows, chosen]),
    )


def _candidates(stretch: Floats, left: int, frames: int) -> tuple[Reals, Reals, Reals]:
    """Frequencies and strengths, (n, k), and each frame's loudest sample, the stretch's being 1, (n,)."""
    loudest = float(np.abs(stretch - stretch.mean()).max())
    if loudest == 0:
        return np.ones((frames, 1)), np.full((frames, 1), -np.inf), np.zeros(frames)
    starts = left + 1 + HOP * np.arange(frames)
    running = np.concatenate([[0.0], np.cumsum(stretch, dtype=np.float64)])
    means = (running[starts + LONGEST] - running[starts - LONGEST]) / (2 * LONGEST)
    windows = np.lib.stride_tricks.sliding_window_view(stretch, WINDOW)[starts - WINDOW // 2]
    peaks: list[Reals] = []
    found: list[tuple[Integers, Reals, Reals]] = []
    for at in range(0, frames, _AT_A_TIME):
        some = slice(at, at + _AT_A_TIME)
        sound = np.zeros((len(means[some]), FFT), np.float32)
        np.subtract(windows[some], means[some, None].astype(np.float32), out=sound[:, :WINDOW])
        sound[:, :WINDOW] *= _hann()
        correlation, peak = _autocorrelation(sound)
        peaks.append(peak)
        rows, hertz, strength = _maxima(correlation)
        found.append((rows + at, hertz, strength))
    rows, hertz, strength = (np.concatenate(column) for column in zip(*found, strict=True))
    loudness: Reals = np.minimum(np.concatenate(peaks) / loudest, 1.0)
    return *_side_by_side(frames, rows, hertz, strength), loudness


@lru_cache(maxsize=1)
def _hann() -> Floats:
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(1, WINDOW + 1) / (WINDOW + 1))).astype(np.float32)


@lru_cache(maxsize=1)
def _window_fall() -> Floats:
    """By how much the window alone weakens the correlation at each lag, as a factor that undoes it."""
    power = np.abs(np.fft.rfft(_hann().astype(np.float64), FFT)) ** 2
    correlation = np.fft.irfft(power)
    needed: Floats = (correlation[0] / correlation)[: LONGEST_LAG + TAPS + 1].astype(np.float32)
    return needed


def _autocorrelation(windowed: Floats) -> tuple[Floats, Reals]:
    """Divided by the window's own, 1 at lag 0, (n, lags); the loudest sample of the middle period, (n,)."""
    middle, half = WINDOW // 2, LONGEST // 2 + 1
    central = windowed[:, middle - half : middle + half]
    peak = np.maximum(central.max(axis=1), -central.min(axis=1)).astype(np.float64)
    spectrum = scipy.fft.rfft(windowed, axis=1)
    power = np.square(spectrum.real)
    power += np.square(spectrum.imag)
    # Of a spectrum that is real and even, the cosine transform is the inverse.
    correlation = scipy.fft.dct(power, type=1, axis=1, overwrite_x=True)[:, : LONGEST_LAG + TAPS + 1]
    normalised: Floats = (correlation * _window_fall()).astype(np.float32, copy=False)
    normalised /= np.maximum(correlation[:, :1], np.finfo(np.float32).tiny).astype(np.float32, copy=False)
    return normalised, peak


def _maxima(correlation: Floats) -> tuple[Integers, Reals, Reals]:
    """Frame, frequency and strength of every maximum that could be a period, flat."""
    middle = correlation[:, SHORTEST_LAG:LONGEST_LAG]
    rises = correlation[:, SHORTEST_LAG : LONGEST_LAG + 1] > correlation[:, SHORTEST_LAG - 1 : LONGEST_LAG]
    rows, lags = np.nonzero(rises[:, :-1] & ~rises[:, 1:] & (middle > 0.5 * VOICING_THRESHOLD))
    lags += SHORTEST_LAG
    left, centre, right = (correlation[rows, lags + step].astype(np.float64) for step in (-1, 0, 1))
    shift = 0.5 * (right - left) / (2 * centre - left - right)
    around = np.lib.stride_tricks.sliding_window_view(correlation, 2 * TAPS + 1, axis=1)[rows, lags - TAPS]
    shift, strength = _improve(around, shift)
    hertz = SAMPLE_RATE / (lags + shift)
    inside = hertz < CEILING_HZ
    # Short windows can give more than 1; as much as it is too high, it is taken to be too low.
    strength = np.where(strength > 1, 1 / np.maximum(strength, 1), strength)
    return rows[inside], hertz[inside], strength[inside]


_STEP = 8 / PHASES


def _improve(around: Floats, shift: Reals) -> tuple[Reals, Reals]:
    """Where between samples the maximum lies, and its height: a parabola through interpolated values."""
    for _ in range(2):
        nearest = np.rint(np.clip(shift, -1, 1) * PHASES) / PHASES
        left, centre, right = (_between(around, nearest + step) for step in (-_STEP, 0.0, _STEP))
        curve = np.minimum(left + right - 2 * centre, -1e-12)
        move = np.clip(0.5 * (left - right) / curve, -1, 1)
        shift = nearest + _STEP * move
    return shift, centre - 0.25 * (left - right) * move


def _between(around: Floats, shift: Reals) -> Reals:
    weights = _interpolation()[np.rint(shift * PHASES).astype(np.int64) + 2 * PHASES]
    between: Reals = np.einsum("ij,ij->i", around, weights).astype(np.float64)
    return between


@lru_cache(maxsize=1)
def _interpolation() -> Floats:
    """Weights of 2 * TAPS + 1 samples for a value up to 2 samples from the middle: sinc under a Hann bell."""
    distance = np.arange(-TAPS, TAPS + 1) - np.arange(-2 * PHASES, 2 * PHASES + 1)[:, None] / PHASES
    bell = np.where(np.abs(distance) < TAPS + 1, 0.5 + 0.5 * np.cos(np.pi * distance / (TAPS + 1)), 0)
    return (np.sinc(distance) * bell).astype(np.float32)


def _side_by_side(frames: int, rows: Integers, hertz: Reals, strength: Reals) -> tuple[Reals, Reals]:
    """Flat candidates into a row for each frame, the strongest of them, (frames, k)."""
    order = np.lexsort((-strength - OCTAVE_COST * np.log2(hertz), rows))
    rows, hertz, strength = rows[order], hertz[order], strength[order]
    counts = np.bincount(rows, minlength=frames)
    place = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    kept = place < MOST_CANDIDATES
    rows, place = rows[kept], place[kept]
    shape = (frames, min(MOST_CANDIDATES, max(1, int(counts.max(initial=0)))))
    hertz_of, strength_of = np.ones(shape), np.full(shape, -np.inf)
    hertz_of[rows, place], strength_of[rows, place] = hertz[kept], strength[kept]
    return hertz_of, strength_of


def best_paths(stretches: Sequence[tuple[Reals, Reals, Reals]]) -> list[Integers]:
    """For each stretch the candidate of each frame on its best path, -1 for none (unvoiced), (n,).

    Args:
        stretches: frequencies (n, k); strengths (n, k), minus infinity where there is no candidate; the
            strength of the unvoiced candidate, which is always there, (n,).

    A frame whose best voiced candidate falls short of the unvoiced one by more than two changes of voicing
    cost is unvoiced on every best path. Such frames part stretches into runs that are independent of each
    other, so all runs are walked side by side.
    """
    most = max((hertz.shape[1] for hertz, _, _ in stretches), default=1)
    lengths = [len(unvoiced) for _, _, unvoiced in stretches]
    octaves = np.zeros((sum(lengths), most), np.float32)
    scores = np.full((sum(lengths), most), -np.inf, np.float32)
    unvoiced = np.concatenate([np.zeros(0), *(silent for _, _, silent in stretches)]).astype(np.float32)
    borders = np.cumsum([0, *lengths])
    for (hertz, strength, _), at in zip(stretches, borders[:-1], strict=True):
        some = (slice(at, at + len(hertz)), slice(0, hertz.shape[1]))
        octaves[some] = np.log2(hertz)
        scores[some] = strength - OCTAVE_COST * (math.log2(CEILING_HZ) - octaves[some])
    place = np.full(len(unvoiced), -1, np.int64)
    runs = _runs(unvoiced - scores.max(axis=1, initial=-np.inf) > 2 * VOICED_UNVOICED_COST, borders)
    if len(runs):
        _walk(place, runs, borders, octaves, scores, unvoiced)
    return [place[start:end] for start, end in pairwise(borders)]


def _runs(settled: Flags, borders: Integers) -> Integers:
    """Frames that are not settled, unbroken and within a stretch: (m, 2), the longest run first."""
    open_before = np.concatenate([[False], ~settled])
    open_after = np.concatenate([~settled, [False]])
    border = np.zeros(len(settled) + 1, np.bool_)
    border[borders] = True
    starts = np.flatnonzero(open_after & (~open_before | border))
    ends = np.flatnonzero(open_before & (~open_after | border))
    order = np.argsort(starts - ends, kind="stable")
    return np.column_stack([starts, ends])[order]


def _walk(
    place: Integers, runs: Integers, borders: Integers, octaves: Floats, scores: Floats, unvoiced: Floats
) -> None:
    """Viterbi over runs, the longest first, written into `place`. State 0 is unvoiced."""
    starts, ends = runs.T
    lengths = ends - starts
    active = np.searchsorted(-lengths, -np.arange(lengths[0]))  # runs that are longer than a step
    active[0] = len(runs)
    came_from = np.zeros((lengths[0], len(runs), scores.shape[1] + 1), np.int8)
    # Between silence and voice lies a change of voicing, but not where the stretch itself begins or ends.
    voiced = scores[starts] - CHANGE * ~np.isin(starts, borders)[:, None]
    silent = unvoiced[starts]
    last_voiced, last_silent = voiced.copy(), silent.copy()
    for step in range(1, lengths[0]):
        n = active[step]
        at = starts[:n] + step
        ways = octaves[at][:, :, None] - octaves[at - 1][:, None, :]  # (runs, to, from)
        np.abs(ways, out=ways)
        ways *= -JUMP
        ways += voiced[:n, None, :]
        origin, reach = ways.argmax(axis=2), ways.max(axis=2)
        onset = silent[:n, None] - CHANGE
        came_from[step, :n, 1:] = np.where(reach >= onset, origin + 1, 0)
        best, offset = voiced[:n].argmax(axis=1), voiced[:n].max(axis=1) - CHANGE
        came_from[step, :n, 0] = np.where(offset > silent[:n], best + 1, 0)
        silent = np.maximum(silent[:n], offset) + unvoiced[at]
        voiced = np.maximum(reach, onset) + scores[at]
        last_voiced[:n], last_silent[:n] = voiced, silent
    closing = CHANGE * ~np.isin(ends, borders)
    state = np.where(last_voiced.max(axis=1) - closing > last_silent, last_voiced.argmax(axis=1) + 1, 0)
    for step in range(lengths[0] - 1, -1, -1):
        n = active[step]
        place[starts[:n] + step] = state[:n] - 1
        state[:n] = came_from[step, np.arange(n), state[:n]]
