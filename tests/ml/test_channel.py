"""Rooms, lines and microphones on log-mel planes do what they do to the sound itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from ml import augment, frontend
from ml.augment.channel import Channel
from ml.config import ChannelConfig, FeatureConfig

FEATURES = FeatureConfig()
QUIET = ChannelConfig(
    share=1.0,
    response_db=0.0,
    snr_low_db=200.0,
    snr_high_db=200.0,
    rt60_low=0.01,
    rt60_high=0.01,
    telephone_share=0.0,
)


def planes(seed: int = 0, batch: int = 4) -> torch.Tensor:
    """Syllables of coloured noise with pauses between them, as log-mel."""
    rng = np.random.default_rng(seed)
    time = np.arange(48_000) / 16_000
    loud = (np.sin(2 * np.pi * 3 * time) > 0) * 0.1 + 1e-4
    sounds = [(rng.standard_normal(48_000) * loud).astype(np.float32) for _ in range(batch)]
    return torch.stack([torch.from_numpy(frontend.log_mel(s, FEATURES, 16_000).T.copy()) for s in sounds])


def heard(cfg: ChannelConfig, log_mel: torch.Tensor, seed: int = 0) -> torch.Tensor:
    altered: torch.Tensor = Channel(cfg, FEATURES)(log_mel, torch.Generator().manual_seed(seed))
    return altered


def test_without_a_share_nothing_is_touched() -> None:
    log_mel = planes()
    assert heard(ChannelConfig(), log_mel) is log_mel


def test_about_the_share_is_altered_and_the_rest_is_the_same() -> None:
    log_mel = planes(batch=2).repeat(50, 1, 1)
    altered = (heard(ChannelConfig(share=0.5), log_mel) != log_mel).flatten(1).any(dim=1)
    assert 30 <= int(altered.sum()) <= 70


def test_parts_alter_independently_of_one_another() -> None:
    log_mel = planes(batch=2).repeat(100, 1, 1)
    cfg = replace(QUIET, each=0.4, telephone_share=1.0, snr_low_db=0.0, snr_high_db=0.0)
    changed = heard(cfg, log_mel) - log_mel
    by_line = changed[:, 0].amin(dim=1) < -20  # the lowest band lies outside a telephone's
    by_noise = changed[:, 20:40].amax(dim=(1, 2)) > 70  # digital silence is filled; a room fills it less
    for part in (by_line, by_noise):
        assert 0.28 <= float(part.double().mean()) <= 0.52
    assert 0.06 <= float((by_line & by_noise).double().mean()) <= 0.26


def test_same_generator_same_channel_and_another_seed_another() -> None:
    log_mel = planes()
    cfg = ChannelConfig(share=1.0, warp=0.1)
    assert torch.equal(heard(cfg, log_mel), heard(cfg, log_mel))
    assert not torch.equal(heard(cfg, log_mel), heard(cfg, log_mel, seed=1))


def test_a_dead_room_and_a_still_line_change_next_to_nothing() -> None:
    log_mel = planes()
    # One RT60 of 10 ms puts a little of each frame's power into the next.
    difference = heard(QUIET, log_mel) - log_mel
    assert float(difference.median().abs()) < 3.5


def test_room_fills_pauses_as_real_reverberation_does() -> None:
    rng = np.random.default_rng(1)
    time = np.arange(48_000) / 16_000
    dry = (rng.standard_normal(48_000) * (time % 1 < 0.3) * 0.1 + 1e-5).astype(np.float32)
    wet = augment.reverberate(dry, augment.room_response(0.6, rng))
    log_mel = torch.from_numpy(frontend.log_mel(dry, FEATURES, 16_000).T.copy())[None]
    real = frontend.log_mel(wet, FEATURES, 16_000).mean(axis=1)
    cfg = replace(QUIET, rt60_low=0.6, rt60_high=0.6)
    made = np.mean([heard(cfg, log_mel, seed)[0].mean(dim=0).numpy() for seed in range(8)], axis=0)
    pause = slice(40, 75)  # from 0.1 s after the sound has stopped, while its tail lasts
    fall_real = np.polyfit(np.arange(35), real[pause], 1)[0]
    fall_made = np.polyfit(np.arange(35), made[pause], 1)[0]
    assert fall_made == pytest.approx(fall_real, rel=0.15)  # dB per frame: -60 dB in 0.6 s is -1


def test_noise_stands_at_its_snr_below_the_loud_half() -> None:
    log_mel = planes()
    cfg = replace(QUIET, snr_low_db=10.0, snr_high_db=10.0)
    still = 10 ** (heard(QUIET, log_mel) / 10)
    added = 10 ** (heard(cfg, log_mel) / 10) - still
    by_frame = still.mean(dim=1)
    loud = by_frame.sort(dim=1, descending=True).values[:, : by_frame.shape[1] // 2].mean(dim=1)
    snr = 10 * (loud / added.mean(dim=(1, 2))).log10()
    assert snr.numpy() == pytest.approx(10.0, abs=0.5)


def test_telephone_keeps_its_band_and_stops_the_rest() -> None:
    log_mel = planes()
    line = Channel(replace(QUIET, telephone_share=1.0), FEATURES)
    change = (line(log_mel, torch.Generator().manual_seed(0)) - heard(QUIET, log_mel)).mean(dim=(0, 2))
    assert change[line.outside].numpy() == pytest.approx(-45.0, abs=0.01)
    assert change[~line.outside].numpy() == pytest.approx(0.0, abs=0.01)
    centres = frontend.mel_centres(FEATURES)
    assert centres[line.outside.numpy()].size > 10


def test_warp_moves_a_peak_along_the_frequency_axis_in_proportion() -> None:
    log_mel = torch.full((1, 64, 101), -60.0)
    log_mel[:, 40] = 0.0
    places = {int(heard(replace(QUIET, warp=0.2), log_mel, seed)[0, :, 50].argmax()) for seed in range(40)}
    assert min(places) >= round(40 / 1.2) - 1
    assert max(places) <= round(40 / 0.8) + 1
    assert len(places) > 5


def test_values_stay_finite_on_digital_silence() -> None:
    silence = torch.full((2, 64, 301), -100.0)
    assert bool(heard(ChannelConfig(share=1.0, warp=0.1), silence).isfinite().all())


@pytest.mark.parametrize(
    "wrong",
    [
        {"share": 1.5},
        {"each": 0.0},
        {"rt60_low": 0.0},
        {"snr_low_db": 20.0, "snr_high_db": 10.0},
        {"warp": 0.5},
    ],
)
def test_impossible_channels_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"augment\.channel"):
        ChannelConfig(**wrong)
