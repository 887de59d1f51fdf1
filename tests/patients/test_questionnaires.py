"""Questionnaires of a patient: entered, scored, seen, voided, never edited; and item 9 raises its notice."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks, Settings

from patients.access import NotVisible
from patients.audit import Action
from patients.care import discharge
from patients.errors import Refused
from patients.models import AuditEntry, Patient, QuestionnaireResponse
from patients.questionnaires.answering import fill, mark_seen, void
from patients.questionnaires.course import course_of, latest
from patients.questionnaires.notices import unseen_safety
from patients.questionnaires.scoring import Answer
from tests.cast import Cast, make_clinician, make_patient

CALM: list[Answer] = [1, 1, 2, 1, 0, 0, 1, 0, 0]
EYES: list[Answer] = [2, 2, 2, 2, 1, 1, 1, 1, 1]


def filled(
    cast: Cast, answers: Sequence[Answer] = CALM, *, days_ago: float = 0, **more: Any
) -> QuestionnaireResponse:
    at = timezone.now() - timedelta(days=days_ago)
    patient = more.pop("patient", cast.patient)
    instrument = more.pop("instrument", "phq9")
    return fill(by=cast.treats, patient=patient, instrument=instrument, answers=answers, filled_at=at, **more)


@pytest.fixture
def treats(cast: Cast, client: Client) -> Client:
    client.force_login(cast.treats)
    return client


def form_of(answers: list[Answer], **more: str) -> dict[str, str]:
    chosen = {f"item_{place}": str(answer) for place, answer in enumerate(answers) if answer is not None}
    return {**chosen, "filled_at": timezone.localtime().strftime("%Y-%m-%dT%H:%M"), **more}


def test_it_is_kept_exactly_as_answered(cast: Cast) -> None:
    answers: list[Answer] = [3, None, 2, 1, 0, None, 1, 0, 0]
    response = QuestionnaireResponse.objects.get(pk=filled(cast, answers, difficulty=2).pk)
    assert response.answers == answers
    assert (response.difficulty, response.entered_by, response.link) == (2, cast.treats, None)
    entry = AuditEntry.objects.get(action=Action.QUESTIONNAIRE_FILLED)
    assert (entry.actor, entry.patient, entry.subject_id) == (cast.treats, cast.patient, str(response.pk))
    assert "answers" not in str(entry.detail)


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ([0] * 8, "wrong_length"),
        ([0] * 8 + [4], "no_answer"),
        ([None] * 9, "empty"),
        ([True] * 9, "no_answer"),
    ],
)
def test_what_is_no_answer_is_refused(cast: Cast, answers: list[Answer], code: str) -> None:
    with pytest.raises(Refused) as refused:
        filled(cast, answers)
    assert refused.value.code == code
    assert not QuestionnaireResponse.objects.exists()


def test_not_in_the_future_and_not_after_discharge(cast: Cast) -> None:
    with pytest.raises(Refused, match="future"):
        filled(cast, days_ago=-1)
    discharge(by=cast.treats, patient=cast.patient, reason="moved away")
    with pytest.raises(Refused, match="discharged"):
        filled(cast)


def test_the_same_answers_of_the_same_moment_are_entered_once(cast: Cast) -> None:
    """The back button and a second send made two of one sheet, and a change "7 → 7" between them."""
    at = timezone.now() - timedelta(days=1)
    first = fill(by=cast.treats, patient=cast.patient, instrument="phq9", answers=CALM, filled_at=at)
    with pytest.raises(Refused) as refused:
        fill(by=cast.in_team, patient=cast.patient, instrument="phq9", answers=CALM, filled_at=at)
    assert refused.value.code == "already_entered"
    void(by=cast.treats, response=first, reason="the wrong patient's")
    fill(by=cast.treats, patient=cast.patient, instrument="phq9", answers=CALM, filled_at=at)
    assert cast.patient.questionnaire_responses.filter(voided_at=None).count() == 1


def test_only_the_team_enters(cast: Cast) -> None:
    with pytest.raises(NotVisible):
        fill(by=cast.outsider, patient=cast.patient, instrument="phq9", answers=CALM)
    fill(by=cast.in_team, patient=cast.patient, instrument="phq9", answers=CALM)


def test_each_is_set_against_the_one_before_it(cast: Cast) -> None:
    filled(cast, [2, 2, 2, 2, 2, 2, 1, 0, 0], days_ago=30)  # 13
    filled(cast, [2, 2, 2, 2, 2, 2, 0, 0, 0], days_ago=20)  # 12
    filled(cast, [None, None, None, 2, 2, 2, 0, 0, 0], days_ago=15)  # no score
    filled(cast, [1, 1, 1, 1, 1, 1, 0, 0, 0], days_ago=10)  # 6
    filled(cast, [2, 2, 2, 2, 2, 0, 0], days_ago=5, instrument="gad7")
    gad, last, none, second, first = course_of(cast.patient)
    assert (first.change, gad.change, none.change) == (None, None, None)
    assert second.change_in_words == "13 → 12 (not reliable)"
    assert last.change_in_words == "12 → 6 (reliable)"
    assert last.score_in_words == "6 of 27, mild"
    assert none.score_in_words == "no score: 3 of 9 questions left out (at most 2 may be)"
    assert [one.questionnaire.name for one in latest(course_of(cast.patient))] == ["PHQ-9", "GAD-7"]


def test_a_voided_one_counts_in_no_change(cast: Cast) -> None:
    filled(cast, [2] * 6 + [0] * 3, days_ago=20)
    wrong = filled(cast, [0, 0, 0, 0, 0, 0, 0, 0, 0], days_ago=10)
    filled(cast, [2] * 5 + [0] * 4)
    void(by=cast.treats, response=wrong, reason="another patient's sheet")
    newest, voided, _first = course_of(cast.patient)
    assert newest.change_in_words == "12 → 10 (not reliable)"
    assert voided.change is None
    assert voided.response.void_reason == "another patient's sheet"
    assert not voided.counts


def test_voiding_needs_a_reason_and_happens_once(cast: Cast) -> None:
    response = filled(cast)
    with pytest.raises(Refused, match="Say why"):
        void(by=cast.treats, response=response, reason=" ")
    void(by=cast.treats, response=response, reason="mistyped")
    with pytest.raises(Refused, match="voided already"):
        void(by=cast.treats, response=response, reason="again")
    for who in (cast.in_team, cast.outsider):
        with pytest.raises(NotVisible):
            void(by=who, response=response, reason="no")


@pytest.mark.parametrize(("answers", "asks"), [(CALM, False), (EYES, True), ([*CALM[:8], None], False)])
def test_item_9_above_0_asks_for_eyes(cast: Cast, answers: list[Answer], asks: bool) -> None:
    response = filled(cast, answers)
    assert response.asks_for_eyes is asks
    assert unseen_safety([cast.patient]) == ({cast.patient.pk: response} if asks else {})


def test_a_gad7_never_asks(cast: Cast) -> None:
    filled(cast, [3] * 7, instrument="gad7")
    assert unseen_safety(Patient.objects.all()) == {}


def test_an_item_9_left_out_is_no_answer_of_0(cast: Cast) -> None:
    filled(cast, [*CALM[:8], None])
    assert course_of(cast.patient)[0].left_out_safety


def test_the_notice_stands_until_a_clinician_marks_it_seen(cast: Cast) -> None:
    older, newer = filled(cast, EYES, days_ago=9), filled(cast, EYES, days_ago=1)
    other = make_patient(cast.treats, "R-0500")
    assert unseen_safety(Patient.objects.all()) == {cast.patient.pk: older}
    with pytest.raises(NotVisible):
        mark_seen(by=cast.in_team, response=older, note="read it")
    with pytest.raises(NotVisible):
        mark_seen(by=cast.outsider, response=older, note="read it")
    with pytest.raises(Refused, match="what you did"):
        mark_seen(by=cast.treats, response=older, note="  ")
    mark_seen(by=cast.treats, response=older, note="Called him; safety plan gone through.")
    assert unseen_safety([cast.patient, other]) == {cast.patient.pk: newer}
    with pytest.raises(Refused, match="already"):
        mark_seen(by=cast.treats, response=older, note="again")
    void(by=cast.treats, response=newer, reason="another patient's sheet")
    assert unseen_safety([cast.patient]) == {}
    seen = QuestionnaireResponse.objects.get(pk=older.pk)
    assert (seen.safety_seen_by, seen.safety_note) == (cast.treats, "Called him; safety plan gone through.")
    assert AuditEntry.objects.filter(action=Action.QUESTIONNAIRE_SEEN, patient=cast.patient).count() == 1


def test_the_whole_caseload_costs_one_query(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        filled(cast, EYES, patient=make_patient(cast.treats, f"R-06{number:02}"))
    with django_assert_num_queries(1):
        assert len(unseen_safety(Patient.objects.all())) == 5


def test_the_mail_names_neither_the_patient_nor_the_answer(
    cast: Cast, settings: Settings, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    make_clinician("treats_too", team=cast.team)
    with django_capture_on_commit_callbacks(execute=True):
        filled(cast, EYES)
    assert mail.outbox == []  # only where the clinic wants it
    settings.QUESTIONNAIRE_MAIL = True
    with django_capture_on_commit_callbacks(execute=True):
        filled(cast, EYES)
        filled(cast, CALM)
    assert sorted(one.to[0] for one in mail.outbox) == ["treats@clinic.example", "treats_too@clinic.example"]
    for one in mail.outbox:
        text = f"{one.subject} {one.body}".lower()
        assert not any(word in text for word in ("r-0412", "fernweh", "phq", "dead", "hurt", "item", "17"))


def test_the_page_enters_what_was_answered(cast: Cast, treats: Client) -> None:
    address = reverse("fill_questionnaire", args=["R-0412", "phq9"])
    page = treats.get(address).content.decode()
    assert page.count("<fieldset") == 10
    assert "Little interest or pleasure in doing things" in page
    answer = treats.post(address, form_of(CALM, difficulty="1"), follow=True)
    assert "6 of 27, mild" in answer.content.decode()
    response = QuestionnaireResponse.objects.get()
    assert (response.answers, response.difficulty) == (CALM, 1)


def test_what_is_left_out_is_asked_about_once(cast: Cast, treats: Client) -> None:
    address = reverse("fill_questionnaire", args=["R-0412", "phq9"])
    some: list[Answer] = [1, None, 1, None, 1, 1, 1, 1, 0]
    answer = treats.post(address, form_of(some))
    assert answer.status_code == 422
    assert "Questions 2, 4 have no answer yet." in answer.content.decode()
    assert 'name="as_it_is"' in answer.content.decode()
    assert not QuestionnaireResponse.objects.exists()
    assert treats.post(address, form_of(some, as_it_is="1")).status_code == 302
    assert QuestionnaireResponse.objects.get().answers == some
    empty = treats.post(address, form_of([None] * 9))
    assert 'name="as_it_is"' not in empty.content.decode()


def test_the_front_desk_sees_that_there_is_one_and_not_what(cast: Cast, client: Client) -> None:
    filled(cast, EYES)
    client.force_login(cast.in_team)
    page = client.get(reverse("questionnaires", args=["R-0412"])).content.decode()
    assert "entered by" in page
    assert "Needs a clinician’s eyes" in page
    for hidden in ("of 27", "moderate", "better off dead", "Answers", "Nearly every day"):
        assert hidden not in page
    listed = client.get(reverse("api-questionnaire-list", args=["R-0412"])).json()["results"][0]
    assert (listed["answers"], listed["score"], listed["difficulty"]) == (None, None, None)
    assert listed["needs_eyes"] is True


def test_seen_and_voided_on_their_pages(cast: Cast, treats: Client) -> None:
    response = filled(cast, EYES)
    seen = reverse("mark_questionnaire_seen", args=[response.pk])
    assert treats.post(seen, {"note": ""}).status_code == 422
    assert treats.post(seen, {"note": "Spoke with her."}).status_code == 302
    page = treats.get(reverse("questionnaires", args=["R-0412"])).content.decode()
    assert "“Spoke with her.”" in page
    assert (
        treats.post(reverse("void_questionnaire", args=[response.pk]), {"reason": "twin"}).status_code == 302
    )
    assert "“twin”" in treats.get(reverse("questionnaires", args=["R-0412"])).content.decode()


def test_the_table_for_a_statistics_program(cast: Cast, treats: Client) -> None:
    filled(cast, [3, None, 2, 1, 0, 0, 1, 0, 0], days_ago=3)
    filled(cast, [1] * 7, instrument="gad7")
    text = treats.get(reverse("questionnaires_csv", args=["R-0412"])).content.decode()
    first, second = csv.DictReader(io.StringIO(text))
    assert (first["questionnaire"], first["item_1"], first["item_2"]) == ("phq9", "3", "")
    assert (first["total"], first["band"], first["left_out"]) == ("8", "mild", "1")
    assert (second["questionnaire"], second["total"], second["item_8"]) == ("gad7", "7", "")


class TestRest:
    def test_enter_read_see_and_void(self, cast: Cast, treats: Client) -> None:
        listed = reverse("api-questionnaire-list", args=["R-0412"])
        sent = {"instrument": "phq9", "answers": EYES, "difficulty": 1}
        made = treats.post(listed, sent, content_type="application/json")
        assert made.status_code == 201
        body = made.json()
        assert body["score"] == {"total": 13, "band": "moderate", "missing": 0}
        assert (body["needs_eyes"], body["entered_by"], body["patient"]) == (True, "treats", "R-0412")
        assert treats.get(listed).json()["results"] == [body]
        one = reverse("api-response-detail", args=[body["id"]])
        assert treats.get(one).json() == body
        note = {"note": "Called."}
        seen = treats.post(f"{one}seen/", note, content_type="application/json")
        assert seen.json()["needs_eyes"] is False
        voided = treats.post(f"{one}void/", {"reason": "twin"}, content_type="application/json")
        assert voided.json()["void_reason"] == "twin"

    def test_refusals_are_problem_details(self, cast: Cast, treats: Client) -> None:
        listed = reverse("api-questionnaire-list", args=["R-0412"])
        for answers in ([0] * 8, [0] * 8 + [4]):
            sent = {"instrument": "phq9", "answers": answers}
            answer = treats.post(listed, sent, content_type="application/json")
            assert answer.status_code == 400
            assert answer["Content-Type"] == "application/problem+json"
            assert answer.json()["errors"][0]["pointer"].startswith("/answers")
