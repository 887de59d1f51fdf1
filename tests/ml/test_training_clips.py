"""Augmentation touches training clips alone; test clips are heard whole and as they are."""

from dataclasses import replace
from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile
import torch
from threadpoolctl import threadpool_limits

from ml import augment, frontend
from ml.config import AugmentConfig, ExperimentConfig, TrainConfig
from ml.corpora.manifest import Utterance
from ml.dataset import Clip, TrainingBatches, clean_batches, prepare, prepare_all
from ml.labels import Emotion
from tests import voices

CONFIG = ExperimentConfig(train=TrainConfig(batch_size=2))


def utterance(folder: Path, clip: int, emotion: Emotion | None = Emotion.SAD) -> Utterance:
    """Real speech between silences."""
    path = folder / f"clip{clip}.wav"
    waveform = np.concatenate([voices.silence(0.5), voices.speech(clip=clip), voices.silence(0.7)])
    soundfile.write(path, waveform, voices.RATE, subtype="FLOAT")
    return Utterance("s1", "female", "sad", emotion, "a01", path=path, corpus="emodb")


@pytest.fixture
def clips(tmp_path: Path) -> list[Clip]:
    return prepare_all([utterance(tmp_path, n) for n in range(4)], CONFIG, seed=0, augmented=True)


def test_features_are_the_same_however_many_threads_there_are(tmp_path: Path) -> None:
    planes = []
    for threads in (1, 2):
        with threadpool_limits(limits=threads, user_api="blas"):
            (clip,) = prepare_all([utterance(tmp_path, 0)], CONFIG, seed=0, augmented=True)
            planes.append(clip.planes)
    assert all(np.array_equal(one, two) for one, two in zip(*planes, strict=True))


def test_a_test_clip_is_its_own_features_and_nothing_else(tmp_path: Path) -> None:
    clip = prepare(utterance(tmp_path, 0), CONFIG, seed=0, augmented=False)
    whole = frontend.log_mel(soundfile.read(clip.utterance.path, dtype="float32")[0], CONFIG.features)

    (plane,) = clip.planes
    start = int(np.flatnonzero((whole == plane[0]).all(axis=1))[0])
    assert np.array_equal(whole[start : start + len(plane)], plane)
    assert len(plane) < len(whole) - 100  # the silence at the edges is gone
    cut = np.delete(whole, slice(start, start + len(plane)), axis=0).mean(axis=1)
    assert (cut < whole.mean(axis=1).max() - 35).all()

    features, targets = next(clean_batches([clip], CONFIG))
    mfcc = torch.from_numpy(frontend.dct_matrix(CONFIG.features) @ plane.T)
    torch.testing.assert_close(features[0, 0], mfcc, rtol=1e-5, atol=1e-3)  # two libraries, rounded by each
    assert targets.tolist() == [3]


def test_shorter_clips_of_a_batch_are_followed_by_silence(tmp_path: Path) -> None:
    clips = prepare_all([utterance(tmp_path, n) for n in range(2)], CONFIG, seed=0, augmented=False)
    lengths = [len(clip.planes[0]) for clip in clips]

    features, _ = next(clean_batches(clips, CONFIG))

    assert features.shape[3] == max(*lengths, 101)
    silent = features[int(np.argmin(lengths)), 0, :, min(lengths) :]
    assert torch.allclose(silent[0], torch.tensor(-100.0 * 8), atol=0.01)


def test_a_telephone_passes_the_same_band_at_any_rate(tmp_path: Path) -> None:
    """Of clips at 8 kHz it left what lies under 1.7 kHz: it took them for clips at 16 kHz."""
    augmented = AugmentConfig(noisy_copies=0, speeds=(), telephone=True)
    for rate in (8_000, 16_000):
        features = replace(CONFIG.features, f_max=rate / 2, n_mels=32, n_mfcc=13)
        audio = replace(CONFIG.audio, sample_rate=rate)
        cfg = ExperimentConfig(audio=audio, features=features, train=TrainConfig(augment=augmented))
        plain, by_phone = prepare(utterance(tmp_path, 0), cfg, seed=0, augmented=True).planes
        edges = librosa.mel_frequencies(34, fmin=features.f_min, fmax=rate / 2, htk=True)
        passed = (edges[:-2] > 500) & (edges[2:] < 3_300)
        lost = (plain - by_phone).mean(axis=0) - (plain - by_phone)[:, passed].mean()
        assert passed.sum() > 5
        assert np.abs(lost[passed]).max() < 6, rate


def test_training_hears_each_clip_noisy_and_at_other_speeds(clips: list[Clip]) -> None:
    clean, noisy, also_noisy, slow, fast = clips[0].planes

    assert len(clean) == len(noisy) == len(also_noisy)
    assert len(fast) < len(clean) < len(slow)
    assert not np.array_equal(noisy, also_noisy)
    assert noisy.min() > clean.min() + 5  # noise fills what was quiet


@pytest.mark.parametrize("snr_db", [0.0, 15.0, 30.0])
def test_noise_is_as_loud_as_asked(snr_db: float) -> None:
    waveform = voices.speech(3.0)

    added = augment.add_white_noise(waveform, snr_db, np.random.default_rng(0)) - waveform

    assert 10 * np.log10(np.mean(waveform**2) / np.mean(added**2)) == pytest.approx(snr_db, abs=0.1)


def test_the_same_seed_gives_the_same_epochs(clips: list[Clip], tmp_path: Path) -> None:
    first, again, other = (TrainingBatches(clips, CONFIG, seed) for seed in (1, 1, 2))

    for (x, y), (x2, y2), (x3, _) in zip(first, again, other, strict=True):
        assert torch.equal(x, x2)
        assert torch.equal(y, y2)
        assert not torch.equal(x, x3)
        assert x.shape == (2, 1, 40, 301)


def test_masks_hide_at_most_what_they_may(clips: list[Clip]) -> None:
    config = AugmentConfig(band_masks=1, band_width=4, gap_masks=1, gap_width=6)
    planes = torch.rand(3, 64, 50) + 1

    masked = augment.SpecAugment(config)(planes, torch.zeros(3), torch.Generator().manual_seed(0))
    hidden = masked == 0

    assert ((masked == planes) | hidden).all()
    assert hidden.all(dim=2).sum(dim=1).max() <= 4
    assert hidden.all(dim=1).sum(dim=1).max() <= 6
    assert hidden.any()


def test_what_is_not_among_the_eight_is_left_out(tmp_path: Path) -> None:
    bored = utterance(tmp_path, 0, emotion=None)

    assert prepare_all([bored], CONFIG, seed=0, augmented=True) == []
    with pytest.raises(ValueError, match="no emotion"):
        _ = replace(prepare(bored, CONFIG, seed=0, augmented=False)).target
