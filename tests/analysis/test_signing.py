"""A session is signed as it stood; a signature is added to, and says what has come since."""

from __future__ import annotations

from typing import Any

import pytest

from analysis.correction import void_recording
from analysis.judging.judgement import judge, withdraw_judgement
from analysis.judging.signing import Since, sign_session, since
from analysis.judging.standing import fingerprint, snapshot
from analysis.models import Analysis, Signature
from patients import care
from patients.access import NotVisible
from patients.errors import Refused
from patients.models import AuditEntry, Session
from tests.analysis.hearing import make_heard, mixture, model
from tests.cast import Cast, make_clinician

NOTHING = Since(0, 0, 0, 0, 0)


@pytest.fixture
def heard(cast: Cast, session: Session) -> Analysis:
    return make_heard(cast.treats, session, mixture(sad=0.6))


def test_what_stood_there_is_kept(cast: Cast, session: Session, heard: Analysis) -> None:
    said = judge(by=cast.treats, session=session, verdict="agree")
    signature = sign_session(by=cast.treats, session=session, note="read with the patient")
    kept = Signature.objects.get(pk=signature.pk).signed
    assert kept["judgements"] == [str(said.pk)]
    [result] = kept["results"]
    assert (result["analysis"], result["model"], result["recording"]) == (
        str(heard.pk),
        1,
        str(heard.recording_id),
    )
    assert result["shares"] == pytest.approx(heard.summary.shares, abs=1e-3)
    entry = AuditEntry.objects.get(action="session.signed")
    assert (entry.actor, entry.patient, entry.detail) == (
        cast.treats,
        cast.patient,
        {"results": 1, "judgements": 1},
    )


def test_signing_twice_needs_something_new(cast: Cast, session: Session, heard: Analysis) -> None:
    first = sign_session(by=cast.treats, session=session)
    with pytest.raises(Refused) as refusal:
        sign_session(by=cast.treats, session=session)
    assert refusal.value.code == "nothing_new"
    make_heard(cast.treats, session, mixture(calm=0.6), seed=1)
    second = sign_session(by=cast.treats, session=session)
    assert list(session.signatures.all()) == [first, second]
    assert len(first.signed["results"]) == 1


def test_a_colleague_signs_beside(cast: Cast, session: Session, heard: Analysis) -> None:
    sign_session(by=cast.treats, session=session)
    sign_session(by=make_clinician("colleague", team=cast.team), session=session)
    assert session.signatures.count() == 2


def test_what_was_not_on_the_page_is_not_signed(cast: Cast, session: Session, heard: Analysis) -> None:
    seen = fingerprint(snapshot(session))
    make_heard(cast.treats, session, mixture(calm=0.6), seed=1)
    with pytest.raises(Refused) as refusal:
        sign_session(by=cast.treats, session=session, seen=seen)
    assert refusal.value.code == "changed_meanwhile"
    assert not session.signatures.exists()
    sign_session(by=cast.treats, session=session, seen=fingerprint(snapshot(session)))


def test_there_must_be_something_to_sign(cast: Cast, session: Session) -> None:
    with pytest.raises(Refused) as refusal:
        sign_session(by=cast.treats, session=session)
    assert refusal.value.code == "no_result"


@pytest.mark.parametrize("ended", ["voided", "discharged"])
def test_what_is_closed_is_not_signed(cast: Cast, session: Session, heard: Analysis, ended: str) -> None:
    if ended == "voided":
        care.void_session(by=cast.treats, session=session, reason="wrong day")
    else:
        care.discharge(by=cast.treats, patient=cast.patient, reason="end of care")
    with pytest.raises(Refused) as refusal:
        sign_session(by=cast.treats, session=session)
    assert refusal.value.code == ended


def test_only_who_sees_results_signs(cast: Cast, session: Session, heard: Analysis) -> None:
    for nobody in (cast.in_team, cast.outsider, make_clinician("root", admin=True)):
        with pytest.raises(NotVisible):
            sign_session(by=nobody, session=session)


def test_it_says_what_came_and_went_since(cast: Cast, session: Session, heard: Analysis) -> None:
    said = judge(by=cast.treats, session=session, verdict="agree")
    signed: dict[str, Any] = sign_session(by=cast.treats, session=session).signed
    assert since(signed, snapshot(session)) == NOTHING
    assert since(signed, snapshot(session)).is_nothing

    withdraw_judgement(by=cast.treats, judgement=said)
    judge(by=cast.treats, session=session, verdict="unusable")
    second = make_heard(cast.treats, session, mixture(calm=0.6), seed=1)
    assert since(signed, snapshot(session)) == Since(1, 0, 0, 1, 1)

    void_recording(by=cast.treats, recording=second.recording, reason="test call")
    assert since(signed, snapshot(session)).new_recordings == 0
    void_recording(by=cast.treats, recording=heard.recording, reason="test call")
    assert since(signed, snapshot(session)).gone_recordings == 1


def test_a_newer_models_hearing_is_something_new(cast: Cast, session: Session, heard: Analysis) -> None:
    signed: dict[str, Any] = sign_session(by=cast.treats, session=session).signed
    newer = make_heard(cast.treats, session, mixture(calm=0.6), version=model(2), seed=1)
    Analysis.objects.filter(pk=newer.pk).update(recording=heard.recording)
    newer.recording.delete()
    assert since(signed, snapshot(session)).heard_again == 1
