"""A recording level set too high: loud passages cut off at full scale."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def overdrive(waveform: Floats, gain_db: float) -> Floats:
    """Return `waveform` (samples,) raised until its peak is `gain_db` over full scale, and cut off there."""
    peak = float(np.abs(waveform).max(initial=0.0)) or 1.0
    driven: Floats = np.clip(waveform * np.float32(10 ** (gain_db / 20) / peak), -1, 1)
    return driven
