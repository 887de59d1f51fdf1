"""What the caseload keeps is what the sessions give, whatever was done in whichever order."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from analysis import queue
from analysis.correction import move_recording, retry_analysis, void_recording
from analysis.judging.signing import sign_session
from analysis.models import Analysis, Digest, Recording, Summary
from analysis.trends.gist import gist_of
from analysis.trends.reading import patient_trend, trends_of
from analysis.triage import digests
from analysis.triage.digests import IS_DUE, catch_up, gist_kept
from patients.audit import Action, record
from patients.care import discharge, move_session, readmit, void_session
from patients.errors import Refused
from patients.models import Patient, Session
from tests.analysis.hearing import make_course, make_heard, make_recording, mixture
from tests.cast import Cast, cast, make_patient, make_session

__all__ = ["cast"]


def kept(patient: Patient) -> Digest:
    """Brought up to date as the caseload does it."""
    catch_up(Patient.objects.filter(pk=patient.pk), seconds=60)
    return Digest.objects.get(patient=patient)


RESULT: dict[str, Any] = {
    "shares": mixture(happy=0.5).tolist(),
    "low": mixture(happy=0.4).tolist(),
    "high": mixture(happy=0.6).tolist(),
    "abstained_share": 0.1,
    "windows": 60,
    "speech_s": 50.0,
    "duration_s": 60.0,
}


class Clinic:
    """Random acts of a team and its worker on a few patients. What is refused changes nothing."""

    def __init__(self, cast: Cast, seed: int) -> None:
        self.by, self.chance = cast.treats, random.Random(seed)
        self.patients = [cast.patient, make_patient(cast.treats, "R-2"), make_patient(cast.treats, "R-3")]
        for patient in self.patients:
            shares = [mixture(calm=0.5, sad=0.1)] * self.chance.choice([0, 6, 9])
            make_course(self.by, patient, [*shares, *[mixture(calm=0.2, sad=0.5)] * 3], seed=seed)

    @property
    def verbs(self) -> list[Callable[[], object]]:
        return [
            self.start, self.receive, self.hear, self.work, self.void_session, self.void_recording,
            self.move_session, self.move_recording, self.sign, self.retry, self.care,
        ]  # fmt: skip

    def act(self) -> str:
        verb = self.chance.choice(self.verbs)
        with suppress(Refused), transaction.atomic():
            verb()
        return verb.__name__

    def session(self) -> Session:
        return self.chance.choice(list(Session.objects.order_by("created_at")))

    def recording(self) -> Recording:
        return self.chance.choice(list(Recording.objects.order_by("received_at")))

    def start(self) -> Session:
        held = timezone.now() - timedelta(days=self.chance.randrange(90), hours=2)
        return make_session(self.by, self.chance.choice(self.patients), held_at=held)

    def receive(self) -> None:
        make_recording(self.by, self.session())

    def hear(self) -> None:
        make_heard(self.by, self.session(), mixture(sad=0.6), seconds=self.chance.choice([8, 60]))

    def work(self) -> None:
        """The worker ends a job, with or without a result, or gives it up."""
        waiting = Analysis.objects.filter(state=Analysis.State.QUEUED).first()
        claim = queue.claim(Analysis, waiting.pk) if waiting else None
        match self.chance.randrange(4):
            case _ if claim is None or waiting is None:
                return
            case 0:
                claim.finish()
                Summary.objects.create(analysis=waiting, **RESULT)
            case 1:
                claim.fail("damaged")
            case 2:
                claim.release("crashed")
            case _:
                queue.cancel(waiting)

    def void_session(self) -> None:
        void_session(by=self.by, session=self.session(), reason="a test")

    def void_recording(self) -> None:
        void_recording(by=self.by, recording=self.recording(), reason="a test")

    def move_session(self) -> None:
        to = self.chance.choice(self.patients)
        move_session(by=self.by, session=self.session(), to_patient=to, reason="a test")

    def move_recording(self) -> None:
        move_recording(by=self.by, recording=self.recording(), to_session=self.session(), reason="a test")

    def sign(self) -> None:
        sign_session(by=self.by, session=self.session())

    def retry(self) -> None:
        retry_analysis(by=self.by, recording=self.recording())

    def care(self) -> None:
        patient = self.chance.choice(self.patients)
        patient.refresh_from_db()
        (readmit if patient.is_discharged else discharge)(by=self.by, patient=patient, reason="a test")


@pytest.mark.parametrize("seed", range(6))
def test_after_any_acts_no_digest_that_says_it_holds_differs_from_the_sessions(cast: Cast, seed: int) -> None:
    clinic = Clinic(cast, seed)
    for _ in range(30):
        catch_up(Patient.objects.all(), seconds=60)
        assert not Patient.objects.filter(IS_DUE).exists()
        done = clinic.act()
        assert digests.differing() == 0, done
    catch_up(Patient.objects.all(), seconds=60)
    for patient in clinic.patients:
        assert gist_kept(Digest.objects.get(patient=patient)) == gist_of(patient_trend(patient))


def test_rows_of_a_crashed_worker_count_as_failed(cast: Cast) -> None:
    analysis = make_recording(cast.treats, make_session(cast.treats, cast.patient))
    assert kept(cast.patient).pending == 1
    Analysis.objects.filter(pk=analysis.pk).update(
        state=Analysis.State.RUNNING,
        attempts=queue.MAX_ATTEMPTS,
        lease_until=timezone.now() - timedelta(minutes=5),
    )
    queue.sweep()
    digest = kept(cast.patient)
    assert (digest.pending, digest.failed, digest.failed_lately) == (0, 1, 1)


def test_a_session_is_to_review_until_signed_and_again_after_a_newer_result(cast: Cast) -> None:
    first, second = make_course(cast.treats, cast.patient, [mixture(calm=0.5)] * 2)
    make_session(cast.treats, cast.patient)  # without a result there is nothing to review
    assert kept(cast.patient).unreviewed == 2
    sign_session(by=cast.treats, session=first)
    assert kept(cast.patient).unreviewed == 1
    make_heard(cast.treats, first, mixture(sad=0.6))
    assert kept(cast.patient).unreviewed == 2
    void_session(by=cast.treats, session=second, reason="a test")
    assert kept(cast.patient).unreviewed == 1


def test_the_last_recording_is_the_last_that_stands(cast: Cast) -> None:
    session = make_session(cast.treats, cast.patient)
    first, second = (make_recording(cast.treats, session).recording for _ in range(2))
    assert kept(cast.patient).last_received_at == second.received_at
    void_recording(by=cast.treats, recording=second, reason="a test")
    assert kept(cast.patient).last_received_at == first.received_at
    void_session(by=cast.treats, session=session, reason="a test")
    assert kept(cast.patient).last_received_at is None


def test_digests_made_together_are_those_made_alone(cast: Cast) -> None:
    patients = [cast.patient, *(make_patient(cast.treats, f"R-{place}") for place in range(5))]
    for place, patient in enumerate(patients):
        make_course(cast.treats, patient, [mixture(calm=0.5, sad=0.1)] * (2 * place), seed=place)
    revisions = dict(Patient.objects.values_list("pk", "revision"))
    together = {made.patient_id: made for made in digests.digests_of(revisions)}
    for pk, revision in revisions.items():
        (alone,) = digests.digests_of({pk: revision})
        assert digests.same(alone, together[pk])


def test_what_changes_while_a_digest_is_made_leaves_it_due(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_slowly(*arguments: object, **options: object) -> object:
        found = trends_of(*arguments, **options)  # type: ignore[arg-type]
        make_session(cast.treats, cast.patient)
        return found

    monkeypatch.setattr(digests, "trends_of", read_slowly)
    catch_up(Patient.objects.all(), seconds=0)
    monkeypatch.undo()
    assert Digest.objects.get().sessions == 0
    assert Patient.objects.filter(IS_DUE).count() == 1
    assert kept(cast.patient).sessions == 1


def test_catching_up_ends_when_its_time_is_over(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "BATCH", 2)
    for place in range(4):
        make_patient(cast.treats, f"R-{place}")
    assert catch_up(Patient.objects.all(), seconds=0) == 2
    assert catch_up(Patient.objects.all(), seconds=60) == 3
    assert catch_up(Patient.objects.all(), seconds=60) == 0


def test_looking_leaves_a_digest_as_it_is(cast: Cast) -> None:
    before = kept(cast.patient).revision
    for action in (Action.PATIENT_VIEWED, Action.SESSION_VIEWED, Action.RECORDING_PLAYED):
        record(actor=cast.treats, action=action, patient=cast.patient)
    cast.patient.refresh_from_db()
    assert cast.patient.revision == before


def test_the_command_finds_what_is_wrong_and_mends_it(cast: Cast) -> None:
    make_course(cast.treats, cast.patient, [mixture(calm=0.5)] * 2)
    kept(cast.patient)
    call_command("rebuild_digests", "--check")
    Digest.objects.update(sessions=7)
    with pytest.raises(CommandError, match="1 digests differ"):
        call_command("rebuild_digests", "--check")
    call_command("rebuild_digests")
    call_command("rebuild_digests", "--check")
    assert Digest.objects.get().sessions == 2
