"""Any recording → one channel at 16 kHz, block by block, or a reason that a clinician can act on.

Lengths in headers can be absent or lie, so a recording is as long as what comes out of its decoder; memory
stays flat however long that is.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soxr

from ml.containers import TOLERANCE
from ml.decoders import REASONS, AudioProperties, Floats, Source, UnreadableAudio, opened

__all__ = ["REASONS", "AudioProperties", "Decoding", "UnreadableAudio", "decode", "load", "probe"]

SAMPLE_RATE = 16_000
BLOCK_SECONDS = 10
MAX_SECONDS = 2 * 60 * 60
ENCODER_PADDING_S = 0.5
"""What a decoder may give beyond what was recorded: codecs work in frames, and some files do not say how
much of the first and last is filling. Most of the kinds that are tested has an MP3 at 8 kHz without a header:
168 ms."""


def probe(path: Path | str) -> AudioProperties:
    """Read the file's own description, without decoding it and whatever its name is.

    Raises:
        UnreadableAudio: empty, not_audio, cut_off, no_audio_stream, damaged.
    """
    with opened(Path(path)) as source:
        return source.properties


def decode(
    path: Path | str,
    *,
    channel: int | None = None,
    sample_rate: int = SAMPLE_RATE,
    max_seconds: float = MAX_SECONDS,
) -> Decoding:
    """Decode a recording into mono float32 blocks of 10 s, (samples,), finite and within [-1, 1].

    Args:
        channel: the one that is kept, from 0; None for the mean of all.
        sample_rate: of the blocks, in Hz.
        max_seconds: of what was recorded; decoding stops with `too_long` beyond it and what an encoder
            pads, whatever the header says.

    Raises:
        UnreadableAudio: while iterating; any code of `probe`, too_long, no_such_channel.
    """
    return Decoding(Path(path), channel=channel, sample_rate=sample_rate, max_seconds=max_seconds)


def load(path: Path | str, *, channel: int | None = None, sample_rate: int = SAMPLE_RATE) -> Floats:
    """A whole recording as one mono waveform, (samples,); for clips, not for sessions.

    Raises:
        UnreadableAudio: as `decode`.
    """
    blocks = decode(path, channel=channel, sample_rate=sample_rate)
    return np.concatenate([np.empty(0, np.float32), *blocks])


class Decoding:
    """The blocks of one recording; what was met on the way is known once they have been read."""

    def __init__(self, path: Path, *, channel: int | None, sample_rate: int, max_seconds: float) -> None:
        self._path, self._channel, self._rate, self._max_seconds = path, channel, sample_rate, max_seconds
        self.fraction = 0.0
        """Share of the file that has been read."""
        self.samples = 0
        """Samples at the wanted rate that have come out."""
        self.bad_packets = 0
        self.bad_packet_share = 0.0
        self.cut_off = False
        """Whether the file promised clearly more than came."""

    @property
    def duration_s(self) -> float:
        """Seconds of sound that have come out."""
        return self.samples / self._rate

    def __iter__(self) -> Iterator[Floats]:
        size = BLOCK_SECONDS * self._rate
        pending: list[Floats] = []
        given = 0  # samples in the blocks so far
        with opened(self._path) as source:
            for waveform in self._resampled(source):
                self.samples += len(waveform)
                if self.duration_s > self._max_seconds + ENCODER_PADDING_S:
                    raise UnreadableAudio("too_long")
                self.fraction = source.fraction
                pending.append(waveform)
                while self.samples - given >= size:
                    joined = np.concatenate(pending)
                    yield joined[:size]
                    pending = [joined[size:]]
                    given += size
            self._finish(source)
        if self.samples > given:
            yield np.concatenate(pending)

    def _resampled(self, source: Source) -> Iterator[Floats]:
        """Mono at the wanted rate. A stream may change its rate half-way: each stretch is resampled alone."""
        resampler: soxr.ResampleStream | None = None
        current = self._rate
        for samples, rate in source.pieces():
            if rate != current:
                if resampler is not None:
                    yield _tidy(resampler.resample_chunk(np.empty(0, np.float32), last=True))
                resampler = None if rate == self._rate else soxr.ResampleStream(rate, self._rate, 1)
                current = rate
            mono = self._mono(samples)
            yield _tidy(mono if resampler is None else resampler.resample_chunk(mono))
        if resampler is not None:
            yield _tidy(resampler.resample_chunk(np.empty(0, np.float32), last=True))

    def _mono(self, samples: Floats) -> Floats:
        if self._channel is None:
            return samples[:, 0] if samples.shape[1] == 1 else samples.mean(axis=1, dtype=np.float32)
        if self._channel >= samples.shape[1]:
            raise UnreadableAudio("no_such_channel")
        return np.ascontiguousarray(samples[:, self._channel])

    def _finish(self, source: Source) -> None:
        self.fraction = 1.0
        self.bad_packets = source.bad_packets
        self.bad_packet_share = source.bad_packets / max(1, source.packets)
        claimed = source.properties.duration_s or 0.0
        self.cut_off = source.torn or self.duration_s < (1 - TOLERANCE) * claimed - 0.1
        if not source.heard:
            raise UnreadableAudio("cut_off" if self.cut_off else "damaged" if source.bad_packets else "empty")


def _tidy(waveform: Floats) -> Floats:
    """Float files can hold anything; a single NaN would spread through every later stage."""
    if not np.isfinite(waveform.sum()):
        waveform = np.nan_to_num(waveform, nan=0.0, posinf=1.0, neginf=-1.0)
    return np.clip(waveform, -1.0, 1.0)
