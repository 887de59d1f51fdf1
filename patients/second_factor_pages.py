"""The pages of the second factor: the code at the sign-in, setting one up, new codes, taking it off."""

from __future__ import annotations

import time

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from patients import second_factor
from patients.access import SignedInRequest
from patients.browser_sessions import note_where
from patients.errors import Refused
from patients.forms import CodeForm, EnrolFactorForm, OwnPasswordForm, PlainForm
from patients.models import Clinician
from patients.sign_in import complete
from patients.tokens import close_other_ways_in

PENDING = "waiting_for_code"
MINUTES_FOR_CODE = 5
UNPROCESSABLE = 422

form_page = require_http_methods(["GET", "HEAD", "POST"])


def ask_for_code(request: HttpRequest, clinician: Clinician, next_page: str) -> HttpResponse:
    """The password was right; nobody is signed in before the code is, too."""
    request.session[PENDING] = [clinician.pk, time.time(), next_page]
    return redirect("sign_in_code")


@never_cache
@sensitive_post_parameters()
@login_not_required
@form_page
def sign_in_code(request: HttpRequest) -> HttpResponse:
    waiting, begun, next_page = request.session.get(PENDING, (None, 0.0, ""))
    clinician = Clinician.objects.filter(pk=waiting, is_active=True).first()
    if clinician is None or time.time() - begun > MINUTES_FOR_CODE * 60:
        request.session.pop(PENDING, None)
        return redirect(settings.LOGIN_REDIRECT_URL)  # which asks to sign in again
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _holds(clinician, form):
        del request.session[PENDING]
        note_where(request)
        login(request, clinician, settings.AUTHENTICATION_BACKENDS[0])
        request.session[second_factor.PASSED] = True
        complete(clinician)
        if (left := second_factor.recovery_codes_left(clinician)) < 4:
            messages.warning(
                request, _("You have %(left)d recovery codes left. Make new ones.") % {"left": left}
            )
        return redirect(next_page)
    return _sheet(request, "sign_in_code", form)


@never_cache
@sensitive_post_parameters()
@form_page
def set_second_factor(request: SignedInRequest) -> HttpResponse:
    """Scan, prove with a code, and keep the recovery codes."""
    if second_factor.has_one(request.user):
        return redirect("account")
    form = EnrolFactorForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _knows_password(request, form):
        codes = second_factor.confirm(request.user, form.cleaned_data["code"])
        if codes is not None:
            # What signed in with the password alone is no longer enough, wherever it is.
            request.session[second_factor.PASSED] = True
            close_other_ways_in(request.user, keep=request.session.session_key)
            return render(request, "registration/recovery_codes.html", {"codes": codes})
        form.add_error("code", _("This code is wrong. Is the clock of your phone right?"))
    device = second_factor.proposal(request.user)
    side, path = second_factor.drawing(device)
    uri_key = device.config_url.partition("secret=")[2].partition("&")[0]
    key = " ".join(uri_key[start : start + 4] for start in range(0, len(uri_key), 4))
    is_required = second_factor.is_required(request.user)
    shown = {"side": side, "path": path, "key": key, "is_required": is_required}
    return _sheet(request, "second_factor", form, **shown)


@never_cache
@sensitive_post_parameters()
@form_page
def make_recovery_codes(request: SignedInRequest) -> HttpResponse:
    if not second_factor.has_one(request.user):
        return redirect("set_second_factor")
    form = OwnPasswordForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _knows_password(request, form):
        codes = second_factor.new_recovery_codes(request.user)
        return render(request, "registration/recovery_codes.html", {"codes": codes})
    return _sheet(request, "make_recovery_codes", form)


@never_cache
@sensitive_post_parameters()
@form_page
def remove_second_factor(request: SignedInRequest) -> HttpResponse:
    form = OwnPasswordForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _knows_password(request, form):
        second_factor.remove(request.user, by=request.user)
        request.session.pop(second_factor.PASSED, None)
        close_other_ways_in(request.user, keep=request.session.session_key)
        messages.success(request, _("Signing in asks for your password only."))
        return redirect("account")
    is_required = second_factor.is_required(request.user)
    return _sheet(request, "remove_second_factor", form, is_required=is_required)


def _holds(clinician: Clinician, form: CodeForm) -> bool:
    with form.showing_refusals():
        if second_factor.accepts(clinician, form.cleaned_data["code"]):
            return True
        form.add_error("code", _("This code is wrong, or was used already. Wait for the next one."))
    return False


def _knows_password(request: SignedInRequest, form: PlainForm) -> bool:
    """Who finds a computer unlocked must not change what its owner signs in with."""
    try:
        username, password = request.user.get_username(), form.cleaned_data["password"]
        if authenticate(request, username=username, password=password) is not None:
            return True
        form.add_error("password", _("This is not your password."))
    except Refused as refused:
        form.add_error(None, str(refused.sentence))
    return False


def _sheet(request: HttpRequest, template: str, form: PlainForm, **context: object) -> HttpResponse:
    form.focus()
    status = UNPROCESSABLE if form.errors else 200
    return render(request, f"registration/{template}.html", {"form": form, **context}, status=status)
