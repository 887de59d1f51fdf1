"""Sound for tests: signals made on the fly, the few real clips of `tests/clips`, and files of every kind."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import soundfile
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from numpy.typing import NDArray

Waveform = NDArray[np.float32]

RATE = 16_000
CLIPS = Path(__file__).parent / "clips"

SOUNDFILE_KINDS = {
    "wav": ("WAV", "PCM_16"),
    "flac": ("FLAC", "PCM_16"),
    "mp3": ("MP3", None),
    "ogg": ("OGG", "OPUS"),
}
# kind: muxer, codec, sample rate, container options
STREAM_KINDS = {
    "m4a": ("ipod", "aac", 48_000, {}),
    "mp4": ("mp4", "aac", 44_100, {"movflags": "frag_keyframe+empty_moov"}),
    "aac": ("adts", "aac", 44_100, {}),
    "webm": ("webm", "libopus", 48_000, {}),
    "live.webm": ("webm", "libopus", 48_000, {"live": "1"}),
    "3gp": ("3gp", "libopencore_amrnb", 8_000, {}),
    "amr": ("amr", "libopencore_amrnb", 8_000, {}),
}
KINDS = (*SOUNDFILE_KINDS, *STREAM_KINDS)


def clip_paths() -> list[Path]:
    """The real speech that the repository carries, in a fixed order."""
    return sorted(CLIPS.glob("*.opus"))


def speech(seconds: float | None = None, *, clip: int = 0) -> Waveform:
    """Real speech at 16 kHz from one clip; repeated or cut to `seconds` if given."""
    waveform: Waveform = soundfile.read(clip_paths()[clip], dtype="float32")[0]
    return waveform if seconds is None else np.resize(waveform, round(seconds * RATE)).copy()


def silence(seconds: float) -> Waveform:
    return np.zeros(round(seconds * RATE), np.float32)


def tone(seconds: float, *, hertz: float = 440.0, level: float = 0.3) -> Waveform:
    time = np.arange(round(seconds * RATE)) / RATE
    return (level * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


def noise(seconds: float, *, level: float = 0.05, seed: int = 0) -> Waveform:
    return (level * np.random.default_rng(seed).standard_normal(round(seconds * RATE))).astype(np.float32)


def chord(seconds: float) -> Waveform:
    """Three steady harmonic notes with a slow tremolo: the simplest music."""
    beat = 0.75 + 0.25 * np.sin(2 * np.pi * 2.0 * np.arange(round(seconds * RATE)) / RATE)
    notes = [tone(seconds, hertz=f * k, level=0.1 / k) for f in (220.0, 277.2, 329.6) for k in (1, 2, 3)]
    return np.asarray(np.sum(notes, axis=0) * beat, np.float32)


def resample(waveform: Waveform, sample_rate: int) -> Waveform:
    """Linear interpolation: plain, and good enough to make test files of another rate."""
    if sample_rate == RATE:
        return waveform
    places = np.arange(round(len(waveform) * sample_rate / RATE)) * RATE / sample_rate
    return np.interp(places, np.arange(len(waveform)), waveform).astype(np.float32)


def encode(waveform: Waveform, kind: str, *, dtx: bool = False) -> bytes:
    """A file of `kind` (one of KINDS) that holds a 16 kHz waveform, (samples,) or (samples, channels)."""
    if kind in SOUNDFILE_KINDS:
        container, subtype = SOUNDFILE_KINDS[kind]
        buffer = io.BytesIO()
        soundfile.write(buffer, waveform, RATE, format=container, subtype=subtype)
        return buffer.getvalue()
    muxer, codec, sample_rate, options = STREAM_KINDS[kind]
    channels = np.stack([resample(one, sample_rate) for one in waveform.reshape(len(waveform), -1).T])
    return _mux(channels, muxer, codec, sample_rate, options, dtx)


def _mux(
    channels: Waveform, muxer: str, codec: str, sample_rate: int, options: dict[str, str], dtx: bool
) -> bytes:
    buffer = io.BytesIO()
    layout = "stereo" if len(channels) == 2 else "mono"
    with av.open(buffer, "w", format=muxer, options=options) as container:
        discontinuous = {"dtx": "1"} if dtx else {}
        stream = container.add_stream(codec, rate=sample_rate, layout=layout, options=discontinuous)
        assert isinstance(stream, AudioStream)
        pcm = (np.clip(channels, -1, 1) * 32767).astype(np.int16)
        for start in range(0, pcm.shape[1], 1024):
            packed = np.ascontiguousarray(pcm[:, start : start + 1024].T).reshape(1, -1)
            frame = AudioFrame.from_ndarray(packed, format="s16", layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = sample_rate, start, Fraction(1, sample_rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def telephone_mp3(waveform: Waveform) -> bytes:
    """An MP3 at 8 kHz whose header does not say how much of it is the encoder's filling."""
    return _mux(resample(waveform, 8_000)[None], "mp3", "libmp3lame", 8_000, {"write_xing": "0"}, False)


def video_only(seconds: float = 1.0) -> bytes:
    """An MP4 film without a sound track."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        for _ in range(round(seconds * 10)):
            container.mux(stream.encode(av.VideoFrame(32, 32, "yuv420p")))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def write(path: Path, waveform: Waveform, *, kind: str | None = None) -> Path:
    """Write `waveform` (16 kHz) to `path` as `kind`, which is the path's own extension unless given."""
    path.write_bytes(encode(waveform, kind or path.suffix.removeprefix(".")))
    return path
