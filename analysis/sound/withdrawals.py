"""What a patient's withdrawal stops, at once: hearing that has not come to its end, and listening again.

The doors ask for the consent each time; here is what must be stopped although nobody comes to a door.
Sound itself goes with ``retention``.
"""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from analysis import queue
from analysis.models import Analysis, Explanation, Job, Recording
from patients.enrolment import has_consent
from patients.models import Consent


def may_be_listened_to(recording: Recording) -> bool:
    """Whether the patient agrees, now, to the keeping of sound for listening again."""
    return has_consent(recording.session.patient, Consent.Purpose.KEEP_AUDIO)


def agreed(purpose: Consent.Purpose, patient: str) -> Exists:
    """For a queryset: whether the patient at ``patient`` has a standing consent for ``purpose``."""
    return Exists(Consent.objects.filter(patient=OuterRef(patient), purpose=purpose, withdrawn_at=None))


def stop_hearing() -> int:
    """End all work on recordings of patients who do not agree to analysis; returns how much there was.

    A worker that is at it notices at its next word, and writes nothing.
    """
    stopped = 0
    for kind, patient in (
        (Analysis, "recording__session__patient"),
        (Explanation, "analysis__recording__session__patient"),
    ):
        waiting = kind._default_manager.filter(state__in=(Job.State.QUEUED, Job.State.RUNNING))
        for job in waiting.filter(~agreed(Consent.Purpose.ANALYSE, patient)).only("pk"):
            stopped += queue.cancel(job, reason="consent_withdrawn")
    return stopped
