"""Silence within speech: what is a pause, and what is the end of somebody's turn."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Reals: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

SHORTEST_S = 0.25
"""Shorter silences belong to stops and other consonants (Goldman-Eisler 1968)."""
LONGEST_S = 3.0
"""Longer silences are taken for the other person's turn."""
SHORTEST_SOUND_S = 0.1


def sounding(times: Reals, loud: Flags, length_s: float) -> Reals:
    """Where a stretch sounds: (n, 2) s. Short sounds are removed first, then short silences filled.

    Args:
        times: (n,) s, the middles of frames.
        loud: (n,), whether a frame stands above the silence.
        length_s: of the whole stretch.

    As Praat's "Intensity: To TextGrid (silences)...": a state begins in the middle of its first frame.
    """
    edges = np.flatnonzero(np.diff(loud.astype(np.int8)))
    borders = np.concatenate([[0.0], times[edges + 1], [length_s]])
    states = np.concatenate([loud[:1], loud[edges + 1]])
    borders, states = _without(borders, states, True, SHORTEST_SOUND_S)
    borders, states = _without(borders, states, False, SHORTEST_S)
    return np.column_stack([borders[:-1], borders[1:]])[states]


def _without(borders: Reals, states: Flags, state: bool, shortest_s: float) -> tuple[Reals, Flags]:
    """Intervals of `state` that are too short take on the state around them."""
    kept = np.where((states == state) & (np.diff(borders) < shortest_s), not state, states)
    changes = np.flatnonzero(np.diff(kept.astype(np.int8))) + 1
    return (
        np.concatenate([borders[:1], borders[changes], borders[-1:]]),
        np.concatenate([kept[:1], kept[changes]]),
    )


def between(sounding_s: Reals) -> Reals:
    """The lengths of the pauses between sounds, (n, 2) s in order of time."""
    gaps = sounding_s[1:, 0] - sounding_s[:-1, 1]
    pauses: Reals = gaps[(gaps >= SHORTEST_S) & (gaps <= LONGEST_S)]
    return pauses
