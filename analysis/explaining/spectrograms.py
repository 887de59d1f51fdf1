"""A spectrogram with its saliency as small grey pictures, masks for colours that the page itself chooses."""

from __future__ import annotations

import base64
import struct
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def grey_png(rows: NDArray[np.uint8]) -> bytes:
    """(height, width), the first row on top; PNG (ISO 15948), 8 bits of grey, no filter."""
    height, width = rows.shape
    scanlines = np.concatenate([np.zeros((height, 1), np.uint8), rows], axis=1).tobytes()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(scanlines, 9)), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(kind, body) for kind, body in chunks)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def data_address(rows: NDArray[np.uint8]) -> str:
    """The picture as an address that needs no request."""
    return f"data:image/png;base64,{base64.b64encode(grey_png(rows)).decode()}"


TICKS_HZ = (250, 500, 1000, 2000, 4000)
SMOOTHED = (3, 7)  # bands and frames over which saliency is averaged before it is drawn
GAMMA = 0.6  # between the faintest and the strongest, eyes see halves, not hundredths


@dataclass(frozen=True)
class Picture:
    """A spectrogram with its saliency, as masks for a colour each; ticks in per cent of width and height."""

    levels: str
    speaks_for: str
    speaks_against: str
    seconds: list[tuple[float, float]]
    hertz: list[tuple[float, int]]


def picture_of(
    *,
    levels: NDArray[np.uint8],
    saliency: NDArray[np.int8],
    hertz: NDArray[np.float64],
    start_s: float,
    frame_s: float,
) -> Picture:
    """``levels``, ``saliency`` (bands, frames), the lowest band first; ``hertz`` (bands,)."""
    smooth = _smoothed(saliency.astype(np.float64))
    strength = np.abs(smooth) / max(float(np.abs(smooth).max()), 1e-9)
    painted = np.rint(255 * strength**GAMMA).astype(np.uint8)[::-1]
    positive = smooth[::-1] > 0
    bands, frames = levels.shape
    heights = 100 * (1 - (np.interp(TICKS_HZ, hertz, np.arange(bands)) + 0.5) / bands)
    length = (frames - 1) * frame_s
    whole = np.arange(np.ceil(start_s - 1e-6), start_s + length + 1e-6)
    return Picture(
        levels=data_address(levels[::-1]),
        speaks_for=data_address(np.where(positive, painted, 0).astype(np.uint8)),
        speaks_against=data_address(np.where(positive, 0, painted).astype(np.uint8)),
        seconds=[(round(float(100 * (second - start_s) / length), 2), float(second)) for second in whole],
        hertz=[(round(float(height), 2), tick) for height, tick in zip(heights, TICKS_HZ, strict=True)],
    )


def _smoothed(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    for axis, width in enumerate(SMOOTHED):
        padding = [(width // 2, width // 2) if side == axis else (0, 0) for side in (0, 1)]
        rows = sliding_window_view(np.pad(rows, padding), width, axis=axis).mean(axis=-1)
    return rows
