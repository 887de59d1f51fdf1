"""Tokens for the REST interface: kept as digests, and worth no more than the account that they belong to."""

from __future__ import annotations

from django.utils.translation import gettext as _
from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
from knox.auth import TokenAuthentication
from knox.models import AuthToken
from rest_framework.exceptions import AuthenticationFailed

from patients import second_factor
from patients.browser_sessions import sign_out_elsewhere
from patients.models import Clinician
from patients.sign_in import AuditedBackend


def close_other_ways_in(clinician: Clinician, *, keep: str | None = None) -> None:
    """End every session, but for the one with the key ``keep``, and every token."""
    sign_out_elsewhere(clinician, keep)
    AuthToken.objects.filter(user=clinician).delete()


class ApiTokenAuthentication(TokenAuthentication):  # type: ignore[misc]  # knox carries no types
    def validate_user(self, auth_token: AuthToken) -> tuple[Clinician, AuthToken]:
        """What may not sign in may not use a token either: an account switched off, or one of a demo."""
        clinician = auth_token.user
        if not AuditedBackend().user_can_authenticate(clinician):
            raise AuthenticationFailed
        # A token made before the role required a second factor is worth as little as the password alone.
        if second_factor.is_required(clinician) and not second_factor.has_one(clinician):
            raise AuthenticationFailed(_("Your role requires a second factor: set it up in the browser."))
        return clinician, auth_token


class ApiTokenScheme(KnoxTokenScheme):  # type: ignore[no-untyped-call]
    target_class = "patients.tokens.ApiTokenAuthentication"
    name = "apiToken"
