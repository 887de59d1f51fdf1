"""What is kept of a patient between requests is that of the latest change, in each reader's language."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from analysis.kept import MOST_KEPT, Latest
from analysis.trends.kept import kept_trend
from patients.models import Patient
from tests.analysis.hearing import make_course, mixture
from tests.cast import Cast, cast

__all__ = ["cast"]


def test_a_trend_is_read_once_until_the_patient_changes(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_course(cast.treats, cast.patient, [mixture(calm=0.5)])
    patient = Patient.objects.get(pk=cast.patient.pk)
    first = kept_trend(patient)
    with django_assert_num_queries(0):
        assert kept_trend(patient) is first
    make_course(cast.treats, cast.patient, [mixture(sad=0.5)])
    Patient.count_change(patient.pk)
    patient.refresh_from_db()
    assert len(kept_trend(patient).points) == 2


def test_only_the_latest_revision_of_a_patient_is_kept() -> None:
    kept: Latest[int] = Latest()
    patient = Patient(pk=1, revision=1)
    assert kept.of(patient, lambda: 1) == kept.of(patient, lambda: 2) == 1
    patient.revision = 2
    assert kept.of(patient, lambda: 3) == 3
    patient.revision = 1
    assert kept.of(patient, lambda: 4) == 4
    assert kept.of(patient, lambda: 5, "depends on more") == 5


def test_of_many_patients_the_latest_asked_for_are_kept() -> None:
    kept: Latest[int] = Latest()
    patients = [Patient(pk=pk, revision=1) for pk in range(MOST_KEPT + 1)]
    for patient in patients:
        kept.of(patient, lambda: 1)
    assert kept.of(patients[1], lambda: 2) == 1
    assert kept.of(patients[0], lambda: 2) == 2


@pytest.mark.django_db
def test_whoever_opens_the_page_next_reads_it_in_their_own_language(client: Client, cast: Cast) -> None:
    make_course(cast.treats, cast.patient, [mixture(calm=0.5)])
    client.force_login(cast.treats)
    address = reverse("patient", args=[cast.patient.reference])
    assert '<span class="kind muted">in person</span>' in client.get(address).content.decode()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "de"
    assert '<span class="kind muted">vor Ort</span>' in client.get(address).content.decode()
