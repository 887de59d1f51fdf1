"""What every request of someone signed in passes: they are there, and gave all that their role must give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.deprecation import MiddlewareMixin

from patients import second_factor
from patients.models import Clinician

if TYPE_CHECKING:
    from patients.browser_sessions import SessionStore

# What someone may do before they have set up the second factor that their role requires.
BEFORE_SECOND_FACTOR = {
    "set_second_factor",
    "logout",
    "stay_signed_in",
    "health",
    "answer_questionnaire",  # a patient's page: whoever is signed in beside it does not matter
}


class PresenceMiddleware(MiddlewareMixin):
    """Puts the log-off for idleness off, except for what pages ask by themselves."""

    def process_request(self, request: HttpRequest) -> None:
        session = cast("SessionStore", request.session)
        if session.session_key and "HX-Request" not in request.headers:
            session.touch()


class SecondFactorMiddleware(MiddlewareMixin):
    """Lets nobody whose role requires a second factor get anywhere without one."""

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        clinician = request.user
        if not isinstance(clinician, Clinician) or request.session.get(second_factor.PASSED):
            return None
        name = request.resolver_match.url_name if request.resolver_match else None
        if name in BEFORE_SECOND_FACTOR or not second_factor.is_required(clinician):
            return None
        if request.path.startswith("/api/"):
            raise PermissionDenied
        return redirect("set_second_factor")
