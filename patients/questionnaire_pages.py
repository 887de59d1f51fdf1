"""Pages of the questionnaires: the team's, and the one that a patient opens by a one-time link."""

from __future__ import annotations

import csv
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from patients import qr
from patients.access import NotVisible, SignedInRequest, open_link, open_patient, open_response
from patients.audit import Action, record
from patients.errors import Refused
from patients.forms import ReasonForm
from patients.models import Patient, QuestionnaireLink, QuestionnaireResponse
from patients.questionnaire_forms import EnteredForm, LinkForm, QuestionnaireForm, SeenForm
from patients.questionnaires import answering, links
from patients.questionnaires.course import course_of
from patients.questionnaires.instruments import QUESTIONNAIRES
from patients.questionnaires.limits import is_too_often
from patients.questionnaires.notices import crisis_text
from patients.questionnaires.scoring import reliable_points

UNPROCESSABLE = 422

form_page = require_http_methods(["GET", "HEAD", "POST"])


def address_of(secret: str) -> str:
    """The whole address that a patient types or scans."""
    return f"{settings.PUBLIC_URL}{reverse('answer_questionnaire', args=[secret])}"


@require_GET
def questionnaires(request: SignedInRequest, reference: str) -> HttpResponse:
    """All that was filled, and the links. The front desk sees that there is something, and not what."""
    patient = open_patient(request.user, reference)
    record(actor=request.user, action=Action.QUESTIONNAIRES_VIEWED, patient=patient, subject=patient)
    return _listed(request, patient, LinkForm())


def _listed(request: SignedInRequest, patient: Patient, form: LinkForm) -> HttpResponse:
    states = [(link, links.state_of(link)) for link in links.links_of(patient)]
    rules = [(questionnaire, reliable_points(questionnaire)) for questionnaire in QUESTIONNAIRES.values()]
    context = {
        "patient": patient,
        "course": course_of(patient),
        "links": [(link, state, links.WORDS[state]) for link, state in states],
        "form": form,
        "rules": rules,
        "days": settings.QUESTIONNAIRE_LINK_DAYS,
    }
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "patients/questionnaires.html", context, status=status)


@form_page
def fill_questionnaire(request: SignedInRequest, reference: str, instrument: str) -> HttpResponse:
    patient = open_patient(request.user, reference)
    if instrument not in QUESTIONNAIRES:
        raise NotVisible
    sent = request.POST if request.method == "POST" else None
    form = EnteredForm(sent, questionnaire=QUESTIONNAIRES[instrument])
    if form.is_valid():
        with form.showing_refusals():
            response = answering.fill(
                by=request.user,
                patient=patient,
                instrument=instrument,
                answers=form.answers,
                difficulty=form.cleaned_data["difficulty"],
                filled_at=form.cleaned_data["filled_at"],
            )
            messages.success(request, _("The %s is entered.") % form.questionnaire.name)
            if response.asks_for_eyes:
                messages.error(request, _("One answer needs a clinician’s eyes now: tell the team."))
            return redirect("questionnaires", patient.reference)
    context = {"patient": patient, "form": form}
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "patients/fill_questionnaire.html", context, status=status)


@form_page
def mark_questionnaire_seen(request: SignedInRequest, response_id: UUID) -> HttpResponse:
    response = open_response(request.user, response_id)
    form = SeenForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        with form.showing_refusals():
            answering.mark_seen(by=request.user, response=response, **form.cleaned_data)
            messages.success(request, _("Marked as seen. Your note stands beside the questionnaire."))
            return redirect("patient", response.patient.reference)
    return _about_response(request, "mark_questionnaire_seen", form, response)


@form_page
def void_questionnaire(request: SignedInRequest, response_id: UUID) -> HttpResponse:
    response = open_response(request.user, response_id)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        with form.showing_refusals():
            answering.void(by=request.user, response=response, **form.cleaned_data)
            messages.success(request, _("The questionnaire is voided: it counts in no score any more."))
            return redirect("questionnaires", response.patient.reference)
    return _about_response(request, "void_questionnaire", form, response)


def _about_response(
    request: SignedInRequest, template: str, form: SeenForm | ReasonForm, response: QuestionnaireResponse
) -> HttpResponse:
    record(
        actor=request.user,
        action=Action.QUESTIONNAIRES_VIEWED,
        patient=response.patient,
        subject=response,
    )
    form.focus()
    context = {"form": form, "response": response, "patient": response.patient}
    status = UNPROCESSABLE if form.errors else 200
    return render(request, f"patients/{template}.html", context, status=status)


