"""The altered versions of a training clip that a configuration asks for."""

import numpy as np
from numpy.typing import NDArray

from ml.augment.noise import add_white_noise
from ml.augment.phone import telephone
from ml.augment.room import reverberate, room_response
from ml.augment.tempo import change_speed, shift_pitch, stretch_time
from ml.config import AugmentConfig

Floats = NDArray[np.float32]


def variants(
    waveform: Floats, cfg: AugmentConfig, rng: np.random.Generator, sample_rate: int
) -> list[Floats]:
    """Return the clip's noisy copies, slower and faster ones, then what else `cfg` names, in its order."""
    snrs = rng.uniform(cfg.snr_low_db, cfg.snr_high_db, size=cfg.noisy_copies)
    return [
        *(add_white_noise(waveform, float(snr), rng) for snr in snrs),
        *(change_speed(waveform, speed) for speed in cfg.speeds),
        *(stretch_time(waveform, speed) for speed in cfg.stretches),
        *(shift_pitch(waveform, semitones) for semitones in cfg.semitones),
        *(reverberate(waveform, room_response(rt60, rng, sample_rate)) for rt60 in cfg.rooms),
        *([telephone(waveform, sample_rate)] if cfg.telephone else []),
    ]
