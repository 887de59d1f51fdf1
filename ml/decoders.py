"""Two libraries, one shape: a recording as pieces of a second or less, (samples, channels), at its own rate.

WAV and FLAC go through libsndfile; the rest through FFmpeg's decoders inside PyAV, packet by packet, so that
one bad packet costs its own moment and not the recording. (libsndfile also reads MP3 and Ogg-Opus, but takes
twice the time for the latter, and its MP3 library writes to stderr.)
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, TypeAlias

import av
import numpy as np
import soundfile
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream as PacketStream
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from numpy.typing import NDArray

from ml.containers import Container, is_torn, recognise

Floats: TypeAlias = NDArray[np.float32]
Piece: TypeAlias = tuple[Floats, int]  # samples (n, channels), rate in Hz

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "empty": "The file is empty: no sound is stored in it.",
        "not_audio": "This is not a recording that can be read. "
        "WAV, FLAC, MP3, Ogg, M4A, AAC, WebM, 3GP and AMR are.",
        "cut_off": "The recording is cut off: its end never arrived. Copy or export it again.",
        "no_audio_stream": "The file holds no sound track.",
        "damaged": "The recording is damaged: no sound can be decoded from it.",
        "too_long": "The recording is longer than two hours. Split it and upload the parts.",
        "no_such_channel": "The channel that was chosen for the patient does not exist in this recording.",
    }
)

_FORMATS: Mapping[Container, str] = MappingProxyType(
    {
        Container.WAV: "wav",
        Container.FLAC: "flac",
        Container.MP3: "mp3",
        Container.OGG: "ogg",
        Container.MP4: "mov",
        Container.WEBM: "matroska",
        Container.AAC: "aac",
        Container.AMR: "amr",
    }
)
# From these frame types on AMR carries no speech (3GPP TS 26.101 and 26.201): the phone heard a pause and
# sent next to nothing. FFmpeg refuses such frames, so they become the silence that they stand for.
_AMR_PAUSE: Mapping[str, int] = MappingProxyType({"amrnb": 8, "amrwb": 9})
_RATES = range(4_000, 384_001)
_MAX_CHANNELS = 32
_MAX_GAP_SECONDS = 0.5


class UnreadableAudio(Exception):
    """A recording that cannot be analysed: a stable `code`, and a `message` fit for a clinician."""

    def __init__(self, code: str, message: str | None = None) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message or REASONS[code]

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class AudioProperties:
    """What the file says of itself; `duration_s` is a claim, None where it makes none."""

    container: Container
    codec: str
    sample_rate: int
    channels: int
    duration_s: float | None

    def __post_init__(self) -> None:
        if self.sample_rate not in _RATES or not 0 < self.channels <= _MAX_CHANNELS:
            raise UnreadableAudio("damaged")


class Source:
    """An open recording."""

    def __init__(self, properties: AudioProperties, *, torn: bool) -> None:
        self.properties = properties
        self.torn = torn
        self.fraction = 0.0
        self.packets = 0
        self.bad_packets = 0
        self.heard = False

    def pieces(self) -> Iterator[Piece]:
        """A second or less at a time."""
        raise NotImplementedError


class SampleSource(Source):
    """WAV or FLAC, by libsndfile."""

    def __init__(self, reader: soundfile.SoundFile, container: Container, *, torn: bool) -> None:
        # A FLAC's length stands in its header; a WAV's is computed from the file's size: it claims nothing.
        claimed = reader.frames / reader.samplerate if container is Container.FLAC else None
        codec = str(reader.subtype).lower()
        properties = AudioProperties(container, codec, reader.samplerate, reader.channels, claimed)
        super().__init__(properties, torn=torn)
        self._reader = reader

    def pieces(self) -> Iterator[Piece]:
        rate = self.properties.sample_rate
        done = 0
        # Where a FLAC is damaged, all of the read that meets the damage is lost.
        at_a_time = rate // 4 if self.properties.container is Container.FLAC else rate
        while True:
            try:
                samples = self._reader.read(at_a_time, dtype="float32", always_2d=True)
            except soundfile.LibsndfileError:
                self.torn = True
                return
            if not len(samples):
                return
            self.heard = True
            done += len(samples)
            self.fraction = min(1.0, done / max(1, self._reader.frames))
            yield samples, rate


class PacketSource(Source):
    """Anything else, by FFmpeg."""

    def __init__(self, opened: InputContainer, file: BinaryIO, container: Container, *, torn: bool) -> None:
        if not opened.streams.audio:
            raise UnreadableAudio("no_audio_stream")
        stream = opened.streams.audio[0]
        codec = stream.codec_context
        if codec is None:
            raise UnreadableAudio("damaged")
        duration_s = None
        if container in {Container.MP4, Container.WEBM}:  # elsewhere FFmpeg guesses it from the file's size
            if stream.duration and stream.time_base:
                duration_s = float(stream.duration * stream.time_base)
            elif opened.duration:
                duration_s = opened.duration / av.time_base
        properties = AudioProperties(container, codec.name, codec.sample_rate, codec.channels, duration_s)
        super().__init__(properties, torn=torn)
        self._opened, self._stream, self._file = opened, stream, file
        self._size = os.fstat(file.fileno()).st_size
        self._pause = _AMR_PAUSE.get(codec.name)

    def pieces(self) -> Iterator[Piece]:
        gathered: list[Floats] = []
        current = (self.properties.channels, self.properties.sample_rate)
        for samples, rate in self._frames():
            full = sum(map(len, gathered)) >= current[1]
            if gathered and (full or (samples.shape[1], rate) != current):
                yield np.concatenate(gathered), current[1]
                gathered = []
            current = (samples.shape[1], rate)
            gathered.append(samples)
        if gathered:
            yield np.concatenate(gathered), current[1]

    def _frames(self) -> Iterator[Piece]:
        packets = self._opened.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except FFmpegError:
                self.torn = True
                return
            self.packets += 1
            # A packet's own place, where it is told: the file is read far ahead of the decoder.
            place = self._file.tell() if packet.pos is None else packet.pos
            self.fraction = min(1.0, place / self._size)
            yield from self._decoded(packet)

    def _decoded(self, packet: Packet[PacketStream]) -> Iterator[Piece]:
        if self._pause is not None and packet.size and (bytes(packet)[0] >> 3) & 15 >= self._pause:
            yield from self._gap(packet)
            return
        try:
            frames = self._stream.decode(packet)
        except FFmpegError:
            if packet.size:  # an empty one only asks the decoder for what it still holds
                self.bad_packets += 1
                yield from self._gap(packet)
            return
        for frame in frames:
            if frame.samples and frame.sample_rate in _RATES:
                self.heard = True
                yield _floats(frame), frame.sample_rate

    def _gap(self, packet: Packet[PacketStream]) -> Iterator[Piece]:
        """Silence in place of a packet, so that all that follows stays at its own time."""
        seconds = float(packet.duration * packet.time_base) if packet.duration and packet.time_base else 0.0
        samples = round(min(seconds, _MAX_GAP_SECONDS) * self.properties.sample_rate)
        if samples > 0:
            yield np.zeros((samples, self.properties.channels), np.float32), self.properties.sample_rate


def _floats(frame: AudioFrame) -> Floats:
    if frame.format.name != "fltp":
        (frame,) = AudioResampler(format="fltp").resample(frame)
    return frame.to_ndarray().astype(np.float32, copy=False).T


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """Open a recording with the library that suits what it really is.

    Raises:
        UnreadableAudio: empty, not_audio, cut_off, damaged, no_audio_stream.
    """
    with path.open("rb") as file:
        head = file.read(16)
        container = recognise(head)
        if container is None:
            raise UnreadableAudio("not_audio" if head else "empty")
        torn = is_torn(file, container)
        file.seek(0)
        if container in {Container.WAV, Container.FLAC}:
            try:
                reader = soundfile.SoundFile(file.fileno(), closefd=False)
            except soundfile.LibsndfileError:
                file.seek(0)  # a rare codec inside a WAV: the other library may know it
            else:
                with reader:
                    yield SampleSource(reader, container, torn=torn)
                return
        try:
            packets = av.open(file, "r", format=_FORMATS[container], metadata_errors="ignore")
        except (FFmpegError, ValueError) as error:
            raise UnreadableAudio("cut_off" if torn else "damaged") from error
        with packets:
            yield PacketSource(packets, file, container, torn=torn)
