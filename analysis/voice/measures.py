"""Reads: acoustic measures session by session, in one query for however many patients.

They rest on the sound alone and not on any model of emotion, so they are given also where emotions are not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

import numpy as np
from django.db.models import QuerySet

from analysis import jurisdiction
from analysis.jurisdiction import measures_voices
from analysis.models import AcousticMeasures, Analysis
from ml.acoustics.measures import MEASURES
from patients.models import Patient, Session


@dataclass(frozen=True)
class Measured:
    """A measure's value with its 95 % interval within the speech heard, and the seconds it rests on."""

    value: float
    low: float
    high: float
    seconds: float


Values = dict[str, Measured]
Reading = tuple[UUID, datetime, Values]
"""Session, when it was held, and by key of `ml.acoustics.measures.MEASURES` what was measured."""


NEEDED = 7
"""Sessions with a measure before any of its values is called unusual."""
RECENT = 3
"""The latest sessions, which are set against all earlier ones."""
USUAL_SPREAD = 2.0
"""Standard deviations around the mean of the earlier sessions."""


@dataclass(frozen=True)
class Usual:
    """Where a measure of this patient lay in earlier sessions: mean ± 2 SD."""

    low: float
    high: float
    sessions: int


@dataclass(frozen=True)
class Series:
    """One measure of one patient, the oldest session first."""

    key: str
    points: tuple[tuple[UUID, datetime, Measured], ...]

    @property
    def latest(self) -> Measured:
        return self.points[-1][2]

    @property
    def usual(self) -> Usual | None:
        """None while the patient's own baseline is learnt."""
        if len(self.points) < NEEDED:
            return None
        values = np.array([measured.value for _, _, measured in self.points[:-RECENT]])
        reach = USUAL_SPREAD * values.std(ddof=1)
        low = values.mean() - reach
        return Usual(
            float(low if values.min() < 0 else max(low, 0.0)), float(values.mean() + reach), len(values)
        )

    def departure(self, measured: Measured) -> int:
        """1 where the whole interval lies above the usual, -1 below it, else 0."""
        usual = self.usual
        if usual is None:
            return 0
        return int(measured.low > usual.high) - int(measured.high < usual.low)


@dataclass(frozen=True)
class VoiceTrend:
    """All measures of one patient, in the order of `MEASURES`; one that was never taken has no series."""

    readings: tuple[Reading, ...]

    @cached_property
    def series(self) -> tuple[Series, ...]:
        return tuple(series for key in MEASURES if (series := self.of(key)) is not None)

    def of(self, key: str) -> Series | None:
        points = tuple((pk, held_at, values[key]) for pk, held_at, values in self.readings if key in values)
        return Series(key, points) if points else None

    @property
    def is_learning(self) -> bool:
        return len(self.readings) < NEEDED


@dataclass(frozen=True)
class SessionVoice:
    """What was measured in one session, and why the rest was not: codes of `REASONS` by measure."""

    values: Values
    absent: Mapping[str, str]


def patient_voice(patient: Patient) -> VoiceTrend:
    """One query."""
    readings = measures_of(Patient.objects.filter(pk=patient.pk))
    return VoiceTrend(tuple(readings.get(patient.pk, ())))


def session_voice(session: Session) -> SessionVoice | None:
    """None while, or because, nothing was measured. One query."""
    if not measures_voices():
        return None
    rows = AcousticMeasures.objects.filter(
        analysis__recording__session=session,
        analysis__recording__voided_at__isnull=True,
        analysis__state=Analysis.State.DONE,
    ).order_by("analysis__recording_id", "-analysis__model_version__number")
    newest: dict[UUID, AcousticMeasures] = {}
    for row in rows.select_related("analysis"):
        newest.setdefault(row.analysis.recording_id, row)
    if not newest:
        return None
    values = combine(row.values for row in newest.values())
    absent = {key: code for row in newest.values() for key, code in row.absent.items() if key not in values}
    return SessionVoice(values, absent)


def measures_of(patients: QuerySet[Patient]) -> dict[int, list[Reading]]:
    """By patient id, the sessions with something measured, the oldest first. Voided ones do not count.

    Empty where this clinic's setting allows no analysis of voices.
    """
    if not jurisdiction.measures_voices():
        return {}
    if not measures_voices():
        return {}
    rows = AcousticMeasures.objects.filter(
        analysis__recording__session__patient__in=patients.order_by().values("pk"),
        analysis__recording__session__voided_at__isnull=True,
        analysis__recording__voided_at__isnull=True,
        analysis__state=Analysis.State.DONE,
    )
    found: dict[int, list[Reading]] = defaultdict(list)
    for patient_id, session_id, held_at, recordings in _by_session(rows):
        if values := combine(recordings):
            found[patient_id].append((session_id, held_at, values))
    return dict(found)


def _by_session(
    rows: QuerySet[AcousticMeasures],
) -> Iterable[tuple[int, UUID, datetime, list[Mapping[str, Mapping[str, float]]]]]:
    """Each session with its recordings' values; of a recording only what its newest model's hearing has."""
    listed = rows.order_by(
        "analysis__recording__session__held_at",
        "analysis__recording__session__created_at",
        "analysis__recording_id",
        "-analysis__model_version__number",
    ).values_list(
        "analysis__recording__session__patient_id",
        "analysis__recording__session_id",
        "analysis__recording__session__held_at",
        "analysis__recording_id",
        "values",
    )
    sessions: dict[UUID, tuple[int, datetime, dict[UUID, Mapping[str, Mapping[str, float]]]]] = {}
    for patient_id, session_id, held_at, recording_id, values in listed:
        _, _, recordings = sessions.setdefault(session_id, (patient_id, held_at, {}))
        recordings.setdefault(recording_id, values)
    for session_id, (patient_id, held_at, recordings) in sessions.items():
        yield patient_id, session_id, held_at, list(recordings.values())


def combine(recordings: Iterable[Mapping[str, Mapping[str, float]]]) -> Values:
    """One value a measure for a session: the mean weighted by the seconds it rests on, errors independent."""
    collected: dict[str, list[Mapping[str, float]]] = defaultdict(list)
    for values in recordings:
        for key, measured in values.items():
            collected[key].append(measured)
    return {key: _mean(collected[key]) for key in MEASURES if key in collected}


def _mean(measured: list[Mapping[str, float]]) -> Measured:
    value, low, high, seconds = (
        np.array([one[name] for one in measured]) for name in ("value", "low", "high", "seconds")
    )
    weights = seconds / seconds.sum()
    mean = float(weights @ value)
    below, above = (float(np.sqrt(weights**2 @ reach**2)) for reach in (value - low, high - value))
    return Measured(mean, mean - below, mean + above, float(seconds.sum()))
