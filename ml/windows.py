"""Features and speech, as they arrive → the windows that the network hears."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ml.config import ExperimentConfig
from ml.frontend import silent_frames
from ml.segmentation import SpeechDetector

Floats: TypeAlias = NDArray[np.float32]

MIN_TAIL_SECONDS = 0.25
"""Speech after the last whole hop that is worth a window of its own."""


@dataclass(frozen=True)
class Window:
    """A stretch of the recording: from `start` to `end` in seconds, features (rows, frames)."""

    start: float
    end: float
    speech_s: float
    features: Floats


class WindowCutter:
    """Windows start every hop; one with too little speech is left out.

    Frames are held only until no window can need them any more.
    """

    def __init__(self, cfg: ExperimentConfig) -> None:
        self._per_second = cfg.audio.sample_rate / cfg.features.hop_length
        self._length = round(cfg.window.seconds * self._per_second)
        self._hop = round(cfg.window.hop_seconds * self._per_second)
        self._features = cfg.features
        self._min_speech = cfg.window.min_speech_seconds
        self._frames: Floats = np.empty((cfg.features.rows, 0), np.float32)
        self._first = 0  # index of the first frame that is held
        self._next = 0  # where the next window starts

    def feed(self, frames: Floats) -> None:
        """Take in the next frames, (rows, k)."""
        # What lies in the window before the next one is kept too: the last window may reach back to there.
        spent = max(0, self._next - self._hop - self._first)
        self._frames = np.concatenate([self._frames[:, spent:], frames], axis=1)
        self._first += spent

    def ready(self, detector: SpeechDetector) -> Iterator[Window]:
        """The windows whose frames and whose speech are known by now."""
        while self._fits(self._next) and self._seconds(self._next + self._length) <= detector.settled_s:
            window = self._window(self._next, detector)
            self._next += self._hop
            if window.speech_s >= self._min_speech:
                yield window

    def rest(self, detector: SpeechDetector, duration_s: float) -> Iterator[Window]:
        """When all is fed and the detector flushed: what `ready` still has, then the tail.

        A recording that is shorter than a window is followed by silence, and kept if there is any speech. The
        tail after the last whole hop is heard by one more window that ends with the recording.
        """
        yield from self.ready(detector)
        frames = self._first + self._frames.shape[1] - 1
        if frames < self._length:
            speech_s = detector.speech_between(0.0, duration_s)
            if speech_s > 0:
                missing = self._length - frames
                padding = silent_frames(missing, self._features)
                yield Window(0.0, duration_s, speech_s, np.concatenate([self._frames, padding], axis=1))
            return
        heard_until = self._seconds(self._next - self._hop + self._length)
        if detector.speech_between(heard_until, duration_s) >= MIN_TAIL_SECONDS:
            window = self._window(frames - self._length, detector)
            if window.speech_s >= self._min_speech:
                yield window

    def _fits(self, start: int) -> bool:
        return start + self._length < self._first + int(self._frames.shape[1])

    def _window(self, start: int, detector: SpeechDetector) -> Window:
        begin, end = self._seconds(start), self._seconds(start + self._length)
        at = start - self._first
        features = self._frames[:, at : at + self._length + 1]
        return Window(begin, end, detector.speech_between(begin, end), features)

    def _seconds(self, frame: int) -> float:
        return frame / self._per_second
