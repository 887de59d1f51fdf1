"""What a patient agrees to: the words, the answer, its history, and a notice to take home."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from patients import enrolment
from patients.access import SignedInRequest, open_patient
from patients.audit import Action, record
from patients.consent_texts import Words, asked_for, current, is_replaced, wording, words
from patients.forms import ConsentForm, WithdrawConsentForm
from patients.models import Consent, Patient

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

UNPROCESSABLE = 422


class Withdrawal(NamedTuple):
    """What withdrawing does, in the words of the page that asks for it."""

    at_once: StrPromise
    kept: StrPromise
    final: StrPromise


WITHDRAWING = {
    Consent.Purpose.ANALYSE: Withdrawal(
        at_once=gettext_lazy(
            "No recording of this patient is accepted any more, and what waits or is being analysed "
            "is stopped."
        ),
        kept=gettext_lazy("Earlier results stay in the record."),
        final=gettext_lazy(
            "An analysis that is stopped writes no result. If the patient agrees again, it can be asked for "
            "anew as long as the sound is still there: within a day it is removed unless the patient agreed "
            "to its being kept."
        ),
    ),
    Consent.Purpose.KEEP_AUDIO: Withdrawal(
        at_once=gettext_lazy(
            "Nobody can listen to this patient’s recordings any more, and no moment of them can be explained."
        ),
        kept=gettext_lazy(
            "Results stay in the record. A file still to be heard stays at most seven days for that."
        ),
        final=gettext_lazy(
            "The sound is removed for good within a day, and with it the pictures of why a moment sounded as "
            "it did. Nobody can bring it back. In the first 20 hours a mistake can be taken back by "
            "recording consent anew."
        ),
    ),
    Consent.Purpose.TRAIN: Withdrawal(
        at_once=gettext_lazy(
            "No training that starts from now on uses this patient’s recordings, and one under way publishes "
            "nothing if it learns from them."
        ),
        kept=gettext_lazy("Recordings and results stay in the record."),
        final=gettext_lazy(
            "What models have learnt from these recordings earlier cannot be taken out of them."
        ),
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
    def withdrawing(self) -> Withdrawal:
        return WITHDRAWING[self.purpose]


def outdated(patient: Patient) -> list[Consent]:
    """Standing consents to a wording that has been replaced."""
    return [consent for consent in patient.standing_consents if is_replaced(consent)]


@require_http_methods(["GET", "HEAD", "POST"])
def consent(request: SignedInRequest, reference: str) -> HttpResponse:
    patient = open_patient(request.user, reference)
    form = ConsentForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        with form.showing_refusals():
            purpose: Consent.Purpose = form.cleaned_data["purpose"]
            language = form.cleaned_data["language"]
            enrolment.give_consent(by=request.user, patient=patient, purpose=purpose, language=language)
            said = _("Consent is recorded: %(purpose)s.") % {"purpose": purpose.label}
            messages.success(request, said)
            return redirect("consent", patient.reference)
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "patients/consent.html", {"form": form, **_agreements(patient)}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: SignedInRequest, reference: str, purpose: str) -> HttpResponse:
    """Says what will happen before it does: a step of its own, since it acts at once and in part for good."""
    patient = open_patient(request.user, reference)
    if purpose not in Consent.Purpose.values:
        raise Http404
    wished = Consent.Purpose(purpose)
    form = WithdrawConsentForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        with form.showing_refusals():
            enrolment.withdraw_consent(by=request.user, patient=patient, purpose=wished)
            said = _("Consent is withdrawn: %(purpose)s.") % {"purpose": wished.label}
            messages.success(request, said)
            return redirect("consent", patient.reference)
    standing = next((one for one in patient.standing_consents if one.purpose == wished), None)
    context = {"patient": patient, "row": Row(wished, None, standing), "form": form}
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "patients/withdraw_consent.html", context, status=status)


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
