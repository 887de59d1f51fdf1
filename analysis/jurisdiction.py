"""What may be done with a voice where this clinic works: one site setting, ``EMOTION_ANALYSIS``.

``full``      emotions are estimated and shown.
``acoustic``  none is computed and none shown; acoustic measures, which rest on the sound alone, are. What was
              estimated earlier stays kept, and hidden, as long as the setting stands.
``off``       nothing is made of voices: recordings are refused, because there is no purpose to keep them for.

The setting is read anew each time: every process of a clinic has the same one, and tests change it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.errors import Refused
from patients.models import Clinician


class Mode(StrEnum):
    FULL = "full"
    ACOUSTIC = "acoustic"
    OFF = "off"


NOT_SHOWN = gettext_lazy(
    "This clinic’s setting allows no estimates of emotion. What was estimated before is kept, and not shown."
)
SHOWS_NOTHING = gettext_lazy(
    "This clinic’s setting allows no analysis of voices. What was analysed before is kept, and not shown."
)

# Addresses that are about estimates of emotion and nothing else: closed where none may be shown. Whatever an
# address shows beside other things is left out where it is read (``trends``, ``session``, ``access``).
ABOUT_EMOTION = frozenset(
    {
        "about_estimates",
        "api-judgement-withdraw",
        "api-recording-result",
        "calendar_figure",
        "api-session-judgement-list",
        "api-session-signature-list",
        "judge",
        "path_figure",
        "periods_figure",
        "print_session",
        "sign",
        "timeline_picture",
        "trend_figure",
        "why",
        "withdraw_judgement",
    }
)


def mode() -> Mode:
    return Mode(settings.EMOTION_ANALYSIS)


def shows_emotion() -> bool:
    """Whether emotions may be estimated, and estimates shown."""
    return mode() is Mode.FULL


def measures_voices() -> bool:
    """Whether acoustic measures may be taken, and shown."""
    return mode() is not Mode.OFF


def sees_emotion(clinician: Clinician) -> bool:
    return clinician.sees_results and shows_emotion()


def sentence() -> str:
    """What pages say in place of estimates; nothing where they are shown."""
    match mode():
        case Mode.ACOUSTIC:
            return str(NOT_SHOWN)
        case Mode.OFF:
            return str(SHOWS_NOTHING)
        case _:
            return ""


def check_recordings_are_welcome() -> None:
    if not measures_voices():
        raise Refused(
            "analysis_off",
            _("This clinic’s setting allows no analysis of voices, so no recording is taken in."),
        )


def site(request: HttpRequest) -> dict[str, Any]:
    """For every template: what is done with voices here, and what to say where it is not everything."""
    return {
        "shows_emotion": shows_emotion(),
        "measures_voices": measures_voices(),
        "not_shown": sentence(),
    }


class JurisdictionMiddleware(MiddlewareMixin):
    """Closes what is about estimates of emotion, and says why."""

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        name = request.resolver_match.url_name if request.resolver_match else None
        if name not in ABOUT_EMOTION or shows_emotion():
            return None
        if request.path.startswith("/api/"):
            problem = {
                "type": "about:blank",
                "title": "Forbidden",
                "status": 403,
                "detail": sentence(),
                "instance": request.path,
                "code": "emotion_not_shown",
            }
            return JsonResponse(problem, status=403, content_type="application/problem+json")
        return render(request, "analysis/emotion_not_shown.html", status=403)
