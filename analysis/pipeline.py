"""The one place where ``ml`` meets the database: a claimed analysis is heard, and its result written once."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.core.files.base import File
from django.db import close_old_connections, transaction

from analysis import governance, intake, jurisdiction, queue
from analysis.heartbeat import Heartbeat
from analysis.models import Analysis, Recording, Summary, WindowMatrix
from analysis.sound import audio_store
from analysis.voice import acoustics
from ml.acoustics.voice import VoiceMeasures
from ml.audio import UnreadableAudio
from ml.bystander import Bystander, overhear
from ml.recogniser import EmotionRecogniser, Listened, SessionEstimate, listen
from ml.registry import UnknownModel
from patients.enrolment import has_consent
from patients.models import Consent

log = logging.getLogger(__name__)

CHANNELS: dict[str, int] = {Recording.Channel.LEFT: 0, Recording.Channel.RIGHT: 1}
HEARD = ("patient_channel", "duration_s", "peaks", "other_peaks", "other_spans", "canonical")
# Of the work on a recording, for its progress: the patient alone, or beside the other voice; then measuring.
HEARD_ALONE, HEARD_OF_TWO, OVERHEARD = 0.7, 0.5, 0.7


@dataclass(frozen=True)
class Heard:
    """All that is written down of one recording."""

    estimate: SessionEstimate | Listened
    other: Bystander | None
    voice: VoiceMeasures | None


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


def _hear(claim: queue.Claim, analysis: Analysis) -> Heard:
    """Everything that takes time, while a heartbeat keeps the claim."""
    try:
        with Heartbeat(claim) as beat:
            return _listen(analysis, beat)
    finally:
        close_old_connections()  # idle for as long as the hearing took: the server may have dropped it


def _listen(analysis: Analysis, beat: Heartbeat) -> Heard:
    """Of all this only the canonical sound is kept so far. Where the law wants none, no emotion is sought."""
    recording = analysis.recording
    _check_may_be_heard(recording)
    hear: Callable[..., SessionEstimate | Listened] = listen
    if jurisdiction.shows_emotion():
        hear = _recogniser(analysis.model_version.model_id).analyse
    with (
        audio_store.as_local_file(recording.audio) as path,
        tempfile.TemporaryDirectory(prefix="hearing-", dir=settings.FILE_UPLOAD_TEMP_DIR) as folder,
    ):
        _check_channel(recording, path)
        canonical = None if recording.canonical else Path(folder) / "canonical.flac"
        channel = CHANNELS.get(recording.patient_channel)
        estimate = hear(
            path,
            channel=channel,
            canonical=canonical,
            progress=_part(beat, 0, HEARD_ALONE if channel is None else HEARD_OF_TWO),
        )
        other = None if channel is None else _overhear(path, 1 - channel, beat)
        with _heard_sound(recording, canonical) as sound_path:
            voice = acoustics.listen(sound_path, estimate.spans, _part(beat, OVERHEARD, 1))
        if canonical is not None:
            with canonical.open("rb") as sound:
                audio_store.keep(recording.canonical, File(sound))
    return Heard(estimate, other, voice)


def _part(beat: Heartbeat, start: float, end: float) -> Callable[[float], None]:
    """Progress of a part of the work as progress of the whole."""
    return lambda done: beat.tell(start + done * (end - start))


def _heard_sound(recording: Recording, fresh: Path | None) -> AbstractContextManager[Path]:
    """The canonical copy: just written, or kept from an earlier hearing."""
    return audio_store.as_local_file(recording.canonical) if fresh is None else nullcontext(fresh)


def _overhear(path: Path, channel: int, beat: Heartbeat) -> Bystander | None:
    """When the other voice spoke. The patient's result does not wait for a channel that cannot be read."""
    try:
        return overhear(
            path,
            channel=channel,
            progress=_part(beat, HEARD_OF_TWO, OVERHEARD),
        )
    except UnreadableAudio:
        log.warning("The channel beside the patient's could not be read; only the patient's is shown.")
        return None


@lru_cache(maxsize=2)
def _recogniser(model_id: str) -> EmotionRecogniser:
    """One per process and model: loading it takes longer than hearing a short recording."""
    return EmotionRecogniser.load(model_id, *governance.model_roots())


def _check_may_be_heard(recording: Recording) -> None:
    """What was true when the recording came in may no longer be when its turn comes."""
    if recording.is_voided or recording.session.is_voided:
        raise NotToBeHeard("voided")
    if not jurisdiction.measures_voices():
        raise NotToBeHeard("analysis_off")
    _check_consent(recording)


def _check_consent(recording: Recording) -> None:
    if not has_consent(recording.session.patient, Consent.Purpose.ANALYSE):
        raise NotToBeHeard("consent_withdrawn")


def _check_channel(recording: Recording, path: Path) -> None:
    """What intake could not read may be readable now; nobody was asked yet which channel is the patient's."""
    if recording.channels is None:
        intake.note_properties(recording, path)
        if reason := intake.check_channel(recording):
            recording.save(update_fields=[*intake.PROPERTIES, "patient_channel"])
            raise NotToBeHeard(reason)


def _write_down(claim: queue.Claim, analysis: Analysis, heard: Heard) -> None:
    """The result in one transaction, or nothing of it. The claim is checked first, and holds the row."""
    recording, estimate, other = analysis.recording, heard.estimate, heard.other
    with transaction.atomic():
        claim.finish()
        queue.watch_on_commit(recording.session.patient_id)
        _check_consent(recording)  # hearing took time: the patient may have withdrawn meanwhile
        if isinstance(estimate, SessionEstimate):
            _write_down_emotion(analysis, estimate)
        acoustics.write_down(analysis, heard.voice)
        recording.duration_s, recording.peaks = estimate.duration_s, estimate.peaks.tobytes()
        recording.other_peaks = other.peaks.tobytes() if other else b""
        recording.other_spans = other.spans.astype("<f4").tobytes() if other else b""
        recording.save(update_fields=[*intake.PROPERTIES, *HEARD])


def _write_down_emotion(analysis: Analysis, estimate: SessionEstimate) -> None:
    summary = estimate.summary
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
