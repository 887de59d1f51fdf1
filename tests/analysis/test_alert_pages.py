"""The pages and the interface of alerts and rules, and what the patient's page says of change."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from analysis.alerts.alerts import evaluate
from analysis.correction import move_recording
from analysis.models import Alert, AlertRule
from patients.care import void_session
from tests.analysis.hearing import make_course, mixture
from tests.cast import Cast, cast, make_patient, make_session

__all__ = ["cast"]

CALM, SAD = mixture(calm=0.6, sad=0.05), mixture(calm=0.1, sad=0.6)


@pytest.fixture
def alert(cast: Cast) -> Alert:
    make_course(cast.treats, cast.patient, [CALM] * 8 + [SAD] * 3)
    (opened,) = evaluate(cast.patient.pk)
    return opened


@pytest.fixture
def treating(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.treats)
    return client


def page(client: Client, name: str, *args: object) -> str:
    return client.get(reverse(name, args=args)).content.decode()


def test_the_list_says_who_what_since_when_why_and_where_to_listen(treating: Client, alert: Alert) -> None:
    shown = page(treating, "alerts")
    assert "1 open alert" in shown
    assert "R-0412" in shown
    assert "More unsettled-sounding speech than usual since" in shown
    assert "The moving average (EWMA) stood at" in shown
    assert "&amp;at=" in shown


def test_the_patients_page_has_alert_chart_and_news(treating: Client, alert: Alert) -> None:
    shown = page(treating, "patient", "R-0412")
    assert 'id="alerts"' in shown
    assert 'id="control"' in shown
    assert "above this patient’s usual since" in shown
    assert "CUSUM up" in shown
    assert "Since the last visit (" in shown
    figure = treating.get(reverse("control_figure", args=["R-0412"])).json()
    assert len(figure["data"]) == 9
    assert any("run above" in mark["text"] for mark in figure["layout"]["annotations"])


def test_another_measure_can_be_looked_at(treating: Client, alert: Alert) -> None:
    shown = treating.get(reverse("patient", args=["R-0412"]), {"measure": "sad"}).content.decode()
    assert '<option value="sad" selected>' in shown
    assert "Sad-sounding speech" in shown


def test_learning_says_how_far(treating: Client, cast: Cast) -> None:
    make_course(cast.treats, cast.patient, [CALM] * 3)
    shown = page(treating, "patient", "R-0412")
    assert "learning baseline, 3 of 7" in shown.lower()


def test_the_front_desk_sees_none_of_it(cast: Cast, alert: Alert) -> None:
    client = Client()
    client.force_login(cast.in_team)
    assert client.get(reverse("alerts")).status_code == 404
    assert client.get(reverse("new_rule")).status_code == 404
    shown = page(client, "patient", "R-0412")
    assert "unsettled" not in shown
    assert "Since the last visit" not in shown


def test_the_caseload_says_that_an_alert_is_open(treating: Client, alert: Alert) -> None:
    assert "An alert is open" in page(treating, "caseload")
    treating.post(reverse("acknowledge_alert", args=[alert.pk]))
    assert "An alert is open" not in page(treating, "caseload")


def test_each_act_goes_back_to_where_it_was_done(treating: Client, alert: Alert) -> None:
    until = timezone.localdate() + timedelta(days=4)
    to_patient = reverse("patient", args=["R-0412"])
    snoozed = treating.post(
        reverse("snooze_alert", args=[alert.pk]), {"until": until.isoformat(), "back": "patient"}
    )
    assert snoozed["Location"] == to_patient
    sent = {"why": "known", "words": "a cold", "back": "https://elsewhere.example/"}
    assert treating.post(reverse("close_alert", args=[alert.pk]), sent)["Location"] == reverse("alerts")
    shown = page(treating, "alerts")
    assert "known cause, such as a cold, noise or another microphone: a cold" in shown
    treating.post(reverse("reopen_alert", args=[alert.pk]))
    assert Alert.objects.get().state == "open"


def test_without_a_reason_nothing_is_closed_and_it_is_said(treating: Client, alert: Alert) -> None:
    answer = treating.post(reverse("close_alert", args=[alert.pk]), {"why": ""}, follow=True)
    assert "Choose a reason to close the alert." in answer.content.decode()
    assert Alert.objects.get().state == "open"


def test_a_rule_is_replayed_then_saved_then_retired(treating: Client, cast: Cast, alert: Alert) -> None:
    sent = {
        **{"name": "Eager", "team": cast.team.pk, "measures": ["unsettled", "sad"], "direction": "more"},
        **{"run": 2, "smoothing": 0.3, "width": 1.2, "reference": 0.5, "decision": 2.0},
    }
    unseen = treating.post(reverse("new_rule"), sent | {"save": "1"})
    assert unseen.status_code == 422
    assert "replay it, then save" in unseen.content.decode()
    replayed = treating.post(reverse("new_rule"), sent | {"replay": "1"})
    assert "It would have fired" in replayed.content.decode()
    seal = replayed.context["seal"]
    saved = treating.post(reverse("new_rule"), sent | {"save": "1", "seal": seal})
    assert saved["Location"] == reverse("alert_rules")
    rule = AlertRule.objects.get(name="Eager")
    assert rule.replayed["fired"] >= 1
    assert "When it was saved:" in page(treating, "alert_rules")
    treating.post(reverse("retire_rule", args=[rule.pk]))
    assert AlertRule.objects.get(name="Eager").retired_at is not None


def test_the_interface_lists_and_moves(treating: Client, alert: Alert) -> None:
    (listed,) = treating.get("/api/v1/alerts/?state=open").json()["results"]
    assert (listed["patient"], listed["measure"], listed["state"]) == ("R-0412", "unsettled", "open")
    assert any("EWMA" in reason for reason in listed["reasons"])
    at = f"/api/v1/alerts/{alert.pk}/"
    assert treating.post(at + "acknowledge/").json()["state"] == "acknowledged"
    until = (timezone.localdate() + timedelta(days=2)).isoformat()
    snoozed = treating.post(at + "snooze/", {"until": until}, content_type="application/json")
    assert snoozed.json()["state"] == "snoozed"
    refused = treating.post(at + "close/", {"reason": ""}, content_type="application/json")
    assert refused.status_code == 400
    closed = treating.post(at + "close/", {"reason": "spoken about"}, content_type="application/json").json()
    assert [done["verb"] for done in closed["actions"]] == ["acknowledged", "snoozed", "closed"]
    assert not treating.get("/api/v1/alerts/?state=open").json()["results"]
    assert treating.post(at + "reopen/").json()["state"] == "open"


def test_what_was_moved_or_voided_since_is_said_and_not_led_to(
    cast: Cast, treating: Client, alert: Alert
) -> None:
    """The moments of an alert led to a session that is another patient's by now, without a word."""
    session = cast.patient.sessions.get(pk=alert.rationale["moments"][0]["session"])
    moved = session.recordings.get()
    assert f"recording={moved.pk}" in page(treating, "patient", "R-0412")
    elsewhere = make_session(cast.treats, make_patient(cast.treats, "R-0800"))
    move_recording(by=cast.treats, recording=moved, to_session=elsewhere, reason="wrong patient")
    told = len(alert.rationale["sessions"])
    for shown in (page(treating, "patient", "R-0412"), page(treating, "alerts")):
        assert f"1 of the {told} sessions that this rests on was moved or voided since" in shown
        assert f"recording={moved.pk}" not in shown
    for pk in alert.rationale["sessions"]:
        if pk != str(session.pk):
            void_session(by=cast.treats, session=cast.patient.sessions.get(pk=pk), reason="two voices")
    shown = page(treating, "alerts")
    assert f"{told} of the {told} sessions that this rests on were moved or voided since" in shown
    assert "To hear:" not in shown


def test_an_alert_is_german_down_to_its_numbers_and_the_rules_name(cast: Cast, alert: Alert) -> None:
    """It said "Usual or not", "±0.5" and "λ = 0.25" among German words and decimals."""
    client = Client(headers={"accept-language": "de"})
    client.force_login(cast.treats)
    for shown in (page(client, "alerts"), page(client, "patient", "R-0412")):
        block = shown[shown.index(f'id="alert-{alert.pk}"') :].split("</details>")[0]
        assert "Usual or not" not in block
        assert "λ = 0,25" in block
        assert not re.search(r"\d\.\d", re.sub(r"<[^>]+>", "", block))
