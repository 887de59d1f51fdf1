"""Where nobody checked the estimates on people like this patient, the reasons are said; so is not knowing."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from analysis.charts.palette import LIGHT, greyed
from analysis.governance import active_model
from analysis.models import ModelVersion
from analysis.wording.validity import not_validated, reasons_not_validated
from ml.corpora.catalogue import CORPORA
from ml.labels import Emotion
from ml.registry import load_card
from ml.voices import TrainingVoices, ages_of, voices_of
from patients.enrolment import amend_patient
from patients.models import AuditEntry, Patient
from tests.analysis.hearing import make_course, mixture
from tests.cast import Cast

CARD: dict[str, Any] = {"training": {"languages": ["de", "en"], "ages": [21, 35]}}


def patient(age: int | None = 30, **facts: Any) -> Patient:
    birth_year = None if age is None else timezone.localdate().year - age
    return Patient(reference="R-1", birth_year=birth_year, **{"language": "en", **facts})


def test_a_patient_like_those_whom_it_learnt_from(cast: Cast) -> None:
    assert reasons_not_validated(patient(), CARD) == []
    assert reasons_not_validated(patient(language="de"), CARD) == []
    assert reasons_not_validated(patient(language="en-GB"), CARD) == []


@pytest.mark.parametrize(
    ("unlike", "words"),
    [
        (
            patient(language="pl"),
            "The patient speaks Polish; the model learnt from speech in German, English.",
        ),
        (patient(language=""), "language of the sessions is not recorded"),
        (patient(20), "The patient is 20; as far as is known, the model learnt from ages 21 to 35."),
        (patient(37), "The patient is 37;"),
        (patient(None), "birth year is not recorded"),
        (patient(voice_condition="vocal fold paresis"), "vocal fold paresis"),
    ],
)
def test_each_way_of_being_unlike_them_is_one_sentence(unlike: Patient, words: str) -> None:
    (reason,) = reasons_not_validated(unlike, CARD)
    assert words in reason


def test_a_birth_year_leaves_two_ages_open_and_doubt_is_no_reproach() -> None:
    assert not reasons_not_validated(patient(36), CARD)
    assert not reasons_not_validated(patient(21), CARD)


def test_what_a_card_does_not_say_is_unknown() -> None:
    assert voices_of({}) == TrainingVoices(None, None)
    reasons = " ".join(reasons_not_validated(patient(), {}))
    assert "not known in which languages" in reasons
    assert "not known how old" in reasons
    own = {"licence": {"corpora": [{"name": "recordings of our own"}]}}
    assert voices_of(own) == TrainingVoices(None, None)


def test_the_shipped_card_is_read_by_the_corpora_that_it_names() -> None:
    voices = voices_of(load_card().contents)
    assert voices.languages is not None
    assert "en" in voices.languages


def test_ages_are_those_of_the_corpora_that_tell() -> None:
    assert ages_of([CORPORA["ravdess"], CORPORA["emodb"]]) == (21, 35)
    assert ages_of([CORPORA["ravdess"], CORPORA["nemo"]]) == (21, 33)  # nEMO tells no ages
    assert ages_of([CORPORA["nemo"], None]) is None
    assert ages_of([]) is None


def test_the_front_desk_is_told_nothing_of_estimates(cast: Cast) -> None:
    active_model()
    Patient.objects.update(language="fr")
    cast.patient.refresh_from_db()
    assert not_validated(cast.treats, cast.patient)
    assert not not_validated(cast.in_team, cast.patient)


def test_the_condition_is_amended_audited_and_said_on_the_pages(cast: Cast, client: Client) -> None:
    version = active_model()
    (session,) = make_course(cast.treats, cast.patient, [mixture(sad=0.4)], version=version)
    amend_patient(by=cast.treats, patient=cast.patient, voice_condition="dysphonia after intubation")
    entry = AuditEntry.objects.filter(action="patient.amended").latest("at")
    assert entry.detail == {"fields": ["voice_condition"], "values": {}}
    client.force_login(cast.treats)
    for address in (reverse("patient", args=["R-0412"]), reverse("session", args=[session.pk])):
        page = client.get(address).content.decode()
        assert "Not validated for this patient" in page, address
        assert "dysphonia after intubation" in page, address


def test_then_figures_are_greyed(cast: Cast, client: Client) -> None:
    version = active_model()
    make_course(cast.treats, cast.patient, [mixture(sad=0.4)], version=version)
    client.force_login(cast.treats)

    def figure() -> str:
        return client.get(reverse("trend_figure", args=["R-0412"])).content.decode()

    amend_patient(by=cast.treats, patient=cast.patient, language="en")
    ModelVersion.objects.filter(is_active=True).update(
        card={"training": {"languages": ["en"], "ages": [18, 90]}}
    )
    plain = figure()
    assert LIGHT.emotions[Emotion.SAD] in plain
    amend_patient(by=cast.treats, patient=cast.patient, voice_condition="dysphonia after intubation")
    faded = figure()
    assert LIGHT.emotions[Emotion.SAD] not in faded
    assert greyed(LIGHT.emotions[Emotion.SAD]) in faded
