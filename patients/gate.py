"""What every request of someone signed in passes: their session is in use."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.http import HttpRequest
from django.utils.deprecation import MiddlewareMixin

if TYPE_CHECKING:
    from patients.browser_sessions import SessionStore


class PresenceMiddleware(MiddlewareMixin):
    """Puts the log-off for idleness off, except for what pages ask by themselves."""

    def process_request(self, request: HttpRequest) -> None:
        session = cast("SessionStore", request.session)
        if session.session_key and "HX-Request" not in request.headers:
            session.touch()
