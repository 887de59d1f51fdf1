"""Whoever changes one session waits for that one: what is kept of the others is right after every verb."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from analysis import queue
from analysis.correction import move_recording, void_recording
from analysis.judging.judgement import judge
from analysis.judging.signing import sign_session
from analysis.models import AcousticMeasures, Analysis, Job, Summary
from analysis.trends.kept import kept_trend
from analysis.trends.reading import patient_trend
from analysis.trends.trend import Trend
from analysis.voice.kept import kept_voice
from analysis.voice.measures import VoiceTrend, patient_voice
from patients import care, enrolment
from patients.course import write_note
from patients.models import Patient, Session
from tests.analysis.hearing import make_course, make_recording, mixture, model
from tests.analysis.uploads import hand_in
from tests.cast import Cast, cast, make_patient

__all__ = ["cast"]

MEASURED = {"pitch": {"value": 200.0, "low": 190.0, "high": 210.0, "seconds": 60.0}}


def told(trend: Trend) -> list[tuple[object, ...]]:
    return [
        (
            *(point.session_id, point.held_at, str(point.kind), point.is_voided, point.is_visit),
            *(point.recordings, point.failed, point.pending),
            point.heard and (point.heard.shares.tolist(), point.heard.quality, point.heard.model_number),
        )
        for point in trend.all_points
    ]


def read(voice: VoiceTrend) -> list[tuple[object, ...]]:
    return [(pk, held_at, dict(values)) for pk, held_at, values in voice.readings]


def as_read(patient: Patient) -> tuple[object, object]:
    """What is kept, as a request would have it."""
    patient = Patient.objects.get(pk=patient.pk)
    return told(kept_trend(patient)), read(kept_voice(patient))


def anew(patient: Patient) -> tuple[object, object]:
    return told(patient_trend(patient)), read(patient_voice(patient))


def hear(analysis: Analysis) -> None:
    """As a worker ends it."""
    claim = queue.claim(Analysis, analysis.pk)
    assert claim is not None
    shares = mixture(sad=0.6)
    Summary.objects.create(
        analysis=analysis,
        shares=shares.tolist(),
        low=np.clip(shares - 0.1, 0, 1).tolist(),
        high=np.clip(shares + 0.1, 0, 1).tolist(),
        abstained_share=0.1,
        windows=60,
        speech_s=60,
        duration_s=70,
    )
    AcousticMeasures.objects.create(analysis=analysis, values=MEASURED)
    claim.finish()


def fail(analysis: Analysis) -> None:
    claim = queue.claim(Analysis, analysis.pk)
    assert claim is not None
    claim.fail("undecodable")


def upload(by: Cast, session: Session) -> Analysis:
    return Analysis.objects.get(recording=hand_in(by.treats, session).recording)


def new_session(people: Cast, _session: Session) -> None:
    began = enrolment.start_session(
        by=people.treats, patient=people.patient, held_at=timezone.now(), kind=Session.Kind.DIARY
    )
    hear(upload(people, began))


VERBS: dict[str, Callable[[Cast, Session], object]] = {
    "received": upload,
    "heard": lambda people, session: hear(upload(people, session)),
    "failed": lambda people, session: fail(upload(people, session)),
    "a new session": new_session,
    "signed": lambda people, session: sign_session(by=people.treats, session=session),
    "judged": lambda people, session: judge(by=people.treats, session=session, verdict="agree"),
    "noted": lambda people, session: write_note(by=people.treats, patient=people.patient, text="Came late."),
    "session voided": lambda people, session: care.void_session(
        by=people.treats, session=session, reason="another patient's"
    ),
    "recording voided": lambda people, session: void_recording(
        by=people.treats, recording=session.recordings.get(), reason="another patient's"
    ),
    "redated": lambda people, session: care.redate_session(
        by=people.treats, session=session, held_at=session.held_at - timedelta(days=30), reason="wrong"
    ),
    "session moved": lambda people, session: care.move_session(
        by=people.treats, session=session, to_patient=make_patient(people.treats, "R-0500"), reason="wrong"
    ),
    "recording moved": lambda people, session: move_recording(
        by=people.treats,
        recording=session.recordings.get(),
        to_session=people.patient.sessions.exclude(pk=session.pk).earliest("held_at"),
        reason="wrong",
    ),
}


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS.keys())
def test_what_is_kept_is_what_a_fresh_reading_tells(
    cast: Cast, verb: Callable[[Cast, Session], object]
) -> None:
    make_course(cast.treats, cast.patient, [mixture(calm=0.5)] * 4)
    for analysis in Analysis.objects.all():
        AcousticMeasures.objects.create(analysis=analysis, values=MEASURED)
    before = as_read(cast.patient)
    assert before == anew(cast.patient)
    verb(cast, cast.patient.sessions.order_by("held_at")[2])
    after = as_read(cast.patient)
    assert after == anew(cast.patient)


def test_many_that_change_at_once_are_all_read_again(cast: Cast) -> None:
    make_course(cast.treats, cast.patient, [mixture(calm=0.5)] * 3)
    as_read(cast.patient)
    for session in cast.patient.sessions.all():
        hear(make_recording(cast.treats, session, version=model(2)))
    assert as_read(cast.patient) == anew(cast.patient)


def test_workers_that_died_are_told_of(cast: Cast) -> None:
    make_course(cast.treats, cast.patient, [mixture(calm=0.5)] * 2)
    analysis = make_recording(cast.treats, cast.patient.sessions.earliest("held_at"))
    as_read(cast.patient)
    gone = timezone.now() - timedelta(hours=1)
    Analysis.objects.filter(pk=analysis.pk).update(
        state=Job.State.RUNNING, attempts=queue.MAX_ATTEMPTS, lease_until=gone
    )
    queue.sweep()
    told_of, _ = as_read(cast.patient)
    assert (told_of, _) == anew(cast.patient)


def test_of_many_sessions_one_that_changed_is_read(cast: Cast) -> None:
    make_course(cast.treats, cast.patient, [mixture(calm=0.5)] * 12)
    as_read(cast.patient)
    changed = cast.patient.sessions.earliest("held_at")
    sign_session(by=cast.treats, session=changed)
    patient = Patient.objects.get(pk=cast.patient.pk)
    with CaptureQueriesContext(connection) as asked:
        kept_trend(patient)
    (reading, *_) = [query["sql"] for query in asked.captured_queries if "patients_session" in query["sql"]]
    with connection.cursor() as cursor:
        rows = cursor.execute(reading).fetchall()
    assert {str(row[0]).replace("-", "") for row in rows} == {changed.pk.hex}
