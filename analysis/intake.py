"""A recording comes in: kept as it was received, with its fingerprint, and queued. Nothing here loads torch.

What cannot be analysed stays listed in its session, with its reason, whenever there is a session to list it
in; only what must not be kept at all is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePath

from django.conf import settings
from django.core.files.base import File
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from analysis import governance, jurisdiction, queue
from analysis.models import Analysis, Recording
from analysis.reasons import FAILURES
from analysis.sound import audio_store
from analysis.sound.upload_handler import ArrivingFile
from ml.audio import AudioProperties, UnreadableAudio, probe
from ml.containers import suffix_lies
from patients.access import lock_session
from patients.audit import Action, record
from patients.enrolment import has_consent
from patients.errors import Refused
from patients.models import Clinician, Consent, Patient, Session

LONGEST_NAME = 200
PROPERTIES = ("container", "codec", "sample_rate", "channels")


@dataclass(frozen=True)
class Receipt:
    """What became of an upload. ``is_new`` is False when the session already had this very file."""

    recording: Recording
    is_new: bool


def accept_recording(
    *, by: Clinician, session: Session, upload: File[bytes], channel: str = Recording.Channel.MIX
) -> Receipt:
    """Take a recording into a session and queue its analysis.

    Raises:
        Refused: no consent, a voided session, a discharged patient, no room in the storage.
        NotVisible: the session is not one that ``by`` may see.
    """
    check_welcome(by, session)
    if isinstance(upload, ArrivingFile) and upload.no_room:
        raise _no_room()
    recording = Recording(
        session=session,
        original_name=_plain(upload.name or ""),
        size_bytes=upload.size,
        patient_channel=Recording.Channel(channel),
        received_by=by,
    )
    if upload.size > settings.MAX_UPLOAD_BYTES:
        return _enter(recording, reason="too_large", by=by)
    recording.sha256, recording.size_bytes = audio_store.digest(upload)
    if known := _same_file(recording):
        return Receipt(known, is_new=False)
    try:
        audio_store.keep(recording.audio, upload)
    except audio_store.StorageFull as error:
        raise _no_room() from error
    is_listed = False
    try:
        receipt = _enter(recording, reason=_look_into(recording), by=by)
        is_listed = receipt.is_new
        return receipt
    finally:
        if not is_listed:
            audio_store.discard(recording.audio.storage, recording.audio.name)


def _no_room() -> Refused:
    return Refused("storage_full", str(FAILURES["storage_full"]), field="recording")


def check_welcome(by: Clinician, session: Session) -> None:
    """Whether the session may receive a recording now. Inside a transaction the session stays locked."""
    with transaction.atomic():
        session = lock_session(by, session)
    if session.is_voided:
        sentence = _("This session is voided. Start a new session and upload the recording there.")
        raise Refused("session_voided", sentence)
    check_patient(session.patient)


def check_patient(patient: Patient) -> None:
    """Whether recordings of this patient may be received: also asked before a session begins with one."""
    jurisdiction.check_recordings_are_welcome()
    if patient.is_discharged:
        raise Refused(
            "discharged", _("This patient is discharged. Readmit them before uploading a recording.")
        )
    if not has_consent(patient, Consent.Purpose.ANALYSE):
        sentence = _("The patient has not agreed to the analysis of recordings. Record the consent first.")
        raise Refused("consent_missing", sentence)


def _look_into(recording: Recording) -> str:
    """Note what the file says of itself; returns the reason for which it cannot be analysed, or nothing."""
    try:
        with audio_store.as_local_file(recording.audio) as path:
            properties = note_properties(recording, path)
    except UnreadableAudio as error:
        return error.code
    if suffix_lies(recording.original_name, properties.container):
        return "wrong_extension"
    return check_channel(recording)


def note_properties(recording: Recording, path: Path) -> AudioProperties:
    """Put what the file says of itself into the columns named in ``PROPERTIES``."""
    properties = probe(path)
    for column in PROPERTIES:
        setattr(recording, column, getattr(properties, column))
    return properties


def check_channel(recording: Recording) -> str:
    """The voice beside the patient's must not reach the model silently: with several channels, ask."""
    if recording.channels == 1:
        recording.patient_channel = Recording.Channel.MIX
    elif recording.channels is not None and recording.patient_channel == Recording.Channel.MIX:
        return "choose_channel"
    return ""


def _enter(recording: Recording, *, reason: str, by: Clinician) -> Receipt:
    """Recording, analysis and audit stand together or not at all; the bell rings once they stand."""
    model_version = governance.active_model()
    session = recording.session
    with transaction.atomic():
        check_welcome(by, session)  # it took time to store the file: the patient may have withdrawn
        if known := _same_file(recording):
            return Receipt(known, is_new=False)
        recording.save()
        analysis = Analysis(recording=recording, model_version=model_version)
        if reason:
            analysis.state, analysis.reason, analysis.finished_at = (
                Analysis.State.FAILED,
                reason,
                recording.received_at,
            )
        analysis.save()
        record(
            actor=by,
            action=Action.RECORDING_REFUSED if reason else Action.RECORDING_RECEIVED,
            patient=session.patient,
            subject=recording,
            session=session,
            detail={"reason": reason} if reason else {},
        )
        if not reason:
            queue.ring_on_commit(analysis)
    return Receipt(recording, is_new=True)


def _same_file(recording: Recording) -> Recording | None:
    twins = Recording.objects.filter(session=recording.session, sha256=recording.sha256, voided_at=None)
    return twins.first() if recording.sha256 else None


def _plain(name: str) -> str:
    """The last part of a file's name without control characters, which PostgreSQL refuses; ending kept."""
    path = PurePath("".join(sign for sign in name if sign.isprintable()).replace("\\", "/"))
    stem_length = max(0, LONGEST_NAME - len(path.suffix))
    return (path.stem[:stem_length] + path.suffix)[:LONGEST_NAME] or str(_("unnamed"))