@never_cache
@require_POST
def make_questionnaire_link(request: SignedInRequest, reference: str) -> HttpResponse:
    """The link is shown here and never again: its secret is not kept."""
    patient = open_patient(request.user, reference)
    form = LinkForm(request.POST)
    if form.is_valid():
        with form.showing_refusals():
            link, secret = links.make_link(by=request.user, patient=patient, **form.cleaned_data)
            address = address_of(secret)
            side, path = qr.drawing(address)
            context = {"patient": patient, "link": link, "address": address, "side": side, "path": path}
            return render(request, "patients/questionnaire_link.html", context)
    return _listed(request, patient, form)


@require_POST
def withdraw_questionnaire_link(request: SignedInRequest, link_id: UUID) -> HttpResponse:
    link = open_link(request.user, link_id)
    try:
        links.withdraw_link(by=request.user, link=link)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The link is withdrawn: it takes no answer any more."))
    return redirect("questionnaires", link.patient.reference)


@require_GET
def questionnaires_csv(request: SignedInRequest, reference: str) -> HttpResponse:
    """Every response with its answers and what they come to, for a statistics program."""
    patient = open_patient(request.user, reference)
    if not request.user.sees_results:
        raise NotVisible
    record(
        actor=request.user,
        action=Action.QUESTIONNAIRES_VIEWED,
        patient=patient,
        subject=patient,
        detail={"as": "csv"},
    )
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{patient.reference}-questionnaires.csv"'
    most = max(one.length for one in QUESTIONNAIRES.values())
    items = [f"item_{place}" for place in range(1, most + 1)]
    results = ["difficulty", "total", "band", "left_out", "voided_at"]
    table = csv.writer(answer)
    table.writerow(["reference", "questionnaire", "filled_at", *items, *results])
    for one in reversed(course_of(patient)):
        response = one.response
        row = [*response.answers, *[None] * (most - len(response.answers))]
        band = one.score.band.label if one.score.band else None
        voided = response.voided_at and response.voided_at.isoformat()
        tail = [response.difficulty, one.score.total, band, one.score.missing, voided]
        table.writerow([patient.reference, response.instrument, response.filled_at.isoformat(), *row, *tail])
    return answer


@never_cache
@sensitive_post_parameters()
@csrf_exempt  # the address itself is the secret that a forged form would lack; so no cookie is needed
@login_not_required
@form_page
def answer_questionnaire(request: HttpRequest, secret: str) -> HttpResponse:
    """The patient's page. It names nobody, keeps nothing in the browser, and stores by POST alone."""
    if is_too_often(request):
        return _told(request, "too_often", 429)
    try:
        link = links.find(secret)
    except Http404:
        return _told(request, "unknown", 404)
    with translation.override(_spoken(link)):
        if (state := links.state_of(link)) is not links.State.OPEN:
            return _told(request, state, 410)
        return _asked(request, link)


def _spoken(link: QuestionnaireLink) -> str | None:
    """The patient's language where the questionnaire exists in it; else what the browser asks for."""
    language = link.patient.language.split("-")[0]
    return language if language in QUESTIONNAIRES[link.instrument].wordings else translation.get_language()


def _asked(request: HttpRequest, link: QuestionnaireLink) -> HttpResponse:
    sent = request.POST if request.method == "POST" else None
    form = QuestionnaireForm(sent, questionnaire=QUESTIONNAIRES[link.instrument])
    if form.is_valid():
        with form.showing_refusals():
            try:
                response = links.answer(
                    link=link, answers=form.answers, difficulty=form.cleaned_data["difficulty"]
                )
            except links.LinkClosed as closed:
                return _told(request, closed.state, 410)
            return _told(request, "thanks", 200, asks_for_eyes=response.asks_for_eyes)
    status = UNPROCESSABLE if form.errors else 200
    return _bare(request, "patients/answer.html", {"form": form}, status)


def _told(request: HttpRequest, what: str, status: int, **context: Any) -> HttpResponse:
    return _bare(request, "patients/answer_told.html", {"what": str(what), **context}, status)


def _bare(request: HttpRequest, template: str, context: dict[str, Any], status: int) -> HttpResponse:
    answer = render(request, template, {"crisis": crisis_text(), **context}, status=status)
    answer["Referrer-Policy"] = "no-referrer"
    answer["X-Robots-Tag"] = "noindex, nofollow"
    # Django would log the address of a refusal, and who reads the log could answer in the patient's stead.
    answer._has_been_logged = True  # type: ignore[attr-defined]
    return answer
