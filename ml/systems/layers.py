"""Pieces that several systems share; every tensor's shape stands beside it."""

import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ml.config import FeatureConfig
from ml.frontend import dct_matrix

SILENCE_RANGE_DB = 35.0
SPEECH_RANGE_DB = 60.0
"""Between a voice's loudest band and what of it still tells something; rooms and lines are rarely stiller."""
PAUSE_DB = 40.0
"""By which a pause's power is below that of the loudest frame."""
LOG_POWER_PER_DB = math.log(10) / 10
"""exp(dB * this) is the power: runtimes have a fast exponential, but take powers element by element."""


class LevelFreeMfcc(nn.Module):
    """MFCCs in dB → the same without level and gain, and a mask of the frames that hold sound.

    The DCT is orthonormal, so a shift of the whole log-mel plane moves c0 alone and its spread is the root
    of the sum of squares: normalising the cepstrum here is normalising the log-mel plane, without state.
    Frames more than 35 dB below the loudest take no part, so that neither pauses, nor padding, nor the
    recording's noise floor decide what the network sees of the speech.
    """

    def __init__(self, n_mels: int) -> None:
        super().__init__()
        self.per_level = math.sqrt(n_mels)  # c0 = sqrt(n_mels) * mean log-mel

    def forward(self, mfcc: Tensor) -> tuple[Tensor, Tensor]:
        """Map (N, 1, rows, T) to the same shape, and to a mask (N, T) of 0 and 1."""
        c0 = mfcc[:, 0, :1]  # (N, 1, T)
        rest = mfcc[:, 0, 1:]  # (N, rows - 1, T)
        floor = c0.amax(dim=2, keepdim=True) - SILENCE_RANGE_DB * self.per_level
        active = (c0 > floor).to(mfcc.dtype)  # (N, 1, T)
        share = active / active.sum(dim=2, keepdim=True)
        centred = torch.maximum(c0, floor) - (c0 * share).sum(dim=2, keepdim=True)
        squares = centred.square() + rest.square().sum(dim=1, keepdim=True)  # (N, 1, T)
        spread = ((squares * share).sum(dim=2, keepdim=True) / self.per_level**2 + 1e-3).sqrt()
        scaled = torch.cat([centred, rest * active], dim=1) / spread
        return scaled.unsqueeze(1), active[:, 0]


class LevelFreeMel(nn.Module):
    """Log-mel planes in dB → MFCCs without level and gain, and a mask of the frames that hold sound.

    What lies more than 60 dB below the loudest band is raised to that floor: the emptied bands of a
    telephone, digital silence and a still room are all the same, where their true depth, a chance of the
    recording, would else decide the scale of the speech.
    """

    dct: Tensor

    def __init__(self, cfg: FeatureConfig) -> None:
        super().__init__()
        self.register_buffer("dct", torch.from_numpy(dct_matrix(cfg)))

    def forward(self, log_mel: Tensor) -> tuple[Tensor, Tensor]:
        """Map (N, 1, n_mels, T) to (N, 1, n_mfcc, T), and to a mask (N, T) of 0 and 1."""
        plane = log_mel[:, 0]
        floor = plane.amax(dim=(1, 2), keepdim=True) - SPEECH_RANGE_DB
        power = (plane * LOG_POWER_PER_DB).exp().mean(dim=1, keepdim=True)  # (N, 1, T)
        active = (power > power.amax(dim=2, keepdim=True) * 10 ** (-PAUSE_DB / 10)).to(plane.dtype)
        heard = torch.maximum(plane, floor) * active + floor * (1 - active)
        share = active / active.sum(dim=2, keepdim=True) / plane.shape[1]
        centred = heard - (heard * share).sum(dim=(1, 2), keepdim=True)
        spread = ((centred.square() * share).sum(dim=(1, 2), keepdim=True) + 1e-3).sqrt()
        return (self.dct @ (centred / spread)).unsqueeze(1), active[:, 0]


