"""A program of ``test_collisions``: several of it change the same two patients at the same moment.

``prepare MARK`` makes two patients and a session of each. ``collide MARK`` waits for a line on standard
input, then moves sessions to and fro and gives and withdraws consent. ``read MARK`` prints what came of it.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from contextlib import suppress

import django

django.setup()

from django.core.management import call_command  # noqa: E402

from patients.access import NotVisible, patients_of, sessions_of  # noqa: E402
from patients.audit import Action  # noqa: E402
from patients.care import move_session  # noqa: E402
from patients.enrolment import give_consent, withdraw_consent  # noqa: E402
from patients.errors import Refused  # noqa: E402
from patients.models import AuditEntry, Clinician, Consent, Team  # noqa: E402
from tests.cast import make_clinician, make_patient, make_session  # noqa: E402

ROUNDS = 25


def prepare(mark: str) -> None:
    call_command("migrate", verbosity=0)
    clinician = make_clinician(mark, team=Team.objects.create(name=mark))
    for side in ("A", "B"):
        make_session(clinician, make_patient(clinician, f"{mark}-{side}"))


def act(clinician: Clinician) -> None:
    patients = list(patients_of(clinician))
    target = random.choice(patients)
    match random.randrange(3):
        case 0:
            give_consent(by=clinician, patient=target, purpose=Consent.Purpose.TRAIN)
        case 1:
            withdraw_consent(by=clinician, patient=target, purpose=Consent.Purpose.TRAIN)
        case _:
            session = random.choice(list(sessions_of(clinician)))
            move_session(by=clinician, session=session, to_patient=target, reason="to and fro")


def collide(mark: str) -> None:
    clinician = Clinician.objects.get(username=mark)
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(ROUNDS):
        with suppress(Refused, NotVisible):  # someone else was quicker, and that is said, not done twice
            act(clinician)
    print("unharmed", flush=True)


def read(mark: str) -> None:
    """What stands and what the audit says of how it came about; the two must tell the same story."""
    clinician = Clinician.objects.get(username=mark)
    standing = Consent.objects.filter(purpose="train", withdrawn_at=None, given_by=clinician)
    acts = Counter(AuditEntry.objects.filter(actor=clinician).values_list("action", flat=True))
    trained = AuditEntry.objects.filter(actor=clinician, detail__purpose="train")
    seen = {
        "sessions": sessions_of(clinician).count(),
        "moved_away": acts[Action.SESSION_MOVED_AWAY],
        "moved_in": acts[Action.SESSION_MOVED_IN],
        "given": trained.filter(action=Action.CONSENT_GIVEN).count(),
        "withdrawn": trained.filter(action=Action.CONSENT_WITHDRAWN).count(),
        "standing": standing.count(),
        "standing_each": Counter(consent.patient.reference for consent in standing),
    }
    print(json.dumps(seen))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["prepare", mark]:
            prepare(mark)
        case ["collide", mark]:
            collide(mark)
        case ["read", mark]:
            read(mark)
