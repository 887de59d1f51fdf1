"""A recording and where somebody speaks in it → its acoustic measures. Needs no model of emotion.

Speech is taken up in stretches of about five seconds, each a sound of its own: what is silent and what is
voiced is judged by the loudest speech of the stretch. Memory does not grow with the recording.

Loudness, and so pauses and energy variability, is taken of all speech. Pitch and periods, which cost far
more, are sought in `CLOSELY_S` of it: in whole stretches spread evenly over the speech, in all of a
recording that has no more. Each reading says how many seconds it rests on, and its interval comes from the
stretches that it rests on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

import numpy as np
import soundfile
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from ml.acoustics import intensity, pauses, perturbation, pitch, pulses, sums, syllables
from ml.acoustics.fitness import Fitness
from ml.acoustics.measures import MEASURES, TOO_FEW_PAUSES, TOO_LITTLE_SPEECH
from ml.acoustics.sums import Reading, Sums

Floats: TypeAlias = NDArray[np.float32]
Reals: TypeAlias = NDArray[np.float64]
Span: TypeAlias = tuple[float, float]

VERSION = 2
"""Raised when a value would come out otherwise than before."""
SAMPLE_RATE = pitch.SAMPLE_RATE
LONG_ENOUGH_S, LONGEST_S = 5.0, 8.0
"""A stretch is closed at the first gap after the one, and cut at the other."""
ENOUGH_SPEECH_S, ENOUGH_VOICE_S, ENOUGH_PAUSES = 10.0, 3.0, 8
CLOSELY_S = 300.0
"""Of speech, for pitch and periods. Ten times as much would narrow the intervals to about a third."""
BATCH_S = 240.0
"""Speech in memory at a time: 15 MB. The path of pitch is walked for all its stretches side by side."""
FROM_LOUDNESS = frozenset({"pause_duration", "energy_variability"})
"""Measures that rest on all speech."""


@dataclass(frozen=True)
class VoiceMeasures:
    """By key of `MEASURES`, each measure in one of the two."""

    values: dict[str, Reading]
    absent: dict[str, str]
    """Codes of `ml.acoustics.measures.REASONS`."""


def measure(
    path: Path | str,
    spans: Sequence[Span] | NDArray[np.float32],
    *,
    progress: Callable[[float], None] = lambda fraction: None,
    closely_s: float = CLOSELY_S,
) -> VoiceMeasures:
    """Measure the speech of a recording.

    Args:
        path: 16 kHz, one channel, in a format that can be read from any place on (the canonical copy).
        spans: where somebody speaks, (n, 2) s in order, as `ml.segmentation` gives them.
        progress: called with the share done; may raise to stop.
        closely_s: speech in which pitch and periods are sought.
    """
    voice = Voice()
    laid = lay_stretches([(float(start), float(end)) for start, end in spans])
    closely = spread_evenly(laid, closely_s)
    with soundfile.SoundFile(path) as sound, threadpool_limits(limits=1, user_api="blas"):
        if (sound.samplerate, sound.channels) != (SAMPLE_RATE, 1):
            raise ValueError(f"{sound.samplerate} Hz, {sound.channels} channels: not a canonical copy")
        at = 0
        for batch in _batches(laid):
            cut = [(start, _cut(sound, start, end)) for start, end in batch]
            voice.feed(cut, closely=closely[at : at + len(batch)])
            at += len(batch)
            progress(batch[-1][1] / laid[-1][1])
    return voice.measures()


def lay_stretches(spans: Sequence[Span]) -> list[Span]:
    """Spans with the pauses between them as stretches of about `LONG_ENOUGH_S`, at most `LONGEST_S`."""
    stretches: list[Span] = []
    for start, end in spans:
        if stretches:
            first, last = stretches[-1]
            is_near = start - last <= pauses.LONGEST_S and end - first <= LONGEST_S
            if is_near and last - first < LONG_ENOUGH_S:
                stretches[-1] = (first, end)
                continue
        stretches.append((start, end))
    return [part for stretch in stretches for part in _parts(*stretch)]


def _parts(start: float, end: float) -> Iterator[Span]:
    count = max(1, int(np.ceil((end - start) / LONGEST_S)))
    edges = np.linspace(start, end, count + 1).tolist()
    yield from pairwise(edges)


def spread_evenly(stretches: Sequence[Span], seconds: float) -> list[bool]:
    """Which stretches to hear closely: about `seconds` of them, evenly over the speech; all of less speech.

    Whenever as much speech has passed as lies beneath one place of an even grid, the stretch there is taken;
    the grid begins half a step in, so that neither the beginning nor the end of a visit counts for more.
    """
    ends = np.cumsum([end - start for start, end in stretches])
    if not len(ends) or ends[-1] <= seconds:
        return [True] * len(ends)
    count = max(1, round(seconds / ends[-1] * len(ends)))
    chosen = np.zeros(len(ends), np.bool_)
    chosen[np.searchsorted(ends, (np.arange(count) + 0.5) / count * ends[-1])] = True
    taken: list[bool] = chosen.tolist()
    return taken


def _batches(stretches: Sequence[Span]) -> Iterator[list[Span]]:
    batch: list[Span] = []
    for stretch in stretches:
        batch.append(stretch)
        if sum(end - start for start, end in batch) >= BATCH_S:
            yield batch
            batch = []
    if batch:
        yield batch


def _cut(sound: soundfile.SoundFile, start: float, end: float) -> Floats:
    first = min(round(start * SAMPLE_RATE), sound.frames)
    sound.seek(first)
    cut: Floats = sound.read(round(end * SAMPLE_RATE) - first, dtype="float32")
    return cut


@dataclass
class Voice:
    """One recording in the course of being measured."""

    parts: list[Sums] = field(default_factory=list)
    """Of the stretches heard closely."""
    loudness: list[Sums] = field(default_factory=list)
    """Of all stretches, only what loudness tells."""
    pauses_s: list[float] = field(default_factory=list)
    fitness: Fitness = field(default_factory=Fitness)
    _silent_since: float = -np.inf

    def feed(
        self, stretches: Sequence[tuple[float, Floats]], *, closely: Sequence[bool] | None = None
    ) -> None:
        """Take in the next stretches: when each begins, in seconds, and its sound (samples,).

        `closely` tells those in which pitch and periods are sought; without it, all.
        """
        taken = [True] * len(stretches) if closely is None else closely
        pitches = iter(
            pitch.track([sound for (_, sound), hear in zip(stretches, taken, strict=True) if hear])
        )
        for (start, sound), hear in zip(stretches, taken, strict=True):
            contour = intensity.contour(sound)
            sounding = syllables.sounding(contour, len(sound) / SAMPLE_RATE)
            part = sum_up_loudness(contour, sounding)
            self._add_pauses(part, sounding + start)
            self.loudness.append(part)
            if hear:
                self.parts.append(add_voice(part, sound, next(pitches), contour, sounding))
                self.fitness.feed(sound)

    def _add_pauses(self, part: Sums, sounding: Reals) -> None:
        """Also the one before the first sound; what is no pause is not part of the speaking either."""
        if not len(sounding):
            return
        before = np.array([[-np.inf, self._silent_since]])
        lengths = pauses.between(np.concatenate([before, sounding]))
        self.pauses_s += lengths.tolist()
        part.speaking_s += float(lengths.sum())
        self._silent_since = float(sounding[-1, 1])

    def measures(self) -> VoiceMeasures:
        """Everything that can be told; the rest with its reason."""
        values: dict[str, Reading] = {}
        absent: dict[str, str] = {}
        codes = self.fitness.codes()
        for key, one in MEASURES.items():
            touched = next((code for code in codes if code in one.touched_by), None)
            read = touched or self._read(key)
            if isinstance(read, str):
                absent[key] = read
            else:
                values[key] = read
        return VoiceMeasures(values, absent)

    def _read(self, key: str) -> Reading | str:
        heard = sums.total(self.parts)
        if heard.sounding_s < ENOUGH_SPEECH_S or heard.voiced_frames * pitch.FRAME_S < ENOUGH_VOICE_S:
            return TOO_LITTLE_SPEECH
        if key == "pause_duration":
            if len(self.pauses_s) < ENOUGH_PAUSES:
                return TOO_FEW_PAUSES
            return sums.read_median(np.array(self.pauses_s), sums.total(self.loudness).speaking_s)
        parts = self.loudness if key in FROM_LOUDNESS else self.parts
        return sums.read(key, parts) or TOO_LITTLE_SPEECH


def sum_up_loudness(loudness: intensity.Intensity, sounding: Reals) -> Sums:
    """The sums of one stretch that need no pitch, its pauses left out. `sounding` as from `syllables`."""
    times = loudness.seconds(np.arange(len(loudness.decibels)))
    loud = np.zeros(len(times), np.bool_)
    for start, end in sounding:
        loud |= (times >= start) & (times < end)
    decibels = loudness.decibels[loud]
    sounding_s = float((sounding[:, 1] - sounding[:, 0]).sum())
    return Sums(
        speaking_s=sounding_s,
        sounding_s=sounding_s,
        loud_frames=len(decibels),
        decibels=float(decibels.sum()),
        decibels_squared=float((decibels**2).sum()),
    )


def add_voice(
    part: Sums, sound: Floats, heard: pitch.Pitch, loudness: intensity.Intensity, sounding: Reals
) -> Sums:
    """`part`, from `sum_up_loudness`, with what pitch and periods add of the stretch (samples,)."""
    voiced = heard.voiced
    semitones = 12 * np.log2(heard.hertz[voiced])
    strength = np.clip(heard.strength[voiced], 1e-15, 1 - 1e-15)
    points = pulses.find(sound, heard)
    jitter, shimmer = perturbation.jitter(points), perturbation.shimmer(sound, points)
    return replace(
        part,
        syllables=len(syllables.nuclei(loudness, heard, sounding)),
        voiced_frames=int(voiced.sum()),
        voiced_runs=len(heard.runs()),
        hertz=float(heard.hertz.sum()),
        semitones=float(semitones.sum()),
        semitones_squared=float((semitones**2).sum()),
        harmonicity=float((10 * np.log10(strength / (1 - strength))).sum()),
        compared_periods=jitter.pairs,
        period_differences=jitter.differences,
        periods=jitter.periods,
        periods_s=jitter.seconds,
        compared_amplitudes=shimmer.pairs,
        amplitude_differences=shimmer.differences,
        amplitudes=shimmer.amplitudes,
        amplitude=shimmer.whole,
    )
