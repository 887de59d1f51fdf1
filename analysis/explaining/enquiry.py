"""A clinician asks why a moment sounded as it did. Web side: the answer is worked out in ``answering``."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from analysis import queue
from analysis.access import lock_recording
from analysis.models import Analysis, Explanation, WindowMatrix
from analysis.sound.withdrawals import may_be_listened_to
from patients.access import NotVisible
from patients.audit import Action, record
from patients.enrolment import has_consent
from patients.errors import Refused
from patients.models import Clinician, Consent


def explanation_of(analysis: Analysis, window: int) -> Explanation | None:
    return Explanation.objects.filter(analysis=analysis, window=window).first()


def why_not(analysis: Analysis) -> Refused | None:
    """What stands against explaining any window of this analysis, if anything does."""
    recording = analysis.recording
    if recording.is_voided or recording.session.is_voided:
        return Refused("voided", _("This recording is voided, so nothing more is worked out about it."))
    if not recording.canonical or not may_be_listened_to(recording):
        sentence = _("The sound of this recording is not kept any more, so this cannot be worked out.")
        return Refused("not_kept", sentence)
    if not has_consent(recording.session.patient, Consent.Purpose.ANALYSE):
        sentence = _("There is no standing consent to analyse recordings, so this is not worked out.")
        return Refused("consent_withdrawn", sentence)
    return None


@transaction.atomic
def ask_why(*, by: Clinician, analysis: Analysis, window: int) -> Explanation:
    """Queue the explanation of one window; a failed one is tried again, one that is there is found again."""
    if not by.sees_results:
        raise NotVisible
    recording = lock_recording(by, analysis.recording)
    analysis.recording = recording
    known = explanation_of(analysis, window)
    if known is not None and known.state != Explanation.State.FAILED:
        return known
    if (refusal := why_not(analysis)) is not None:
        raise refusal
    matrix = WindowMatrix.objects.filter(analysis=analysis).only("count").first()
    if matrix is None or not 0 <= window < matrix.count:
        raise Refused("no_window", _("Choose a moment in which somebody speaks."), field="window")
    if known is not None:
        queue.requeue(known)
    else:
        known = _queued(by, analysis, window)
    detail = {"analysis": str(analysis.pk), "window": window}
    record(
        actor=by,
        action=Action.EXPLANATION_ASKED,
        patient=recording.session.patient,
        subject=known,
        detail=detail,
    )
    return known


def _queued(by: Clinician, analysis: Analysis, window: int) -> Explanation:
    try:
        with transaction.atomic():
            asked = Explanation.objects.create(analysis=analysis, window=window, asked_by=by)
    except IntegrityError:  # a colleague asked at this very moment
        return Explanation.objects.get(analysis=analysis, window=window)
    queue.ring_on_commit(asked)
    return asked
