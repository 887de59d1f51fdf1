"""The parallel CNN and Transformer as published by "model parallelism" (BRAC), first by Zenkov (2020).

Two identical blocks of three 3x3 convolutions (batch norm, ReLU, max-pool, dropout 0.3), flattened, beside a
max-pooled Transformer encoder of four post-norm layers (width 40, 4 heads, 512 hidden, dropout 0.4, no
positions), averaged over time; joined before one linear layer. Inputs are standardised by coefficient and
frame. At 40 x 282, Zenkov's input, it has his 248,488 parameters. What `configs/paper.toml` does otherwise
stands there.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from ml.systems.interface import Shape, Standardise
from ml.systems.layers import Dropout, EncoderLayer, lay_channels_last


@dataclass(frozen=True)
class PaperOptions:
    """The published numbers."""

    channels: tuple[int, int, int] = (16, 32, 64)
    pools: tuple[int, int, int] = (2, 4, 4)
    conv_dropout: float = 0.3
    heads: int = 4
    hidden: int = 512
    layers: int = 4
    encoder_dropout: float = 0.4


class ConvolutionBlock(nn.Sequential):
    """(N, 1, rows, T) → (N, C3 * (rows // 32) * (T // 32)) at the published pools."""

    def __init__(self, options: PaperOptions) -> None:
        layers: list[nn.Module] = []
        before = 1
        for channels, pool in zip(options.channels, options.pools, strict=True):
            layers += [
                nn.Conv2d(before, channels, 3, padding=1),
                nn.BatchNorm2d(channels),
                nn.MaxPool2d(pool),
                nn.ReLU(),  # commutes with the maximum: after it there is less to do
                Dropout(options.conv_dropout),
            ]
            before = channels
        super().__init__(*layers, nn.Flatten())
        lay_channels_last(self)


class PostNormLayer(EncoderLayer):
    """The encoder layer of Vaswani et al. (2017), begun as torch's: `nn.TransformerEncoderLayer`, but faster.

    Normalised after each sum; attention is dropped, too.
    """

    def __init__(self, width: int, heads: int, hidden: int, dropout: float) -> None:
        super().__init__(width, heads, hidden, dropout, attention_dropout=dropout)
        nn.init.xavier_uniform_(self.query_key_value.weight)
        nn.init.zeros_(self.query_key_value.bias)
        nn.init.zeros_(self.output.bias)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """Map (N, T, C) to the same shape; `bias` is added to every attention score."""
        x = self.attention_norm(x + self.dropout(self.attend(x, bias)))
        changed: Tensor = self.hidden_norm(x + self.dropout(self.hidden(x)))
        return changed


class EncoderBlock(nn.Module):
    """(N, 1, rows, T) → (N, rows): the mean over time of the encoder's output."""

    def __init__(self, rows: int, options: PaperOptions) -> None:
        super().__init__()
        self.pool = nn.MaxPool2d((1, 4))
        layer = PostNormLayer(rows, options.heads, options.hidden, options.encoder_dropout)
        # Copies, which begin alike, as those of `nn.TransformerEncoder`.
        self.layers = nn.ModuleList(deepcopy(layer) for _ in range(options.layers))

    def forward(self, x: Tensor) -> Tensor:
        """Attend over T // 4 steps."""
        steps: Tensor = self.pool(x).squeeze(1).transpose(1, 2)  # (N, T // 4, rows)
        everywhere_alike = steps.new_zeros(())
        for layer in self.layers:
            steps = layer(steps, everywhere_alike)
        return steps.mean(dim=1)


class Paper(nn.Module):
    """MFCCs (N, 1, rows, T) → logits (N, classes); 3 s are heard, whatever T."""

    def __init__(self, shape: Shape, options: PaperOptions, classes: int) -> None:
        super().__init__()
        self.frames = shape.frames
        self.scale = Standardise(shape.rows, shape.frames)
        self.first = ConvolutionBlock(options)
        self.second = ConvolutionBlock(options)
        self.encoder = EncoderBlock(shape.rows, options)
        rows, frames = shape.rows, shape.frames
        for pool in options.pools:
            rows, frames = rows // pool, frames // pool
        flat = options.channels[-1] * rows * frames
        self.head = nn.Linear(2 * flat + shape.rows, classes)

    @property
    def branches(self) -> Mapping[str, nn.Module]:
        """What may run beside one another."""
        return {"first": self.first, "second": self.second, "encoder": self.encoder}

    def stem(self, mfcc: Tensor) -> tuple[Tensor, ...]:
        """Return what every branch is given."""
        x = functional.pad(mfcc[..., : self.frames], (0, max(0, self.frames - mfcc.shape[3])))
        return (self.scale(x),)

    def join(self, outputs: list[Tensor], shared: tuple[Tensor, ...]) -> Tensor:
        """Return the logits of the branches' outputs, in their order."""
        logits: Tensor = self.head(torch.cat(outputs, dim=1))
        return logits

    def forward(self, mfcc: Tensor) -> Tensor:
        """Return logits."""
        shared = self.stem(mfcc)
        return self.join([branch(*shared) for branch in self.branches.values()], shared)
