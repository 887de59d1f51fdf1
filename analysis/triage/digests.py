"""The caseload's lines, kept: made anew for patients whose revision has moved on, by whoever comes first.

Verbs only count up a patient's revision, in their own transaction (``patients.audit.record`` does it for
them, ``analysis.queue`` for the worker). Whoever reads the caseload brings up to date what is due, for a
moment at most, and the clock does the same between. A line whose turn has not come says so.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from django.db.models import F, Max, Q, QuerySet
from django.utils import timezone

from analysis.models import Analysis, Digest
from analysis.trends.gist import Gist, gist_of, last_visit_told, shifts_told, spark_told
from analysis.trends.reading import trends_of
from analysis.trends.trend import Trend
from analysis.voice.measures import measures_of
from patients.models import Patient, Session

BATCH = 20

# Absent, or made before the latest change; over a queryset of patients.
IS_DUE = (
    Q(digest__isnull=True) | Q(digest__revision__lt=F("revision")) | Q(digest__revision__gt=F("revision"))
)


def catch_up(patients: QuerySet[Patient], *, seconds: float) -> int:
    """Bring up to date what is due among ``patients`` until ``seconds`` have passed; returns how many.

    At least one batch is done. The revision is read before the sessions: what changes in between leaves
    the digest due, never wrong without anybody's noticing.
    """
    until = time.monotonic() + seconds
    due = list(patients.filter(IS_DUE).order_by("pk").values_list("pk", "revision"))
    done = 0
    for batch in _batches(due):
        keep(dict(batch))
        done += len(batch)
        if time.monotonic() > until:
            break
    return done


def rebuild() -> int:
    """Make all of them anew, due or not; for whoever doubts them."""
    everyone = _everyone()
    for batch in _batches(everyone):
        keep(dict(batch))
    return len(everyone)


def differing() -> int:
    """How many of those that say that they are up to date are not what the sessions give now."""
    wrong = 0
    for batch in _batches(_everyone()):
        kept = Digest.objects.in_bulk([pk for pk, _revision in batch])
        for made in digests_of(dict(batch)):
            standing = kept.get(made.patient_id)
            wrong += standing is not None and standing.revision == made.revision and not same(standing, made)
    return wrong


def same(one: Digest, other: Digest) -> bool:
    """Whether both say the same of the same revision, whenever they were made."""
    columns = [
        field.attname for field in Digest._meta.concrete_fields if field.name not in ("made_at", "told")
    ]
    return gist_kept(one) == gist_kept(other) and all(
        getattr(one, column) == getattr(other, column) for column in columns
    )


def _everyone() -> list[tuple[int, int]]:
    return list(Patient.objects.order_by("pk").values_list("pk", "revision"))


def _batches(due: list[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    for start in range(0, len(due), BATCH):
        yield due[start : start + BATCH]


def keep(revisions: Mapping[int, int]) -> None:
    """Make the digests of these patients, known by the revision that was theirs when this began."""
    made = digests_of(revisions)
    Digest.objects.bulk_create(
        made,
        update_conflicts=True,
        unique_fields=["patient"],
        update_fields=[field.name for field in Digest._meta.concrete_fields if not field.primary_key],
    )


def digests_of(revisions: Mapping[int, int]) -> list[Digest]:
    """Computed from the sessions alone, not stored."""
    patients = Patient.objects.filter(pk__in=revisions)
    trends = trends_of(patients, with_results=True)
    readings = measures_of(patients)
    beside = _beside(patients)
    now = timezone.now()
    return [
        _digest(
            gist_of(trends.get(pk, Trend(())), readings.get(pk, ())),
            patient_id=pk,
            revision=revision,
            made_at=now,
            beside=beside.get(pk, _Beside(None, 0)),
        )
        for pk, revision in revisions.items()
    ]


def _digest(
    gist: Gist,
    *,
    patient_id: int,
    revision: int,
    made_at: datetime,
    beside: _Beside,
) -> Digest:
    return Digest(
        patient_id=patient_id,
        revision=revision,
        made_at=made_at,
        sessions=gist.sessions,
        recordings=gist.recordings,
        pending=gist.pending,
        failed=gist.failed,
        failed_lately=gist.failed_lately,
        unreviewed=beside.unreviewed,
        compared=gist.compared,
        last_held_at=gist.last_held_at,
        last_received_at=beside.last_received_at,
        changed_since=gist.changed_since,
        is_changed=bool(gist.shifts),
        is_silent=gist.is_silent,
        told=gist.told(),
    )


def gist_kept(digest: Digest) -> Gist:
    """What was kept, as it was when it was made."""
    mode, since = last_visit_told(digest.told)
    return Gist(
        sessions=digest.sessions,
        recordings=digest.recordings,
        pending=digest.pending,
        failed=digest.failed,
        failed_lately=digest.failed_lately,
        is_silent=digest.is_silent,
        compared=digest.compared,
        last_held_at=digest.last_held_at,
        changed_since=digest.changed_since,
        shifts=shifts_told(digest.told),
        run_days=digest.told["run_days"],
        spark=spark_told(digest.told),
        mode=mode,
        since=since,
    )


class _Beside(NamedTuple):
    """What is kept of a patient beside the gist of their trend."""

    last_received_at: datetime | None
    unreviewed: int


def _beside(patients: QuerySet[Patient]) -> dict[int, _Beside]:
    """When something was received last, and how many sessions wait for review, in one query.

    To be reviewed: a session with a result that nobody has signed, or one newer than the last signature.
    """
    standing = Q(recordings__voided_at=None)
    heard = standing & Q(recordings__analyses__state=Analysis.State.DONE)
    sessions = (
        Session.objects.filter(patient__in=patients.order_by().values("pk"), voided_at=None)
        .order_by()
        .annotate(
            received_at=Max("recordings__received_at", filter=standing),
            heard_at=Max("recordings__analyses__finished_at", filter=heard),
            signed_at=Max("signatures__signed_at"),
        )
    )
    received: dict[int, list[datetime]] = defaultdict(list)
    unreviewed: Counter[int] = Counter()
    for patient_id, received_at, heard_at, signed_at in sessions.values_list(
        "patient_id", "received_at", "heard_at", "signed_at"
    ):
        received[patient_id] += [received_at] if received_at else []
        unreviewed[patient_id] += heard_at is not None and (signed_at is None or signed_at < heard_at)
    return {pk: _Beside(max(times, default=None), unreviewed[pk]) for pk, times in received.items()}
