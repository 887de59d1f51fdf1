"""The one place where ``ml`` meets the database: a claimed analysis is heard, and its result written once."""

from __future__ import annotations

import logging
import tempfile
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.core.files.base import File
from django.db import close_old_connections, transaction

from analysis import audio_store, governance, intake, queue
from analysis.heartbeat import Heartbeat
from analysis.models import Analysis, Recording, Summary, WindowMatrix
from ml.audio import UnreadableAudio
from ml.recogniser import EmotionRecogniser, SessionEstimate
from ml.registry import UnknownModel
from patients.enrolment import has_consent
from patients.models import Consent

log = logging.getLogger(__name__)

CHANNELS: dict[str, int] = {Recording.Channel.LEFT: 0, Recording.Channel.RIGHT: 1}


class NotToBeHeard(Exception):
    """The recording must not be analysed, or not yet: trying again by itself would not help."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def analyse(analysis_id: UUID) -> None:
    """Hear one recording, if no one else does. However often this is called, at most one result stands."""
    claim = queue.claim(Analysis, analysis_id)
    if claim is None:
        return
    try:
        _analyse_under(claim)
    except queue.LeaseLost:
        log.warning("Analysis %s is someone else's by now; what this worker heard is dropped.", analysis_id)


def _analyse_under(claim: queue.Claim) -> None:
    analysis = Analysis.objects.select_related("recording__session__patient", "model_version").get(
        pk=claim.job_id
    )
    try:
        _write_down(claim, analysis, _hear(claim, analysis))
    except queue.LeaseLost:
        raise
    except NotToBeHeard as refusal:
        claim.fail(refusal.reason)
    except UnreadableAudio as error:
        claim.fail(error.code)
    except audio_store.FileMissing:
        log.exception("The sound of recording %s is gone from the storage.", analysis.recording_id)
        claim.fail("file_missing")
    except UnknownModel:
        log.exception("The model of analysis %s is not published here.", analysis.pk)
        claim.fail("model_missing")
    except Exception as error:
        claim.release("storage_full" if audio_store.is_no_room(error) else "crashed")
        raise


def _hear(claim: queue.Claim, analysis: Analysis) -> SessionEstimate:
    """Everything that takes time, while a heartbeat keeps the claim."""
    try:
        with Heartbeat(claim) as beat:
            return _listen(analysis, beat)
    finally:
        close_old_connections()  # idle for as long as the hearing took: the server may have dropped it


def _listen(analysis: Analysis, beat: Heartbeat) -> SessionEstimate:
    """Of all this only the canonical sound is kept so far."""
    recording = analysis.recording
    _check_may_be_heard(recording)
    recogniser = _recogniser(analysis.model_version.model_id)
    with (
        audio_store.as_local_file(recording.audio) as path,
        tempfile.TemporaryDirectory(prefix="hearing-", dir=settings.FILE_UPLOAD_TEMP_DIR) as folder,
    ):
        _check_channel(recording, path)
        canonical = None if recording.canonical else Path(folder) / "canonical.flac"
        estimate = recogniser.analyse(
            path,
            channel=CHANNELS.get(recording.patient_channel),
            canonical=canonical,
            progress=beat.tell,
        )
        if canonical is not None:
            with canonical.open("rb") as sound:
                audio_store.keep(recording.canonical, File(sound))
    return estimate


@lru_cache(maxsize=2)
def _recogniser(model_id: str) -> EmotionRecogniser:
    """One per process and model: loading it takes longer than hearing a short recording."""
    return EmotionRecogniser.load(model_id, *governance.model_roots())


def _check_may_be_heard(recording: Recording) -> None:
    """What was true when the recording came in may no longer be when its turn comes."""
    if recording.is_voided or recording.session.is_voided:
        raise NotToBeHeard("voided")
    if not has_consent(recording.session.patient, Consent.Purpose.ANALYSE):
        raise NotToBeHeard("consent_withdrawn")


def _check_channel(recording: Recording, path: Path) -> None:
    """What intake could not read may be readable now; nobody was asked yet which channel is the patient's."""
    if recording.channels is None:
        intake.note_properties(recording, path)
        if reason := intake.check_channel(recording):
            recording.save(update_fields=[*intake.PROPERTIES, "patient_channel"])
            raise NotToBeHeard(reason)


def _write_down(claim: queue.Claim, analysis: Analysis, estimate: SessionEstimate) -> None:
    """The result in one transaction, or nothing of it. The claim is checked first, and holds the row."""
    recording, summary = analysis.recording, estimate.summary
    with transaction.atomic():
        claim.finish()
        WindowMatrix.pack(
            analysis=analysis,
            starts=estimate.starts,
            ends=estimate.ends,
            probabilities=estimate.probabilities,
            abstained=estimate.abstained,
            spans=estimate.spans,
        ).save(force_insert=True)
        Summary.objects.create(
            analysis=analysis,
            shares=summary.probabilities.tolist(),
            low=summary.low.tolist(),
            high=summary.high.tolist(),
            top=summary.top or "",
            abstained_share=summary.abstained_share,
            windows=summary.windows,
            speech_s=estimate.speech_s,
            duration_s=estimate.duration_s,
            quality=list(estimate.quality),
        )
        recording.duration_s, recording.peaks = estimate.duration_s, estimate.peaks.tobytes()
        recording.save(
            update_fields=[*intake.PROPERTIES, "patient_channel", "duration_s", "peaks", "canonical"]
        )
