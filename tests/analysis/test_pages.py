"""Each page in each state, as each role sees it, at a constant number of queries."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape
from http import HTTPStatus
from urllib.parse import urlsplit

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from numpy.typing import NDArray
from pytest_django import DjangoAssertNumQueries

from analysis.models import Analysis
from analysis.views import patient as patient_views
from patients.audit import Action
from patients.care import void_session
from patients.models import AuditEntry
from tests.analysis.hearing import make_course, make_heard, make_recording, mixture
from tests.cast import Cast, cast, make_patient, make_session

__all__ = ["cast"]

CALM: Sequence[NDArray[np.float32]] = [mixture(calm=0.5)]


@pytest.fixture
def treating(client: Client, cast: Cast) -> Client:
    client.force_login(cast.treats)
    return client


def text_of(client: Client, name: str, *arguments: object, query: str = "") -> str:
    response = client.get(reverse(name, args=arguments) + query)
    assert response.status_code == HTTPStatus.OK
    return response.content.decode()


# ── patient ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_patient_without_sessions(treating: Client, cast: Cast) -> None:
    page = text_of(treating, "patient", "R-0412")
    assert "No sessions yet" in page
    assert "data-figure" not in page


def test_without_consent_the_next_step_is_to_record_it(treating: Client, cast: Cast) -> None:
    patient = make_patient(cast.treats, "R-0500", consents=())
    pages = [text_of(treating, "patient", "R-0500")]
    pages.append(text_of(treating, "session", make_session(cast.treats, patient).pk))
    for page in pages:
        assert "Record first that R-0500 agrees" in page
        assert "Upload one" not in page
        assert "Upload a first recording" not in page
        assert reverse("consent", args=["R-0500"]) in page


def test_a_patient_with_sessions_has_chart_table_and_list(treating: Client, cast: Cast) -> None:
    make_course(cast.treats, cast.patient, [*CALM] * 3)
    page = text_of(treating, "patient", "R-0412")
    assert reverse("trend_figure", args=["R-0412"]) in page
    assert page.count("Sounds calm or") == 3
    assert page.count('<th scope="row" class="nowrap"><a href="/sessions/') == 3


def test_each_figure_carries_what_its_picture_needs(treating: Client, cast: Cast) -> None:
    make_course(cast.treats, cast.patient, [mixture(calm=0.4, sad=0.1)] * 8 + [mixture(sad=0.5)] * 2)
    page = text_of(treating, "patient", "R-0412")
    addresses = [unescape(address) for address in re.findall(r'data-figure="([^"]+)"', page)]
    assert {urlsplit(address).path.split("/")[-1] for address in addresses} >= {
        *("trend.json", "path.json", "calendar.json", "control.json")
    }
    for address in addresses:
        layout = treating.get(address).json()["layout"]
        assert layout["meta"]["title"], address
        assert layout["meta"]["paper"].startswith("#"), address


def test_of_many_sessions_the_latest_are_listed_first_a_page_at_a_time(
    treating: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patient_views, "PAGE_OF_SESSIONS", 2)
    first, *_others, latest = make_course(cast.treats, cast.patient, [*CALM] * 5)
    pages = [text_of(treating, "patient", "R-0412", query=f"?page={page}") for page in (1, 2, 3, 99)]
    listed = [page[page.index('id="sessions"') :] for page in pages]
    assert [page.count('class="session-line"') for page in listed] == [2, 2, 1, 1]
    assert str(latest.pk) in listed[0]
    assert str(first.pk) in listed[2]
    assert "page 2 of 3" in listed[1]


def test_staff_see_states_and_no_results(client: Client, cast: Cast) -> None:
    session = make_course(cast.treats, cast.patient, CALM)[0]
    client.force_login(cast.in_team)
    for page in (
        text_of(client, "patient", "R-0412"),
        text_of(client, "session", session.pk),
        text_of(client, "caseload"),
    ):
        assert "Sounds" not in page
        assert "data-figure" not in page
        assert "sparkline" not in page
    page = text_of(client, "session", session.pk)
    assert "nalysed" in page
    assert "No result" not in page  # there is one, for others
    assert "Open session" not in page  # it is open


def test_pages_leave_their_audit(treating: Client, cast: Cast) -> None:
    session = make_course(cast.treats, cast.patient, CALM)[0]
    text_of(treating, "caseload")
    text_of(treating, "patient", "R-0412")
    text_of(treating, "session", session.pk)
    text_of(treating, "trend_figure", "R-0412")
    text_of(treating, "recording_stretch", session.recordings.get().pk)
    actions = AuditEntry.objects.filter(actor=cast.treats).order_by("id").values_list("action", flat=True)
    assert list(actions)[-5:] == [
        Action.CASELOAD_VIEWED,
        Action.PATIENT_VIEWED,
        Action.SESSION_VIEWED,
        Action.ANALYSIS_VIEWED,
        Action.ANALYSIS_VIEWED,
    ]


@pytest.mark.parametrize("sessions", [1, 12])
def test_pages_cost_the_same_few_queries(
    treating: Client, cast: Cast, sessions: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    made = make_course(cast.treats, cast.patient, [*CALM] * sessions)
    for _ in range(sessions):
        make_heard(cast.treats, made[0], mixture(sad=0.5))
    for name, argument, most in (
        ("patient", ("R-0412",), 15),
        ("session", (made[0].pk,), 15),
    ):
        with django_assert_max_num_queries(most):
            text_of(treating, name, *argument)


# ── session ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_session_without_recordings(treating: Client, cast: Cast) -> None:
    session = make_session(cast.treats, cast.patient)
    assert "No recording in this session yet" in text_of(treating, "session", session.pk)


def test_a_session_whose_recordings_failed_awaits_no_result(treating: Client, cast: Cast) -> None:
    session = make_session(cast.treats, cast.patient)
    analysis = make_recording(cast.treats, session)
    assert "No result yet" in text_of(treating, "session", session.pk)
    Analysis.objects.filter(pk=analysis.pk).update(state=Analysis.State.FAILED, reason="unreadable")
    page = text_of(treating, "session", session.pk)
    assert "No recording could be analysed" in page
    assert "No result yet" not in page


def test_a_session_under_way_polls_until_it_is_final(treating: Client, cast: Cast) -> None:
    analysis = make_recording(
        cast.treats, make_session(cast.treats, cast.patient), state=Analysis.State.RUNNING, progress=0.42
    )
    address = reverse("recording_state", args=[analysis.recording_id])
    assert address in text_of(treating, "session", analysis.recording.session_id)
    running = treating.get(address)
    assert running.status_code == HTTPStatus.OK
    assert 'value="42"' in running.content.decode()
    Analysis.objects.update(state=Analysis.State.FAILED, reason="cut_off")
    final = treating.get(address)
    assert final.status_code == 286  # htmx: stop polling
    assert "recording-final" in final["HX-Trigger-After-Settle"]
    assert "hx-trigger" not in final.content.decode()
    assert "cut off" in final.content.decode()


def test_an_analysed_session_can_be_heard_seen_and_read(treating: Client, cast: Cast) -> None:
    session = make_session(cast.treats, cast.patient)
    analysis = make_heard(
        cast.treats, session, mixture(sad=0.6), with_sound=True, quality=["low_snr"], seconds=30
    )
    page = text_of(treating, "session", session.pk)
    assert reverse("recording_audio", args=[analysis.recording_id]) in page
    assert reverse("recording_stretch", args=[analysis.recording_id]) in page
    assert "Sounds sad or" in page
    assert "much background noise" in page
    assert "Model v1" in page
    assert "style=" not in page


def test_with_too_little_speech_no_shares_are_given(treating: Client, cast: Cast) -> None:
    session = make_session(cast.treats, cast.patient)
    make_heard(cast.treats, session, mixture(sad=0.6), seconds=6)
    page = text_of(treating, "session", session.pk)
    assert "Too little speech" in page
    assert 'class="summary"' not in page


def test_another_recording_of_the_session_can_be_chosen(treating: Client, cast: Cast) -> None:
    session = make_session(cast.treats, cast.patient)
    first, second = (make_heard(cast.treats, session, mixture(sad=0.6), seed=seed) for seed in (1, 2))
    assert reverse("recording_stretch", args=[first.recording_id]) in text_of(treating, "session", session.pk)
    page = text_of(treating, "session", session.pk, query=f"?recording={second.recording_id}")
    assert reverse("recording_stretch", args=[second.recording_id]) in page
    text_of(treating, "session", session.pk, query="?recording=nonsense")


def test_a_voided_session_says_so(treating: Client, cast: Cast) -> None:
    session = make_course(cast.treats, cast.patient, CALM)[0]
    void_session(by=cast.treats, session=session, reason="another person spoke")
    assert "another person spoke" in text_of(treating, "session", session.pk)
