"""A withdrawal acts at once: on what waits, what is being heard, listening again, and the sound kept.

(On trainings: ``test_learning_from_judgements``.)
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from analysis import pipeline, queue
from analysis.explaining.enquiry import why_not
from analysis.models import Analysis, Recording, Summary
from analysis.session.hearings import hearings_in
from analysis.sound import retention, withdrawals
from analysis.tasks import sweep
from patients.enrolment import give_consent, withdraw_consent
from patients.errors import Refused
from patients.models import Consent, Session
from tests.analysis.hearing import make_heard, make_recording, mixture
from tests.analysis.uploads import hand_in
from tests.cast import Cast, make_patient, make_session

ANALYSE, KEEP_AUDIO = Consent.Purpose.ANALYSE, Consent.Purpose.KEEP_AUDIO


def withdraw(cast: Cast, purpose: Consent.Purpose, *, hours_ago: float = 0) -> None:
    withdraw_consent(by=cast.treats, patient=cast.patient, purpose=purpose)
    withdrawn_at = timezone.now() - timedelta(hours=hours_ago)
    cast.patient.consents.filter(purpose=purpose).update(withdrawn_at=withdrawn_at)


def test_nothing_more_is_accepted(cast: Cast, session: Session) -> None:
    withdraw(cast, ANALYSE)
    with pytest.raises(Refused) as refused:
        hand_in(cast.treats, session)
    assert refused.value.code == "consent_missing"
    assert not Recording.objects.exists()


def test_what_waits_and_what_is_being_heard_is_stopped_by_the_next_sweep(
    cast: Cast, session: Session
) -> None:
    waiting = make_recording(cast.treats, session)
    running = make_recording(cast.treats, session, name="second.wav")
    claim = queue.claim(Analysis, running.pk)
    assert claim is not None
    others = make_recording(cast.treats, make_session(cast.treats, make_patient(cast.treats, "R-0413")))
    sweep()
    assert Analysis.objects.filter(state=Analysis.State.FAILED).count() == 0
    withdraw(cast, ANALYSE)
    sweep()
    for analysis in (waiting, running, others):
        analysis.refresh_from_db()
    assert waiting.state == running.state == Analysis.State.FAILED
    assert waiting.reason == running.reason == "consent_withdrawn"
    assert others.state == Analysis.State.QUEUED
    with pytest.raises(queue.LeaseLost):
        claim.renew()


@pytest.mark.django_db(transaction=True)  # the pipeline asks for a fresh connection
def test_what_was_heard_while_the_patient_withdrew_is_not_written(
    cast: Cast, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = hand_in(cast.treats, session).recording
    listen = pipeline._listen

    def withdrawn_meanwhile(*args: object) -> object:
        heard = listen(*args)  # type: ignore[arg-type]
        withdraw(cast, ANALYSE)
        return heard

    monkeypatch.setattr(pipeline, "_listen", withdrawn_meanwhile)
    analysis = recording.analyses.get()
    pipeline.analyse(analysis.pk)
    analysis.refresh_from_db()
    assert (analysis.state, analysis.reason) == (Analysis.State.FAILED, "consent_withdrawn")
    assert not Summary.objects.exists()


def test_the_pages_say_so(cast: Cast, session: Session, client: Client) -> None:
    make_recording(cast.treats, session)
    withdraw(cast, ANALYSE)
    withdrawals.stop_hearing()
    client.force_login(cast.treats)
    page = client.get(reverse("session", args=[session.pk])).content.decode()
    assert "There is no standing consent to analyse recordings" in page
    page = client.get(reverse("patient", args=["R-0412"])).content.decode()
    assert "has not agreed to the analysis of recordings" in page
    assert "data-upload" not in page
    give_consent(by=cast.treats, patient=cast.patient, purpose=ANALYSE)
    assert "data-upload" in client.get(reverse("patient", args=["R-0412"])).content.decode()


def test_nobody_listens_any_more_and_whoever_gives_it_again_may_be_heard(
    cast: Cast, session: Session, client: Client
) -> None:
    recording = make_heard(cast.treats, session, mixture(sad=0.6), with_sound=True).recording
    client.force_login(cast.treats)
    address = reverse("recording_audio", args=[recording.pk])
    page = reverse("session", args=[session.pk])
    assert client.get(address).status_code == 200
    assert address in client.get(page).content.decode()
    withdraw(cast, KEEP_AUDIO)
    assert client.get(address).status_code == 404
    assert address not in client.get(page).content.decode()
    (hearing,) = hearings_in(session, with_results=True)
    assert not hearing.can_be_played
    give_consent(by=cast.treats, patient=cast.patient, purpose=KEEP_AUDIO)
    assert client.get(address).status_code == 200


def test_nothing_more_is_worked_out_from_the_sound(cast: Cast, session: Session) -> None:
    analysis = make_heard(cast.treats, session, mixture(sad=0.6), with_sound=True)
    assert why_not(analysis) is None
    withdraw(cast, KEEP_AUDIO)
    refused = why_not(analysis)
    assert refused is not None
    assert refused.code == "not_kept"


def test_the_sound_is_gone_within_a_day_of_the_withdrawal(cast: Cast, session: Session) -> None:
    recording = make_heard(cast.treats, session, mixture(sad=0.6), with_sound=True).recording
    paths = [Path(recording.audio.path), Path(recording.canonical.path)]
    Analysis.objects.update(finished_at=timezone.now() - timedelta(days=30))
    withdraw(cast, KEEP_AUDIO, hours_ago=1)
    retention.forget_sound()
    assert all(path.exists() for path in paths)
    withdraw_again = Consent.objects.filter(purpose=KEEP_AUDIO)
    # The clock comes every hour: whoever withdrew 23 hours ago has been met by then.
    withdraw_again.update(withdrawn_at=timezone.now() - timedelta(hours=23))
    retention.forget_sound()
    assert not any(path.exists() for path in paths)
    assert Summary.objects.get().shares


def test_a_recording_that_failed_does_not_stay_for_ever(cast: Cast, session: Session) -> None:
    failed = make_recording(cast.treats, session, state=Analysis.State.FAILED, reason="crashed")
    withdraw(cast, KEEP_AUDIO, hours_ago=30)
    for days, expected in ((1, 0), (8, 1)):
        Analysis.objects.filter(pk=failed.pk).update(finished_at=timezone.now() - timedelta(days=days))
        assert retention.forget_sound() == expected


def test_who_withdrew_both_has_nothing_kept_for_another_try(cast: Cast, session: Session) -> None:
    make_recording(cast.treats, session)
    withdraw(cast, ANALYSE, hours_ago=30)
    withdraw(cast, KEEP_AUDIO, hours_ago=30)
    withdrawals.stop_hearing()
    assert retention.forget_sound() == 1
