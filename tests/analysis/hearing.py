"""Rows as the pipeline leaves them, made without hearing anything: for tests of what is read and drawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from django.core.files.base import ContentFile
from django.utils import timezone
from numpy.typing import NDArray

from analysis.models import Analysis, ModelVersion, Recording, Summary, WindowMatrix
from ml.labels import EMOTIONS, Emotion, index_of
from patients.models import Clinician, Patient, Session
from tests.cast import earlier, make_session
from tests.voices import encode, speech


def mixture(**shares: float) -> NDArray[np.float32]:
    """Eight shares that sum to 1: those named, and the rest spread evenly."""
    given = {index_of(Emotion(name)): share for name, share in shares.items()}
    rest = (1 - sum(given.values())) / (len(EMOTIONS) - len(given))
    return np.array([given.get(place, rest) for place in range(len(EMOTIONS))], np.float32)


def model(number: int = 1) -> ModelVersion:
    version, _ = ModelVersion.objects.get_or_create(
        number=number,
        defaults={"model_id": f"parallel-{number:08x}", "name": "parallel", "is_active": number == 1},
    )
    return version


def make_recording(
    by: Clinician,
    session: Session,
    *,
    name: str = "session.wav",
    state: str = Analysis.State.QUEUED,
    reason: str = "",
    progress: float = 0.0,
    version: ModelVersion | None = None,
) -> Analysis:
    recording = Recording.objects.create(
        session=session, original_name=name, size_bytes=1_400_000, received_by=by, channels=1
    )
    recording.audio.save("received", ContentFile(b"as received"))
    is_final = state in (Analysis.State.DONE, Analysis.State.FAILED)
    analysis = Analysis.objects.create(
        recording=recording,
        model_version=version or model(),
        state=state,
        reason=reason,
        progress=progress,
        finished_at=timezone.now() if is_final else None,
    )
    Patient.count_change(session.patient_id)
    return analysis


def make_heard(
    by: Clinician,
    session: Session,
    shares: NDArray[np.float32],
    *,
    seconds: float = 60.0,
    unsure: float = 0.2,
    half_width: float = 0.06,
    quality: Sequence[str] = (),
    version: ModelVersion | None = None,
    with_sound: bool = False,
    seed: int = 0,
) -> Analysis:
    """A finished analysis whose windows scatter around ``shares``; of them the share ``unsure`` abstained."""
    generator = np.random.default_rng(seed)
    analysis = make_recording(by, session, state=Analysis.State.DONE, progress=1.0, version=version)
    starts = np.arange(max(1, round(seconds) - 2), dtype=np.float32)
    drift = np.cumsum(generator.normal(0, 0.35, (len(starts), len(EMOTIONS))), 0)
    weights = np.maximum(shares, 1e-3) * np.exp(drift - drift.mean(0))
    spans = np.array([[begin, min(begin + 9, seconds)] for begin in np.arange(0, seconds, 11)], np.float32)
    WindowMatrix.pack(
        analysis=analysis,
        starts=starts,
        ends=np.minimum(starts + 3, seconds),
        probabilities=weights / weights.sum(1, keepdims=True),
        abstained=np.convolve(generator.random(len(starts)), np.ones(5) / 5, "same") < unsure * 1.6,
        spans=spans,
    ).save()
    Summary.objects.create(
        analysis=analysis,
        shares=shares.tolist(),
        low=np.clip(shares - half_width, 0, 1).tolist(),
        high=np.clip(shares + half_width, 0, 1).tolist(),
        top=EMOTIONS[int(shares.argmax())],
        abstained_share=unsure,
        windows=len(starts),
        speech_s=seconds * 9 / 11,
        duration_s=seconds,
        quality=list(quality),
    )
    recording = analysis.recording
    recording.duration_s = seconds
    loudness = np.abs(generator.normal(0, 40, round(seconds * 20))).clip(2, 120)
    recording.peaks = np.column_stack([-loudness, loudness]).astype(np.int8).tobytes()
    if with_sound:
        recording.canonical.save("canonical", ContentFile(encode(speech(seconds), "flac")))
    recording.save()
    Patient.count_change(session.patient_id)
    return analysis


def make_course(
    by: Clinician,
    patient: Patient,
    sessions: Sequence[NDArray[np.float32]],
    *,
    every_days: int = 8,
    seed: int = 0,
    version: ModelVersion | None = None,
    with_sound: bool = False,
) -> list[Session]:
    """Analysed sessions at even distances up to yesterday, the oldest first."""
    generator = np.random.default_rng(seed)
    made: list[Session] = []
    for place, shares in enumerate(sessions):
        days = 1 + every_days * (len(sessions) - 1 - place)
        session = make_session(by, patient, held_at=earlier(days=days, hours=3))
        noisy = np.abs(shares + generator.normal(0, 0.015, len(shares)).astype(np.float32))
        make_heard(
            by, session, noisy / noisy.sum(), seed=seed + place, version=version, with_sound=with_sound
        )
        made.append(session)
    return made
