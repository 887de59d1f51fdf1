"""What is no single voice: training planes to which the only right answer is "all alike".

Outlier exposure (Hendrycks, Mazeika & Dietterich 2019): a network that was never shown noise, tones or two
voices at once is as sure of them as of speech. Planes of a batch are replaced by noise, steady tones, chords
that set in and die away, a voice under another one, and a scrap of a voice in silence.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

Kind = Callable[[Tensor, torch.Generator], Tensor]

RANGE_DB = 40.0
"""Between the loudest band of a made sound and its floor."""
SCRAP_FRAMES = 25
"""A quarter of a second: less than a syllable."""
FRAMES_A_SECOND = 100
LARGEST_LEAD_DB = 3.0
"""By which one of two voices may be louder."""


class Strangers(nn.Module):
    """Replace a share of a batch of log-mel planes; of those, `two_voices` is a share, too.

    With `bursts`, noise in the rhythm of syllables is one more kind.
    """

    def __init__(self, share: float, two_voices: float = 0.2, bursts: bool = False) -> None:
        super().__init__()
        self.share = share
        more: tuple[Kind, ...] = (_bursts,) if bursts else ()
        self.kinds: tuple[Kind, ...] = (_noise, _tones, _chords, _scrap, *more, _two_voices)
        others = len(self.kinds) - 1
        self.odds = torch.tensor([(1 - two_voices) / others] * others + [two_voices])

    def forward(self, log_mel: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Map planes (B, n_mels, frames) to the same shape, and say which were replaced, (B,)."""
        replaced = torch.rand(len(log_mel), generator=generator) < self.share
        changed = log_mel.clone()
        for place in replaced.nonzero()[:, 0].tolist():
            kind = self.kinds[int(torch.multinomial(self.odds, 1, generator=generator))]
            voices = log_mel[[place, (place + 1) % len(log_mel)]]
            changed[place] = kind(voices, generator)
        return changed, replaced


def _curve(size: int, generator: torch.Generator, waves: int = 5) -> Tensor:
    """A smooth random curve between 0 and 1, (size,)."""
    place = torch.linspace(0, torch.pi, size)
    orders = torch.arange(1, waves + 1)[:, None]
    heights = torch.randn(waves, generator=generator)
    phases = torch.rand(waves, 1, generator=generator) * 2 * torch.pi
    curve = (heights[:, None] * torch.cos(orders * place + phases)).sum(dim=0)
    return (curve - curve.min()) / (curve.max() - curve.min() + 1e-6)


def _noise(voices: Tensor, generator: torch.Generator) -> Tensor:
    """Noise of any colour, steady or swelling."""
    _, bands, frames = voices.shape
    swell = _curve(frames, generator) * float(torch.rand((), generator=generator)) * RANGE_DB / 2
    colour = _curve(bands, generator, waves=3) * RANGE_DB / 2
    return colour[:, None] + swell + 3 * torch.randn(bands, frames, generator=generator)


def _bursts(voices: Tensor, generator: torch.Generator) -> Tensor:
    """Noise that comes and goes two to eight times a second, between low and high."""
    _, bands, frames = voices.shape
    rate, phase, depth, fall, bend = torch.rand(5, generator=generator).tolist()
    turns = (2 + 6 * rate) * torch.arange(frames) / FRAMES_A_SECOND + phase
    swell = 20 * torch.sin(2 * torch.pi * turns).clamp(min=0.02).log10().clamp(min=-(10 + 25 * depth))
    colour = bend * RANGE_DB / 4 * _curve(bands, generator, waves=3) - fall * RANGE_DB * torch.linspace(
        0, 1, bands
    )
    jitter = torch.linspace(5, 2, bands)[:, None] * torch.randn(bands, frames, generator=generator)
    plane: Tensor = colour[:, None] + swell + jitter
    return plane


def _lines(bands: int, count: int, generator: torch.Generator) -> Tensor:
    """Spectral lines at random bands with their leakage, in dB over the floor, (bands,)."""
    centres = torch.rand(count, 1, generator=generator) * bands
    heights = RANGE_DB * (0.5 + 0.5 * torch.rand(count, 1, generator=generator))
    return (heights - 12 * (torch.arange(bands) - centres).abs()).clamp(min=0).amax(dim=0)


def _tones(voices: Tensor, generator: torch.Generator) -> Tensor:
    """One to three steady tones."""
    _, bands, frames = voices.shape
    count = int(torch.randint(1, 4, (), generator=generator))
    return _lines(bands, count, generator)[:, None] + torch.randn(bands, frames, generator=generator)


def _chords(voices: Tensor, generator: torch.Generator) -> Tensor:
    """Notes in a rhythm: each sets in at once and dies away."""
    _, bands, frames = voices.shape
    beat = int(torch.randint(15, 60, (), generator=generator))
    decay = float(0.1 + 0.6 * torch.rand((), generator=generator))  # dB per frame
    plane = torch.zeros(bands, frames)
    for start in range(0, frames, beat):
        count = int(torch.randint(2, 12, (), generator=generator))
        dying = _lines(bands, count, generator)[:, None] - decay * torch.arange(frames - start)
        plane[:, start:] = torch.maximum(plane[:, start:], dying)
    return plane + torch.randn(bands, frames, generator=generator)


def _two_voices(voices: Tensor, generator: torch.Generator) -> Tensor:
    """Two clips at once, of nearly the same loudness."""
    lead = (2 * torch.rand((), generator=generator) - 1) * LARGEST_LEAD_DB
    powers = 10 ** (voices / 10)
    first, second = powers / powers.mean(dim=(1, 2), keepdim=True)
    both: Tensor = first * 10 ** (lead / 10) + second
    return 10 * both.log10()


def _scrap(voices: Tensor, generator: torch.Generator) -> Tensor:
    """The loudest scrap of a clip, in silence."""
    plane = voices[0]
    frames = plane.shape[1]
    middle = int(plane.mean(dim=0).argmax())
    start = min(max(0, middle - SCRAP_FRAMES // 2), max(0, frames - SCRAP_FRAMES))
    scrap = torch.full_like(plane, float(plane.max()) - 2 * RANGE_DB)
    scrap[:, start : start + SCRAP_FRAMES] = plane[:, start : start + SCRAP_FRAMES]
    return scrap