class Dropout(nn.Dropout):
    """Dropout whose choices cost a CPU a tenth of torch's: four of each random integer of 64 bits.

    The share dropped is exact to 1 / 65536. On other devices it is torch's own.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Return `input` with a share `p` of its elements set to 0 and the others scaled up, in training."""
        if not self.training or self.p == 0 or input.device.type != "cpu":
            return super().forward(input)
        return input * self._kept(input.shape).to(input.dtype).div_(1 - self.p)

    def _kept(self, shape: torch.Size) -> Tensor:
        count = shape.numel()
        draws = torch.empty(-(-count // 4), dtype=torch.int64).random_(-(2**63), None)
        return draws.view(torch.int16)[:count].view(shape) >= round(self.p * 2**16) - 2**15


def temporal_convolutions(rows: int, channels: Sequence[int], kernel: int, dropout: float) -> nn.Sequential:
    """Convolutions along time with batch norm, ReLU, max-pool and dropout: (N, rows, T) → (N, C, T / 2^k)."""
    layers: list[nn.Module] = []
    for before, after in itertools.pairwise((rows, *channels)):
        layers += [
            nn.Conv1d(before, after, kernel, padding=kernel // 2),
            nn.BatchNorm1d(after),
            nn.ReLU(),
            nn.MaxPool1d(2),
            Dropout(dropout),
        ]
    return nn.Sequential(*layers)


class AttentiveStatistics(nn.Module):
    """Weighted mean and standard deviation over time (Okabe et al., Interspeech 2018)."""

    def __init__(self, channels: int, hidden: int = 64) -> None:
        super().__init__()
        self.score = nn.Sequential(nn.Linear(channels, hidden), nn.Tanh(), nn.Linear(hidden, 1))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Pool (N, T, C) over the frames that `mask` (N, T) keeps, to (N, 2 C)."""
        score = self.score(x) + (mask.unsqueeze(2) - 1.0) * 1e4  # (N, T, 1)
        weight = score.softmax(dim=1)
        mean = (weight * x).sum(dim=1)
        variance = (weight * (x - mean.unsqueeze(1)).square()).sum(dim=1)
        return torch.cat([mean, (variance + 1e-5).sqrt()], dim=1)


def sinusoids(like: Tensor) -> Tensor:
    """Sinusoidal positions (T, C) for `like` (N, T, C), for any T (Vaswani et al. 2017)."""
    frames, width = like.shape[1], like.shape[2]
    place = torch.arange(frames, dtype=like.dtype, device=like.device).unsqueeze(1)
    rate = torch.exp(
        torch.arange(0, width, 2, dtype=like.dtype, device=like.device) * (-math.log(1e4) / width)
    )
    angle = place * rate
    return torch.cat([angle.sin(), angle.cos()], dim=1)


def shrink_mask(mask: Tensor, factor: int, steps: int) -> Tensor:
    """Mask (N, T) of frames → mask (N, steps) of pooled frames: kept if any of its frames was."""
    pooled: Tensor = nn.functional.max_pool1d(mask.unsqueeze(1), factor, ceil_mode=True)
    return pooled[:, 0, :steps]


class EncoderLayer(nn.Module):
    """Pre-norm Transformer encoder layer whose graph takes any batch and any length.

    torch's own layer writes the traced batch size into the exported graph.
    """

    def __init__(
        self, width: int, heads: int, hidden: int, dropout: float, attention_dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.heads, self.scale = heads, math.sqrt(width / heads)
        self.attention_norm, self.hidden_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)
        self.hidden = nn.Sequential(
            nn.Linear(width, hidden), nn.ReLU(), Dropout(dropout), nn.Linear(hidden, width)
        )
        self.dropout, self.attention_dropout = Dropout(dropout), Dropout(attention_dropout)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """Map (N, T, C) to the same shape; `bias` (N, 1, 1, T) is added to every attention score."""
        x = x + self.dropout(self.attend(self.attention_norm(x), bias))
        changed: Tensor = x + self.dropout(self.hidden(self.hidden_norm(x)))
        return changed

    def attend(self, x: Tensor, bias: Tensor) -> Tensor:
        """Multi-head self-attention, (N, T, C) → (N, T, C)."""
        split = self.query_key_value(x).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        query, key, value = split.unbind(0)  # (N, heads, T, C / heads) each
        scores = query @ key.transpose(2, 3) / self.scale + bias
        weights = self.attention_dropout(scores.softmax(dim=3))
        mixed: Tensor = self.output((weights @ value).transpose(1, 2).flatten(2))
        return mixed


def lay_channels_last(network: nn.Module) -> None:
    """Lay the weights of 2-D convolutions channel by channel.

    The same numbers, but for rounding; few channels side by side train 1.5 times faster on a CPU.
    """
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            channels, rows, columns = layer.weight.shape[1:]
            # Said in strides: of a single channel torch takes both layouts for the same, and changes nothing.
            strides = (channels * rows * columns, 1, columns * channels, channels)
            laid = torch.empty_strided(layer.weight.shape, strides)
            layer.weight.data = laid.copy_(layer.weight.data)
