"""What is no single voice, made from a batch: noise, tones, chords, two voices, a scrap."""

from __future__ import annotations

import pytest
import torch

from ml.augment import strangers
from ml.augment.strangers import Strangers


def voices(count: int = 64) -> torch.Tensor:
    generator = torch.Generator().manual_seed(3)
    return torch.randn(count, 64, 301, generator=generator) * 8 - 40


def test_about_the_share_is_replaced_and_named() -> None:
    planes = voices()
    changed, replaced = Strangers(0.25)(planes, torch.Generator().manual_seed(0))
    assert 6 <= int(replaced.sum()) <= 26
    assert torch.equal(changed[~replaced], planes[~replaced])
    assert bool((changed[replaced] != planes[replaced]).flatten(1).any(dim=1).all())
    assert bool(changed.isfinite().all())


@pytest.mark.parametrize("kind", Strangers(0.1).kinds, ids=lambda kind: kind.__name__.strip("_"))
def test_every_kind_keeps_the_shape_and_draws_anew(kind: strangers.Kind) -> None:
    pair = voices(2)
    first = kind(pair, torch.Generator().manual_seed(0))
    assert first.shape == pair.shape[1:]
    assert bool(first.isfinite().all())
    assert torch.equal(first, kind(pair, torch.Generator().manual_seed(0)))


def test_two_voices_are_the_sum_of_their_powers_at_nearly_one_level() -> None:
    pair = voices(2)
    pair[1] += 20  # however loud one was recorded
    both = strangers._two_voices(pair, torch.Generator().manual_seed(0))
    levelled = 10 ** (pair / 10)
    levelled = levelled / levelled.mean(dim=(1, 2), keepdim=True)
    ratio = 10 ** (both / 10) - levelled[1]
    lead = 10 * (ratio / levelled[0]).log10()
    assert float(lead.abs().max()) <= 3.01


def test_a_scrap_is_a_quarter_of_a_second_long() -> None:
    pair = voices(2)
    scrap = strangers._scrap(pair, torch.Generator().manual_seed(0))
    assert int((scrap == pair[0]).all(dim=0).sum()) == strangers.SCRAP_FRAMES
