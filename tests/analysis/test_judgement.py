"""Clinicians say what they hear; nothing that was said is ever changed, and the model's words stay beside."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from analysis.correction import move_recording, void_recording
from analysis.judging.judgement import judge, withdraw_judgement
from analysis.judging.standing import judgements_of, stretch_of
from analysis.models import Analysis, Judgement
from ml.labels import LABELS
from patients import care
from patients.access import NotVisible
from patients.errors import Refused
from patients.models import AuditEntry, Clinician, Session
from tests.analysis.hearing import make_heard, make_recording, mixture, model
from tests.cast import Cast, make_cast, make_clinician, make_patient, make_session


@pytest.fixture
def heard(cast: Cast, session: Session) -> Analysis:
    return make_heard(cast.treats, session, mixture(sad=0.6))


def code_of(refusal: pytest.ExceptionInfo[Refused]) -> str:
    return refusal.value.code


def said_of(
    heard: Analysis, by: Clinician, start: float, end: float, verdict: str, **words: Any
) -> Judgement:
    session = heard.recording.session
    return judge(by=by, session=session, analysis=heard, start_s=start, end_s=end, verdict=verdict, **words)


def test_a_stretch_is_judged_and_the_models_words_stay(cast: Cast, heard: Analysis) -> None:
    said = said_of(heard, cast.treats, 11, 14, "own_label", label="calm", note=" laughs at the end ")
    kept = Judgement.objects.get(pk=said.pk)
    assert (kept.verdict, kept.label, kept.note) == ("own_label", "calm", "laughs at the end")
    assert (kept.start_s, kept.end_s, kept.said_by, kept.session) == (
        11,
        14,
        cast.treats,
        heard.recording.session,
    )
    assert kept.heard["model"] == 1
    middles = (heard.matrix.starts + heard.matrix.ends) / 2
    inside = (middles >= 11) & (middles <= 14)
    sure = inside & ~heard.matrix.abstained
    mean = heard.matrix.probabilities[sure if sure.any() else inside].mean(0)
    assert kept.heard["shares"] == pytest.approx(mean.tolist(), abs=1e-3)
    assert kept.heard["windows"] == inside.sum()
    entry = AuditEntry.objects.get(action="judgement.said")
    assert (entry.actor, entry.patient, entry.subject_id) == (cast.treats, cast.patient, str(said.pk))
    assert "laughs" not in str(entry.detail)


def test_a_whole_session_is_judged(cast: Cast, heard: Analysis) -> None:
    session = heard.recording.session
    said = judge(by=cast.treats, session=session, verdict="agree")
    assert said.is_of_session
    assert [result["analysis"] for result in said.heard["results"]] == [str(heard.pk)]
    assert said.heard["results"][0]["shares"] == pytest.approx(heard.summary.shares, abs=1e-3)


def test_saying_it_anew_withdraws_ones_own_earlier_word_alone(cast: Cast, heard: Analysis) -> None:
    colleague = make_clinician("colleague", team=cast.team)
    first = said_of(heard, cast.treats, 11, 14, "agree")
    theirs = said_of(heard, colleague, 11, 14, "unusable")
    elsewhere = said_of(heard, cast.treats, 20, 23, "agree")
    second = said_of(heard, cast.treats, 11, 14, "own_label", label="angry")
    standing = set(judgements_of(heard.recording.session).filter(withdrawn_at=None))
    assert standing == {theirs, elsewhere, second}
    first.refresh_from_db()
    assert (first.withdrawn_by, first.verdict) == (cast.treats, "agree")


def test_the_same_word_twice_is_one(cast: Cast, heard: Analysis) -> None:
    first = said_of(heard, cast.treats, 11, 14, "agree")
    assert said_of(heard, cast.treats, 11, 14, "agree") == first
    assert Judgement.objects.count() == 1
    assert AuditEntry.objects.filter(action__startswith="judgement").count() == 1


def test_a_word_is_withdrawn_by_who_said_it(cast: Cast, heard: Analysis) -> None:
    said = said_of(heard, cast.treats, 11, 14, "agree")
    colleague = make_clinician("colleague", team=cast.team)
    with pytest.raises(Refused) as refusal:
        withdraw_judgement(by=colleague, judgement=said)
    assert code_of(refusal) == "not_yours"
    withdraw_judgement(by=cast.treats, judgement=said)
    kept = Judgement.objects.get(pk=said.pk)
    assert kept.withdrawn_at is not None
    assert kept.verdict == "agree"
    with pytest.raises(Refused) as refusal:
        withdraw_judgement(by=cast.treats, judgement=said)
    assert code_of(refusal) == "already_withdrawn"
    assert AuditEntry.objects.filter(action="judgement.withdrawn").count() == 1


@pytest.mark.parametrize(
    ("words", "code", "field"),
    [
        ({"verdict": "maybe"}, "unknown_verdict", "verdict"),
        ({"verdict": "own_label"}, "label_needed", "label"),
        ({"verdict": "own_label", "label": "jealous"}, "label_needed", "label"),
        ({"verdict": "agree", "label": "sad"}, "label_unwanted", "label"),
        ({"verdict": "agree", "note": "x" * 1001}, "note_too_long", "note"),
        ({"verdict": "agree", "start_s": 5, "end_s": 5}, "no_stretch", "start_s"),
        ({"verdict": "agree", "start_s": 50, "end_s": 70}, "no_stretch", "start_s"),
        ({"verdict": "agree", "start_s": -1, "end_s": 5}, "no_stretch", "start_s"),
        ({"verdict": "agree", "start_s": float("nan"), "end_s": 5}, "no_stretch", "start_s"),
        ({"verdict": "agree", "start_s": None, "end_s": 5}, "no_stretch", "start_s"),
    ],
)
def test_what_does_not_make_sense_is_refused_beside_its_field(
    cast: Cast, heard: Analysis, words: dict[str, Any], code: str, field: str
) -> None:
    place: dict[str, Any] = {"analysis": heard, "start_s": 10.0, "end_s": 13.0}
    with pytest.raises(Refused) as refusal:
        judge(by=cast.treats, session=heard.recording.session, **(place | words))
    assert (refusal.value.code, refusal.value.field) == (code, field)
    assert not Judgement.objects.exists()


def test_nothing_is_said_of_what_is_not_there(cast: Cast, session: Session) -> None:
    with pytest.raises(Refused) as refusal:
        judge(by=cast.treats, session=session, verdict="agree")
    assert code_of(refusal) == "no_result"
    waiting = make_recording(cast.treats, session)
    with pytest.raises(Refused) as refusal:
        said_of(waiting, cast.treats, 1, 2, "agree")
    assert code_of(refusal) == "no_result"


def test_of_voided_and_discharged_nothing_more_is_said(cast: Cast, heard: Analysis) -> None:
    session = heard.recording.session
    void_recording(by=cast.treats, recording=heard.recording, reason="test call")
    heard.refresh_from_db()
    with pytest.raises(Refused) as refusal:
        said_of(heard, cast.treats, 1, 4, "agree")
    assert code_of(refusal) == "voided"
    care.discharge(by=cast.treats, patient=cast.patient, reason="end of care")
    with pytest.raises(Refused) as refusal:
        judge(by=cast.treats, session=session, verdict="agree")
    assert code_of(refusal) == "discharged"
    care.readmit(by=cast.treats, patient=cast.patient, reason="back")
    care.void_session(by=cast.treats, session=session, reason="wrong day")
    with pytest.raises(Refused) as refusal:
        judge(by=cast.treats, session=session, verdict="agree")
    assert code_of(refusal) == "voided"


def test_who_may_not_see_results_says_nothing(cast: Cast, heard: Analysis) -> None:
    session = heard.recording.session
    said = said_of(heard, cast.treats, 11, 14, "agree")
    for nobody in (cast.in_team, cast.outsider, make_clinician("root", admin=True)):
        with pytest.raises(NotVisible):
            judge(by=nobody, session=session, verdict="agree")
        with pytest.raises(NotVisible):
            withdraw_judgement(by=nobody, judgement=said)
    assert Judgement.objects.count() == 1


def test_a_stretch_of_another_session_is_not_found(cast: Cast, heard: Analysis) -> None:
    other = make_session(cast.treats, cast.patient)
    with pytest.raises(NotVisible):
        judge(by=cast.treats, session=other, analysis=heard, start_s=1, end_s=4, verdict="agree")


def test_a_stretch_goes_with_its_recording(cast: Cast, heard: Analysis) -> None:
    """What was said of a voice belongs to whoever's voice it turns out to be."""
    session = heard.recording.session
    of_stretch = said_of(heard, cast.treats, 11, 14, "agree")
    of_session = judge(by=cast.treats, session=session, verdict="agree")
    target = make_session(cast.treats, make_patient(cast.treats, "R-0999"))
    move_recording(by=cast.treats, recording=heard.recording, to_session=target, reason="wrong patient")
    assert list(judgements_of(target)) == [of_stretch]
    assert list(judgements_of(session)) == [of_session]


