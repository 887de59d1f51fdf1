"""A recording, or a short waveform → how it sounds: the one entry for the worker and for the command line.

Everything runs on blocks of ten seconds (decoding, canonical copy, peaks, speech, features, windows), so
memory does not grow with the length of a session.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeAlias

import numpy as np
import soundfile
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from ml.aggregation import Summary, summarise
from ml.audio import Decoding, decode
from ml.frontend import StreamingLogMel, frame_count, log_mel, plane, silent_frames
from ml.peaks import PeakMeter
from ml.quality import FORBIDDING, QualityMeter, quality_codes
from ml.registry import ModelCard, load_card
from ml.runtime import BATCH, Runtime, open_runtime, softmax
from ml.segmentation import SAMPLE_RATE, SpeechDetector
from ml.windows import Window, WindowCutter

Floats: TypeAlias = NDArray[np.float32]
Flags: TypeAlias = NDArray[np.bool_]

SHORTEST_SECONDS = 1.0
"""The least that the network takes; a shorter waveform is followed by silence."""

UNFAMILIAR_SHARE = 0.5
"""Of its windows, from which on a whole recording is called so."""


@dataclass(frozen=True)
class SessionEstimate:
    """What was heard in one recording. Times in seconds; n windows, s spans, p stretches of 50 ms."""

    duration_s: float
    speech_s: float
    spans: Floats
    """(s, 2): where somebody speaks."""
    starts: Floats
    """(n,)"""
    ends: Floats
    """(n,)"""
    probabilities: Floats
    """(n, 8): calibrated, in the order of `ml.labels`."""
    abstained: Flags
    """(n,): windows that are too uncertain to count."""
    summary: Summary
    quality: tuple[str, ...]
    """Codes of `ml.quality.QUALITY`."""
    peaks: NDArray[np.int8]
    """(p, 2): lowest and highest sample, 127 being full scale."""
    model_id: str
    bad_packets: int


@dataclass(frozen=True)
class Listened:
    """A recording in which no emotion was sought: the fields that it shares with `SessionEstimate`."""

    duration_s: float
    speech_s: float
    spans: Floats
    """(s, 2): where somebody speaks."""
    peaks: NDArray[np.int8]
    """(p, 2): lowest and highest sample, 127 being full scale."""
    bad_packets: int


def listen(
    path: Path | str,
    *,
    channel: int | None = None,
    canonical: Path | None = None,
    progress: Callable[[float], None] = lambda fraction: None,
) -> Listened:
    """What `EmotionRecogniser.analyse` does without the recogniser: no feature is taken, no network hears it.

    Arguments and errors are the same.
    """
    decoding = decode(path, channel=channel, sample_rate=SAMPLE_RATE)
    detector, peaks = SpeechDetector(), PeakMeter(SAMPLE_RATE)
    done = 0.0
    with _copy(canonical, SAMPLE_RATE) as keep:
        for block in decoding:
            keep(block)
            detector.feed(block)
            peaks.feed(block)
            done = max(done, min(decoding.fraction, 0.99))
            progress(done)
        detector.flush()
    progress(1.0)
    return Listened(
        duration_s=decoding.duration_s,
        speech_s=detector.speech_s,
        spans=np.array(detector.spans, np.float32).reshape(-1, 2),
        peaks=peaks.whole(),
        bad_packets=decoding.bad_packets,
    )


class EmotionRecogniser:
    """A published model, ready to hear."""

    def __init__(self, card: ModelCard, runtime: Runtime) -> None:
        if card.config.audio.sample_rate != SAMPLE_RATE:
            raise ValueError(
                f"{card.id} hears at {card.config.audio.sample_rate} Hz; speech is sought at 16 kHz"
            )
        self.card = card
        self._runtime = runtime

    @classmethod
    def load(cls, model_id: str | None = None, *roots: Path, device: str = "cpu", threads: int = 1) -> Self:
        """Load a published model by its id or name, by default the shipped one: see `ml.registry.load_card`.

        Raises:
            UnknownModel: there is none of that id or name under `roots`.
        """
        card = load_card(model_id, *roots)
        return cls(card, open_runtime(card, device=device, threads=threads))

    def probabilities(self, waveform: Floats) -> Floats:
        """Calibrated probabilities (8,) of a short waveform (samples,) at the model's rate, taken whole."""
        cfg = self.card.config
        features = plane(log_mel(waveform, cfg.features, cfg.audio.sample_rate), cfg.features)
        shortest = frame_count(int(SHORTEST_SECONDS * cfg.audio.sample_rate), cfg.features)
        if (missing := shortest - features.shape[1]) > 0:
            features = np.concatenate([features, silent_frames(missing, cfg.features)], axis=1)
        probabilities: Floats = softmax(self._runtime.logits(features[None, None]), self.card.temperature)[0]
        return probabilities

    def analyse(
        self,
        path: Path | str,
        *,
        channel: int | None = None,
        canonical: Path | None = None,
        progress: Callable[[float], None] = lambda fraction: None,
    ) -> SessionEstimate:
        """Hear a whole recording.

        Args:
            channel: the patient's, from 0; None for the mean of all.
            canonical: where to write what was heard, as 16 kHz mono FLAC.
            progress: called with the share done, never falling, at last 1; may raise to stop.

        Raises:
            UnreadableAudio: see `ml.audio`; nothing is left at `canonical` then.
        """
        decoding = decode(path, channel=channel, sample_rate=self.card.config.audio.sample_rate)
        listening = _Listening(self.card, self._runtime)
        done = 0.0
        with (
            # The front end's matrices are small: shared out among threads they cost three times the time.
            threadpool_limits(limits=1, user_api="blas"),
            _copy(canonical, self.card.config.audio.sample_rate) as keep,
        ):
            for block in decoding:
                keep(block)
                listening.feed(block)
                done = max(done, min(decoding.fraction, 0.99))
                progress(done)
            estimate = listening.finish(decoding)
        progress(1.0)
        return estimate


