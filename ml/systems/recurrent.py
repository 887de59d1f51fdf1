"""RNN, LSTM and GRU on MFCCs, after "Applications of Deep Learning Techniques in SER" (Southampton).

The GRU is the paper's: two layers of 128, ReLU, 256, ReLU, output. Of its LSTM the paper says that one fully
connected layer follows; the plain RNN (also named by the "model parallelism" paper) is the GRU without its
gates.

Papers read the last state; it is an option. The mean of the states is fairer where clips differ in length:
behind two seconds of speech, the last state has heard a second of padding, and little is left of the speech.
"""

from dataclasses import dataclass

from torch import Tensor, nn

from ml.systems.interface import Shape, Standardise


@dataclass(frozen=True)
class RnnOptions:
    """Two layers of tanh units."""

    units: int = 128
    layers: int = 2
    dense: int = 256
    read: str = "mean"


@dataclass(frozen=True)
class LstmOptions:
    """One layer; straight to the output."""

    units: int = 128
    layers: int = 1
    dense: int = 0
    read: str = "mean"


@dataclass(frozen=True)
class GruOptions:
    """The paper's 2 x 128 with a dense layer of 256."""

    units: int = 128
    layers: int = 2
    dense: int = 256
    read: str = "mean"


class Recurrent(nn.Module):
    """Plane (N, 1, rows, T) → hidden states, their mean or the last → logits (N, classes)."""

    cell: type[nn.RNN] | type[nn.LSTM] | type[nn.GRU]

    def __init__(self, shape: Shape, options: RnnOptions | LstmOptions | GruOptions, classes: int) -> None:
        super().__init__()
        if options.read not in {"mean", "last"}:
            raise ValueError(f"model.options.read must be mean or last, not {options.read!r}")
        self.last = options.read == "last"
        self.scale = Standardise(shape.rows)
        self.steps = self.cell(shape.rows, options.units, options.layers, batch_first=True)
        dense = [nn.ReLU(), nn.Linear(options.units, options.dense), nn.ReLU()] if options.dense else []
        self.head = nn.Sequential(*dense, nn.Linear(options.dense or options.units, classes))

    def forward(self, plane: Tensor) -> Tensor:
        """Return logits."""
        frames = self.scale(plane).squeeze(1).transpose(1, 2)  # (N, T, rows)
        states, _ = self.steps(frames)  # (N, T, units)
        logits: Tensor = self.head(states[:, -1] if self.last else states.mean(dim=1))
        return logits


class Rnn(Recurrent):
    """Elman's network."""

    cell = nn.RNN


class Lstm(Recurrent):
    """Long short-term memory."""

    cell = nn.LSTM


class Gru(Recurrent):
    """Gated recurrent units."""

    cell = nn.GRU
