"""Pages that change who is under care, what they agreed to, and where their sessions stand.

Every view is behind ``LoginRequiredMiddleware`` and reaches a patient only through the doors in ``access``.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from patients import care, enrolment, trail
from patients.access import SignedInRequest, open_patient, open_session, patients_of
from patients.audit import Action, record
from patients.forms import (
    EnrolForm,
    MoveSessionForm,
    PatientForm,
    PlainForm,
    ReasonForm,
    RedateSessionForm,
    SessionForm,
    TransferForm,
    VoidSessionForm,
)
from patients.models import Consent, Patient

UNPROCESSABLE = 422
LINES_PER_PAGE = 50

form_page = require_http_methods(["GET", "HEAD", "POST"])


def _sent(request: SignedInRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _page(request: SignedInRequest, template: str, form: PlainForm, **context: Any) -> HttpResponse:
    form.focus()
    status = UNPROCESSABLE if form.errors else 200
    return render(request, f"patients/{template}.html", {"form": form, **context}, status=status)


@form_page
def enrol(request: SignedInRequest) -> HttpResponse:
    form = EnrolForm(_sent(request), by=request.user)
    if form.is_valid():
        with form.showing_refusals():
            patient = enrolment.enrol(
                by=request.user,
                team=form.cleaned_data["team"],
                purpose=form.cleaned_data["purpose"],
                consents=[Consent.Purpose(value) for value in form.cleaned_data["consents"]],
                **form.facts(),
            )
            messages.success(request, _("%(patient)s is enrolled.") % {"patient": patient})
            return redirect("patient", patient.reference)
    return _page(request, "enrol", form)


@form_page
def amend_patient(request: SignedInRequest, reference: str) -> HttpResponse:
    patient = open_patient(request.user, reference)
    facts = {name: getattr(patient, name) for name in enrolment.PatientFacts.__annotations__}
    form = PatientForm(_sent(request), initial=facts)
    if form.is_valid():
        with form.showing_refusals():
            amended = enrolment.amend_patient(by=request.user, patient=patient, **form.facts())
            messages.success(request, _("The changes to %(patient)s are saved.") % {"patient": amended})
            return redirect("patient", amended.reference)
    return _page(request, "amend", form, patient=patient)


@form_page
def transfer(request: SignedInRequest, reference: str) -> HttpResponse:
    patient = open_patient(request.user, reference)
    form = TransferForm(_sent(request), patient=patient)
    if form.is_valid():
        with form.showing_refusals():
            moved = care.transfer(by=request.user, patient=patient, **form.cleaned_data)
            messages.success(
                request, _("%(patient)s is now with %(team)s.") % {"patient": moved, "team": moved.team}
            )
            still_mine = patients_of(request.user).filter(pk=moved.pk).exists()
            return redirect("patient", moved.reference) if still_mine else redirect("caseload")
    return _page(request, "transfer", form, patient=patient)


@form_page
def discharge(request: SignedInRequest, reference: str) -> HttpResponse:
    patient = open_patient(request.user, reference)
    form = ReasonForm(_sent(request))
    if form.is_valid():
        with form.showing_refusals():
            care.discharge(by=request.user, patient=patient, **form.cleaned_data)
            messages.success(request, _("%(patient)s is discharged.") % {"patient": patient})
            return redirect("patient", patient.reference)
    return _page(request, "discharge", form, patient=patient)


@form_page
def readmit(request: SignedInRequest, reference: str) -> HttpResponse:
    patient = open_patient(request.user, reference)
    form = ReasonForm(_sent(request))
    if form.is_valid():
        with form.showing_refusals():
            care.readmit(by=request.user, patient=patient, **form.cleaned_data)
            messages.success(request, _("%(patient)s is under care again.") % {"patient": patient})
            return redirect("patient", patient.reference)
    return _page(request, "readmit", form, patient=patient)


@require_GET
def patient_audit(request: SignedInRequest, reference: str) -> HttpResponse:
    patient = open_patient(request.user, reference)
    record(actor=request.user, action=Action.AUDIT_VIEWED, patient=patient, subject=patient)
    page = Paginator(trail.entries_of(patient), LINES_PER_PAGE).get_page(request.GET.get("page"))
    context = {"patient": patient, "page": page, "lines": trail.told(page, to=request.user)}
    return render(request, "patients/audit.html", context)


@form_page
def start_session(request: SignedInRequest, reference: str) -> HttpResponse:
    patient = open_patient(request.user, reference)
    form = SessionForm(_sent(request), initial={"held_at": timezone.localtime()})
    if form.is_valid():
        with form.showing_refusals():
            session = enrolment.start_session(by=request.user, patient=patient, **form.cleaned_data)
            return redirect("session", session.pk)
    return _page(request, "start_session", form, patient=patient)


@form_page
def move_session(request: SignedInRequest, session_id: UUID) -> HttpResponse:
    session = open_session(request.user, session_id)
    form = MoveSessionForm(_sent(request), by=request.user, session=session)
    if form.is_valid():
        to_patient: Patient = form.cleaned_data["to_patient"]
        with form.showing_refusals():
            care.move_session(
                by=request.user, session=session, to_patient=to_patient, reason=form.cleaned_data["reason"]
            )
            messages.success(request, _("The session is moved to %(patient)s.") % {"patient": to_patient})
            return redirect("session", session.pk)
    return _page(request, "move_session", form, patient=session.patient, session=session)


@form_page
def redate_session(request: SignedInRequest, session_id: UUID) -> HttpResponse:
    session = open_session(request.user, session_id)
    form = RedateSessionForm(_sent(request), initial={"held_at": timezone.localtime(session.held_at)})
    if form.is_valid():
        with form.showing_refusals():
            care.redate_session(by=request.user, session=session, **form.cleaned_data)
            messages.success(request, _("The date is corrected; every trend follows."))
            return redirect("session", session.pk)
    return _page(request, "redate_session", form, patient=session.patient, session=session)


@form_page
def void_session(request: SignedInRequest, session_id: UUID) -> HttpResponse:
    session = open_session(request.user, session_id)
    form = VoidSessionForm(_sent(request), patient=session.patient)
    if form.is_valid():
        with form.showing_refusals():
            care.void_session(by=request.user, session=session, reason=form.cleaned_data["reason"])
            messages.success(request, _("The session is voided: it counts in no trend any more."))
            return redirect("session", session.pk)
    return _page(request, "void_session", form, patient=session.patient, session=session)
