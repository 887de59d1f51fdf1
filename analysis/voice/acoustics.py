"""A recording's acoustic measures: taken by the worker beside the estimate, or later from kept sound.

They need the sound and where somebody speaks in it, and no model of emotion.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
from django.db import transaction
from django.db.models import QuerySet
from numpy.typing import NDArray

from analysis import jurisdiction
from analysis.models import AcousticMeasures, Analysis
from analysis.sound import audio_store
from ml.acoustics.measures import MEASURES, NOT_MEASURED
from ml.acoustics.voice import VERSION, VoiceMeasures, measure
from patients.enrolment import has_consent
from patients.models import Consent, Session

log = logging.getLogger(__name__)


def listen(
    canonical: Path,
    spans: NDArray[np.float32],
    progress: Callable[[float], None] = lambda fraction: None,
) -> VoiceMeasures | None:
    """Measure the patient's channel; None where this clinic's setting allows no analysis of voices.

    What the sound says otherwise does not wait for this: whatever cannot be measured is absent.
    """
    if not jurisdiction.measures_voices():
        return None
    try:
        return measure(canonical, spans, progress=progress)
    except (ValueError, ArithmeticError, RuntimeError):  # of numbers, and of the sound file library
        log.exception("The acoustic measures of a recording could not be taken.")
        return VoiceMeasures({}, dict.fromkeys(MEASURES, NOT_MEASURED))


def write_down(analysis: Analysis, measures: VoiceMeasures | None) -> None:
    """Within the caller's transaction."""
    if measures is None:
        return
    AcousticMeasures.objects.update_or_create(
        analysis=analysis,
        defaults={
            "values": {key: reading._asdict() for key, reading in measures.values.items()},
            "absent": dict(measures.absent),
            "version": VERSION,
        },
    )


def to_measure() -> QuerySet[Analysis]:
    """Finished analyses whose sound is kept, without measures or with some of an earlier way of measuring."""
    done = Analysis.objects.filter(
        state=Analysis.State.DONE,
        recording__voided_at__isnull=True,
        recording__session__voided_at__isnull=True,
        matrix__isnull=False,
    )
    kept = done.exclude(recording__canonical="").exclude(acoustics__version__gte=VERSION)
    return kept.select_related("recording__session__patient", "matrix")


def measure_kept(analysis: Analysis) -> bool:
    """Measure one whose sound is kept; False where the patient has not agreed, or the sound is gone."""
    recording = analysis.recording
    if not has_consent(recording.session.patient, Consent.Purpose.ANALYSE):
        return False
    try:
        with audio_store.as_local_file(recording.canonical) as path:
            measures = listen(path, analysis.matrix.spans)
    except audio_store.FileMissing:
        log.warning("The sound of recording %s is gone from the storage.", recording.pk)
        return False
    with transaction.atomic():
        write_down(Analysis.objects.select_for_update().get(pk=analysis.pk), measures)
        Session.count_change(recording.session_id)  # what the caseload keeps no longer holds
    return measures is not None
