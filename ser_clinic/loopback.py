"""In demo mode the passwords are published, so nobody but this computer is answered at all."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse, HttpResponseBase

REFUSAL = (
    "This is the demo clinic: its passwords are published, so it answers only on its own computer.\n"
    "Set DEMO=false and make real accounts before others may reach it.\n"
)


def is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


class LoopbackOnlyInDemo:
    """Looks at where the connection comes from, which no ``Host`` header and no choice of bind can hide."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not settings.DEMO:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not is_loopback(request.META.get("REMOTE_ADDR", "")):
            return HttpResponse(REFUSAL, status=403, content_type="text/plain; charset=utf-8")
        return self.get_response(request)
