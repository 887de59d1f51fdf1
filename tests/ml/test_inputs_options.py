"""What an experiment with [inputs] asks of its training it is given, or told that it cannot be."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ml.config import AugmentConfig, ChannelConfig, ExperimentConfig, load_config
from ml.corpora.manifest import Utterance
from ml.inputs import BankBatches, make_bank
from ml.lab import fit_system
from ml.targets import restricted_targets
from tests.ml.tiny_corpus import write_tiny_corpus

NOTHING = np.empty(0, np.int64)
Mixed = tuple[Utterance, ...]


def quick(**train: object) -> ExperimentConfig:
    cfg = load_config("ann")
    return replace(cfg, train=replace(cfg.train, **{"epochs": 3, "batch_size": 4, **train}))  # type: ignore[arg-type]


@pytest.fixture
def clips(tmp_path: Path) -> Mixed:
    """Of one corpus all four emotions, of another two of them."""
    first = write_tiny_corpus(tmp_path / "first", actors=(1, 2))
    second = write_tiny_corpus(tmp_path / "second", actors=(3,), emotions=(1, 5))
    return (*first, *(replace(clip, corpus="savee") for clip in second))


def test_a_clip_is_judged_among_the_emotions_of_its_own_corpus(clips: Mixed) -> None:
    cfg = quick(label_sets=True)
    bank, rows = make_bank(clips, cfg), np.arange(len(clips))
    expected = restricted_targets(clips, cfg.train)
    assert expected is not None

    batches = BankBatches(bank, rows, cfg, seed=1)
    order = np.random.default_rng(1).permutation(rows)
    given = torch.cat([targets for _, targets in batches])
    system = fit_system(cfg, bank, rows, NOTHING, seed=1)

    assert np.array_equal(given.numpy(), expected[order[: len(given)]])
    assert {int(has.sum()) for has in given[:, 1]} == {2, 4}
    assert np.isfinite(system.logits(bank, rows)).all()


@pytest.mark.parametrize(("most", "epochs"), [(0, 3), (12, 2), (1, 1)])
def test_many_batches_leave_fewer_epochs(most: int, epochs: int, clips: Mixed) -> None:
    cfg, heard = quick(most_batches=most), list[int]()
    bank, rows = make_bank(clips, cfg), np.arange(len(clips))
    assert len(rows) // cfg.train.batch_size == 5

    fit_system(cfg, bank, rows, NOTHING, seed=1, on_epoch=lambda _, planned, __: heard.append(planned))

    assert heard == [epochs] * epochs


@pytest.mark.parametrize(
    ("name", "augment"),
    [
        ("channel", lambda plain: replace(plain, channel=ChannelConfig(share=1.0))),
        ("strangers", lambda plain: replace(plain, strangers=0.1)),
    ],
)
def test_what_is_done_to_planes_of_any_length_is_refused(
    name: str, augment: Callable[[AugmentConfig], AugmentConfig]
) -> None:
    with pytest.raises(ValueError, match=rf"augment\.{name} needs clips of any length"):
        quick(label_sets=True, augment=augment(load_config("ann").train.augment))
