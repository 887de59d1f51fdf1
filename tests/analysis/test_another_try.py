"""“Try again” stands where it can change something; beside what can never be read, what to do instead."""

from __future__ import annotations

from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from analysis import reasons
from analysis.models import Analysis, Explanation
from patients.models import Session
from tests.analysis.hearing import make_heard, mixture
from tests.cast import Cast, cast, make_session

__all__ = ["cast"]


@pytest.fixture
def session(cast: Cast) -> Session:
    return make_session(cast.treats, cast.patient)


@pytest.fixture
def heard(cast: Cast, session: Session) -> Analysis:
    return make_heard(cast.treats, session, mixture(sad=0.6), seconds=12, with_sound=True)


@pytest.fixture
def treating(client: Client, cast: Cast) -> Client:
    client.force_login(cast.treats)
    return client


@pytest.mark.parametrize("code", sorted({*reasons.FAILURES, "of a later version"}))
def test_a_failed_recording_offers_another_try_only_where_that_can_help(
    treating: Client, session: Session, heard: Analysis, code: str
) -> None:
    Analysis.objects.update(state=Analysis.State.FAILED, reason=code)
    retry = reverse("retry_recording", args=[heard.recording_id])
    for page in (
        treating.get(reverse("recording_state", args=[heard.recording_id])),
        treating.get(reverse("session", args=[session.pk])),
    ):
        told = unescape(page.content.decode())
        assert (f'action="{retry}"' in told) is reasons.FAILURES.get(code, reasons.UNKNOWN).again
        assert reasons.explain(code) in told


@pytest.mark.parametrize("code", sorted(reasons.EXPLANATIONS))
def test_a_moment_that_stays_unexplained_offers_no_other_try(
    treating: Client, heard: Analysis, code: str
) -> None:
    address = reverse("why", args=[heard.recording_id])
    asked = {"analysis": str(heard.pk), "window": "0"}
    treating.post(address, asked)
    Explanation.objects.update(state=Explanation.State.FAILED, reason=code)
    told = unescape(treating.get(address, asked).content.decode())
    assert ("Try again" in told) is reasons.EXPLANATIONS[code].again
    assert str(reasons.EXPLANATIONS[code]) in told
