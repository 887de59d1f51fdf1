"""Rooms, lines and microphones on log-mel planes, drawn anew in every epoch.

What these do to a signal they do, in the mean, to the power in each band: a diffuse room lets it decay
exponentially (Polack 1988), noise adds to it, a microphone or line multiplies it, a longer or shorter vocal
tract moves it along the frequency axis (VTLP, Jaitly & Hinton 2013). So a plane can be altered in a
millisecond where a waveform and its transform would take tens, and no epoch hears the same channel twice.
Phases are left out: it is an approximation, held against real filtering in the tests.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from ml.augment.phone import BAND_HZ
from ml.config import ChannelConfig, FeatureConfig
from ml.frontend import mel_centres

RESPONSE_WAVES = 4
"""A smooth response over frequency is a sum of so many half cosines."""
DIRECT_DB = (-3.0, 9.0)
"""Energy of the direct sound over the room's: a lapel microphone to the far side of a table."""
STOP_DB = 45.0
"""How far a telephone's filters take down what lies outside its band."""
FLUCTUATION_DB = 3.0
"""Of stationary noise from frame to frame in one band."""

Part = Callable[[Tensor, torch.Generator], Tensor]


class Channel(nn.Module):
    """Log-mel planes in dB → the same as heard through a channel, for a share of them."""

    outside: Tensor

    def __init__(self, cfg: ChannelConfig, features: FeatureConfig, sample_rate: int = 16_000) -> None:
        super().__init__()
        self.cfg = cfg
        self.seconds_per_frame = features.hop_length / sample_rate
        centres = torch.from_numpy(mel_centres(features))
        self.register_buffer("outside", (centres < BAND_HZ[0]) | (centres > BAND_HZ[1]))

    def forward(self, log_mel: Tensor, generator: torch.Generator) -> Tensor:
        """Return an altered copy of `log_mel` (B, n_mels, frames); those not drawn are the same."""
        if not self.cfg.share:
            return log_mel
        altered = torch.rand(len(log_mel), generator=generator) < self.cfg.share
        planes = log_mel[altered]
        if not len(planes):
            return log_mel
        for part in (self._warp, self._room, self._noise, self._line):
            planes = self._some(part, planes, generator)
        changed = log_mel.clone()
        changed[altered] = planes
        return changed

    def _some(self, part: Part, planes: Tensor, generator: torch.Generator) -> Tensor:
        """Let a part of the channel alter each plane with the probability `each`."""
        if self.cfg.each == 1:
            return part(planes, generator)
        drawn = _uniform(planes, generator) < self.cfg.each
        return torch.where(drawn[..., None], part(planes, generator), planes)

    def _warp(self, planes: Tensor, generator: torch.Generator) -> Tensor:
        """Read each plane at stretched places of its frequency axis, between bands in proportion."""
        if not self.cfg.warp:
            return planes
        bands = planes.shape[1]
        factor = 1 + self.cfg.warp * (2 * _uniform(planes, generator) - 1)  # (B, 1)
        place = (torch.arange(bands)[None] * factor).clamp(max=bands - 1)  # (B, bands)
        below = place.long().clamp(max=bands - 2)
        share = (place - below)[..., None]
        pick = below[..., None].expand_as(planes)
        return planes.gather(1, pick) * (1 - share) + planes.gather(1, pick + 1) * share

    def _room(self, planes: Tensor, generator: torch.Generator) -> Tensor:
        """Add to each frame the exponentially decaying power of those before it."""
        frames = planes.shape[2]
        low, high = self.cfg.rt60_low, self.cfg.rt60_high
        rt60 = low + (high - low) * _uniform(planes, generator)
        direct = DIRECT_DB[0] + (DIRECT_DB[1] - DIRECT_DB[0]) * _uniform(planes, generator)
        ago = torch.arange(1, frames) * self.seconds_per_frame
        tail = torch.exp(-math.log(1e6) * ago[None] / rt60)  # power falls by 60 dB in one RT60
        tail = tail / tail.sum(dim=1, keepdim=True) * 10 ** (-direct / 10)
        decay = torch.cat([torch.ones(len(planes), 1), tail], dim=1)[:, None]  # (B, 1, frames)
        size = 2 * frames
        spectrum = torch.fft.rfft(_power(planes), size) * torch.fft.rfft(decay, size)
        return _decibels(torch.fft.irfft(spectrum, size)[..., :frames], floor=planes.amin(dim=(1, 2)))

    def _noise(self, planes: Tensor, generator: torch.Generator) -> Tensor:
        """Add a steady, coloured noise at an SNR against the mean power of the plane's loud half."""
        batch, bands, frames = planes.shape
        power = _power(planes)
        by_frame = power.mean(dim=1)  # (B, frames)
        loud = by_frame.sort(dim=1, descending=True).values[:, : max(1, frames // 2)]
        low, high = self.cfg.snr_low_db, self.cfg.snr_high_db
        snr = low + (high - low) * _uniform(planes, generator)
        colour = _power(self._smooth(batch, bands, generator) * 2)
        colour = colour / colour.mean(dim=1, keepdim=True)
        level = loud.mean(dim=1, keepdim=True) * 10 ** (-snr / 10)
        flicker = _power(torch.randn(planes.shape, generator=generator) * FLUCTUATION_DB)
        flicker = flicker / flicker.mean(dim=(1, 2), keepdim=True)
        return _decibels(power + (level * colour)[..., None] * flicker)

    def _line(self, planes: Tensor, generator: torch.Generator) -> Tensor:
        """Colour by a smooth frequency response; of some, keep only the band of a telephone."""
        batch, bands, _ = planes.shape
        response = self._smooth(batch, bands, generator)
        telephone = _uniform(planes, generator) < self.cfg.telephone_share
        response = response - STOP_DB * (telephone & self.outside[None])
        return planes + response[..., None]

    def _smooth(self, batch: int, bands: int, generator: torch.Generator) -> Tensor:
        """Return smooth random curves in dB, (batch, bands), with the spread `response_db`."""
        place = torch.linspace(0, math.pi, bands)
        waves = torch.stack([torch.cos(place * order) for order in range(1, RESPONSE_WAVES + 1)])
        heights = torch.randn(batch, RESPONSE_WAVES, generator=generator) * self.cfg.response_db
        return heights @ waves * math.sqrt(2 / RESPONSE_WAVES)


def _uniform(planes: Tensor, generator: torch.Generator) -> Tensor:
    return torch.rand(len(planes), 1, generator=generator)


def _power(decibels: Tensor) -> Tensor:
    return 10 ** (decibels / 10)


def _decibels(power: Tensor, floor: Tensor | None = None) -> Tensor:
    """Back to dB; what a transform left at or below zero is at the plane's own floor."""
    if floor is None:
        return 10 * power.log10()
    return 10 * torch.maximum(power, _power(floor)[:, None, None]).log10()
