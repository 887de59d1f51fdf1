"""Window estimates → one summary of a recording: how much of the speech sounds like what, and how surely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ml.labels import EMOTIONS, Emotion

Floats: TypeAlias = NDArray[np.float32]
Reals: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

REPLICATES = 1000
LEVEL = 0.95
SEED = 20_180_516
"""Fixed, so that the same recording gives the same interval; the number itself means nothing."""
UNHEARD = 1
"""Blocks in each replicate that stand for speech that was not heard."""
CONCENTRATION = 4.0
"""Of the Dirichlet distribution that they are drawn from: each may differ widely from what was heard."""
EVEN = 0.3
"""How far that speech may sound like any emotion that the model was taught: what was never heard is not known
to be absent. What it was not taught it gives the probability 0, and the interval is 0 too."""
BLOCK = 1.0
"""Length of a block, in memories."""
USUAL_MEMORY = 2.7
"""Times the length of a window over which what is heard goes on, before the recording itself tells."""
USUAL_WORTH = 20
"""Windows that do not overlap, as how many that counts."""
LONGEST_MEMORY = 60
"""Lags that are looked at, in windows."""
_REPLICATES_AT_A_TIME = 100


@dataclass(frozen=True)
class Summary:
    """One recording as a distribution over the eight emotions.

    `probabilities`, `low` and `high` are (8,) float32, the bounds those of a 95 % interval for each emotion
    alone. `top` is None where no window gave an answer; `probabilities` then still sum to 1.
    """

    probabilities: Floats
    low: Floats
    high: Floats
    top: Emotion | None
    abstained_share: float
    speech_s: float
    windows: int


def summarise(
    probabilities: Floats, weights: Floats, abstained: Flags, *, speech_s: float, overlap: int
) -> Summary:
    """Average the windows that gave an answer, weighted by the speech in them; all, if none did.

    Args:
        probabilities: (n, 8), calibrated, in order of time.
        weights: (n,), seconds of speech in each window.
        abstained: (n,), windows that are too uncertain to count.
        speech_s: speech in the whole recording, in seconds.
        overlap: how many neighbouring windows share sound.
    """
    if not len(probabilities):
        even = np.full(len(EMOTIONS), 1 / len(EMOTIONS), np.float32)
        return Summary(even, np.zeros_like(even), np.ones_like(even), None, 1.0, speech_s, 0)
    counted = np.ones_like(abstained) if abstained.all() else ~abstained
    kept, weight = probabilities[counted].astype(np.float64), weights[counted].astype(np.float64)
    mean = weight @ kept / weight.sum()
    mean /= mean.sum()
    low, high = _interval(kept, weight, mean, overlap)
    return Summary(
        probabilities=mean.astype(np.float32),
        low=np.minimum(low, mean).astype(np.float32),
        high=np.maximum(high, mean).astype(np.float32),
        top=None if abstained.all() else EMOTIONS[int(mean.argmax())],
        abstained_share=float(abstained.mean()),
        speech_s=speech_s,
        windows=len(probabilities),
    )


def _interval(probabilities: Reals, weights: Reals, mean: Reals, overlap: int) -> tuple[Reals, Reals]:
    """Moving-block bootstrap (Künsch 1989) that also allows for what was not heard.

    Neighbouring windows share sound and mood, so blocks of them are drawn, not single ones, `BLOCK` times as
    long as windows go together (`_memory`). From a few windows that alone gives a narrow interval, from one
    window none at all; hence each replicate also holds `UNHEARD` blocks at random around the mean, as in the
    proper Bayesian bootstrap (Muliere & Secchi 1996). Their part fades with every block that was heard.
    `benches/simulate_change.py` tells how often 95 % intervals held known shares.
    """
    windows = len(probabilities)
    memory = _memory(probabilities, overlap)
    block = max(2 * overlap, round(BLOCK * memory))
    length = min(windows, block)
    sums, masses = _moving_sums(probabilities * weights[:, None], length), _moving_sums(weights, length)
    prior = UNHEARD * block * weights.mean()
    taught = probabilities.max(axis=0) > 0
    around = (1 - EVEN) * mean[taught] + EVEN / taught.sum()
    rng = np.random.default_rng(SEED)
    replicates = []
    for _ in range(0, REPLICATES, _REPLICATES_AT_A_TIME):
        starts = rng.integers(0, len(masses), (_REPLICATES_AT_A_TIME, -(-windows // length)))
        unheard = np.zeros((_REPLICATES_AT_A_TIME, len(mean)))
        unheard[:, taught] = rng.dirichlet(CONCENTRATION * around, _REPLICATES_AT_A_TIME)
        mass = masses[starts].sum(axis=1) + prior
        replicates.append((sums[starts].sum(axis=1) + prior * unheard) / mass[:, None])
    tail = (1 - LEVEL) / 2
    bounds = np.quantile(np.concatenate(replicates), [tail, 1 - tail], axis=0)
    # Blocks part windows that go together; this is the spread so lost, for a memory that fades evenly.
    lost = min(memory / (2 * block), 0.5)
    low, high = np.clip(mean + (bounds - mean) / np.sqrt(1 - lost), 0.0, 1.0)
    return low, high


def _memory(probabilities: Reals, overlap: int) -> float:
    """Over how many windows what was heard goes on: the integrated autocorrelation time, over all emotions.

    Autocovariances are summed as long as they are positive (Geyer 1992), each raised by what the mean of
    a short recording takes from it. A few windows cannot tell, so the estimate is weighed against what is
    usual. It is never under what windows share.
    """
    windows, usual, worth = len(probabilities), USUAL_MEMORY * overlap, USUAL_WORTH * overlap
    about = probabilities - probabilities.mean(axis=0)
    level = (about**2).sum() / windows
    if windows < 4 or level < 1e-12:
        return usual
    lags = min(windows // 3, LONGEST_MEMORY)
    products = [(about[lag:] * about[:-lag]).sum() / (windows - lag) for lag in range(1, lags + 1)]
    raw = np.array(products) / level
    memory = usual
    for _ in range(3):
        taken = min(memory / windows, 0.5)
        kept = raw * (1 - taken) + taken
        ends = np.flatnonzero(kept <= 0)
        memory = 1 + 2 * float(kept[: ends[0] if len(ends) else len(kept)].clip(max=1.0).sum())
    return max((windows * memory + worth * usual) / (windows + worth), float(overlap))


def _moving_sums(values: Reals, length: int) -> Reals:
    running = np.cumsum(np.concatenate([np.zeros_like(values[:1]), values]), axis=0)
    sums: Reals = running[length:] - running[:-length]
    return sums
