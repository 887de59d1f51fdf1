"""Reads: acoustic measures session by session, in one query for however many patients.

They rest on the sound alone and not on any model of emotion, so they are given also where emotions are not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from django.db.models import Q, QuerySet
from numpy.typing import NDArray

from analysis.jurisdiction import measures_voices
from analysis.models import AcousticMeasures, Analysis
from ml.acoustics.measures import MEASURES
from patients.models import Patient, Session

Reals = NDArray[np.float64]


class Measured(NamedTuple):
    """A measure's value with its 95 % interval within the speech heard, and the seconds it rests on."""

    value: float
    low: float
    high: float
    seconds: float


DONE = Analysis.State.DONE.value
KEYS = tuple(MEASURES)
PLACES = {key: place for place, key in enumerate(KEYS)}


@dataclass(frozen=True, eq=False, slots=True)
class Values(Mapping[str, Measured]):
    """What was measured in one session, by key of `ml.acoustics.measures.MEASURES`.

    ``table`` (measures, 4) has for each of them what a `Measured` has, NaN where it is absent: charts and
    rules reckon with thousands of sessions at once.
    """

    table: Reals
    keys_there: tuple[str, ...]

    def __getitem__(self, key: str) -> Measured:
        if key not in self.keys_there:
            raise KeyError(key)
        return Measured(*self.table[PLACES[key]].tolist())

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys_there)

    def __len__(self) -> int:
        return len(self.keys_there)


Reading = tuple[UUID, datetime, Values]
"""Session, when it was held, and what was measured."""


def tables_of(readings: Sequence[Reading]) -> Reals:
    """The tables of sessions one behind the other, (sessions, measures, 4)."""
    return np.stack([values.table for _, _, values in readings]) if readings else NOTHING


NOTHING: Reals = np.empty((0, len(KEYS), 4))
MOST_SHOWN = 60
"""Sessions in the chart and its table: of more, eleven small plots are a smear and nobody reads the table."""
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
    """One measure of one patient: ``table`` (sessions, 4) as `Measured`, the oldest session first."""

    key: str
    table: Reals

    @property
    def latest(self) -> Measured:
        return Measured(*self.table[-1].tolist())

    @cached_property
    def usual(self) -> Usual | None:
        """None while the patient's own baseline is learnt."""
        if len(self.table) < NEEDED:
            return None
        values = self.table[:-RECENT, 0]
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
        measured = np.isfinite(self.tables[:, :, 0])
        return tuple(
            Series(key, self.tables[rows, place])
            for place, (key, rows) in enumerate(zip(KEYS, measured.T, strict=True))
            if rows.any()
        )

    def of(self, key: str) -> Series | None:
        return next((series for series in self.series if series.key == key), None)

    @property
    def shown(self) -> tuple[Reading, ...]:
        """The latest, which are drawn and listed."""
        return self.readings[-MOST_SHOWN:]

    @cached_property
    def tables(self) -> Reals:
        """(sessions, measures, 4), NaN where a measure is absent."""
        return tables_of(self.readings)

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
    return VoiceTrend(tuple(measures_of(Patient.objects.filter(pk=patient.pk)).get(patient.pk, ())))


def patient_voice_amended(patient: Patient, voice: VoiceTrend, revision: int) -> VoiceTrend:
    """``voice`` with the sessions as they are now that changed since ``revision``: one query."""
    if not measures_voices():
        return voice
    changed = _sessions(Patient.objects.filter(pk=patient.pk), revision)
    now = {one.pk: (one.pk, one.held_at, combine(one.recordings)) for one in changed}
    readings = [now.pop(reading[0], reading) for reading in voice.readings]
    readings = sorted([*readings, *now.values()], key=lambda reading: reading[1])
    return VoiceTrend(tuple(reading for reading in readings if reading[2]))


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
    if not measures_voices():
        return {}
    found: dict[int, list[Reading]] = defaultdict(list)
    for one in _sessions(patients):
        if values := combine(one.recordings):
            found[one.patient_id].append((one.pk, one.held_at, values))
    return dict(found)


class _Session(NamedTuple):
    """A session as it is read: of each recording what its newest model's hearing has."""

    pk: UUID
    patient_id: int
    held_at: datetime
    recordings: list[Mapping[str, Mapping[str, float]]]


def _sessions(patients: QuerySet[Patient], since: int | None = None) -> list[_Session]:
    """The oldest first; of those changed ``since`` a revision also the ones without anything measured."""
    asked = Q(recordings__analyses__acoustics__isnull=False) if since is None else Q(revision__gt=since)
    rows = (
        Session.objects.filter(asked, patient__in=patients.order_by().values("pk"))
        .order_by(
            *("held_at", "created_at", "pk", "recordings__pk", "-recordings__analyses__model_version__number")
        )
        .values_list(
            *("pk", "patient_id", "held_at", "voided_at"),
            *("recordings__pk", "recordings__voided_at", "recordings__analyses__state"),
            "recordings__analyses__acoustics__values",
        )
    )
    return [_session(list(of_session)) for _pk, of_session in groupby(rows, key=itemgetter(0))]


def _session(rows: list[tuple[Any, ...]]) -> _Session:
    pk, patient_id, held_at, voided_at, *_ = rows[0]
    newest: dict[UUID, Mapping[str, Mapping[str, float]]] = {}
    for *_, recording, recording_voided_at, state, values in rows:
        stands = voided_at is None and recording_voided_at is None and state == DONE
        if stands and values is not None:
            newest.setdefault(recording, values)
    return _Session(pk, patient_id, held_at, list(newest.values()))


def combine(recordings: Iterable[Mapping[str, Mapping[str, float]]]) -> Values:
    """One value a measure for a session: the mean weighted by the seconds it rests on, errors independent."""
    tables = [_table(values) for values in recordings]
    table = tables[0] if len(tables) == 1 else _mean(np.stack([NO_RECORDING, *tables]))
    return Values(table, tuple(key for key, is_there in zip(KEYS, table[:, 3] > 0, strict=True) if is_there))


NO_RECORDING: Reals = np.full((len(KEYS), 4), np.nan)


def _table(values: Mapping[str, Mapping[str, float]]) -> Reals:
    table = NO_RECORDING.copy()
    for key, measured in values.items():
        if key in PLACES:
            table[PLACES[key]] = [measured[name] for name in Measured._fields]
    return table


def _mean(tables: Reals) -> Reals:
    """Of (recordings, measures, 4) the weighted means, (measures, 4)."""
    value, low, high, seconds = np.moveaxis(tables, 2, 0)
    whole = np.nansum(seconds, axis=0)
    known = np.where(whole > 0, whole, np.nan)
    weights = seconds / known
    mean = np.nansum(weights * value, axis=0) + 0 * known
    below, above = (
        np.sqrt(np.nansum((weights * reach) ** 2, axis=0)) for reach in (value - low, high - value)
    )
    return np.column_stack([mean, mean - below, mean + above, known])
