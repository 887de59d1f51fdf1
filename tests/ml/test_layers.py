"""Layers of our own do what torch's do, only faster."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from ml.systems.layers import Dropout, lay_channels_last
from ml.systems.paper import PostNormLayer


@given(share=st.floats(0.05, 0.9), rows=st.integers(90, 110))
def test_drops_its_share_and_scales_the_rest(share: float, rows: int) -> None:
    ones = torch.ones(rows, 1001, requires_grad=True)
    dropped = Dropout(share)(ones)
    assert float((dropped == 0).float().mean()) == pytest.approx(share, abs=0.01)
    assert float(dropped.detach().mean()) == pytest.approx(1, abs=0.15)
    assert dropped.max().item() == pytest.approx(1 / (1 - share))
    dropped.sum().backward()
    assert torch.equal(ones.grad if ones.grad is not None else ones, dropped.detach())


def test_drops_nothing_of_what_is_asked_for_real() -> None:
    x = torch.randn(5, 7)
    assert torch.equal(Dropout(0.5).eval()(x), x)
    assert torch.equal(Dropout(0.0)(x), x)


def test_drops_the_same_after_the_same_seed() -> None:
    drawn = []
    for _ in range(2):
        torch.manual_seed(3)
        drawn.append(Dropout(0.5)(torch.ones(1003)))
    assert torch.equal(*drawn)


def test_neighbours_are_dropped_independently() -> None:
    kept = (Dropout(0.5)(torch.ones(400_000)) > 0).float() - 0.5
    for lag in range(1, 9):
        assert abs(float((kept[lag:] * kept[:-lag]).mean()) * 4) < 0.01


def test_post_norm_layer_is_torchs() -> None:
    ours = PostNormLayer(40, 4, 64, 0.4).eval()
    theirs = nn.TransformerEncoderLayer(40, 4, 64, 0.4, batch_first=True).eval()
    pairs = (
        (ours.hidden[0], theirs.linear1),
        (ours.hidden[3], theirs.linear2),
        (ours.attention_norm, theirs.norm1),
        (ours.hidden_norm, theirs.norm2),
        (ours.output, theirs.self_attn.out_proj),
    )
    for mine, other in pairs:
        mine.load_state_dict(other.state_dict())
    attention = theirs.self_attn
    ours.query_key_value.load_state_dict({"weight": attention.in_proj_weight, "bias": attention.in_proj_bias})
    x = torch.randn(3, 70, 40)
    torch.testing.assert_close(ours(x, torch.zeros(())), theirs(x), atol=2e-6, rtol=0)


@pytest.mark.parametrize("channels", [1, 3])
def test_maps_lie_channel_by_channel_from_the_first_convolution_on(channels: int) -> None:
    network = nn.Conv2d(channels, 16, 3, padding=1)
    x = torch.randn(2, channels, 40, 30)
    before = network(x)
    lay_channels_last(network)
    after = network(x)
    assert after.stride(1) == 1
    torch.testing.assert_close(after, before)
