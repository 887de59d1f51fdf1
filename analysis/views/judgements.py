"""Judging and signing: as fragments where htmx asks, as whole pages where no script runs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from analysis import jurisdiction
from analysis.access import open_analysis, open_judgement, open_review
from analysis.forms import JudgementForm, SignatureForm
from analysis.judging import judgement, signing
from analysis.wording.phrases import SOUNDS
from analysis.wording.said import SessionReview
from patients.access import NotVisible, SignedInRequest
from patients.errors import Refused
from patients.forms import PlainForm
from patients.models import Session

UNPROCESSABLE = 422


def review_context(request: SignedInRequest, session: Session) -> dict[str, Any]:
    """What ``_judgement.html`` and ``_signature.html`` need; nothing for a role that sees no results."""
    if not jurisdiction.sees_emotion(request.user):
        return {}
    review = SessionReview(session, request.user)
    return {
        "review": review,
        "judgement_form": JudgementForm(),
        "signature_form": SignatureForm(initial={"seen": review.fingerprint}),
        "own_labels": list(SOUNDS.items()),
    }


@require_POST
def judge_session(request: SignedInRequest, session_id: UUID) -> HttpResponse:
    session = open_review(request.user, session_id)
    form = JudgementForm(request.POST)
    if form.is_valid():
        sent = form.cleaned_data
        place: dict[str, Any] = {}
        if form.is_of_stretch:
            place = {
                "analysis": open_analysis(request.user, sent["analysis"]),
                "start_s": sent["start_s"],
                "end_s": sent["end_s"],
            }
        with form.showing_refusals():
            words = {name: sent[name] for name in ("verdict", "label", "note")}
            judgement.judge(by=request.user, session=session, **words, **place)
            return _answer(request, session, done=_("Your judgement is kept."))
    return _answer(request, session, judgement_form=form)


@require_POST
def withdraw(request: SignedInRequest, session_id: UUID, judgement_id: UUID) -> HttpResponse:
    session = open_review(request.user, session_id)
    said = open_judgement(request.user, judgement_id)
    if said.place_id != session.pk:
        raise NotVisible
    form = PlainForm(request.POST)
    form.full_clean()
    try:
        judgement.withdraw_judgement(by=request.user, judgement=said)
    except Refused as refused:
        form.add_error(None, str(refused.sentence))
        return _answer(request, session, withdrawal=form)
    return _answer(request, session, done=_("Your judgement is withdrawn; it stays listed as such."))


@require_POST
def sign(request: SignedInRequest, session_id: UUID) -> HttpResponse:
    session = open_review(request.user, session_id)
    form = SignatureForm(request.POST)
    if form.is_valid():
        with form.showing_refusals():
            signing.sign_session(by=request.user, session=session, **form.cleaned_data)
            return _answer(request, session, done=_("The session is signed."))
    return _answer(request, session, signature_form=form)


def _answer(
    request: SignedInRequest, session: Session, *, done: str = "", **forms: PlainForm
) -> HttpResponse:
    """Both blocks as they stand now: a judgement also changes what a signature would stand for."""
    if done and not request.headers.get("HX-Request"):
        messages.success(request, done)
        return redirect("session", session.pk)
    context = {"session": session, "patient": session.patient, **review_context(request, session)}
    for name, form in forms.items():
        if isinstance(form, SignatureForm):
            form.be_about(context["review"].fingerprint)
        context[name] = form
    if request.headers.get("HX-Request"):
        return render(request, "analysis/_reviewed.html", {**context, "done": done, "swapped": True})
    return render(request, "analysis/review.html", context, status=UNPROCESSABLE)
