"""What a process keeps of patients from one request to the next: what has not changed is not made again.

In memory alone, for the latest few patients, and never told from an older state than the one just read: every
change counts up the patient's revision in its own transaction (``patients.audit.record``,
``analysis.queue``), and says, if it knows, which session it was about. Of a thousand sessions that one alone
is read again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from threading import Lock
from typing import Generic, TypeVar

from patients.models import Patient

MOST_KEPT = 16  # patients; one of a thousand sessions takes about 4 MB

Made = TypeVar("Made")


class Latest(Generic[Made]):
    """What was made of a patient last. An older revision goes as soon as a newer one comes.

    Beside the revision the moment of enrolment tells whether it is the same patient: databases give numbers
    anew after a restore.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[object, tuple[datetime, int, Made]] = OrderedDict()
        self._lock = Lock()

    def of(
        self,
        patient: Patient,
        make: Callable[[], Made],
        *more: object,
        amend: Callable[[Made, int], Made] | None = None,
    ) -> Made:
        """What ``make`` makes of the patient as read; ``more`` is what else it depends on.

        Where it is known which sessions changed since, ``amend`` is given what was made then and that
        revision: what bears a later one has changed.
        """
        place = (patient.pk, *more)
        with self._lock:
            kept = self._kept.get(place)
            if kept is not None and kept[:2] == (patient.enrolled_at, patient.revision):
                self._kept.move_to_end(place)
                return kept[2]
        if amend and kept and kept[0] == patient.enrolled_at and _is_amendable(patient, kept[1]):
            made = amend(kept[2], kept[1])
        else:
            made = make()
        with self._lock:
            self._kept[place] = (patient.enrolled_at, patient.revision, made)
            self._kept.move_to_end(place)
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return made


def _is_amendable(patient: Patient, revision: int) -> bool:
    return patient.reread_from <= revision < patient.revision
