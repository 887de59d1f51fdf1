"""Which sessions a clinician has looked at, as the list of a patient's sessions says it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from analysis.judging.reviews import reviewed_sessions, reviews_of
from analysis.models import Judgement, Signature
from patients.models import Session
from tests.analysis.hearing import make_course, mixture
from tests.cast import Cast, cast

__all__ = ["cast"]


@pytest.fixture
def sessions(cast: Cast) -> list[Session]:
    """Signed and judged, judged, judged and withdrawn, untouched."""
    made = make_course(cast.treats, cast.patient, [mixture(calm=0.5)] * 4)
    for session in made[:3]:
        Judgement.objects.create(session=session, verdict="agree", said_by=cast.treats)
    Judgement.objects.filter(session=made[2]).update(withdrawn_at=timezone.now(), withdrawn_by=cast.treats)
    Signature.objects.create(session=made[0], signed_by=cast.outsider)
    Signature.objects.create(session=made[0], signed_by=cast.treats)
    return made


def test_the_last_to_sign_and_standing_judgements_are_told_in_one_query(
    cast: Cast, sessions: list[Session], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        found = reviews_of([session.pk for session in sessions])
    signed, judged, withdrawn, untouched = (found[session.pk] for session in sessions)
    assert (signed.signed_by, signed.judgements) == (cast.treats.display_name, 1)
    assert not judged.is_signed
    assert judged.judgements == 1
    assert withdrawn.is_none
    assert untouched.is_none


def test_what_is_not_reviewed_can_be_listed_alone(
    client: Client, cast: Cast, sessions: list[Session]
) -> None:
    assert reviewed_sessions(cast.patient) == {session.pk for session in sessions[:2]}
    client.force_login(cast.treats)
    page = client.get(reverse("patient", args=["R-0412"]) + "?sessions=unreviewed").content.decode()
    listed = page[page.index('id="sessions"') :]
    assert listed.count('class="session-line"') == 2
    assert str(sessions[3].pk) in listed
    assert str(sessions[0].pk) not in listed
    assert "2 of 4" in listed


def test_the_front_desk_is_told_nothing_of_it(client: Client, cast: Cast, sessions: list[Session]) -> None:
    client.force_login(cast.in_team)
    page = client.get(reverse("patient", args=["R-0412"]) + "?sessions=unreviewed").content.decode()
    assert page.count('class="session-line"') == 4
    assert "signed by" not in page
    assert "not reviewed" not in page.lower()
