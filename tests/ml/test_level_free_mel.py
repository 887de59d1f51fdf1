"""A room's silence, a telephone's emptied bands and the level do not decide what is heard of speech."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from ml import augment, frontend
from ml.config import FeatureConfig
from ml.systems.layers import SPEECH_RANGE_DB, LevelFreeMel
from tests import voices

FEATURES = FeatureConfig(kind="log_mel")
level_free = LevelFreeMel(FEATURES)


def plane_of(waveform: np.ndarray) -> Tensor:
    return torch.from_numpy(frontend.log_mel(waveform, FEATURES).T.copy())[None, None]


@given(decibels=st.floats(-40.0, 20.0))
def test_the_level_changes_nothing(decibels: float) -> None:
    plane = plane_of(voices.speech(2.0))
    plane = plane.clamp(min=float(plane.max()) - 90)  # above the front end's own floor, whatever the level
    expected, active = level_free(plane)
    scaled, still_active = level_free(plane + decibels)

    assert torch.equal(active, still_active)
    assert (scaled - expected).abs().max() < 1e-3


def test_speech_has_no_mean_and_a_spread_of_one() -> None:
    whole = LevelFreeMel(FeatureConfig(kind="log_mel", n_mfcc=64))  # every coefficient: the DCT loses nothing
    scaled, active = whole(plane_of(voices.noise(2.0)))

    bands = whole.dct.T @ scaled[0, 0]
    assert active.min() == 1
    assert float(bands.mean()) == pytest.approx(0, abs=1e-3)
    assert float(bands.std()) == pytest.approx(1, abs=1e-2)


def test_how_deep_a_telephones_empty_bands_are_is_no_news() -> None:
    """Digital silence above 4 kHz, or a converter's noise 70 dB below the voice: it sounds the same."""
    spoken = augment.telephone(0.5 * voices.speech(2.0))
    hiss = 10 ** (-75 / 20) * np.abs(spoken).max() * np.random.default_rng(0).standard_normal(len(spoken))
    still, _ = level_free(plane_of(spoken))
    hissing, _ = level_free(plane_of((spoken + hiss).astype(np.float32)))

    assert (still - hissing).abs().mean() < 0.05 * still.abs().mean()


def test_pauses_are_marked_and_lie_on_the_floor() -> None:
    waveform = np.concatenate([voices.speech(1.0), voices.silence(1.0)])
    scaled, active = level_free(plane_of(waveform))

    assert active[0, -90:].max() == 0
    assert active[0, :90].mean() > 0.5
    assert scaled[0, 0, 1:, -90:].abs().max() < 1e-3  # flat: no shape, only c0
    assert float(scaled[0, 0, 0, -1]) == pytest.approx(float(scaled[0, 0, 0].min()), abs=1e-4)


def test_nothing_at_all_gives_numbers() -> None:
    scaled, active = level_free(plane_of(voices.silence(2.0)))

    assert scaled.isfinite().all()
    assert active.min() == 1


def test_range_is_what_separates_the_floor_from_the_loudest() -> None:
    plane = torch.full((1, 1, 64, 100), -200.0)
    plane[..., :50] = 0.0
    plane[:, :, :32, :50] = -200.0
    whole = LevelFreeMel(FeatureConfig(kind="log_mel", n_mfcc=64))
    bands = whole.dct.T @ whole(plane)[0][0, 0]

    # Half of the bands at 0, half at -60: the spread is 30 dB.
    assert float(bands.max() - bands.min()) == pytest.approx(SPEECH_RANGE_DB / 30, abs=1e-3)
