"""A program of ``test_claim_races``: several of it claim the same rows of one database at the same moment.

``prepare N`` makes the database and N queued rows. ``claim`` obeys standard input, by lines: ``go`` claims
all rows and prints the ids of those that it got, ``expire`` lets every lease run out.
"""

from __future__ import annotations

import json
import random
import sys
from datetime import timedelta

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from analysis import queue  # noqa: E402
from analysis.models import Analysis  # noqa: E402
from tests.analysis.hearing import make_recording  # noqa: E402
from tests.cast import make_cast, make_session  # noqa: E402


def prepare(rows: int) -> None:
    call_command("migrate", verbosity=0)
    cast = make_cast()
    session = make_session(cast.treats, cast.patient)
    for _ in range(rows):
        make_recording(cast.treats, session)


def claim() -> None:
    rows = list(Analysis.objects.values_list("pk", flat=True))
    random.shuffle(rows)
    print("ready", flush=True)
    for line in sys.stdin:
        if line == "expire\n":
            Analysis.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
            print(flush=True)
        else:
            print(json.dumps([str(row) for row in rows if queue.claim(Analysis, row)]), flush=True)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["prepare", rows]:
            prepare(int(rows))
        case ["claim"]:
            claim()
