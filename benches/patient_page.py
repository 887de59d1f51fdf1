"""The page of a patient with 1,000 sessions: ``patient.p95_ms``, ``patient.queries``, ``patient.kb``.

On PostgreSQL, in a database of its own that is dropped again. Each look is the server's whole time for the
page, from the address to the last byte, through every middleware, compression included: all sessions, three
months, by week, two periods compared and a later page of sessions in turns. Before every sixth look one
session changes, as when a recording of it is analysed: it is read again and everything that is made of all
sessions is made anew. What a look costs of which nothing was kept, as the first in a process, stands in the
note. The figures come by requests of their own beside
the page; their times stand in the note, their bytes count in ``patient.kb``. What a browser keeps (scripts,
styles) does not. The garbage collector is left as the web process leaves it.
"""

from __future__ import annotations

import random
import re
import statistics
import time
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benches.caseload import TRANSACTIONS, machine
from benches.postgres import measured_there

if TYPE_CHECKING:
    from django.test import Client

    from analysis.models import Analysis, Summary
    from patients.models import Clinician, Patient

SESSIONS, EVENTS = 1_000, 12
LOOKS = 100
CHANGED_EVERY = 6  # looks, which is not the number of addresses: each of them is met anew
MODELS = 2
FIGURE = re.compile(r'data-figure="([^"]+)"')


def main() -> None:
    measured_there("benches.patient_page", measure)


def measure() -> None:
    from django.db import connection
    from django.test import Client
    from django.urls import reverse

    from benches.figures import record
    from ser_clinic.garbage import settle

    clinician, patient = fill()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    client = Client(HTTP_HOST="127.0.0.1", headers={"accept-encoding": "gzip"})
    client.force_login(clinician)
    settle()  # as the web process does
    page = reverse("patient", args=[patient.reference])
    addresses = [page + query for query in views()]
    figures = figures_on(client, page)
    for address in (*addresses, *figures):
        look(client, address)  # once, for what is loaded at the first look
    times: list[float] = []
    chance = random.Random(1)
    sessions = list(patient.sessions.order_by("pk"))
    for place in range(LOOKS):
        if place % CHANGED_EVERY == 0:
            one = chance.choice(sessions)
            type(one).count_change(one.pk)
        times.append(look(client, addresses[place % len(addresses)])[0])
    drawn = [look(client, figures[place % len(figures)])[0] for place in range(LOOKS)]
    first: list[float] = []
    for address in addresses:
        type(patient).count_change(patient.pk)
        first.append(look(client, address)[0])
    note = (
        f"{SESSIONS} sessions, {EVENTS} marks; median {1_000 * statistics.median(times):.0f} ms; "
        f"with nothing kept up to {1_000 * max(first):.0f} ms; "
        f"each figure beside it {1_000 * statistics.median(drawn):.0f} ms, "
        f"p95 {1_000 * statistics.quantiles(drawn, n=20)[-1]:.0f} ms; "
        f"PostgreSQL {connection.cursor().connection.info.server_version // 10_000}, {machine()}"
    )
    p95 = 1_000 * statistics.quantiles(times, n=20)[-1]
    record("patient.p95_ms", p95, "ms", n=LOOKS, note=note)
    asked = []
    for address in (*addresses, *figures):
        type(patient).count_change(patient.pk)  # so that what was kept counts as well
        asked.append(queries(client, address))
    most = max(asked)
    record("patient.queries", most, "queries", n=len(addresses) + len(figures), note=f"{SESSIONS} sessions")
    sizes = [look(client, address)[1] / 1_000 for address in (page, *figures)]
    told = ", ".join(f"{size:.0f}" for size in sizes)
    names = ", ".join(Path(address.partition("?")[0]).stem for address in figures)
    note = f"page, {names}: {told} kB, as gzip"
    record("patient.kb", sum(sizes), "kB", n=len(sizes), note=note)


def views() -> list[str]:
    today = datetime.now().date()
    days = [today - timedelta(days=past) for past in (180, 91, 90, 0)]
    names = ("a_since", "a_until", "b_since", "b_until")
    compared = "&".join(f"{name}={day}" for name, day in zip(names, days, strict=True))
    return ["", "?range=3m", "?range=1y&by=week", f"?{compared}", "?page=9"]


def figures_on(client: Client, page: str) -> list[str]:
    """The addresses that the page's script asks for, as it asks for them on a desk."""
    text = client.get(page, headers={"accept-encoding": "identity"}).content.decode()
    found = [unescape(address) for address in FIGURE.findall(text)]
    return [f"{address}{'&' if '?' in address else '?'}theme=light&columns=4" for address in found]


