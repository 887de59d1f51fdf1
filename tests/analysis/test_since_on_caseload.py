"""The caseload's short form of what is new since the last visit: kept, renewed, and by jurisdiction."""

from __future__ import annotations

import re
from datetime import timedelta

import numpy as np
import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from analysis.alerts.watched import news_of
from analysis.alerts.words import delta_in_short, since_in_short
from analysis.models import AcousticMeasures, Analysis, Digest
from analysis.trends.reading import patient_trend
from analysis.trends.watchable import days_in
from analysis.triage.digests import catch_up, gist_kept
from analysis.voice.measures import patient_voice
from patients.care import move_session
from patients.models import Patient, Session
from tests.analysis.hearing import make_course, make_heard, mixture
from tests.cast import Cast, cast, earlier, make_patient, make_session
from tests.test_jurisdiction import EMOTION

__all__ = ["cast"]

CALM, SAD = mixture(calm=0.5, sad=0.1), mixture(calm=0.1, sad=0.6)
SHORT = re.compile(r'<p class="since-short meta">([^<]*)</p>')


@pytest.fixture
def treating(client: Client, cast: Cast) -> Client:
    client.force_login(cast.treats)
    return client


@pytest.fixture
def sadder(cast: Cast) -> Patient:
    """Sadder-sounding, and with longer pauses, after the last visit."""
    make_course(cast.treats, cast.patient, [CALM] * 9 + [SAD])
    pauses = np.random.default_rng(4).normal(0.4, 0.01, 10)
    pauses[-1] = 0.9
    for analysis, pause in zip(Analysis.objects.order_by("recording__session__held_at"), pauses, strict=True):
        measured = {"value": pause, "low": pause - 0.02, "high": pause + 0.02, "seconds": 60.0}
        AcousticMeasures.objects.create(analysis=analysis, values={"pause_duration": measured})
    return cast.patient


def short(client: Client) -> list[str]:
    page = client.get(reverse("caseload")).content.decode()
    return [found.replace("&#x27;", "'") for found in SHORT.findall(page)]


def test_a_line_tells_the_three_deltas_each_reliable_or_not(treating: Client, sadder: Patient) -> None:
    (line,) = short(treating)
    visit = timezone.localdate() - timedelta(days=9)
    assert line.startswith(f"Since {visit.day} {visit:%b} reliably: ")
    sure, _, unsure = line.split(": ", 1)[1].partition("; not reliably: ")
    assert len([*sure.split(", "), *filter(None, unsure.split(", "))]) == 3
    assert re.search(r"\bsad \+\d+ points", sure)
    assert re.search(r"pause duration \+0\.5\d?\u202fs", sure)
    page = treating.get(reverse("caseload")).content.decode()
    assert "reliable change index (Jacobson &amp; Truax 1991)" in page


def test_it_says_what_the_patients_page_says(treating: Client, sadder: Patient) -> None:
    news = news_of(trend := patient_trend(sadder), days_in(trend, patient_voice(sadder).readings))
    assert news is not None
    (line,) = short(treating)
    assert line == since_in_short(news.since)
    for delta in news.since.deltas:
        assert delta_in_short(delta) in line
    page = treating.get(reverse("patient", args=[sadder.reference])).content.decode()
    assert news.sentence in page


def test_what_is_not_reliable_is_called_so(treating: Client, cast: Cast) -> None:
    make_course(cast.treats, cast.patient, [CALM] * 9)
    (line,) = short(treating)
    assert re.match(r"Since \d+ \w+ nothing reliable in speech: (\w+ [+−±]\d+ points(, )?){3}$", line)


def test_reading_it_costs_no_query(
    treating: Client, cast: Cast, sadder: Patient, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for place in range(12):
        make_course(cast.treats, make_patient(cast.treats, f"R-{place}"), [CALM] * 3)
    assert len(short(treating)) == 13
    with django_assert_max_num_queries(9):
        assert len(short(treating)) == 13


def test_it_is_kept_as_it_was_made_and_renewed_with_a_visit(
    treating: Client, cast: Cast, sadder: Patient
) -> None:
    (before,) = short(treating)
    call_command("rebuild_digests", "--check")
    session = make_session(cast.treats, sadder, held_at=earlier(hours=1))
    make_heard(cast.treats, session, SAD)
    (after,) = short(treating)
    assert after.split()[:3] != before.split()[:3]  # since a newer visit
    other = make_patient(cast.treats, "R-0413")
    move_session(by=cast.treats, session=session, to_patient=other, reason="a test")
    assert short(treating) == [before]
    call_command("rebuild_digests", "--check")


def test_the_command_fills_what_an_earlier_version_kept(treating: Client, sadder: Patient) -> None:
    (told,) = short(treating)
    digest = Digest.objects.get(patient=sadder)
    for key in ("mode", "since"):
        del digest.told[key]
    digest.save()
    assert short(treating) == []
    call_command("rebuild_digests")
    assert short(treating) == [told]


def test_where_only_sound_may_be_told_the_deltas_are_of_sound(
    treating: Client, sadder: Patient, settings: Settings
) -> None:
    (full,) = short(treating)
    assert EMOTION.search(full)
    settings.EMOTION_ANALYSIS = "acoustic"
    assert short(treating) == []  # kept while emotions could be told: silent until it is made anew
    call_command("rebuild_digests")
    (line,) = short(treating)
    assert "pause duration +0.5" in line
    assert not EMOTION.search(line)
    page = treating.get(reverse("patient", args=[sadder.reference])).content.decode()
    assert "pause duration +0.5" in page
    settings.EMOTION_ANALYSIS = "full"
    call_command("rebuild_digests")
    assert short(treating) == [full]


def test_where_nothing_may_be_told_there_is_none(
    treating: Client, sadder: Patient, settings: Settings
) -> None:
    assert short(treating)
    settings.EMOTION_ANALYSIS = "off"
    assert short(treating) == []
    call_command("rebuild_digests")
    assert short(treating) == []
    kept = gist_kept(Digest.objects.get(patient=sadder))
    assert (kept.mode, kept.since) == ("off", None)


def test_who_sees_no_results_is_told_none(client: Client, cast: Cast, sadder: Patient) -> None:
    catch_up(Patient.objects.all(), seconds=60)
    client.force_login(cast.in_team)
    assert not cast.in_team.sees_results
    page = client.get(reverse("caseload")).content.decode()
    assert sadder.reference in page
    assert "since-short" not in page
    assert "Jacobson" not in page


def test_before_a_second_visit_there_is_nothing_to_tell(treating: Client, cast: Cast) -> None:
    make_course(cast.treats, cast.patient, [CALM])
    assert short(treating) == []
    Session.objects.update(kind=Session.Kind.DIARY)
    make_course(cast.treats, cast.patient, [CALM])
    Session.objects.update(kind=Session.Kind.DIARY)
    Patient.count_change(cast.patient.pk)
    assert short(treating) == []