class _Listening:
    """One recording in the course of being heard."""

    def __init__(self, card: ModelCard, runtime: Runtime) -> None:
        self._card, self._runtime = card, runtime
        cfg = card.config
        self._detector = SpeechDetector()
        self._log_mel = StreamingLogMel(cfg.features, cfg.audio.sample_rate)
        self._peaks = PeakMeter(cfg.audio.sample_rate)
        self._meter = QualityMeter(cfg.features, cfg.audio.sample_rate)
        self._cutter = WindowCutter(cfg)
        self._waiting: list[Window] = []
        self._heard: list[tuple[float, float, float]] = []  # start, end, speech
        self._logits: list[Floats] = []
        self._scores: list[Floats] = []

    def feed(self, block: Floats) -> None:
        frames = self._log_mel.feed(block)
        self._detector.feed(block)
        self._peaks.feed(block)
        self._meter.feed(block, frames)
        self._cutter.feed(plane(frames, self._card.config.features))
        self._hear(self._cutter.ready(self._detector))

    def finish(self, decoding: Decoding) -> SessionEstimate:
        duration_s = decoding.duration_s
        self._detector.flush()
        self._cutter.feed(plane(self._log_mel.flush(), self._card.config.features))
        self._hear(self._cutter.rest(self._detector, duration_s))
        self._run(self._waiting)
        times = np.array(self._heard, np.float32).reshape(-1, 3)
        logits = np.concatenate([np.empty((0, len(self._card.labels)), np.float32), *self._logits])
        probabilities = softmax(logits, self._card.temperature)
        speech_s = self._detector.speech_s
        cfg = self._card.config.window
        scores = np.concatenate([np.empty(0, np.float32), *self._scores])
        unfamiliar = scores < (self._card.voice_floor or 0.0)  # without a gate they are infinite
        quality = self._quality(
            decoding,
            enough=len(times) > 0 and speech_s >= cfg.min_speech_seconds,
            unfamiliar=len(times) > 0 and unfamiliar.mean() > UNFAMILIAR_SHARE,
        )
        abstained = unfamiliar | (probabilities.max(axis=1, initial=0.0) < self._card.abstention_threshold)
        abstained |= not FORBIDDING.isdisjoint(quality)
        return SessionEstimate(
            duration_s=duration_s,
            speech_s=speech_s,
            spans=np.array(self._detector.spans, np.float32).reshape(-1, 2),
            starts=times[:, 0],
            ends=times[:, 1],
            probabilities=probabilities,
            abstained=abstained,
            summary=summarise(
                probabilities,
                times[:, 2],
                abstained,
                speech_s=speech_s,
                overlap=-int(-cfg.seconds // cfg.hop_seconds),
            ),
            quality=quality,
            peaks=self._peaks.whole(),
            model_id=self._card.id,
            bad_packets=decoding.bad_packets,
        )

    def _quality(self, decoding: Decoding, *, enough: bool, unfamiliar: bool) -> tuple[str, ...]:
        return quality_codes(
            meter=self._meter,
            level_counts=self._detector.level_counts,
            speech_s=self._detector.speech_s,
            enough=enough,
            cut_off=decoding.cut_off,
            bad_packet_share=decoding.bad_packet_share,
            unfamiliar=unfamiliar,
        )

    def _hear(self, windows: Iterable[Window]) -> None:
        for window in windows:
            self._heard.append((window.start, window.end, window.speech_s))
            self._waiting.append(window)
            if len(self._waiting) == BATCH:
                self._run(self._waiting)
                self._waiting = []

    def _run(self, windows: list[Window]) -> None:
        if windows:
            features = np.stack([w.features for w in windows])[:, None]
            self._logits.append(self._runtime.logits(features))
            self._scores.append(self._runtime.scores(features))


@contextmanager
def _copy(path: Path | None, sample_rate: int) -> Iterator[Callable[[Floats], None]]:
    """Write FLAC block by block; what is unfinished when something fails is removed."""
    if path is None:
        yield lambda block: None
        return
    try:
        # The fastest level: the file grows by 2 %, and encoding takes half the time.
        with soundfile.SoundFile(
            path, "w", sample_rate, 1, "PCM_16", format="FLAC", compression_level=0.0
        ) as copy:
            # As whole numbers: libsndfile takes longer to round floats than we do.
            yield lambda block: copy.write((block * 32767).astype(np.int16))
    except BaseException:
        path.unlink(missing_ok=True)
        raise
