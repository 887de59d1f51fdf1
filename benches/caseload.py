"""The first page at 2,000 patients of 20 sessions each: ``caseload.p95_ms``, ``caseload.queries``.

On PostgreSQL, in a database of its own that is dropped again. Each look is the server's whole time for one
request, from the address to the last byte, through every middleware: the order by need, a filter, a search,
another order and a later page in turns. Before each look a patient changes, so that bringing their line up
to date is part of it. The garbage collector is left as the web process leaves it.
"""

from __future__ import annotations

import os
import platform
import random
import statistics
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from benches.postgres import measured_there

if TYPE_CHECKING:
    from django.test import Client

    from analysis.models import Analysis, ModelVersion, Recording, Summary
    from patients.models import Clinician, Patient, Session

PATIENTS, SESSIONS = 2_000, 20
LOOKS = 100
CHANGED = 1  # patients between two looks
ADDRESSES = ("/", "/?show=need", "/?sort=next", "/?q=R-1", "/?show=unreviewed&page=3")
TRANSACTIONS = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


def main() -> None:
    measured_there("benches.caseload", measure)


def measure() -> None:
    from django.db import connection
    from django.test import Client

    from analysis.triage import digests
    from benches.figures import record
    from ser_clinic.garbage import settle

    clinician = fill()
    began = time.perf_counter()
    digests.rebuild()
    rebuilt_s = time.perf_counter() - began
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(clinician)
    patients = list(clinician.teams.get().patients.all())
    settle()  # as the web process does
    look(client, patients, "/")
    times = [look(client, patients, ADDRESSES[place % len(ADDRESSES)]) for place in range(LOOKS)]
    p95 = statistics.quantiles(times, n=20)[-1] * 1_000
    note = (
        f"{PATIENTS} patients of {SESSIONS} sessions, {CHANGED} changed before each look; "
        f"median {statistics.median(times) * 1_000:.0f} ms; all lines made anew in {rebuilt_s:.0f} s; "
        f"PostgreSQL {connection.cursor().connection.info.server_version // 10_000}, {machine()}"
    )
    record("caseload.p95_ms", p95, "ms", n=LOOKS, note=note)
    most = max(queries(client, patients, address) for address in ADDRESSES)
    record("caseload.queries", most, "queries", n=len(ADDRESSES), note=f"{PATIENTS} patients; {machine()}")


def machine() -> str:
    """What it ran on, by its processor."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{os.cpu_count()} × {names[0] if names else platform.processor()}"


def change(patients: list[Patient]) -> None:
    from patients.models import Patient

    Patient.count_change(*(patient.pk for patient in random.sample(patients, CHANGED)))


def look(client: Client, patients: list[Patient], address: str) -> float:
    """Seconds of one request, its body read."""
    change(patients)
    began = time.perf_counter()
    answer = client.get(address)
    size = len(answer.content)
    seconds = time.perf_counter() - began
    assert answer.status_code == 200
    assert size > 20_000, address
    return seconds


def queries(client: Client, patients: list[Patient], address: str) -> int:
    """How many statements one request asks of the database, without those that only begin or end."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    change(patients)
    with CaptureQueriesContext(connection) as asked:
        client.get(address)
    return sum(not query["sql"].startswith(TRANSACTIONS) for query in asked.captured_queries)


def fill() -> Clinician:
    """Patients of all kinds, by rows as the pipeline leaves them."""
    from analysis.models import Analysis, Recording, Summary
    from patients.models import Patient, Session
    from tests.analysis.hearing import model
    from tests.cast import make_cast

    people, version, chance = make_cast(), model(), random.Random(0)
    team, by = people.team, people.treats
    patients = Patient.objects.bulk_create(
        Patient(reference=f"R-{10_000 + place}", name=f"Name {place}", team=team) for place in range(PATIENTS)
    )
    plan_visits(patients, chance)
    for start in range(0, PATIENTS, 100):
        some = patients[start : start + 100]
        sessions = Session.objects.bulk_create(s for one in some for s in sessions_of(one, by, chance))
        recordings = Recording.objects.bulk_create(
            Recording(
                session=s, original_name="visit.m4a", size_bytes=1, received_by=by, received_at=s.held_at
            )
            for s in sessions
        )
        analyses = Analysis.objects.bulk_create(analysis_of(one, version, chance) for one in recordings)
        done = (one for one in analyses if one.state == Analysis.State.DONE)
        Summary.objects.bulk_create(summary_of(one, chance) for one in done)
        sign(sessions, by, chance)
    return by


def plan_visits(patients: list[Patient], chance: random.Random) -> None:
    from django.utils import timezone

    from patients.models import Patient

    for patient in patients[::2]:
        patient.next_visit = timezone.now() + timedelta(hours=chance.randrange(-48, 24 * 30))
    Patient.objects.bulk_update(patients[::2], ["next_visit"], batch_size=500)


def sessions_of(patient: Patient, by: Clinician, chance: random.Random) -> list[Session]:
    from django.utils import timezone

    from patients.models import Session

    latest = timezone.now() - timedelta(days=chance.choice([1, 3, 8, 40]), hours=chance.randrange(8))
    dates = [latest - timedelta(days=7 * place) for place in range(SESSIONS)]
    return [Session(patient=patient, held_at=held_at, started_by=by) for held_at in dates]


def analysis_of(recording: Recording, version: ModelVersion, chance: random.Random) -> Analysis:
    """Done, but for one in a hundred that failed and one in five hundred that is under way."""
    from analysis.models import Analysis

    state = chance.choices(
        [Analysis.State.DONE, Analysis.State.FAILED, Analysis.State.QUEUED], [0.988, 0.01, 0.002]
    )[0]
    ended = None if state == Analysis.State.QUEUED else recording.received_at
    return Analysis(recording=recording, model_version=version, state=state, finished_at=ended)


def summary_of(analysis: Analysis, chance: random.Random) -> Summary:
    """Speech that differs from session to session; of every tenth patient it has changed lately."""
    import numpy as np
    from django.utils import timezone

    from analysis.models import Summary

    session = analysis.recording.session
    is_changed = session.patient_id % 10 == 0 and session.held_at > timezone.now() - timedelta(days=30)
    weights = [3.0, 6.0, 2.0, 6.0 if is_changed else 2.0, 1.0, 1.0, 0.5, 0.5]
    shares = np.array([weight * chance.uniform(0.8, 1.2) for weight in weights])
    shares /= shares.sum()
    return Summary(
        analysis=analysis,
        shares=shares.tolist(),
        low=np.clip(shares - 0.05, 0, 1).tolist(),
        high=np.clip(shares + 0.05, 0, 1).tolist(),
        abstained_share=0.3,
        windows=600,
        speech_s=600.0,
        duration_s=1_800.0,
    )


def sign(sessions: list[Session], by: Clinician, chance: random.Random) -> None:
    """Most of what is older than ten days is signed."""
    from django.utils import timezone

    from analysis.models import Signature

    since = timezone.now() - timedelta(days=10)
    Signature.objects.bulk_create(
        Signature(session=session, signed_by=by)
        for session in sessions
        if session.held_at < since and chance.random() < 0.97
    )


if __name__ == "__main__":
    main()
