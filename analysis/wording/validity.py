"""Whether the estimates were ever checked on people like this patient. Where not, pages say why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.conf.global_settings import LANGUAGES
from django.utils.translation import gettext as _

from analysis import jurisdiction
from analysis.models import ModelVersion
from ml.voices import TrainingVoices, voices_of
from patients.models import Clinician, Patient

_NAMES = dict(LANGUAGES)


def not_validated(clinician: Clinician, patient: Patient) -> list[str]:
    """For pages: the reasons under the model that hears now; none for a role that sees no estimates."""
    if not jurisdiction.sees_emotion(clinician):
        return []
    card = ModelVersion.objects.filter(is_active=True).values_list("card", flat=True).first()
    return [] if card is None else reasons_not_validated(patient, card)


def reasons_not_validated(patient: Patient, card: Mapping[str, Any]) -> list[str]:
    """Sentences; none where the patient is like those whom it learnt from. Not knowing is a reason, too."""
    voices = voices_of(card)
    return [*_language(patient, voices), *_age(patient, voices), *_voice(patient)]


def _language(patient: Patient, voices: TrainingVoices) -> Iterator[str]:
    spoken = patient.language.split("-")[0].lower()
    if not spoken:
        yield _("The language of the sessions is not recorded: it is not known whether the model learnt it.")
    elif voices.languages is None:
        yield _("It is not known in which languages the model learnt.")
    elif spoken not in voices.languages:
        yield _("The patient speaks %(spoken)s; the model learnt from speech in %(learnt)s.") % {
            "spoken": language_name(spoken),
            "learnt": ", ".join(language_name(code) for code in voices.languages),
        }


def _age(patient: Patient, voices: TrainingVoices) -> Iterator[str]:
    """Only the birth year is kept, so the patient has one of two ages; outside means that neither fits."""
    age = patient.age
    if age is None:
        yield _("The birth year is not recorded: it is not known whether the model learnt from this age.")
    elif voices.ages is None:
        yield _("It is not known how old the speakers were from whom the model learnt.")
    elif age < voices.ages[0] or age - 1 > voices.ages[1]:
        yield _(
            "The patient is %(age)d; as far as is known, the model learnt from ages %(low)d to %(high)d."
        ) % {
            "age": age,
            "low": voices.ages[0],
            "high": voices.ages[1],
        }


def _voice(patient: Patient) -> Iterator[str]:
    if patient.voice_condition:
        yield _("A condition that changes the voice is recorded: %(condition)s.") % {
            "condition": patient.voice_condition
        }


def language_name(code: str) -> str:
    return _(_NAMES[code]) if code in _NAMES else code
