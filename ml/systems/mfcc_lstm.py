"""MFCC-LSTM, after Arano et al., "When Old Meets New" (2021), which "model parallelism" cites with 73 %.

LSTMs over MFCC frames and their slopes; the citation gives no more than that, so the rest is ours: two
layers, and the mean over time instead of the last state, which hears little more than the silence behind a
clip.
"""

from dataclasses import dataclass

from torch import Tensor, nn

from ml.systems.interface import Shape, Standardise


@dataclass(frozen=True)
class MfccLstmOptions:
    """Widths."""

    units: int = 64
    layers: int = 2
    dropout: float = 0.3


class MfccLstm(nn.Module):
    """Plane (N, 1, rows, T) → logits (N, classes)."""

    def __init__(self, shape: Shape, options: MfccLstmOptions, classes: int) -> None:
        super().__init__()
        self.scale = Standardise(shape.rows)
        self.steps = nn.LSTM(
            shape.rows, options.units, options.layers, batch_first=True, dropout=options.dropout
        )
        self.head = nn.Sequential(nn.Dropout(options.dropout), nn.Linear(options.units, classes))

    def forward(self, plane: Tensor) -> Tensor:
        """Return logits."""
        states, _ = self.steps(self.scale(plane).squeeze(1).transpose(1, 2))  # (N, T, units)
        logits: Tensor = self.head(states.mean(dim=1))
        return logits
