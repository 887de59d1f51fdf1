"""Four dense layers of 256 on summed-up MFCCs, after "Applications of Deep Learning Techniques in SER"."""

from dataclasses import dataclass

from torch import Tensor, nn

from ml.systems.interface import Shape, Standardise


@dataclass(frozen=True)
class AnnOptions:
    """The paper's layers; its 100 epochs in batches of 4 overfit, hence some dropout."""

    units: int = 256
    layers: int = 4
    dropout: float = 0.2


class Ann(nn.Module):
    """Statistics (N, 1, rows, 1) → logits (N, classes)."""

    def __init__(self, shape: Shape, options: AnnOptions, classes: int) -> None:
        super().__init__()
        self.scale = Standardise(shape.rows, shape.frames)
        layers: list[nn.Module] = [nn.Flatten()]
        before = shape.rows * shape.frames
        for _ in range(options.layers):
            layers += [nn.Linear(before, options.units), nn.ReLU(), nn.Dropout(options.dropout)]
            before = options.units
        self.layers = nn.Sequential(*layers, nn.Linear(before, classes))

    def forward(self, plane: Tensor) -> Tensor:
        """Return logits."""
        logits: Tensor = self.layers(self.scale(plane))
        return logits
