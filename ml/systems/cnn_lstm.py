"""CNN, then LSTM, after "Real-Time Emotion Recognition from Speech" (Florida State).

Convolutions with batch norm, max-pool and dropout find patterns in the paper's features (20 MFCCs, chroma,
mel bands, spectral contrast, tonnetz), stacked frame by frame; an LSTM follows them over time. It gives no
widths.
"""

from dataclasses import dataclass

from torch import Tensor, nn

from ml.systems.interface import Shape, Standardise
from ml.systems.layers import temporal_convolutions


@dataclass(frozen=True)
class CnnLstmOptions:
    """Widths."""

    channels: tuple[int, ...] = (64, 128)
    kernel: int = 5
    units: int = 64
    dropout: float = 0.3


class CnnLstm(nn.Module):
    """Plane (N, 1, rows, T) → logits (N, classes)."""

    def __init__(self, shape: Shape, options: CnnLstmOptions, classes: int) -> None:
        super().__init__()
        self.scale = Standardise(shape.rows)
        self.convolutions = temporal_convolutions(
            shape.rows, options.channels, options.kernel, options.dropout
        )
        self.steps = nn.LSTM(options.channels[-1], options.units, batch_first=True)
        self.head = nn.Sequential(nn.Dropout(options.dropout), nn.Linear(options.units, classes))

    def forward(self, plane: Tensor) -> Tensor:
        """Return logits."""
        maps = self.convolutions(self.scale(plane).squeeze(1))  # (N, C, T / 4)
        states, _ = self.steps(maps.transpose(1, 2))  # (N, T / 4, units)
        logits: Tensor = self.head(states[:, -1])
        return logits
