"""A plane of any length as a vector of fixed length: statistics of each row over time."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn


class Moments:
    """Rows of (B, rows, frames) over the frames that `kept` (B, frames) keeps."""

    def __init__(self, plane: Tensor, kept: Tensor | None) -> None:
        self.plane = plane
        everything = torch.ones_like(plane[:, 0], dtype=torch.bool)
        self.kept = (everything if kept is None else kept).unsqueeze(1)  # (B, 1, frames)
        self.share = self.kept.to(plane.dtype) / self.kept.sum(dim=2, keepdim=True)
        self.mean = self.average(plane)
        self.centred = plane - self.mean.unsqueeze(2)
        self.std = self.average(self.centred.square()).sqrt()

    def average(self, plane: Tensor) -> Tensor:
        """Mean over the kept frames, (B, rows)."""
        return (plane * self.share).sum(dim=2)

    def standard(self, power: int) -> Tensor:
        """Standardised central moment; 0 for a row that does not vary, (B, rows)."""
        return _ratio(self.average(self.centred**power), self.std**power)

    def least(self, sign: float) -> Tensor:
        """Smallest kept value of `sign` times the plane, (B, rows)."""
        return (sign * self.plane).masked_fill(~self.kept, torch.inf).amin(dim=2)

    def quantile(self, share: float) -> Tensor:
        """Quantile by linear interpolation, (B, rows)."""
        return self.plane.masked_fill(~self.kept, torch.nan).nanquantile(share, dim=2)

    def slope(self) -> Tensor:
        """Slope of the line through the kept frames, per frame, (B, rows)."""
        place = torch.arange(self.plane.shape[2], dtype=self.plane.dtype, device=self.plane.device)
        place = place - self.average(place.expand_as(self.share)).unsqueeze(2)  # (B, 1, frames)
        return _ratio(self.average(self.centred * place), self.average(place.square()))


def _ratio(above: Tensor, below: Tensor) -> Tensor:
    return torch.where(below > 0, above / below.where(below > 0, 1.0), 0.0)


STATISTICS: Mapping[str, Callable[[Moments], Tensor]] = {
    "mean": lambda rows: rows.mean,
    "std": lambda rows: rows.std,
    "min": lambda rows: rows.least(1.0),
    "max": lambda rows: -rows.least(-1.0),
    "range": lambda rows: -rows.least(-1.0) - rows.least(1.0),
    "median": lambda rows: rows.quantile(0.5),
    "q25": lambda rows: rows.quantile(0.25),
    "q75": lambda rows: rows.quantile(0.75),
    "skewness": lambda rows: rows.standard(3),
    "kurtosis": lambda rows: rows.standard(4),
    "slope": Moments.slope,
}
"""By name, each (B, rows). Moments divide by the number of frames; kurtosis is plain, 3 for a Gaussian."""


class Summary(nn.Module):
    """Plane (B, rows, frames) → the named statistics of each row, one after the other (B, names * rows)."""

    def __init__(self, names: Sequence[str] = ("mean", "std")) -> None:
        super().__init__()
        unknown = sorted(set(names) - set(STATISTICS))
        if unknown or not names:
            raise ValueError(f"unknown statistics {unknown}; known: {', '.join(STATISTICS)}")
        self.names = tuple(names)

    def forward(self, plane: Tensor, kept: Tensor | None = None) -> Tensor:
        """Return (B, len(names) * rows); `kept` (B, frames), bool, tells which frames are the clip's own."""
        rows = Moments(plane, kept)
        return torch.cat([STATISTICS[name](rows) for name in self.names], dim=1)