def test_a_stretch_between_windows_is_told_by_the_nearest(cast: Cast, heard: Analysis) -> None:
    told = stretch_of(heard, 0.0, 0.2)
    assert told["windows"] == 1
    assert told["shares"] == pytest.approx(heard.matrix.probabilities[0].tolist(), abs=1e-3)


def test_not_sure_then_is_no_label(cast: Cast, session: Session) -> None:
    unsure = make_heard(cast.treats, session, mixture(sad=0.6), unsure=1.0)
    assert unsure.matrix.abstained.any()
    place = int(np.flatnonzero(unsure.matrix.abstained)[0])
    start = float(unsure.matrix.starts[place]) + 1.4
    told = stretch_of(unsure, start, start + 0.2)
    assert (told["label"], told["unsure"]) == ("", 1.0)


def test_a_newer_model_leaves_what_was_said_beside_the_older(cast: Cast, heard: Analysis) -> None:
    said = said_of(heard, cast.treats, 11, 14, "agree")
    newer = Analysis.objects.create(recording=heard.recording, model_version=model(2), state="done")
    assert newer.pk != heard.pk
    assert judgements_of(heard.recording.session).get() == said
    assert said.heard["model"] == 1


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["agree", "unusable", *LABELS, "withdraw"]),
        st.integers(0, 2),  # who
        st.sampled_from([None, (3.0, 6.0), (20.0, 23.5)]),
    ),
    max_size=12,
)


