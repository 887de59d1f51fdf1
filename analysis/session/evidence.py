"""Reads: all that one finished analysis lets a clinician see and hear, for the page of its session."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from analysis import reasons
from analysis.models import Analysis, Judgement, Recording, WindowMatrix
from analysis.session import tracks
from analysis.session.hearings import Hearing
from analysis.session.moments import Moment, telling_moments
from analysis.session.stretches import Stretch, Talk, distorted, talk_of, window_runs
from analysis.session.timeline import Timeline, lay_out
from analysis.trends.trend import Heard
from analysis.wording import phrases
from ml.labels import EMOTIONS
from ml.peaks import PEAKS_PER_SECOND
from patients.audit import Action
from patients.models import AuditEntry

TABLE_CELLS = 60  # rows of a timeline's table: more would be read by nobody
MOST_PLACES = 5  # of one fault of the sound: beyond them their number is told
THIRDS = 3
SHORTEST_IN_PARTS_S = 60.0  # of a recording that is told in thirds


@dataclass(frozen=True)
class Fault:
    """What to know of the sound beside the result, and where in time, if that is known."""

    words: str
    places: tuple[float, ...] = ()
    more: int = 0


@dataclass(frozen=True)
class Evidence:
    """One recording as its finished analysis heard it. Peaks (n, 2), spans (n, 2) in seconds."""

    recording: Recording
    analysis: Analysis
    heard: Heard
    matrix: WindowMatrix
    timeline: Timeline
    peaks: NDArray[np.int8]
    other_peaks: NDArray[np.int8]
    other_spans: NDArray[np.float32]
    marks: tuple[Stretch, ...]

    @property
    def duration_s(self) -> float:
        return self.timeline.duration_s

    @property
    def whole(self) -> Stretch:
        return 0.0, self.duration_s

    @property
    def has_other_voice(self) -> bool:
        return len(self.other_peaks) > 0

    @cached_property
    def talk(self) -> Talk:
        return talk_of(self.duration_s, self.matrix.spans, self.other_spans if self.has_other_voice else None)

    @cached_property
    def moments(self) -> tuple[Moment, ...]:
        """None where there is too little clear speech for shares that they could have moved."""
        if not self.heard.is_enough:
            return ()
        return telling_moments(
            starts=self.matrix.starts,
            ends=self.matrix.ends,
            probabilities=self.matrix.probabilities,
            abstained=self.matrix.abstained,
            spans=self.matrix.spans,
        )

    @property
    def faults(self) -> list[Fault]:
        return [self._fault(code) for code in self.heard.quality]

    def _fault(self, code: str) -> Fault:
        words = reasons.note(code)
        if code == "cut_off":
            return Fault(words, (self.duration_s,))
        if code == "clipped":
            places = distorted(self.peaks, PEAKS_PER_SECOND)
            first = tuple(start for start, _end in places[:MOST_PLACES])
            return Fault(words, first, more=len(places) - len(first))
        return Fault(words)

    @property
    def sentence(self) -> str:
        """The timeline in words, for those who do not see it; no shares where they would mislead."""
        if not self.heard.is_enough:
            return _("%(why)s. Each moment is drawn by itself, not to be summed up.") % {
                "why": phrases.session_sentence(self.heard)
            }
        parts = THIRDS if self.duration_s >= SHORTEST_IN_PARTS_S else 1
        edges = np.linspace(0, self.duration_s, parts + 1)
        told = [_of_part(self.timeline.between(*edges[part : part + 2])) for part in range(parts)]
        unsure = phrases.percent(self.heard.abstained_share)
        if parts == 1:
            return _("All through: %(sounds)s; not sure for %(unsure)s of the speech.") % {
                "sounds": told[0],
                "unsure": unsure,
            }
        return _(
            "First third: %(first)s; second: %(second)s; last: %(last)s; "
            "not sure for %(unsure)s of the speech."
        ) % {"first": told[0], "second": told[1], "last": told[2], "unsure": unsure}

    @property
    def rows(self) -> list[tuple[float, list[float], float]]:
        """The timeline as a table: from when, the eight shares, and the share that was not sure."""
        coarse = self.timeline.coarser(TABLE_CELLS)
        heard = ~coarse.is_gap
        told = zip(coarse.starts[heard], coarse.shares[heard], coarse.unsure[heard], strict=True)
        return [(float(start), shares.tolist(), float(unsure)) for start, shares, unsure in told]

    @property
    def row_s(self) -> float:
        """How many seconds a row of that table stands for."""
        return self.timeline.coarser(TABLE_CELLS).cell_s

    @property
    def plan(self) -> dict[str, Any]:
        """What the player needs to know besides what is drawn: the windows, and stretches to step through."""
        return {
            "windows": window_runs(self.matrix.starts),
            "window_s": round(float(np.max(self.matrix.ends - self.matrix.starts, initial=0.0)), 3),
            "unsure": [(round(start, 2), round(end, 2)) for start, end in self.timeline.unsure_stretches],
            "marked": self._marked,
        }

    @property
    def _marked(self) -> list[Stretch]:
        return [(round(start, 2), round(end, 2)) for start, end in self.marks]

    def drawn(self, view: Stretch) -> dict[str, Any]:
        """Every track between two places, with what each cell of the timeline sounds like in words."""
        shown = self.timeline.between(*view).coarser(tracks.CELLS)
        return {
            "from": view[0],
            "to": view[1],
            "ticks": tracks.ticks(view),
            "wave": tracks.waveform(self.peaks, view, self._scale),
            "speech": tracks.bars(self.matrix.spans, view),
            "other_wave": tracks.waveform(self.other_peaks, view, self._other_scale),
            "other_speech": tracks.bars(self.other_spans, view),
            "layers": dict(zip(EMOTIONS, tracks.layers(shown, view), strict=True)),
            "gaps": tracks.gaps(shown, view),
            "marks": tracks.bars(list(self.marks), view),
            "marked": self._marked,
            "cell_s": shown.cell_s,
            "cells_from": shown.begin_s,
            "words": [
                phrases.moment(shares, float(unsure))
                for shares, unsure in zip(shown.shares, shown.unsure, strict=True)
            ],
        }

    @cached_property
    def _scale(self) -> float:
        return tracks.loudest(self.peaks)

    @cached_property
    def _other_scale(self) -> float:
        return tracks.loudest(self.other_peaks)


def _of_part(part: Timeline) -> str:
    """How a part of a recording sounds: the mean of its cells."""
    return phrases.moment(part.shares.mean(0), float(part.unsure.mean()))


def evidence_of(hearing: Hearing, said: Iterable[Judgement] | None = None) -> Evidence | None:
    """What there is to see of a recording; None without a result, or for a role that sees none.

    ``said`` are the judgements of its session, of whoever has read them already.
    """
    analysis, summary, heard = hearing.finished, hearing.summary, hearing.heard
    matrix = WindowMatrix.objects.filter(analysis=analysis).first() if summary else None
    if analysis is None or summary is None or heard is None or matrix is None:
        return None
    drawn = Recording.objects.values_list(*Recording.DRAWN).get(pk=hearing.recording.pk)
    peaks, other_peaks, other_spans = (bytes(part) for part in drawn)
    return Evidence(
        recording=hearing.recording,
        analysis=analysis,
        heard=heard,
        matrix=matrix,
        timeline=lay_out(
            starts=matrix.starts,
            ends=matrix.ends,
            probabilities=matrix.probabilities,
            abstained=matrix.abstained,
            spans=matrix.spans,
            duration_s=summary.duration_s,
        ),
        peaks=np.frombuffer(peaks, np.int8).reshape(-1, 2),
        other_peaks=np.frombuffer(other_peaks, np.int8).reshape(-1, 2),
        other_spans=np.frombuffer(other_spans, "<f4").reshape(-1, 2),
        marks=_marks(analysis, said),
    )


def _marks(analysis: Analysis, said: Iterable[Judgement] | None) -> tuple[Stretch, ...]:
    """The stretches of the recording of which somebody said what they hear."""
    if said is None:
        said = Judgement.objects.filter(analysis__recording=analysis.recording_id).select_related("analysis")
    stretches = {
        (one.start_s, one.end_s)
        for one in said
        if one.withdrawn_at is None and one.analysis and one.analysis.recording_id == analysis.recording_id
    }
    return tuple(sorted((a, b) for a, b in stretches if a is not None and b is not None))


def sound_removed_at(recording: Recording) -> datetime | None:
    """When the sound went because nobody had agreed to keep it; None while it is there."""
    if recording.canonical:
        return None
    removal = AuditEntry.objects.filter(
        action=Action.RECORDING_SOUND_REMOVED, subject_id=str(recording.pk)
    ).order_by("-at")
    return removal.values_list("at", flat=True).first()
