"""How several results become one: recordings a session; sessions a day, a week, two weeks.

Each result counts by its seconds of clear speech, so that an hour says more than a minute and what was not
clear says nothing. The errors of results are taken as independent: the reach of their 95 % intervals adds up
in squares. The interval of a week is thus that of what was said in its sessions; how much sessions differ
from each other is not in it (that is ``analysis.change.comparison`` and ``analysis.trends.periods``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Reals: TypeAlias = NDArray[np.float64]
Places: TypeAlias = NDArray[np.intp]


@dataclass(frozen=True)
class Results:
    """Results in order: ``shares`` with the ends of their intervals (n, 8), what they rest on (n,)."""

    shares: Reals
    low: Reals
    high: Reals
    speech_s: Reals
    duration_s: Reals
    abstained_share: Reals

    def __len__(self) -> int:
        return len(self.speech_s)

    @property
    def clear_s(self) -> Reals:
        return self.speech_s * (1 - self.abstained_share)


def weigh(results: Results, starts: Places) -> Reals:
    """What each result counts in its run, summing to 1 in each; (n,).

    ``starts`` (m,): where the m runs of neighbouring results begin. Clear speech counts; in a run without
    any, all speech; in a run without speech, every result alike.
    """
    run = _run_of(len(results), starts)
    amounts = np.ones(len(results))
    for better in (results.speech_s, results.clear_s):
        amounts = np.where(np.add.reduceat(better, starts)[run] > 0, better, amounts)
    weights: Reals = amounts / np.add.reduceat(amounts, starts)[run]
    return weights


def pool(results: Results, starts: Places) -> Results:
    """One result for each run of ``results``, in their order; a run of one is that one."""
    if not len(results):
        return results
    weights = weigh(results, starts)[:, None]
    shares = np.add.reduceat(weights * results.shares, starts)
    below, above = (
        np.sqrt(np.add.reduceat((weights * reach) ** 2, starts))
        for reach in (results.shares - results.low, results.high - results.shares)
    )
    speech_s = np.add.reduceat(results.speech_s, starts)
    not_clear_s = np.add.reduceat(results.speech_s * results.abstained_share, starts)
    lengths = np.diff(np.append(starts, len(results)))
    plainly = np.add.reduceat(results.abstained_share, starts) / lengths
    return Results(
        shares=shares,
        low=np.clip(shares - below, 0, 1),
        high=np.clip(shares + above, 0, 1),
        speech_s=speech_s,
        duration_s=np.add.reduceat(results.duration_s, starts),
        abstained_share=np.divide(not_clear_s, speech_s, out=plainly, where=speech_s > 0),
    )


def _run_of(count: int, starts: Places) -> Places:
    """The number of the run in which each of ``count`` results stands."""
    return np.repeat(np.arange(len(starts)), np.diff(np.append(starts, count)))
