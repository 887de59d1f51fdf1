"""A clinician's own account: signing in and out, the password, and tokens for the REST interface."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from knox.models import AuthToken

from patients.access import SignedInRequest
from patients.audit import Action, record
from patients.forms import SignInForm
from patients.models import Clinician
from patients.tokens import revoke_tokens


class SignIn(auth.LoginView):
    form_class = SignInForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(is_demo=settings.DEMO, **kwargs)


class SignOut(auth.LogoutView):
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if isinstance(request.user, Clinician):
            record(actor=request.user, action=Action.SIGNED_OUT, subject=request.user)
        return super().post(request, *args, **kwargs)


class ChangePassword(auth.PasswordChangeView):
    @transaction.atomic
    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        revoke_tokens(form.user)
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
        revoke_tokens(form.user)
        record(
            actor=form.user, action=Action.PASSWORD_CHANGED, subject=form.user, detail={"by": "mailed link"}
        )
        return super().form_valid(form)


def _account_page(request: SignedInRequest, new_token: str | None = None) -> HttpResponse:
    tokens = AuthToken.objects.filter(user=request.user).order_by("created")
    context = {"tokens": tokens, "new_token": new_token, "teams": request.user.teams.all()}
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
