"""Votes, mixup and CopyPaste reach training, and training alone."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from ml.config import AugmentConfig, ExperimentConfig, InputConfig, PreprocessConfig, TrainConfig
from ml.corpora.manifest import Utterance
from ml.dataset import Clip, TrainingBatches, clean_batches, prepare_all
from ml.fitting import fit
from ml.inputs import BankBatches, make_bank
from ml.labels import EMOTIONS, Emotion, index_of
from ml.targets import hits, soft_targets
from tests import voices

ACTED = (Emotion.NEUTRAL, Emotion.SAD, Emotion.ANGRY, Emotion.SAD)
HEARD = tuple(
    0.75 if emotion is Emotion.SAD else 0.25 if emotion is Emotion.CALM else 0.0 for emotion in EMOTIONS
)
PLAIN = AugmentConfig(noisy_copies=0, speeds=(), band_masks=0, gap_masks=0)


def config(train: TrainConfig) -> ExperimentConfig:
    return ExperimentConfig(train=replace(train, batch_size=4, epochs=1))


def fixed(train: TrainConfig) -> ExperimentConfig:
    return replace(config(train), inputs=InputConfig(), preprocess=PreprocessConfig(seconds=2.0))


@pytest.fixture
def utterances(tmp_path: Path) -> list[Utterance]:
    """The second clip was rated."""
    made = []
    for place, emotion in enumerate(ACTED):
        path = tmp_path / f"clip{place}.wav"
        soundfile.write(path, voices.speech(clip=place), voices.RATE)
        votes = HEARD if place == 1 else None
        made.append(
            Utterance("s", "female", emotion.value, emotion, "a", votes=votes, path=path, corpus="emodb")
        )
    return made


def batches(utterances: list[Utterance], cfg: ExperimentConfig, seed: int = 0) -> TrainingBatches:
    return TrainingBatches(prepare_all(utterances, cfg, seed=0, augmented=True), cfg, seed)


def test_votes_stand_in_for_the_acted_emotion_where_there_are_any(utterances: list[Utterance]) -> None:
    cfg = config(TrainConfig(soft_labels=True, augment=PLAIN))

    _, targets = next(iter(batches(utterances, cfg)))

    rows = sorted(targets.tolist())
    acted = [np.eye(8)[index_of(emotion)].tolist() for emotion in (ACTED[0], *ACTED[2:])]
    assert rows == sorted([list(HEARD), *acted])
    assert soft_targets(utterances, TrainConfig()) is None


def test_mixup_blends_inputs_and_targets_alike(utterances: list[Utterance]) -> None:
    train = TrainConfig(augment=replace(PLAIN, mixup=1.0))
    bank = make_bank(utterances, fixed(train))

    features, targets = next(iter(BankBatches(bank, np.arange(4), fixed(train), seed=1)))

    assert targets.shape == (4, 8)
    torch.testing.assert_close(targets.sum(dim=1), torch.ones(4))
    assert bool(((targets > 0) & (targets < 1)).any())
    shares = torch.linalg.lstsq(
        torch.from_numpy(bank.clean(np.arange(4))).flatten(1).T, features.flatten(1).T
    ).solution
    acted = torch.eye(8)[torch.from_numpy(bank.targets)]
    torch.testing.assert_close(shares.T @ acted, targets, atol=1e-3, rtol=0)


def test_copy_paste_brings_only_neutral_or_the_same_emotion(utterances: list[Utterance]) -> None:
    long = replace(config(TrainConfig(augment=PLAIN)).train, crop_seconds=12.0)
    alone, pasted = config(long), config(replace(long, augment=replace(PLAIN, copy_paste="neutral")))

    def sounding(cfg: ExperimentConfig, seed: int) -> int:
        features, _ = next(iter(batches(utterances, cfg, seed)))
        return int((features[:, 0, 0] > features[:, 0, 0].min() + 1).sum())

    lengths = {sounding(alone, seed) for seed in range(4)}
    assert len(lengths) == 1
    assert max(sounding(pasted, seed) for seed in range(4)) > lengths.pop()


@pytest.mark.parametrize("augment", [replace(PLAIN, mixup=0.4), replace(PLAIN, copy_paste="same")])
def test_a_network_learns_from_them(utterances: list[Utterance], augment: AugmentConfig) -> None:
    cfg = config(TrainConfig(soft_labels=True, augment=augment))
    seen: list[dict[str, float]] = []

    fit(prepare_all(utterances, cfg, 0, augmented=True), cfg, 0, lambda *figures: seen.append(figures[2]))

    assert np.isfinite(seen[0]["loss"])
    assert 0 <= seen[0]["accuracy"] <= 1


EVERYTHING = AugmentConfig(
    stretches=(0.9,), semitones=(2.0,), rooms=(0.4,), telephone=True, mixup=0.5, copy_paste="neutral"
)


def test_no_augmentation_touches_a_clip_that_is_tested(utterances: list[Utterance]) -> None:
    plain = config(TrainConfig(augment=PLAIN))
    rich = config(TrainConfig(soft_labels=True, augment=EVERYTHING))

    def tested(cfg: ExperimentConfig) -> list[tuple[torch.Tensor, torch.Tensor]]:
        clips: list[Clip] = prepare_all(utterances, cfg, seed=0, augmented=False)
        return list(clean_batches(clips, cfg))

    for (features, targets), (others, theirs) in zip(tested(plain), tested(rich), strict=True):
        assert torch.equal(features, others)
        assert torch.equal(targets, theirs)


def test_no_augmentation_touches_an_input_that_is_tested(utterances: list[Utterance]) -> None:
    rows = np.arange(4)
    plain = make_bank(utterances, fixed(TrainConfig(augment=PLAIN)))
    rich = make_bank(
        utterances, fixed(TrainConfig(soft_labels=True, augment=replace(EVERYTHING, copy_paste="")))
    )

    assert len(rich.planes) > len(plain.planes)
    for (planes, targets), (others, theirs) in zip(plain.tensors(rows), rich.tensors(rows), strict=True):
        assert torch.equal(planes, others)
        assert torch.equal(targets, theirs)


def test_computed_inputs_are_not_taken_for_those_of_another_preprocessing(
    utterances: list[Utterance], tmp_path: Path
) -> None:
    whole = fixed(TrainConfig(augment=PLAIN))
    later = replace(whole, preprocess=PreprocessConfig(offset_seconds=0.5, seconds=2.0))
    rows = np.arange(4)
    make_bank(utterances, whole, cache=tmp_path / "cache")
    assert not np.array_equal(
        make_bank(utterances, later, cache=tmp_path / "cache").clean(rows),
        make_bank(utterances, whole).clean(rows),
    )


def test_copy_paste_needs_clips_of_any_length() -> None:
    with pytest.raises(ValueError, match="any length"):
        fixed(TrainConfig(augment=EVERYTHING))
    with pytest.raises(ValueError, match="copy_paste"):
        AugmentConfig(copy_paste="angry")


def test_hits_are_counted_for_indices_and_for_shares() -> None:
    logits, indices = torch.eye(8)[:4], torch.tensor([0, 1, 3, 2])
    assert hits(logits, indices) == hits(logits, torch.eye(8)[indices]) == 2
