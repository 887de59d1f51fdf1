"""Mistakes about a recording are put right, always with a reason: the wrong patient is the worst of them."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from analysis import governance, intake, queue, reasons
from analysis.access import lock_recording
from analysis.models import Analysis, Explanation, Judgement, Recording, Summary, WindowMatrix
from analysis.sound import audio_store
from patients.access import lock_patient, lock_session
from patients.audit import Action, record
from patients.care import check_may_receive, stated
from patients.errors import Refused
from patients.models import Clinician, Session


@transaction.atomic
def move_recording(*, by: Clinician, recording: Recording, to_session: Session, reason: str) -> Recording:
    """Put a recording into the session that it belongs to. Both patients' audits say so."""
    reason = stated(reason)
    # In one order whoever moves what where, so that two moves cannot wait for each other.
    patients = {recording.session.patient, to_session.patient}
    held = {p.pk: lock_patient(by, p) for p in sorted(patients, key=lambda p: p.pk)}
    recording, to_session = _unvoided(by, recording), lock_session(by, to_session)
    _check_target(recording, to_session)
    from_patient, to_patient = recording.session.patient, to_session.patient
    if from_patient != to_patient:
        check_may_receive(held.get(to_patient.pk, to_patient))
    from_session, recording.session = recording.session, to_session
    recording.save(update_fields=["session"])
    detail = {"from_session": str(from_session.pk), "to_session": str(to_session.pk), "reason": reason}
    for action, patient in (
        (Action.RECORDING_MOVED_AWAY, from_patient),
        (Action.RECORDING_MOVED_IN, to_patient),
    ):
        record(actor=by, action=action, patient=patient, subject=recording, detail=detail)
    return recording


def _check_target(recording: Recording, to_session: Session) -> None:
    if to_session.pk == recording.session_id:
        raise Refused("same_session", _("The recording is already in this session."), field="to_session")
    if to_session.is_voided:
        raise Refused("session_voided", _("That session is voided. Choose another."), field="to_session")
    twins = to_session.recordings.filter(sha256=recording.sha256, voided_at=None)
    if recording.sha256 and twins.exists():
        sentence = _("That session already has this very file. Void this one instead.")
        raise Refused("already_there", sentence, field="to_session")


@transaction.atomic
def void_recording(*, by: Clinician, recording: Recording, reason: str) -> Recording:
    """Take a recording out of every result. It stays listed, struck through, with who, when and why."""
    reason, recording = stated(reason), _unvoided(by, recording)
    recording.voided_at, recording.voided_by, recording.void_reason = timezone.now(), by, reason
    recording.save(update_fields=["voided_at", "voided_by", "void_reason"])
    record(
        actor=by,
        action=Action.RECORDING_VOIDED,
        patient=recording.session.patient,
        subject=recording,
        detail={"reason": reason},
    )
    return recording


@transaction.atomic
def retry_analysis(*, by: Clinician, recording: Recording, channel: str | None = None) -> Analysis:
    """Hear a recording again: one that failed, or one of which the wrong channel was heard."""
    recording = _unvoided(by, recording)
    intake.check_welcome(by, recording.session)
    if not recording.audio:
        sentence = _(
            "The sound of this recording was not kept, so it cannot be heard again. Upload it again."
        )
        raise Refused("not_kept", sentence)
    earlier = recording.latest_analysis
    if earlier is not None and not earlier.is_final:
        raise Refused(
            "in_progress", _("This recording is being analysed at this moment. Wait for it to end.")
        )
    heard = recording.patient_channel
    recording.patient_channel = Recording.Channel(channel or heard)
    if code := intake.check_channel(recording):
        raise Refused(code, reasons.explain(code), field="channel")
    changed = recording.patient_channel != heard
    if earlier is not None and earlier.state == Analysis.State.DONE and not changed:
        raise Refused("already_done", _("This recording is already analysed."))
    if changed:
        _forget_wrong_voice(by, recording)
    detail = {"channel": [heard, str(recording.patient_channel)], "after": earlier.reason if earlier else ""}
    record(
        actor=by,
        action=Action.ANALYSIS_RETRIED,
        patient=recording.session.patient,
        subject=recording,
        detail=detail,
    )
    return _queue_again(recording)


def _queue_again(recording: Recording) -> Analysis:
    analysis, is_new = Analysis.objects.get_or_create(
        recording=recording, model_version=governance.active_model()
    )
    if is_new:
        queue.ring_on_commit(analysis)
    else:
        queue.requeue(analysis)
    return analysis


def _forget_wrong_voice(by: Clinician, recording: Recording) -> None:
    """What was heard on the other channel is someone else's voice: no model's result of it may stand.

    What was said of it stays listed as withdrawn, and with it the row of the analysis that it was said of.
    """
    WindowMatrix.objects.filter(analysis__recording=recording).delete()
    Summary.objects.filter(analysis__recording=recording).delete()
    Explanation.objects.filter(analysis__recording=recording).delete()
    said = Judgement.objects.filter(analysis__recording=recording, withdrawn_at=None)
    said.update(withdrawn_at=timezone.now(), withdrawn_by=by)
    others = recording.analyses.exclude(model_version=governance.active_model())
    others.filter(judgements__isnull=True).delete()
    others.update(state=Analysis.State.FAILED, reason="other_channel")
    storage, name = recording.canonical.storage, recording.canonical.name
    if name:
        transaction.on_commit(lambda: audio_store.discard(storage, name))
    recording.canonical, recording.peaks, recording.duration_s = "", b"", None
    recording.save(update_fields=["patient_channel", "canonical", "peaks", "duration_s"])


def _unvoided(by: Clinician, recording: Recording) -> Recording:
    recording = lock_recording(by, recording)
    if recording.is_voided:
        raise Refused("voided", _("This recording is voided, so nothing about it can be changed."))
    if recording.session.is_voided:
        raise Refused("voided", _("This session is voided, so nothing in it can be changed."))
    return recording
