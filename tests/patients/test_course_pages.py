"""The course of care on pages and over REST: without a script, refused beside the field, hidden by role."""

from __future__ import annotations

from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from patients.course import add_event, plan_visit, void_event, write_note
from patients.models import AuditEntry, CourseEvent, Note, Patient, Session
from tests.cast import Cast, make_session

EVENTS, NOTES = "/api/v1/patients/R-0412/events/", "/api/v1/patients/R-0412/notes/"
SERTRALINE = {"kind": "started", "on": "2026-03-01", "label": "Sertraline", "detail": "50 mg"}


@pytest.fixture
def treats(cast: Cast, client: Client) -> Client:
    client.force_login(cast.treats)
    return client


@pytest.fixture
def api(cast: Cast) -> APIClient:
    client = APIClient()
    client.force_authenticate(cast.treats)
    return client


def read(client: Client, name: str, *args: Any) -> str:
    return unescape(client.get(reverse(name, args=args)).content.decode())


def test_an_event_is_added_and_stands_on_the_patients_page(cast: Cast, treats: Client) -> None:
    answer = treats.post(reverse("add_event", args=["R-0412"]), SERTRALINE)
    assert answer["Location"] == "/patients/R-0412/#events"
    event = CourseEvent.objects.get()
    assert (event.label, event.detail, event.on) == ("Sertraline", "50 mg", date(2026, 3, 1))
    for name in ("patient", "course"):
        page = read(treats, name, "R-0412")
        for words in ("medication started", "Sertraline", "50 mg", "1 Mar 2026", "added by treats"):
            assert words in page, (name, words)


