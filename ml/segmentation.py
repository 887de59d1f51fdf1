"""Speech activity, as the sound arrives: where somebody speaks, as spans in seconds.

WebRTC's detector proposes 30 ms frames; it takes hum, tones and hiss for speech, so a frame also has to
stand out from the noise floor, and the frames proposed around it have to vary in level as syllables do.
Measured on EMO-DB, RAVDESS and nEMO the level of proposed frames deviates by 5-12 dB in clean speech and by
about 4 dB under white noise at 5 dB SNR; by less than 0.5 dB in tones, hum and hiss, and by about 2 dB in a
trembling chord.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np
import webrtcvad
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]
Decibels: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]
Span: TypeAlias = tuple[float, float]

SAMPLE_RATE = 16_000
FRAME = 480
FRAME_SECONDS = FRAME / SAMPLE_RATE

AGGRESSIVENESS = 2
LOWEST_DB = -100
QUIETEST_DB = -65.0
"""Full-scale level below which a frame is silence whatever it holds."""
FLOOR_MARGIN_DB = 3.0
FLOOR_START_DB = -50.0
FLOOR_RISE_DB = 0.02
"""Per frame, 0.7 dB/s: the floor falls at once to the quietest frame and climbs back slowly."""
REACH = 25
"""Frames to either side (0.75 s) over which the variation in level is taken."""
MIN_VARIATION_DB = 2.5
MAX_PAUSE = 17
"""Frames (0.5 s): a pause inside a sentence does not end a span."""
MIN_SPAN = 8
"""Frames (0.24 s): what is shorter is a click or a cough."""
PAD = 3
"""Frames (0.09 s) kept before and after a span, for soft onsets and endings."""


def seconds_of_speech(waveform: Floats) -> float:
    """Return how much speech there is in a whole waveform (n,), mono at 16 kHz within [-1, 1]."""
    detector = SpeechDetector()
    detector.feed(waveform)
    detector.flush()
    return detector.speech_s


class SpeechDetector:
    """Feed blocks of any size, then `flush`; the spans do not depend on where blocks end."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        """Closed spans in seconds, in order, apart by more than a pause."""
        self.settled_s = 0.0
        """No later sound will change what is speech before this."""
        self._vad = webrtcvad.Vad(AGGRESSIVENESS)
        self._received = 0
        self._samples: Floats = np.empty(0, np.float32)
        self._floor = FLOOR_START_DB
        # The last REACH decided frames, then the frames that wait for REACH more to their right.
        self._proposed: Flags = np.zeros(REACH, np.bool_)
        self._levels: Decibels = np.full(REACH, QUIETEST_DB)
        self._decided = 0
        self._open: tuple[int, int] | None = None
        self.level_counts = np.zeros((2, 1 - LOWEST_DB), np.int64)
        """Frames at each level from LOWEST_DB to 0 dB, in steps of 1 dB: without speech, and with."""

    @property
    def speech_s(self) -> float:
        """Seconds of speech in closed spans."""
        return sum(end - start for start, end in self.spans)

    def feed(self, block: Floats) -> None:
        """Take in the next samples, (n,), mono at 16 kHz within [-1, 1]."""
        self._received += len(block)
        self._samples = np.concatenate([self._samples, block])
        whole = len(self._samples) // FRAME
        if whole:
            self._propose(self._samples[: whole * FRAME].reshape(whole, FRAME))
            self._samples = self._samples[whole * FRAME :]
        self._decide(len(self._proposed) - 2 * REACH)

    def flush(self) -> None:
        """Close what is open: the sound is over. Less than a frame at the very end is not judged."""
        self._proposed = np.concatenate([self._proposed, np.zeros(REACH, np.bool_)])
        self._levels = np.concatenate([self._levels, np.full(REACH, QUIETEST_DB)])
        self._decide(len(self._proposed) - 2 * REACH)
        self._close()
        self.spans = [(start, min(end, self._received / SAMPLE_RATE)) for start, end in self.spans]
        self.settled_s = np.inf

    def speech_between(self, start_s: float, end_s: float) -> float:
        """Seconds of speech within a stretch that ends before `settled_s`."""
        spans = self._recent(start_s)
        return sum(max(0.0, min(end, end_s) - max(start, start_s)) for start, end in spans)

    def _recent(self, start_s: float) -> Iterator[Span]:
        if self._open is not None:
            yield _seconds(*self._open)
        for span in reversed(self.spans):
            if span[1] <= start_s:
                return
            yield span

    def _propose(self, frames: Floats) -> None:
        levels = 10 * np.log10(np.einsum("ij,ij->i", frames, frames).astype(np.float64) / FRAME + 1e-10)
        pcm = (frames * 32767).astype(np.int16).tobytes()
        size = 2 * FRAME
        voiced = [self._vad.is_speech(pcm[at : at + size], SAMPLE_RATE) for at in range(0, len(pcm), size)]
        floor = self._follow_floor(levels)
        proposed = np.array(voiced, np.bool_) & (levels > np.maximum(floor + FLOOR_MARGIN_DB, QUIETEST_DB))
        self._proposed = np.concatenate([self._proposed, proposed])
        self._levels = np.concatenate([self._levels, levels])

    def _follow_floor(self, levels: Decibels) -> Decibels:
        """floor[t] = min(floor[t-1] + rise, levels[t]), without a loop."""
        climb = FLOOR_RISE_DB * np.arange(1, len(levels) + 1)
        floor: Decibels = np.minimum(np.minimum.accumulate(levels - climb), self._floor) + climb
        self._floor = float(floor[-1])
        return floor

    def _decide(self, frames: int) -> None:
        if frames <= 0:
            return
        speech = self._proposed[REACH : REACH + frames] & (self._variation()[:frames] >= MIN_VARIATION_DB)
        self._count(self._levels[REACH : REACH + frames], speech)
        for start, end in _runs(speech):
            self._extend(self._decided + start, self._decided + end)
        self._proposed, self._levels = self._proposed[frames:], self._levels[frames:]
        self._decided += frames
        if self._open is not None and self._decided - self._open[1] > MAX_PAUSE:
            self._close()
        self.settled_s = self._settled() * FRAME_SECONDS

    def _count(self, levels: Decibels, speech: Flags) -> None:
        steps = np.clip(np.rint(levels).astype(np.int64) - LOWEST_DB, 0, -LOWEST_DB)
        for row, chosen in enumerate((~speech, speech)):
            self.level_counts[row] += np.bincount(steps[chosen], minlength=1 - LOWEST_DB)

    def _variation(self) -> Decibels:
        """Standard deviation of the level over the proposed frames within reach of each frame, in dB."""
        reach = np.ones(2 * REACH + 1)
        # Squares of raw levels would lose what little a steady tone varies.
        weights, levels = self._proposed.astype(np.float64), self._levels - self._levels.mean()
        count = np.maximum(np.convolve(weights, reach, "valid"), 1.0)
        mean = np.convolve(weights * levels, reach, "valid") / count
        square = np.convolve(weights * levels**2, reach, "valid") / count
        variation: Decibels = np.sqrt(np.maximum(square - mean**2, 0.0))
        return variation

    def _extend(self, start: int, end: int) -> None:
        if self._open is not None and start - self._open[1] <= MAX_PAUSE:
            self._open = (self._open[0], end)
            return
        self._close()
        self._open = (start, end)

    def _close(self) -> None:
        if self._open is not None and self._open[1] - self._open[0] >= MIN_SPAN:
            self.spans.append(_seconds(*self._open))
        self._open = None

    def _settled(self) -> int:
        if self._open is None:
            return self._decided - PAD
        start, end = self._open
        return end if end - start >= MIN_SPAN else start - PAD


def _runs(flags: Flags) -> Sequence[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]])))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]


def _seconds(start: int, end: int) -> Span:
    return max(0, start - PAD) * FRAME_SECONDS, (end + PAD) * FRAME_SECONDS
