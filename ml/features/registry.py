"""Features by name, each made from another plane, so that a stack of them computes every plane once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from ml import frontend
from ml.config import FeatureConfig
from ml.features.chroma import Chroma
from ml.features.contrast import SpectralContrast
from ml.features.spectral import Cepstrum, Decibels, MelBands, PowerSpectrum
from ml.features.temporal import Delta, Rms, ZeroCrossingRate
from ml.features.tonnetz import Tonnetz

Build = Callable[[FeatureConfig, int], nn.Module]
Layout = Literal["rows", "channels"]


@dataclass(frozen=True)
class Recipe:
    """What a plane is made of, and the module that makes it."""

    source: str
    build: Build


WAVEFORM = "waveform"

FEATURES: Mapping[str, Recipe] = {
    "power": Recipe(WAVEFORM, PowerSpectrum),
    "mel": Recipe("power", MelBands),
    "log_mel": Recipe("mel", Decibels),
    "mfcc": Recipe("log_mel", Cepstrum),
    "chroma": Recipe("power", Chroma),
    "contrast": Recipe("power", SpectralContrast),
    "tonnetz": Recipe("chroma", Tonnetz),
    "zcr": Recipe(WAVEFORM, ZeroCrossingRate),
    "rms": Recipe(WAVEFORM, Rms),
}
"""Any of these, or one with "_delta" or "_delta2" behind it, is a feature that a config may name."""

_ORDERS = {"_delta": 1, "_delta2": 2}


def _split(name: str) -> tuple[str, int]:
    """Return the plane that `name` is made from, and the order of its derivative: 0 for the plane itself."""
    for suffix, order in _ORDERS.items():
        if name.endswith(suffix) and name.removesuffix(suffix) in FEATURES:
            return name.removesuffix(suffix), order
    if name not in FEATURES:
        raise ValueError(
            f"unknown feature {name!r}; known: {', '.join(FEATURES)}, and these with _delta, _delta2"
        )
    return name, 0


class Features(nn.Module):
    """Waveform (B, samples) → the named features of the same frames.

    Laid out as rows one below the other, (B, rows, frames), or, where all have the same number of rows, as
    channels, (B, features, rows, frames).
    """

    def __init__(
        self,
        names: Sequence[str],
        cfg: FeatureConfig,
        sample_rate: int = frontend.SAMPLE_RATE,
        layout: Layout = "rows",
    ) -> None:
        super().__init__()
        if not names:
            raise ValueError("name at least one feature")
        self.names, self.layout = tuple(names), layout
        self.planes = nn.ModuleDict()
        self.sources: dict[str, str] = {}
        for name in names:
            self._add(name, cfg, sample_rate)
        heights = [self._rows(name) for name in names]
        if layout == "channels" and len(set(heights)) > 1:
            raise ValueError(f"channels must be of one height, not {dict(zip(names, heights, strict=True))}")
        self.rows = sum(heights) if layout == "rows" else heights[0]

    def _add(self, name: str, cfg: FeatureConfig, sample_rate: int) -> None:
        """Add the module that makes `name`, after those that make what it is made of."""
        if name in self.planes:
            return
        plane, order = _split(name)
        self.sources[name] = plane if order else FEATURES[plane].source
        if self.sources[name] != WAVEFORM:
            self._add(self.sources[name], cfg, sample_rate)
        self.planes[name] = (
            Delta(self._rows(plane), order) if order else FEATURES[plane].build(cfg, sample_rate)
        )

    def _rows(self, name: str) -> int:
        rows = self.planes[name].rows
        assert isinstance(rows, int)
        return rows

    def forward(self, waveform: Tensor) -> Tensor:
        """Return (B, rows, frames) or (B, features, rows, frames); frames = 1 + samples // hop_length."""
        made = {WAVEFORM: waveform}
        for name, module in self.planes.items():  # in the order in which they were added
            made[name] = module(made[self.sources[name]])
        planes = [made[name] for name in self.names]
        return torch.cat(planes, dim=1) if self.layout == "rows" else torch.stack(planes, dim=1)


def build_feature(name: str, cfg: FeatureConfig, sample_rate: int = frontend.SAMPLE_RATE) -> Features:
    """Return the one feature, (B, samples) → (B, rows, frames).

    Raises:
        ValueError: there is no feature of that name; the known ones are listed.
    """
    return Features((name,), cfg, sample_rate)