class NothingIsEverChanged(TestCase):
    """Whatever is done in whatever order: rows only come, and only the mark of withdrawal is ever added."""

    @settings(max_examples=25)
    @given(ACTS)
    def test_rows_only_come_and_are_only_withdrawn(self, acts: list[tuple[str, int, Any]]) -> None:
        cast = make_cast()
        people = [cast.treats, *(make_clinician(f"c{n}", team=cast.team) for n in (1, 2))]
        session = make_session(cast.treats, cast.patient, held_at=timezone.now())
        heard = make_heard(cast.treats, session, mixture(sad=0.6))
        before: dict[Any, dict[str, Any]] = {}
        for word, who, stretch in acts:
            self.act(people[who], session, heard, word, stretch)
            rows: dict[Any, dict[str, Any]] = {row["id"]: dict(row) for row in Judgement.objects.values()}
            for key, row in before.items():
                marks = ("withdrawn_at", "withdrawn_by_id")
                assert {k: v for k, v in rows[key].items() if k not in marks} == {
                    k: v for k, v in row.items() if k not in marks
                }
                assert row["withdrawn_at"] in (None, rows[key]["withdrawn_at"])
            before = rows
            places = [
                (row["said_by_id"], row["start_s"]) for row in rows.values() if row["withdrawn_at"] is None
            ]
            assert len(places) == len(set(places))  # of one place, each says one thing at a time
        assert AuditEntry.objects.filter(action="judgement.said").count() == len(before)

    def act(self, by: Clinician, session: Session, heard: Analysis, word: str, stretch: Any) -> None:
        if word == "withdraw":
            standing = Judgement.objects.filter(said_by=by, withdrawn_at=None).first()
            if standing is not None:
                withdraw_judgement(by=by, judgement=standing)
            return
        verdict, label = ("own_label", word) if word in LABELS else (word, "")
        place = {"analysis": heard, "start_s": stretch[0], "end_s": stretch[1]} if stretch else {}
        judge(by=by, session=session, verdict=verdict, label=label, **place)
