"""What is no single voice, as sound: what a recogniser must never be sure of.

Each kind is made from the speech of two people, which some of them need, and from a generator. They are for
measuring and for setting thresholds; what networks are taught with is made otherwise, on planes
(`ml.augment.strangers`), so that being warned of the one says something of the other.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Sound = NDArray[np.floating]
Make = Callable[[tuple[Floats, Floats], int, np.random.Generator], Sound]
"""(speech of two people, sample rate, generator) → (samples,)"""

SECONDS = 3.0
SCRAP_SECONDS = 0.2
LEAD_DB = 3.0
"""By which one of two voices may be louder."""


def sounds(
    kind: str, voices: Sequence[Floats], count: int, sample_rate: int, rng: np.random.Generator
) -> Iterator[Floats]:
    """Yield `count` sounds of a kind, within [-1, 1]; neighbours among `voices` are of different people."""
    for place in range(count):
        pair = voices[place % len(voices)], voices[(place + 1) % len(voices)]
        made = KINDS[kind](pair, sample_rate, rng).astype(np.float32)
        yield made / max(1.0, float(np.abs(made).max(initial=0.0)))


def _times(sample_rate: int) -> Sound:
    return np.arange(int(SECONDS * sample_rate)) / sample_rate


def _scaled(waveform: Sound, peak: float) -> Sound:
    scaled: Sound = peak / np.abs(waveform).max() * waveform
    return scaled


def _coloured(size: int, slope: float, rng: np.random.Generator) -> Sound:
    """Noise whose power falls by frequency to the power of `slope`: 0 white, 1 pink, 2 brown."""
    spectrum = np.fft.rfft(rng.normal(size=size))
    falls = np.maximum(np.arange(len(spectrum)), 1.0) ** (-slope / 2)
    return _scaled(np.fft.irfft(spectrum * falls, size), 1.0)


def _silence(voices: tuple[Floats, Floats], sample_rate: int, rng: np.random.Generator) -> Sound:
    """Nothing but a converter's last bits."""
    return 10 ** rng.uniform(-4.8, -3.5) * rng.normal(size=len(_times(sample_rate)))


def _tones(voices: tuple[Floats, Floats], sample_rate: int, rng: np.random.Generator) -> Sound:
    """One to three steady tones, such as a mains hum or a test signal."""
    times = _times(sample_rate)
    hertz = np.exp(rng.uniform(np.log(50), np.log(4000), rng.integers(1, 4)))
    whole: Sound = 0.25 * np.sin(2 * np.pi * hertz[:, None] * times).sum(axis=0)
    return whole


def _noise(voices: tuple[Floats, Floats], sample_rate: int, rng: np.random.Generator) -> Sound:
    """Steady, of any colour."""
    level = 10 ** rng.uniform(-1.5, -0.3)
    return level * _coloured(len(_times(sample_rate)), rng.uniform(0, 2), rng)


def _swelling_noise(voices: tuple[Floats, Floats], sample_rate: int, rng: np.random.Generator) -> Sound:
    """Noise that swells as often as syllables come, as a shaver, a typewriter or a crowd does."""
    times = _times(sample_rate)
    swell = np.clip(np.sin(2 * np.pi * rng.uniform(2, 7) * times + rng.uniform(0, 2 * np.pi)), 0.02, 1)
    return _scaled(swell * _coloured(len(times), rng.uniform(0, 1.5), rng), 0.5)


def _music(voices: tuple[Floats, Floats], sample_rate: int, rng: np.random.Generator) -> Sound:
    """Plucked chords and a tune over them, in a scale and a beat, with or without a drum."""
    times = _times(sample_rate)
    beat, root = rng.uniform(0.2, 0.6), 110 * 2 ** rng.uniform(0, 1.5)
    scale = np.array([0, 2, 4, 5, 7, 9, 11] if rng.random() < 0.5 else [0, 2, 3, 5, 7, 8, 10])
    whole = np.zeros(len(times))
    for start in np.arange(0, SECONDS, beat):
        since = np.maximum(times - start, 0)
        dying = np.exp(-since / rng.uniform(0.15, 0.8)) * (times >= start)
        degree = rng.integers(len(scale))
        chord = [scale[(degree + step) % 7] + 12 * ((degree + step) // 7) for step in (0, 2, 4)]
        for semitones in (*chord, 12 + scale[rng.integers(len(scale))]):
            hertz = root * 2 ** (semitones / 12)
            for overtone in range(1, 7):
                whole += dying * np.sin(2 * np.pi * hertz * overtone * since) / overtone**1.5
        if rng.random() < 0.3:
            whole += 2 * np.exp(-since / 0.04) * (times >= start) * rng.normal(size=len(times))
    return _scaled(whole, 0.5)


def _two_voices(voices: tuple[Floats, Floats], sample_rate: int, rng: np.random.Generator) -> Sound:
    """Two people at once, of nearly the same loudness."""
    first, second = (voice / max(float(np.sqrt(np.mean(voice**2))), 1e-6) for voice in voices)
    size = min(len(first), len(second))
    both = first[:size] + second[:size] * np.float32(10 ** (rng.uniform(-LEAD_DB, LEAD_DB) / 20))
    return _scaled(both, 0.7)


def _scrap(voices: tuple[Floats, Floats], sample_rate: int, rng: np.random.Generator) -> Sound:
    """The loudest fifth of a second of a voice, and nothing else."""
    size = int(SCRAP_SECONDS * sample_rate)
    voice = voices[0]
    loudness = np.convolve(voice**2, np.ones(size), mode="valid")
    start = int(loudness.argmax())
    return voice[start : start + size]


KINDS: Mapping[str, Make] = MappingProxyType(
    {
        "silence": _silence,
        "tones": _tones,
        "noise": _noise,
        "swelling noise": _swelling_noise,
        "music": _music,
        "two voices": _two_voices,
        "0.2 s": _scrap,
    }
)
