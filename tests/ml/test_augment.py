"""Augmentation does to a training clip what it says, and the same again from the same seed."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ml.augment import (
    SpecAugment,
    add_white_noise,
    change_speed,
    copy_paste,
    mixup,
    overdrive,
    partners,
    reverberate,
    room_response,
    shift_pitch,
    stretch_time,
    telephone,
    variants,
)
from ml.augment.phone import mu_law
from ml.config import AugmentConfig
from ml.labels import EMOTIONS, Emotion, index_of
from tests import voices

RATE = voices.RATE
Floats = NDArray[np.float32]


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def pitch_hz(waveform: Floats) -> float:
    """Of a tone: where its spectrum is largest, edges left out."""
    middle = waveform[len(waveform) // 4 : -len(waveform) // 4]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    return float(spectrum.argmax() * RATE / len(middle))


@pytest.mark.parametrize("gain_db", [0.0, 6.0, 12.0])
def test_a_level_set_too_high_cuts_the_loud_passages_off(gain_db: float) -> None:
    spoken = 0.2 * voices.speech(2.0)
    driven = overdrive(spoken, gain_db)

    quiet = np.abs(spoken) < np.abs(spoken).max() * 10 ** (-gain_db / 20)
    raised = np.float32(10 ** (gain_db / 20) / np.abs(spoken).max())
    assert np.abs(driven[quiet] - raised * spoken[quiet]).max() < 1e-5
    assert np.abs(driven[~quiet]).min() == pytest.approx(1.0)
    assert not overdrive(np.zeros(10, np.float32), gain_db).any()


@settings(max_examples=20, deadline=None)
@given(st.floats(-10, 40), st.integers(0, 5), st.integers(0, 2**31))
def test_white_noise_has_the_ratio_asked_for(snr_db: float, clip: int, seed: int) -> None:
    clean = voices.speech(clip=clip)
    noise = add_white_noise(clean, snr_db, generator(seed)) - clean
    measured = 10 * np.log10(np.mean(clean.astype(np.float64) ** 2) / np.mean(noise.astype(np.float64) ** 2))
    assert measured == pytest.approx(snr_db, abs=0.2)


@pytest.mark.parametrize("speed", [0.7, 0.9, 1.1, 1.5])
def test_speed_moves_tempo_and_pitch_together(speed: float) -> None:
    faster = change_speed(voices.tone(1.0, hertz=440), speed)
    assert len(faster) == pytest.approx(RATE / speed, abs=2)
    assert pitch_hz(faster) == pytest.approx(440 * speed, rel=0.01)


@pytest.mark.parametrize("speed", [0.7, 0.9, 1.1, 1.5])
def test_stretching_moves_tempo_alone(speed: float) -> None:
    tone = voices.tone(1.0, hertz=440)
    stretched = stretch_time(tone, speed)
    assert len(stretched) == round(RATE / speed)
    assert pitch_hz(stretched) == pytest.approx(440, rel=0.01)
    assert np.std(stretched[2_000:-2_000]) == pytest.approx(np.std(tone), rel=0.1)


@pytest.mark.parametrize("semitones", [-4.0, -1.0, 0.5, 3.0])
def test_pitch_moves_alone(semitones: float) -> None:
    shifted = shift_pitch(voices.tone(1.0, hertz=440), semitones)
    assert len(shifted) == RATE
    assert pitch_hz(shifted) == pytest.approx(440 * 2 ** (semitones / 12), rel=0.01)


def test_stretching_by_one_gives_the_clip_back() -> None:
    clip = voices.speech()
    np.testing.assert_allclose(stretch_time(clip, 1.0), clip, atol=1e-4)


def schroeder_rt60(response: Floats) -> float:
    """Reverberation time by backward integration, from the decay between -5 and -35 dB (T30, ISO 3382)."""
    energy = np.cumsum(np.square(response, dtype=np.float64)[::-1])[::-1]
    level_db = 10 * np.log10(energy / energy[0])
    decay = np.flatnonzero((level_db <= -5) & (level_db >= -35))
    slope = np.polyfit(decay / RATE, level_db[decay], 1)[0]
    return float(-60 / slope)


@settings(max_examples=20, deadline=None)
@given(st.floats(0.2, 1.5), st.integers(0, 2**31))
def test_a_room_reverberates_as_long_as_asked_for(rt60: float, seed: int) -> None:
    response = room_response(rt60, generator(seed))
    assert schroeder_rt60(response) == pytest.approx(rt60, rel=0.1)
    assert np.sum(response[1:] ** 2) == pytest.approx(1.0, rel=1e-3)


def test_reverberation_keeps_length_and_level() -> None:
    clip = voices.speech()
    heard = reverberate(clip, room_response(0.5, generator()))
    assert len(heard) == len(clip)
    assert np.std(heard) == pytest.approx(np.std(clip), rel=0.01)
    assert np.corrcoef(heard, clip)[0, 1] > 0.5
    assert not reverberate(voices.silence(1.0), room_response(0.5, generator())).any()


def band_db(waveform: Floats, low: float, high: float) -> float:
    power = np.abs(np.fft.rfft(waveform)) ** 2
    hertz = np.fft.rfftfreq(len(waveform), 1 / RATE)
    return float(10 * np.log10(power[(hertz >= low) & (hertz < high)].mean() + 1e-20))


def test_a_telephone_passes_its_band_alone() -> None:
    noise = voices.noise(4.0)
    heard = telephone(noise)

    assert len(heard) == len(noise)
    assert band_db(heard, 400, 3_300) == pytest.approx(band_db(noise, 400, 3_300), abs=1)
    for low, high in ((0, 150), (4_100, 8_000)):
        assert band_db(heard, low, high) < band_db(noise, low, high) - 20


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=50))
def test_mu_law_is_finest_near_silence(levels: list[float]) -> None:
    waveform = np.array(levels)
    coded = mu_law(waveform)
    assert np.all(np.abs(coded - waveform) <= 0.025 * np.abs(waveform) + 1e-4)
    np.testing.assert_allclose(mu_law(coded), coded, atol=1e-9)
    assert len(np.unique(mu_law(np.linspace(-1, 1, 10_001)))) == 255


@given(st.integers(1, 12), st.floats(0.1, 4), st.integers(0, 2**31))
def test_mixup_mixes_labels_as_it_mixes_sound(clips: int, alpha: float, seed: int) -> None:
    targets = torch.eye(8)[torch.randint(8, (clips,), generator=torch.Generator().manual_seed(seed))]
    mixed, labels = mixup(targets.view(clips, 1, 8, 1), targets, alpha, generator(seed))

    torch.testing.assert_close(mixed.view(clips, 8), labels)
    torch.testing.assert_close(labels.sum(dim=1), torch.ones(clips))
    assert bool((labels >= 0).all())


@given(st.lists(st.integers(0, len(EMOTIONS) - 1), min_size=1, max_size=40), st.integers(0, 2**31))
def test_partners_never_bring_another_emotion(emotions: list[int], seed: int) -> None:
    targets = np.array(emotions, np.int64)
    neutral = index_of(Emotion.NEUTRAL)

    same = targets[partners(targets, "same", generator(seed))]
    calm = targets[partners(targets, "neutral", generator(seed))]

    np.testing.assert_array_equal(same, targets)
    np.testing.assert_array_equal(calm, np.full_like(targets, neutral) if neutral in targets else targets)


def test_copy_paste_holds_both_clips_whole() -> None:
    clip, partner = voices.speech(clip=0), voices.speech(clip=2)
    orders = {copy_paste(clip, partner, generator(seed)).tobytes() for seed in range(10)}
    assert orders == {np.concatenate(pair).tobytes() for pair in ((clip, partner), (partner, clip))}


def test_masks_hide_no_more_than_asked_for() -> None:
    cfg = AugmentConfig(band_masks=1, band_width=10, gap_masks=2, gap_width=30)
    planes = torch.zeros(16, 64, 301)
    masked = SpecAugment(cfg)(planes, torch.ones(16), torch.Generator().manual_seed(0))

    bands = (masked == 1).all(dim=2).sum(dim=1)
    gaps = (masked == 1).all(dim=1).sum(dim=1)
    assert 0 < int(bands.max()) <= 10
    assert 0 < int(gaps.max()) <= 60


EVERYTHING = AugmentConfig(stretches=(0.8, 1.25), semitones=(-2.0, 2.0), rooms=(0.3, 0.6), telephone=True)


def test_a_config_names_each_version_of_a_clip() -> None:
    clip = voices.speech()
    assert len(variants(clip, EVERYTHING, generator(), RATE)) == 2 + 2 + 2 + 2 + 2 + 1
    nothing = replace(AugmentConfig(), noisy_copies=0, speeds=())
    assert variants(clip, nothing, generator(), RATE) == []


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**31))
def test_the_same_seed_makes_the_same_versions(seed: int) -> None:
    clip = voices.speech()[:8_000]
    first, again = (variants(clip, EVERYTHING, generator(seed), RATE) for _ in range(2))
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.dtype == np.float32
        assert np.isfinite(one).all()


@pytest.mark.parametrize(
    "wrong", [{"stretches": (3.0,)}, {"semitones": (13.0,)}, {"rooms": (0.0,)}, {"speeds": (0.1,)}]
)
def test_a_wrong_value_is_refused(wrong: dict[str, tuple[float, ...]]) -> None:
    with pytest.raises(ValueError, match="augment"):
        AugmentConfig(**wrong)  # type: ignore[arg-type]