def test_what_is_refused_stands_beside_its_field_with_what_was_typed(cast: Cast, treats: Client) -> None:
    tomorrow = timezone.localdate() + timedelta(days=1)
    answer = treats.post(reverse("add_event", args=["R-0412"]), SERTRALINE | {"on": f"{tomorrow}"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "This day has not come yet" in page
    assert 'value="Sertraline"' in page
    assert "Write something first" in treats.post(reverse("write_note", args=["R-0412"])).content.decode()


def test_a_note_is_written_by_the_form_beside_the_trend(cast: Cast, treats: Client) -> None:
    page = read(treats, "patient", "R-0412")
    assert f'action="{reverse("write_note", args=["R-0412"])}"' in page
    answer = treats.post(reverse("write_note", args=["R-0412"]), {"text": "<b>Slept</b>\nbetter."})
    assert answer["Location"] == "/patients/R-0412/#notes"
    page = treats.get(reverse("patient", args=["R-0412"])).content.decode()
    assert "&lt;b&gt;Slept&lt;/b&gt;<br>better." in page


def test_what_is_voided_is_struck_with_who_and_why(cast: Cast, treats: Client) -> None:
    event = add_event(by=cast.treats, patient=cast.patient, on=date(2026, 3, 1), label="moved house")
    note = write_note(by=cast.treats, patient=cast.patient, text="Wrong patient.")
    for name, written in (("void_event", event), ("void_note", note)):
        assert treats.post(reverse(name, args=[written.pk])).status_code == 422
        treats.post(reverse(name, args=[written.pk]), {"reason": "another patient’s"})
    page = read(treats, "course", "R-0412")
    assert "<s>moved house</s>" in page
    assert page.count("Voided by treats") == 2
    assert page.count("another patient’s") == 2
    assert reverse("void_note", args=[note.pk]) not in page


def test_the_front_desk_plans_the_visit_in_the_clinics_time_and_reads_no_note(
    cast: Cast, client: Client, settings: Settings
) -> None:
    write_note(by=cast.treats, patient=cast.patient, text="Sister visited.")
    add_event(by=cast.treats, patient=cast.patient, on=date(2026, 3, 1), label="Sertraline")
    client.force_login(cast.in_team)
    address = reverse("plan_visit", args=["R-0412"])
    with timezone.override("Europe/Berlin"):
        wall = timezone.localtime() + timedelta(days=20)
        client.post(address, {"at": f"{wall:%Y-%m-%d}T14:30"})
        assert timezone.localtime(Patient.objects.get().next_visit).strftime("%H:%M") == "14:30"
        page = read(client, "patient", "R-0412")
    assert "14:30" in page
    assert "Europe/Berlin" in page
    assert not {"Sertraline", "Sister"} & set(page.replace(".", " ").split())
    assert client.get(reverse("course", args=["R-0412"])).status_code == 404
    client.post(address, {"clear": "1"})
    assert Patient.objects.get().next_visit is None
    assert client.post(address, {"at": ""}).status_code == 422


def test_a_hundred_events_are_a_line_to_the_page_that_has_them_all(
    cast: Cast, treats: Client, django_assert_max_num_queries: Any
) -> None:
    for day in range(1, 29):
        add_event(by=cast.treats, patient=cast.patient, on=date(2026, 2, day), label=f"event no {day}.")
    page = read(treats, "patient", "R-0412")
    assert page.count("event no ") < 28
    assert reverse("course", args=["R-0412"]) in page
    with django_assert_max_num_queries(14):
        assert "event no 1." in read(treats, "course", "R-0412")


def test_the_date_of_a_session_is_corrected_on_its_page(cast: Cast, treats: Client) -> None:
    session = make_session(cast.treats, cast.patient)
    assert reverse("redate_session", args=[session.pk]) in read(treats, "session", session.pk)
    address = reverse("redate_session", args=[session.pk])
    sent = {"held_at": "2026-01-15T09:30", "reason": "typed the wrong month"}
    assert treats.post(address, {"held_at": sent["held_at"]}).status_code == 422
    assert treats.post(address, sent)["Location"] == reverse("session", args=[session.pk])
    assert timezone.localtime(Session.objects.get().held_at).strftime("%Y-%m-%dT%H:%M") == sent["held_at"]
    audit = read(treats, "patient_audit", "R-0412")
    assert "corrected the date of a session" in audit
    assert "→ 15 Jan 2026, 09:30" in audit


def test_events_over_rest(cast: Cast, api: APIClient) -> None:
    made = api.post(EVENTS, SERTRALINE)
    assert made.status_code == 201, made.data
    assert (made.data["written_by"], made.data["voided_at"], made.data["until"]) == ("treats", None, None)
    one = f"/api/v1/events/{made.data['id']}/"
    voided = api.post(f"{one}void/", {"reason": "never taken"})
    assert (voided.data["void_reason"], voided.data["voided_by"]) == ("never taken", "treats")
    assert api.get(one).data["label"] == "Sertraline"
    (listed,) = api.get(EVENTS).data["results"]
    assert listed == voided.data
    assert api.get(EVENTS, {"kind": "life"}).data["results"] == []
    assert api.put(one, SERTRALINE).status_code == 405
    assert api.delete(one).status_code == 405


def test_what_rest_refuses_is_a_problem_with_a_pointer(cast: Cast, api: APIClient) -> None:
    for wrong, pointer in (
        ({"label": ""}, "/label"),
        ({"on": "2199-01-01"}, "/on"),
        ({"until": "2020-01-01"}, "/until"),
    ):
        answer = api.post(EVENTS, SERTRALINE | wrong)
        assert answer.status_code == 400
        assert answer["Content-Type"] == "application/problem+json"
        assert [error["pointer"] for error in answer.data["errors"]] == [pointer]
    event = add_event(by=cast.treats, patient=cast.patient, on=date(2026, 3, 1), label="moved house")
    void_event(by=cast.treats, event=event, reason="no")
    assert (
        api.post(f"/api/v1/events/{event.pk}/void/", {"reason": "again"}).data["errors"][0]["code"]
        == "voided"
    )


def test_notes_over_rest(cast: Cast, api: APIClient) -> None:
    made = api.post(NOTES, {"text": "Slept better."})
    assert made.status_code == 201
    assert api.get(f"/api/v1/notes/{made.data['id']}/").data["text"] == "Slept better."
    assert api.post(f"/api/v1/notes/{made.data['id']}/void/", {"reason": "other patient"}).data["void_reason"]
    assert Note.objects.get().is_voided
    assert len(api.get(NOTES).data["results"]) == 1
    assert AuditEntry.objects.filter(action="course.viewed").count() == 2


def test_rest_is_as_closed_as_the_pages(cast: Cast, api: APIClient) -> None:
    note = api.post(NOTES, {"text": "Slept better."}).data["id"]
    for stranger in (cast.in_team, cast.outsider):
        client = APIClient()
        client.force_authenticate(stranger)
        for address in (NOTES, EVENTS, f"/api/v1/notes/{note}/"):
            assert client.get(address).status_code == 404
        assert client.post(NOTES, {"text": "x"}).status_code == 404
        assert client.post(f"/api/v1/notes/{note}/void/", {"reason": "x"}).status_code == 404
    assert Note.objects.count() == 1
    assert not Note.objects.get().is_voided


def test_a_sessions_date_over_rest(cast: Cast, api: APIClient) -> None:
    session = make_session(cast.treats, cast.patient)
    sent = {"held_at": "2026-01-15T09:30:00+01:00", "reason": "wrong month"}
    answer = api.post(f"/api/v1/sessions/{session.pk}/redate/", sent)
    assert answer.status_code == 200
    session.refresh_from_db()
    assert session.held_at.isoformat() == "2026-01-15T08:30:00+00:00"
    assert api.post(f"/api/v1/sessions/{session.pk}/redate/", {"reason": "x"}).status_code == 400


def test_a_visit_once_planned_is_offered_for_change(cast: Cast, treats: Client) -> None:
    assert "Plan the next visit" in read(treats, "patient", "R-0412")
    plan_visit(by=cast.treats, patient=cast.patient, at=timezone.now() + timedelta(days=9))
    page = read(treats, "patient", "R-0412")
    assert "Plan the next visit" not in page
    assert 'name="clear"' in page
