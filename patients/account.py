"""A clinician's own account: signing in and out, the password, and tokens for the REST interface."""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm, SetPasswordForm
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from knox.models import AuthToken

from patients import browser_sessions, second_factor
from patients.access import NotVisible, SignedInRequest
from patients.audit import Action, record
from patients.browser_sessions import SessionStore, note_where
from patients.forms import SignInForm
from patients.models import Clinician
from patients.second_factor_pages import ask_for_code
from patients.sign_in import complete
from patients.tokens import close_other_ways_in


class SignIn(auth.LoginView):
    form_class = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        clinician = form.get_user()
        if second_factor.has_one(clinician):
            return ask_for_code(self.request, clinician, self.get_success_url())
        note_where(self.request)
        complete(clinician)
        return super().form_valid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(is_demo=settings.DEMO, **kwargs)


class SignOut(auth.LogoutView):
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if isinstance(request.user, Clinician):
            detail = {"because": "idle"} if request.POST.get("because") == "idle" else {}
            record(actor=request.user, action=Action.SIGNED_OUT, subject=request.user, detail=detail)
        return super().post(request, *args, **kwargs)


class ChangePassword(auth.PasswordChangeView):
    @transaction.atomic
    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        close_other_ways_in(form.user, keep=self.request.session.session_key)
        record(actor=form.user, action=Action.PASSWORD_CHANGED, subject=form.user)
        return super().form_valid(form)


class ResetPassword(auth.PasswordResetView):
    subject_template_name = "registration/password_reset_subject.txt"


class MailSent(auth.PasswordResetDoneView):
    """Says where the message went: many installations have no mail server."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        has_no_mail_server = settings.EMAIL_BACKEND.endswith("filebased.EmailBackend")
        # Where a folder of this computer is, is nobody's business outside a demo.
        mail_folder = settings.EMAIL_FILE_PATH if has_no_mail_server and settings.DEMO else None
        return super().get_context_data(
            has_no_mail_server=has_no_mail_server, mail_folder=mail_folder, **kwargs
        )


class ChooseNewPassword(auth.PasswordResetConfirmView):
    @transaction.atomic
    def form_valid(self, form: SetPasswordForm[Clinician]) -> HttpResponse:
        close_other_ways_in(form.user)
        record(
            actor=form.user, action=Action.PASSWORD_CHANGED, subject=form.user, detail={"by": "mailed link"}
        )
        return super().form_valid(form)


def _account_page(request: SignedInRequest, new_token: str | None = None) -> HttpResponse:
    context = {
        "tokens": AuthToken.objects.filter(user=request.user).order_by("created"),
        "new_token": new_token,
        "teams": request.user.teams.all(),
        "has_second_factor": second_factor.has_one(request.user),
        "recovery_codes_left": second_factor.recovery_codes_left(request.user),
        "places": browser_sessions.places_of(request.user, request.session.session_key),
    }
    return render(request, "registration/account.html", context)


@login_not_required
def admin_sign_in(request: HttpRequest) -> HttpResponse:
    """One way in for everyone: the admin's own page would ask for less."""
    if request.user.is_authenticated:
        raise PermissionDenied
    wanted = request.GET.get("next", reverse("admin:index"))
    return redirect_to_login(wanted)


@require_GET
def account(request: SignedInRequest) -> HttpResponse:
    return _account_page(request)


@never_cache
@require_POST
def create_token(request: SignedInRequest) -> HttpResponse:
    """Shows the new token in the answer itself: it is kept only as a digest and can never be shown again."""
    row, token = AuthToken.objects.create(user=request.user)
    record(actor=request.user, action=Action.TOKEN_CREATED, detail={"token": row.token_key})
    return _account_page(request, new_token=token)


@require_POST
def revoke_token(request: SignedInRequest, token_key: str) -> HttpResponse:
    get_object_or_404(AuthToken, user=request.user, token_key=token_key).delete()
    record(actor=request.user, action=Action.TOKEN_REVOKED, detail={"token": token_key})
    return redirect("account")


@require_POST
def sign_out_there(request: SignedInRequest, handle: str) -> HttpResponse:
    if not browser_sessions.sign_out_there(request.user, handle):
        raise NotVisible
    record(actor=request.user, action=Action.SIGNED_OUT_ELSEWHERE, subject=request.user)
    messages.success(request, _("That browser is signed out."))
    return redirect("account")


@require_POST
def sign_out_elsewhere(request: SignedInRequest) -> HttpResponse:
    ended = browser_sessions.sign_out_elsewhere(request.user, request.session.session_key)
    record(
        actor=request.user, action=Action.SIGNED_OUT_ELSEWHERE, subject=request.user, detail={"ended": ended}
    )
    messages.success(request, _("Every other browser is signed out."))
    return redirect("account")


@never_cache
@require_POST
def stay_signed_in(request: SignedInRequest) -> JsonResponse:
    """Someone is there; how long that counts."""
    return JsonResponse({"seconds": cast(SessionStore, request.session).seconds_left})