def look(client: Client, address: str) -> tuple[float, int]:
    """Seconds of one request, and the bytes that came."""
    began = time.perf_counter()
    answer = client.get(address)
    size = len(answer.content)
    seconds = time.perf_counter() - began
    assert answer.status_code == 200, address
    assert answer["Content-Encoding"] == "gzip", address
    return seconds, size


def queries(client: Client, address: str) -> int:
    """How many statements one request asks of the database, without those that only begin or end."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as asked:
        client.get(address)
    return sum(not query["sql"].startswith(TRANSACTIONS) for query in asked.captured_queries)


def fill() -> tuple[Clinician, Patient]:
    """A patient who comes about every day, with events, a change of model, judgements and signatures."""
    from analysis.models import AcousticMeasures, Analysis, Recording, Signature, Summary
    from patients.models import CourseEvent, Session
    from tests.analysis.hearing import model
    from tests.cast import make_cast

    people, chance = make_cast(), random.Random(0)
    by, patient = people.treats, people.patient
    sessions = Session.objects.bulk_create(
        Session(patient=patient, held_at=held_at, started_by=by) for held_at in dates(chance)
    )
    recordings = Recording.objects.bulk_create(
        Recording(session=one, original_name="visit.m4a", size_bytes=1, received_by=by) for one in sessions
    )
    models = [model(number) for number in range(1, MODELS + 1)]
    analyses = Analysis.objects.bulk_create(
        Analysis(recording=one, model_version=models[place * MODELS // SESSIONS], state=Analysis.State.DONE)
        for place, one in enumerate(recordings)
    )
    Summary.objects.bulk_create(summary_of(one, chance) for one in analyses)
    AcousticMeasures.objects.bulk_create(
        AcousticMeasures(analysis=one, values=voice_of(chance)) for one in analyses
    )
    Signature.objects.bulk_create(
        Signature(session=one, signed_by=by) for one in sessions if chance.random() < 0.9
    )
    kinds = CourseEvent.Kind.values
    CourseEvent.objects.bulk_create(
        CourseEvent(
            patient=patient,
            kind=kinds[place % len(kinds)],
            on=sessions[place * SESSIONS // EVENTS].held_at.date(),
            label=f"Event {place}",
            written_by=by,
        )
        for place in range(EVENTS)
    )
    return by, patient


def dates(chance: random.Random) -> list[datetime]:
    """Over three years, the last of them yesterday, with a long gap here and there."""
    from django.utils import timezone

    days = [0.0]
    for _ in range(SESSIONS - 1):
        days.append(days[-1] + chance.choice([0.4, 1, 1, 1, 2]) + (25 if chance.random() < 0.003 else 0))
    latest = timezone.now() - timedelta(days=1)
    return [latest - timedelta(days=days[-1] - past) for past in days]


def summary_of(analysis: Analysis, chance: random.Random) -> Summary:
    """Sixteen digits to a number, as the pipeline keeps them."""
    import numpy as np

    from analysis.models import Summary

    shares = np.array([weight * chance.uniform(0.7, 1.3) for weight in (3, 6, 2, 4, 1, 1, 0.5, 0.5)])
    shares /= shares.sum()
    numbers: dict[str, Any] = {
        "shares": shares.tolist(),
        "low": np.clip(shares - 0.04 - 0.02 * chance.random(), 0, 1).tolist(),
        "high": np.clip(shares + 0.04 + 0.02 * chance.random(), 0, 1).tolist(),
    }
    minutes = chance.uniform(0.2, 40)
    return Summary(
        analysis=analysis,
        abstained_share=chance.uniform(0.1, 0.5),
        windows=600,
        speech_s=minutes * 60,
        duration_s=minutes * 150,
        quality=["band_limited"] if chance.random() < 0.1 else [],
        **numbers,
    )


def voice_of(chance: random.Random) -> dict[str, dict[str, float]]:
    """Every measure of how somebody speaks, as the pipeline keeps it."""
    from ml.acoustics.measures import MEASURES

    measured: dict[str, dict[str, float]] = {}
    for key in MEASURES:
        value = chance.uniform(1.0, 3.0)
        low, high = value - chance.uniform(0.1, 0.3), value + chance.uniform(0.1, 0.3)
        measured[key] = {"value": value, "low": low, "high": high, "seconds": chance.uniform(20, 1_200)}
    return measured


if __name__ == "__main__":
    main()
