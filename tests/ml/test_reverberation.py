"""A room that echoes is heard, whatever the level, the line and the noise; speech close by is no room."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ml.augment.phone import telephone
from ml.augment.room import reverberate, room_response
from ml.config import FeatureConfig
from ml.frontend import log_mel
from ml.quality import QualityMeter
from ml.reverberation import DecayMeter
from tests import voices

RATE = voices.RATE
FEATURES = FeatureConfig()
DRY = np.concatenate([voices.speech(clip=clip) for clip in range(6)])
"""Fifteen seconds of four people in a dead room."""


def in_room(rt60: float, sound: voices.Waveform = DRY, *, seed: int = 0) -> voices.Waveform:
    return reverberate(sound, room_response(rt60, np.random.default_rng(seed)))


def in_noise(sound: voices.Waveform, snr_db: float) -> voices.Waveform:
    level = np.sqrt(np.mean(np.square(sound))) * 10 ** (-snr_db / 20)
    return sound + voices.noise(len(sound) / RATE, level=float(level))


def frames(sound: voices.Waveform) -> NDArray[np.float32]:
    return log_mel(sound, FEATURES, RATE)


def heard(sound: voices.Waveform) -> DecayMeter:
    meter = DecayMeter(FEATURES, RATE)
    meter.feed(frames(sound))
    return meter


ROOMS = {
    "0.6 s": in_room(0.6),
    "0.8 s": in_room(0.8),
    "1 s": in_room(1.0),
    "1.5 s": in_room(1.5),
    "in noise": in_noise(in_room(0.6), 20.0),
    "by telephone": telephone(in_room(0.6)),
    "quiet": np.float32(0.01) * in_room(0.6),
}
NO_ROOMS = {
    "close to the microphone": DRY,
    "a living room's corner": in_room(0.2),
    "quiet": np.float32(0.01) * DRY,
    "noise at 20 dB": in_noise(DRY, 20.0),
    "noise at 15 dB": in_noise(DRY, 15.0),
    "noise at 5 dB": in_noise(DRY, 5.0),
    "telephone": telephone(DRY),
    "noisy telephone": telephone(in_noise(DRY, 20.0)),
    "overdriven": np.clip(15 * DRY, -1, 1),
    # The pauses that a program has cut out are not how quiet the room is.
    "muted between sentences": np.concatenate([in_noise(DRY, 20.0), voices.silence(10.0)]),
    "a hum": voices.tone(20.0, hertz=440.0),
    "hiss": voices.noise(20.0),
    "silence": voices.silence(20.0),
}


@pytest.mark.parametrize("sound", ROOMS.values(), ids=ROOMS.keys())
def test_a_room_that_echoes_is_heard(sound: voices.Waveform) -> None:
    assert heard(sound).reverberant


@pytest.mark.parametrize("sound", NO_ROOMS.values(), ids=NO_ROOMS.keys())
def test_what_is_no_room_that_echoes(sound: voices.Waveform) -> None:
    assert not heard(sound).reverberant


@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.6])
def test_with_too_little_speech_nothing_is_said(seconds: float) -> None:
    assert not heard(in_room(1.0)[: round(seconds * RATE)]).reverberant


def test_the_longer_a_room_echoes_the_fewer_falls_are_steep() -> None:
    shares = [
        steep / falls for falls, steep in (heard(in_room(rt60)).falls for rt60 in (0.2, 0.4, 0.6, 0.8, 1.0))
    ]
    assert shares == sorted(shares, reverse=True)


@settings(max_examples=40, deadline=None)
@given(
    rt60=st.sampled_from([0.3, 0.4, 0.6, 1.0]), cuts=st.lists(st.integers(0, len(DRY) // 160), max_size=12)
)
def test_falls_do_not_depend_on_where_blocks_end(rt60: float, cuts: list[int]) -> None:
    sound = frames(in_room(rt60))
    meter = DecayMeter(FEATURES, RATE)
    for block in np.split(sound, sorted(cuts)):
        meter.feed(block)
    whole = DecayMeter(FEATURES, RATE)
    whole.feed(sound)
    assert (meter.falls, meter.reverberant) == (whole.falls, whole.reverberant)


@settings(max_examples=20, deadline=None)
@given(gain_db=st.floats(-40.0, 0.0), rt60=st.sampled_from([0.2, 0.6]))
def test_level_changes_next_to_nothing(gain_db: float, rt60: float) -> None:
    falls, steep = heard(in_room(rt60)).falls
    falls_then, steep_then = heard((10 ** (gain_db / 20) * in_room(rt60)).astype(np.float32)).falls
    # Below -20 dB what is left of these clips' pauses is quieter than 16 bits can tell, and no longer counts.
    tolerance = 0.01 if gain_db > -20 else 0.04
    assert steep_then / falls_then == pytest.approx(steep / falls, abs=tolerance)


def test_two_hours_are_kept_in_no_more_memory_than_a_minute() -> None:
    sound = frames(in_room(0.6))
    meter = DecayMeter(FEATURES, RATE)
    for _ in range(4):
        meter.feed(sound)
        assert len(meter._pending) == len(meter._slope) - 1
    assert meter._counts.size < 3_000


def test_few_mel_bands_are_enough() -> None:
    coarse = FeatureConfig(n_mels=16, n_mfcc=13)
    for sound, echoes in ((DRY, False), (in_room(0.8), True)):
        meter = DecayMeter(coarse, RATE)
        meter.feed(log_mel(sound, coarse, RATE))
        assert meter.reverberant is echoes


def test_the_quality_meter_says_so() -> None:
    for sound, echoes in ((DRY, False), (in_room(0.6), True)):
        meter = QualityMeter(FEATURES, RATE)
        for block in np.split(sound, range(RATE, len(sound), RATE)):
            meter.feed(block, frames(block))
        assert meter.reverberant is echoes
