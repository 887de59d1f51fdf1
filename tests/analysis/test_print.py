"""A session on paper: everything that its page says, with who said it, for the patient's file."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from analysis.correction import void_recording
from analysis.judging.judgement import judge, withdraw_judgement
from analysis.judging.signing import sign_session
from analysis.models import AcousticMeasures, Analysis
from ml.labels import LABELS
from patients.models import AuditEntry, Session
from tests.analysis.hearing import make_heard, make_recording, mixture
from tests.cast import Cast

STATEMENT = "Not a diagnosis; for trained professionals."


@pytest.fixture
def heard(cast: Cast, session: Session) -> Analysis:
    return make_heard(cast.treats, session, mixture(sad=0.6), seconds=240, quality=("low_snr",))


def printed(cast: Cast, session: Session) -> str:
    client = Client()
    client.force_login(cast.treats)
    answer = client.get(reverse("print_session", args=[session.pk]))
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    return answer.content.decode()


def test_it_says_who_what_how_sure_and_by_which_model(cast: Cast, session: Session, heard: Analysis) -> None:
    page = printed(cast, session)
    for said in ("R-0412", "Ada Fernweh", "born 1991", "Sounds sad", "95 % interval", "background noise"):
        assert said in page
    assert f"v1 ({heard.model_version.model_id})" in page
    assert STATEMENT in page
    assert "printed" in page
    entry = AuditEntry.objects.get(action="session.printed")
    assert (entry.actor, entry.patient) == (cast.treats, cast.patient)


def test_each_emotion_has_a_texture_of_its_own(cast: Cast, session: Session, heard: Analysis) -> None:
    page = printed(cast, session)
    for label in (*LABELS, "unsure"):
        assert f'<pattern id="texture-{label}"' in page
        assert page.count(f"url(#texture-{label})") >= 2  # in the timeline and in the legend
    drawn = {
        page.split(f'<pattern id="texture-{label}"')[1].split("</pattern>")[0].split(">", 1)[1]
        for label in LABELS
    }
    assert len(drawn) == len(LABELS)


@pytest.mark.parametrize(
    "reasons", [[], ["The patient is 70; as far as is known, the model learnt from ages 21 to 35."]]
)
def test_it_is_greyed_for_whom_nobody_has_checked_it(
    cast: Cast, session: Session, heard: Analysis, monkeypatch: pytest.MonkeyPatch, reasons: list[str]
) -> None:
    monkeypatch.setattr("analysis.views.printing.not_validated", lambda *_: reasons)
    assert ('<div class="is-not-validated"><svg class="textures"' in printed(cast, session)) is bool(reasons)


def test_it_carries_judgements_and_signatures(cast: Cast, session: Session, heard: Analysis) -> None:
    withdrawn = judge(by=cast.treats, session=session, verdict="unusable")
    withdraw_judgement(by=cast.treats, judgement=withdrawn)
    judge(
        by=cast.treats,
        session=session,
        analysis=heard,
        start_s=11,
        end_s=14,
        verdict="own_label",
        label="calm",
        note="hums",
    )
    sign_session(by=cast.treats, session=session)
    page = printed(cast, session)
    assert "sounds calm: hums" in page
    assert "0:11–0:14" in page
    assert "Model v1 said:" in page
    assert "1 withdrawn judgement is kept" in page
    assert "signed by treats on" in page


def test_what_did_not_count_is_named(cast: Cast, session: Session, heard: Analysis) -> None:
    make_recording(cast.treats, session, state="failed", reason="damaged")
    voided = make_heard(cast.treats, session, mixture(calm=0.6), seed=1)
    void_recording(by=cast.treats, recording=voided.recording, reason="test call")
    page = printed(cast, session)
    assert "1 recording without a result, 1 voided recording" in page


def test_with_several_recordings_each_place_says_of_which(
    cast: Cast, session: Session, heard: Analysis
) -> None:
    second = make_heard(cast.treats, session, mixture(calm=0.6), seed=1)
    second.recording.original_name = "evening.m4a"
    second.recording.save(update_fields=["original_name"])
    judge(by=cast.treats, session=session, analysis=second, start_s=5, end_s=9, verdict="agree")
    page = printed(cast, session)
    assert "evening.m4a, from moment to moment" in page
    assert "0:05–0:09<br>in evening.m4a" in page


def test_measures_of_the_voice_are_on_it_with_interval_and_reason(
    cast: Cast, session: Session, heard: Analysis
) -> None:
    assert "Measures of the voice" not in printed(cast, session)
    pause = {"value": 0.51, "low": 0.46, "high": 0.58, "seconds": 190.0}
    AcousticMeasures.objects.create(
        analysis=heard, values={"pause_duration": pause}, absent={"jitter": "low_snr"}
    )
    page = printed(cast, session)
    for said in ("Pause duration", "0.51 s", "0.46 to 0.58", "3:10"):
        assert said in page
    assert "not measured: too much background noise" in page


def test_without_a_result_it_is_a_sheet_all_the_same(cast: Cast, session: Session) -> None:
    page = printed(cast, session)
    assert "No result yet" in page
    assert "nothing to note" not in page  # of a quality that nobody measured
    assert STATEMENT in page
