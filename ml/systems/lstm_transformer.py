"""LSTM, then Transformer encoder, after Andayani et al. (IEEE Access 2022), cited by "model parallelism".

The LSTM gives each MFCC frame its past, so the encoder needs no positions; its output is averaged over time.
"""

from dataclasses import dataclass

from torch import Tensor, nn

from ml.systems.interface import Shape, Standardise
from ml.systems.layers import EncoderLayer


@dataclass(frozen=True)
class LstmTransformerOptions:
    """Widths; frames are averaged in pairs before the LSTM, which halves the time that it takes."""

    units: int = 64
    heads: int = 4
    hidden: int = 128
    layers: int = 2
    dropout: float = 0.2
    stride: int = 2


class LstmTransformer(nn.Module):
    """Plane (N, 1, rows, T) → logits (N, classes)."""

    def __init__(self, shape: Shape, options: LstmTransformerOptions, classes: int) -> None:
        super().__init__()
        self.scale = Standardise(shape.rows)
        self.pool = nn.AvgPool1d(options.stride)
        self.steps = nn.LSTM(shape.rows, options.units, batch_first=True)
        self.layers = nn.ModuleList(
            EncoderLayer(options.units, options.heads, options.hidden, options.dropout)
            for _ in range(options.layers)
        )
        self.head = nn.Sequential(
            nn.LayerNorm(options.units), nn.Dropout(options.dropout), nn.Linear(options.units, classes)
        )

    def forward(self, plane: Tensor) -> Tensor:
        """Return logits."""
        frames = self.pool(self.scale(plane).squeeze(1)).transpose(1, 2)  # (N, T / 2, rows)
        steps, _ = self.steps(frames)  # (N, T / 2, units)
        everywhere = steps.new_zeros(1)
        for layer in self.layers:
            steps = layer(steps, everywhere)
        logits: Tensor = self.head(steps.mean(dim=1))
        return logits
