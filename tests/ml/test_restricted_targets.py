"""Learning from corpora that do not have the same emotions: judged among those that each has."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ml.calibration import softmax
from ml.config import AugmentConfig, TrainConfig
from ml.corpora.manifest import Utterance
from ml.evaluate import restrict
from ml.labels import EMOTIONS, Emotion, index_of
from ml.targets import RestrictedCrossEntropy, restricted_targets

CFG = TrainConfig(label_sets=True)
EMODB = {Emotion.NEUTRAL, Emotion.HAPPY, Emotion.SAD, Emotion.ANGRY, Emotion.FEARFUL, Emotion.DISGUST}


def clip(corpus: str, emotion: Emotion) -> Utterance:
    return Utterance(
        speaker=f"{corpus}-1",
        sex="female",
        label=emotion.value,
        emotion=emotion,
        statement="",
        path=Path("x"),
        corpus=corpus,
    )


def test_a_corpus_has_what_its_clips_have() -> None:
    clips = [clip("ravdess", e) for e in EMOTIONS] + [clip("emodb", e) for e in EMODB]
    targets = restricted_targets(clips, CFG)
    assert targets is not None
    assert (targets[:8, 1] == 1).all()
    assert targets[8:, 1].sum(axis=1).tolist() == [6.0] * 6
    assert (targets[:, 0].argmax(axis=1) == [index_of(u.emotion) for u in clips if u.emotion]).all()


def test_without_label_sets_there_are_none() -> None:
    assert restricted_targets([clip("emodb", Emotion.SAD)], TrainConfig()) is None


@given(
    st.lists(st.floats(-8, 8), min_size=8, max_size=8),
    st.sets(st.sampled_from(EMOTIONS), min_size=1),
    st.data(),
)
def test_loss_is_the_log_of_the_share_by_which_such_a_corpus_is_judged(
    logits: list[float], has: set[Emotion], data: st.DataObject
) -> None:
    aim = data.draw(st.sampled_from(sorted(has)))
    targets = np.zeros((1, 2, 8), np.float32)
    targets[0, 0, index_of(aim)] = 1
    targets[0, 1, [index_of(e) for e in has]] = 1
    loss = RestrictedCrossEntropy(torch.ones(8))(torch.tensor([logits]), torch.from_numpy(targets))
    shares = restrict(softmax(np.array([logits])), has)
    assert float(loss) == pytest.approx(-np.log(shares[0, index_of(aim)]), abs=1e-4)


def test_with_all_emotions_it_is_the_usual_cross_entropy() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(16, 8, generator=generator)
    places = torch.randint(8, (16,), generator=generator)
    weights = torch.rand(8, generator=generator) + 0.5
    targets = torch.stack([torch.eye(8)[places], torch.ones(16, 8)], dim=1)
    ours = RestrictedCrossEntropy(weights)(logits, targets)
    assert float(ours) == pytest.approx(float(torch.nn.CrossEntropyLoss(weights)(logits, places)), rel=1e-5)


def test_what_a_corpus_lacks_is_not_pushed_down() -> None:
    logits = torch.zeros(1, 8, requires_grad=True)
    targets = torch.zeros(1, 2, 8)
    targets[0, 0, index_of(Emotion.SAD)] = 1
    targets[0, 1, [index_of(e) for e in EMODB]] = 1
    RestrictedCrossEntropy(torch.ones(8), 0.1)(logits, targets).backward()
    assert logits.grad is not None
    assert float(logits.grad[0, index_of(Emotion.SURPRISED)]) == 0.0
    assert float(logits.grad[0, index_of(Emotion.CALM)]) > 0.0  # it counts as neutral, which this clip is not


def test_strangers_and_mixup_need_the_right_targets() -> None:
    with pytest.raises(ValueError, match="label_sets"):
        TrainConfig(augment=AugmentConfig(strangers=0.1))
    with pytest.raises(ValueError, match="exclude"):
        replace(CFG, augment=AugmentConfig(mixup=0.4))
