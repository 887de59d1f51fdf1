"""Alerts: what opens one, what never does, what clinicians do with it, and that none is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from analysis.alerts import alerts, words
from analysis.change.comparison import DEFAULT
from analysis.change.rules import default_rule
from analysis.change.runs import rule_told
from analysis.models import Alert, AlertAction, AlertRule
from patients.access import NotVisible
from patients.errors import Refused
from patients.models import AuditEntry, Clinician, Patient
from tests.analysis.hearing import make_course, make_heard, mixture
from tests.cast import Cast, cast, make_patient, make_session

__all__ = ["cast"]

CALM, SAD = mixture(calm=0.6, sad=0.05), mixture(calm=0.1, sad=0.6)


def opened(cast: Cast, patient: Patient | None = None, seed: int = 0) -> Alert:
    patient = patient or cast.patient
    make_course(cast.treats, patient, [CALM] * 8 + [SAD] * 3, seed=seed)
    (alert,) = alerts.evaluate(patient.pk)
    alert.refresh_from_db()
    return alert


def test_a_run_beyond_the_usual_opens_one_alert_with_its_reasons(cast: Cast) -> None:
    alert = opened(cast)
    assert (alert.state, alert.measure, alert.direction) == ("open", "unsettled", 1)
    assert alert.run_days >= 2
    assert not alert.held_back
    assert words.title(alert).startswith("More unsettled-sounding speech than usual since ")
    reasons = " ".join(words.rationale(alert))
    assert "EWMA" in reasons
    assert "CUSUM" in reasons
    assert "standard deviations" in reasons
    assert 1 <= len(alert.rationale["moments"]) <= 3
    assert all(moment["emotion"] not in ("calm", "neutral", "happy") for moment in alert.rationale["moments"])
    assert AuditEntry.objects.filter(action="alert.opened", patient=cast.patient, actor=None).count() == 1


def test_the_same_run_is_told_once_however_often_it_is_asked(cast: Cast) -> None:
    alert = opened(cast)
    assert alerts.evaluate(cast.patient.pk) == []
    session = make_session(cast.treats, cast.patient)
    make_heard(cast.treats, session, SAD)
    assert alerts.evaluate(cast.patient.pk) == []
    assert Alert.objects.get().run_days == alert.run_days + 1


def test_a_stable_patient_opens_none(cast: Cast) -> None:
    make_course(cast.treats, cast.patient, [CALM] * 14)
    assert alerts.evaluate(cast.patient.pk) == []


def test_one_session_never_opens_one(cast: Cast) -> None:
    make_course(cast.treats, cast.patient, [CALM] * 10 + [mixture(sad=0.93)])
    assert alerts.evaluate(cast.patient.pk) == []


def test_two_sessions_of_one_day_are_one_day(cast: Cast) -> None:
    make_course(cast.treats, cast.patient, [CALM] * 10)
    for hours in (2, 5):
        held_at = timezone.now().replace(hour=12) - timedelta(days=1, hours=hours)
        make_heard(cast.treats, make_session(cast.treats, cast.patient, held_at=held_at), mixture(sad=0.9))
    assert alerts.evaluate(cast.patient.pk) == []


def test_too_little_clear_speech_counts_for_no_run(cast: Cast) -> None:
    make_course(cast.treats, cast.patient, [CALM] * 8)
    for days in (6, 4, 2):
        session = make_session(cast.treats, cast.patient, held_at=timezone.now() - timedelta(hours=days))
        make_heard(cast.treats, session, mixture(sad=0.9), seconds=12)
    assert alerts.evaluate(cast.patient.pk) == []


def test_another_model_begins_the_baseline_anew(cast: Cast) -> None:
    from tests.analysis.hearing import model

    make_course(cast.treats, cast.patient, [CALM] * 10)
    for hours in (9, 6, 3):
        session = make_session(cast.treats, cast.patient, held_at=timezone.now() - timedelta(hours=hours))
        make_heard(cast.treats, session, SAD, version=model(2))
    assert alerts.evaluate(cast.patient.pk) == []


def test_a_discharged_patient_is_not_watched(cast: Cast) -> None:
    make_course(cast.treats, cast.patient, [CALM] * 8 + [SAD] * 3)
    Patient.objects.filter(pk=cast.patient.pk).update(discharged_at=timezone.now())
    assert alerts.evaluate(cast.patient.pk) == []


def test_beyond_the_days_budget_they_are_held_back_and_come_up_later(cast: Cast, settings: Settings) -> None:
    settings.ALERTS_PER_DAY = 2
    for number in range(4):
        opened(cast, make_patient(cast.treats, f"R-10{number}"), seed=number)
    assert Alert.objects.filter(held_back=True).count() == 2
    assert alerts.alerts_of(cast.treats).count() == 4
    for alert in Alert.objects.filter(held_back=False):
        alert.rationale |= {"shown_on": "2026-01-01"}
        alert.save()
    oldest = Alert.objects.filter(held_back=True).order_by("opened_at").first()
    settings.ALERTS_PER_DAY = 1
    assert alerts.show_held_back(cast.team) == 1
    assert oldest is not None
    assert not Alert.objects.get(pk=oldest.pk).held_back


def test_who_works_in_two_teams_has_one_budget_and_takes_nobody_elses(
    cast: Cast, settings: Settings, client: Client
) -> None:
    settings.ALERTS_PER_DAY = 1
    elsewhere = make_patient(cast.outsider, "R-0900")
    opened(cast)
    make_course(cast.outsider, elsewhere, [CALM] * 8 + [SAD] * 3, seed=1)
    alerts.evaluate(elsewhere.pk)
    assert Alert.objects.filter(held_back=False).count() == 2

    def open_to(clinician: Clinician) -> tuple[int, int]:
        client.force_login(clinician)
        page = client.get(reverse("alerts")).context
        return len(page["open"]), len(page["held_back"])

    assert open_to(cast.treats) == open_to(cast.outsider) == (1, 0)
    cast.treats.teams.add(cast.other_team)
    assert open_to(cast.treats) == (1, 1)
    assert open_to(cast.outsider) == (1, 0)
    settings.ALERTS_PER_DAY = 3
    assert open_to(cast.treats) == (2, 0)


def test_a_rule_that_speaks_of_everybody_does_not_keep_the_default_rule_quiet(
    cast: Cast, settings: Settings
) -> None:
    settings.ALERTS_PER_DAY = 0
    alert = opened(cast)
    theirs = AlertRule.objects.create(name="Everybody", team=cast.team, settings=alert.rule.settings)
    for measure in ("jitter", "shimmer"):
        Alert.objects.create(
            patient=cast.patient,
            rule=theirs,
            measure=measure,
            direction=1,
            began_on=alert.began_on,
            run_days=2,
            held_back=True,
            opened_at=alert.opened_at - timedelta(hours=1),
        )
    settings.ALERTS_PER_DAY = 1
    assert alerts.show_held_back(cast.team) == 1
    assert Alert.objects.get(held_back=False) == alert


def test_acknowledge_snooze_close_reopen_each_with_its_trace(cast: Cast) -> None:
    alert = opened(cast)
    alerts.acknowledge(by=cast.treats, alert=alert)
    alerts.snooze(by=cast.treats, alert=alert, until=timezone.localdate() + timedelta(days=3))
    alerts.close(by=cast.treats, alert=alert, reason="spoken about")
    alerts.reopen(by=cast.treats, alert=alert)
    verbs = list(AlertAction.objects.filter(alert=alert).values_list("verb", "reason"))
    assert verbs == [("acknowledged", ""), ("snoozed", ""), ("closed", "spoken about"), ("reopened", "")]
    entries = AuditEntry.objects.filter(subject_id=str(alert.pk), actor=cast.treats).order_by("pk")
    assert [entry.action for entry in entries] == [
        *("alert.acknowledged", "alert.snoozed", "alert.closed", "alert.reopened")
    ]
    assert "spoken" not in str([entry.detail for entry in entries])


def test_a_snoozed_alert_comes_back_on_its_day(cast: Cast) -> None:
    alert = opened(cast)
    until = timezone.localdate() + timedelta(days=3)
    alerts.snooze(by=cast.treats, alert=alert, until=until)
    now = timezone.now()
    assert not Alert.objects.filter(alerts.is_open(now)).exists()
    assert Alert.objects.filter(alerts.is_open(now + timedelta(days=4))).exists()


def test_what_is_closed_stays_closed_while_its_run_goes_on(cast: Cast) -> None:
    alert = opened(cast)
    alerts.close(by=cast.treats, alert=alert, reason="a cold")
    make_heard(cast.treats, make_session(cast.treats, cast.patient), SAD)
    assert alerts.evaluate(cast.patient.pk) == []
    assert Alert.objects.get().state == "closed"


@pytest.mark.parametrize(
    ("verb", "given", "code"),
    [
        ("close", {"reason": "  "}, "reason_needed"),
        ("close", {"reason": "x" * 301}, "reason_too_long"),
        ("snooze", {"until": timezone.localdate()}, "until_past"),
    ],
)
def test_what_says_too_little_is_refused(cast: Cast, verb: str, given: dict[str, object], code: str) -> None:
    alert = opened(cast)
    with pytest.raises(Refused) as refused:
        getattr(alerts, verb)(by=cast.treats, alert=alert, **given)
    assert refused.value.code == code
    assert Alert.objects.get().state == "open"


def test_only_the_team_and_only_who_sees_results(cast: Cast) -> None:
    alert = opened(cast)
    for who in (cast.outsider, cast.in_team):
        assert not alerts.alerts_of(who).exists()
        with pytest.raises(NotVisible):
            alerts.acknowledge(by=who, alert=alert)
    assert Alert.objects.get().state == "open"


def test_where_emotions_may_not_be_shown_neither_may_alerts_about_them(
    cast: Cast, settings: Settings
) -> None:
    opened(cast)
    settings.EMOTION_ANALYSIS = "acoustic"
    assert not alerts.alerts_of(cast.treats).exists()
    assert not Alert.objects.filter(alerts.is_open(timezone.now())).exists()


def test_the_default_rule_is_one_and_borrows_from_the_caseload(cast: Cast) -> None:
    assert default_rule().pk == default_rule().pk
    for number in range(4):
        patient = make_patient(cast.treats, f"R-20{number}")
        make_course(cast.treats, patient, [mixture(calm=0.3 + 0.1 * number)] * 8, seed=number)
    assert alerts.learn_from_caseload()
    assert default_rule().settings["prior"]["patients"] == 4
    assert not alerts.learn_from_caseload()  # it says what it said


def test_the_default_rule_has_the_limits_that_pages_speak_by(cast: Cast) -> None:
    kept = default_rule()
    kept.settings["limits"]["width"] = 9.0
    kept.save()
    assert rule_told(default_rule().settings).limits == DEFAULT
    assert AlertRule.objects.filter(team=None).count() == 1


def test_a_bell_that_was_lost_is_made_good(cast: Cast) -> None:
    make_course(cast.treats, cast.patient, [CALM] * 8 + [SAD] * 3)
    from analysis.models import Analysis

    Analysis.objects.update(finished_at=timezone.now())
    assert alerts.catch_up(timezone.now() - timedelta(hours=1)) == 1
