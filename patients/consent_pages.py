"""What a patient agrees to: the words, the answer, its history, and a notice to take home."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from patients import enrolment
from patients.access import SignedInRequest, open_patient
from patients.audit import Action, record
from patients.consent_texts import Words, asked_for, current, is_replaced, wording, words
from patients.forms import ConsentForm
from patients.models import Consent, Patient

UNPROCESSABLE = 422

WITHDRAWING = {
    Consent.Purpose.ANALYSE: gettext_lazy(
        "At once: no recording is accepted, and what is waiting or being analysed is stopped. "
        "Earlier results stay in the record."
    ),
    Consent.Purpose.KEEP_AUDIO: gettext_lazy(
        "At once: nobody can listen any more. The sound is removed for good within a day; results stay."
    ),
    Consent.Purpose.TRAIN: gettext_lazy(
        "At once: no training that starts from now on uses the patient’s recordings."
    ),
}


@dataclass(frozen=True)
class Row:
    """One purpose on the page; ``shown`` is None for one that nobody is asked for here."""

    purpose: Consent.Purpose
    shown: Words | None
    standing: Consent | None

    @property
    def is_outdated(self) -> bool:
        return self.standing is not None and is_replaced(self.standing)

    @property
    def withdrawing(self) -> str:
        return str(WITHDRAWING[self.purpose])


def outdated(patient: Patient) -> list[Consent]:
    """Standing consents to a wording that has been replaced."""
    return [consent for consent in patient.standing_consents if is_replaced(consent)]


@require_http_methods(["GET", "HEAD", "POST"])
def consent(request: SignedInRequest, reference: str) -> HttpResponse:
    patient = open_patient(request.user, reference)
    form = ConsentForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        with form.showing_refusals():
            messages.success(request, _decide(request, patient, form))
            return redirect("consent", patient.reference)
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "patients/consent.html", {"form": form, **_agreements(patient)}, status=status)


def _decide(request: SignedInRequest, patient: Patient, form: ConsentForm) -> str:
    purpose: Consent.Purpose = form.cleaned_data["purpose"]
    if form.cleaned_data["decision"] == "give":
        language = form.cleaned_data["language"]
        enrolment.give_consent(by=request.user, patient=patient, purpose=purpose, language=language)
        return _("Consent is recorded: %(purpose)s.") % {"purpose": purpose.label}
    enrolment.withdraw_consent(by=request.user, patient=patient, purpose=purpose)
    return _("Consent is withdrawn: %(purpose)s.") % {"purpose": purpose.label}


def _agreements(patient: Patient) -> dict[str, object]:
    given = list(patient.consents.select_related("given_by", "withdrawn_by"))
    for one in given:  # agreed to before the words themselves were kept: the version never changed
        one.text = one.text or str(wording(Consent.Purpose(one.purpose), one.text_version))
    standing = {one.purpose: one for one in given if one.withdrawn_at is None}
    asked = asked_for()
    return {
        "patient": patient,
        "rows": [
            Row(purpose, words(purpose, current()) if purpose in asked else None, standing.get(purpose))
            for purpose in Consent.Purpose
            if purpose in asked or purpose in standing
        ],
        "setting": settings.EMOTION_ANALYSIS,
        "history": given[::-1],
        "languages": settings.LANGUAGES,
    }


@require_GET
def notice(request: SignedInRequest, reference: str) -> HttpResponse:
    """A sheet for the patient, in plain words and in a language of their own, to print and to keep."""
    patient = open_patient(request.user, reference)
    record(actor=request.user, action=Action.PATIENT_VIEWED, patient=patient, subject=patient)
    wished = request.GET.get("language", "")
    language = (
        wished if wished in dict(settings.LANGUAGES) else translation.get_language() or settings.LANGUAGE_CODE
    )
    with translation.override(language):
        context = {
            **_agreements(patient),
            "version": current(),
            "today": timezone.localdate(),
            "clinic_name": settings.CLINIC_NAME,
            "clinic_contact": settings.CLINIC_CONTACT,
        }
        return render(request, "patients/notice.html", context)
