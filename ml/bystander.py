"""The voice beside the patient's, in a recording with a channel for each: when it speaks, and nothing else.

No feature of it is taken and no network hears it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ml.audio import SAMPLE_RATE, decode
from ml.peaks import PeakMeter
from ml.segmentation import SpeechDetector

Floats: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True)
class Bystander:
    """One channel that is not analysed."""

    spans: Floats
    """(s, 2): where it speaks, in seconds."""
    peaks: NDArray[np.int8]
    """(p, 2): as `ml.peaks`."""


def overhear(
    path: Path | str, *, channel: int, progress: Callable[[float], None] = lambda fraction: None
) -> Bystander:
    """Where somebody speaks in `channel`, from 0, and how loud it is.

    Args:
        progress: called with the share done, never falling; may raise to stop.

    Raises:
        UnreadableAudio: see `ml.audio`.
    """
    decoding = decode(path, channel=channel)
    detector, peaks = SpeechDetector(), PeakMeter(SAMPLE_RATE)
    for block in decoding:
        detector.feed(block)
        peaks.feed(block)
        progress(decoding.fraction)
    detector.flush()
    return Bystander(np.array(detector.spans, np.float32).reshape(-1, 2), peaks.whole())
