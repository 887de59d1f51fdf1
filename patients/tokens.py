"""Tokens for the REST interface: kept as digests, and worth no more than the account that they belong to."""

from __future__ import annotations

from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
from knox.auth import TokenAuthentication
from knox.models import AuthToken
from rest_framework.exceptions import AuthenticationFailed

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
        if not AuditedBackend().user_can_authenticate(auth_token.user):
            raise AuthenticationFailed
        return auth_token.user, auth_token


class ApiTokenScheme(KnoxTokenScheme):  # type: ignore[no-untyped-call]
    target_class = "patients.tokens.ApiTokenAuthentication"
    name = "apiToken"
