"""What a file is by its bytes, whatever its name says, and whether its end is missing.

Only files that are recognised here reach a decoder, and the decoder is told what to expect: left to guess, a
media library also opens playlists, which would let an uploaded file read others.
"""

from __future__ import annotations

import mimetypes
import os
import struct
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO


class Container(StrEnum):
    """The kinds of file that phones, browsers and recorders make; the value is what a clinician reads."""

    WAV = "WAV"
    FLAC = "FLAC"
    MP3 = "MP3"
    OGG = "Ogg"
    MP4 = "MP4"
    WEBM = "WebM"
    AAC = "AAC"
    AMR = "AMR"


SUFFIXES: Mapping[Container, frozenset[str]] = MappingProxyType(
    {
        Container.WAV: frozenset({".wav", ".wave"}),
        Container.FLAC: frozenset({".flac"}),
        Container.MP3: frozenset({".mp3", ".mpga"}),
        Container.OGG: frozenset({".ogg", ".oga", ".opus"}),
        Container.MP4: frozenset({".m4a", ".mp4", ".m4b", ".mov", ".3gp", ".3gpp", ".3g2"}),
        Container.WEBM: frozenset({".webm", ".weba", ".mkv", ".mka"}),
        Container.AAC: frozenset({".aac"}),
        Container.AMR: frozenset({".amr", ".awb"}),
    }
)

MP4_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"moof", b"free", b"skip", b"wide"})
TOLERANCE = 0.02
"""Share of a recording that may be missing before it counts as cut off: writers round and pad."""

_UNKNOWN_WAV_SIZE = 0x7FFFF000  # what a recorder writes when it streams and never learns the length
_OGG_PAGE_LIMIT = 65_307


def recognise(head: bytes) -> Container | None:
    """The container whose first bytes (16 suffice) are these; None if it is no recording that we read."""
    if head[:4] in {b"RIFF", b"RF64"} and head[8:12] == b"WAVE":
        return Container.WAV
    if head[4:8] in MP4_BOXES:
        return Container.MP4
    marks = {b"fLaC": Container.FLAC, b"OggS": Container.OGG, b"\x1aE\xdf\xa3": Container.WEBM}
    if head[:4] in marks:
        return marks[head[:4]]
    if head.startswith(b"#!AMR"):
        return Container.AMR
    if head.startswith(b"ID3"):
        return Container.MP3
    return _mpeg_frame(head)


def _mpeg_frame(head: bytes) -> Container | None:
    """MP3 and bare AAC have no signature, only a frame header whose reserved values must not occur."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer, bitrate, rate = (head[1] >> 3) & 3, (head[1] >> 1) & 3, head[2] >> 4, (head[2] >> 2) & 3
    if layer == 0:
        return Container.AAC if head[1] & 0xF0 == 0xF0 else None
    layer_iii_or_ii = layer in {1, 2}
    return Container.MP3 if layer_iii_or_ii and version != 1 and bitrate != 15 and rate != 3 else None


def suffix_lies(name: str, container: Container) -> bool:
    """Whether the extension of `name` claims another kind; none, or an unknown one, claims nothing."""
    suffix = Path(name).suffix.lower()
    if suffix in SUFFIXES[container]:
        return False
    return any(suffix in known for known in SUFFIXES.values()) or mimetypes.guess_type(name)[0] is not None


def is_torn(file: BinaryIO, container: Container) -> bool:
    """Whether the file ends before its own structure says; False where the container cannot tell."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    match container:
        case Container.WAV:
            return _wav_is_torn(file, size)
        case Container.MP3:
            return _mp3_is_torn(file.read(1 << 16), size)
        case Container.OGG:
            file.seek(max(0, size - _OGG_PAGE_LIMIT))
            return _ogg_is_torn(file.read())
        case Container.MP4:
            boxes = dict(_mp4_boxes(file, size))
            return b"moov" not in boxes or max(boxes.values()) > size
        case _:
            return False


def _wav_is_torn(file: BinaryIO, size: int) -> bool:
    file.seek(12)
    while len(header := file.read(8)) == 8:
        kind, length = struct.unpack("<4sI", header)
        if kind == b"data":
            missing = file.tell() + int(length) - size
            return length < _UNKNOWN_WAV_SIZE and missing > TOLERANCE * int(length)
        file.seek(length + length % 2, os.SEEK_CUR)
    return True


def _mp3_is_torn(head: bytes, size: int) -> bool:
    """Encoders leave the stream's size in a Xing or Info frame; without one nothing can be said."""
    mark = max(head.find(b"Xing"), head.find(b"Info"))
    if mark < 0 or len(head) < mark + 16:
        return False
    flags, _frames, claimed = (int(word) for word in struct.unpack(">III", head[mark + 4 : mark + 16]))
    missing = claimed - (size - mark)
    return flags & ~0xF == 0 and flags & 3 == 3 and missing > TOLERANCE * claimed


def _ogg_is_torn(tail: bytes) -> bool:
    page = tail[tail.rfind(b"OggS") :]
    if len(page) < 27:
        return True
    segments = page[26]
    return len(page) < 27 + segments + sum(page[27 : 27 + segments])


def _mp4_boxes(file: BinaryIO, size: int) -> Iterator[tuple[bytes, int]]:
    """Top-level boxes with the place where each should end."""
    start = 0
    while start < size:
        file.seek(start)
        header = file.read(16)
        if len(header) < 8:
            yield b"torn", size + 1
            return
        length, kind = struct.unpack(">I4s", header[:8])
        if length == 1 and len(header) == 16:
            length = struct.unpack(">Q", header[8:])[0]
        end = size if length == 0 else start + max(length, 8)
        yield kind, end
        start = end
