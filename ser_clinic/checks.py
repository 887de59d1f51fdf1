"""What must not be true of an installation; ``manage.py check`` and every start say so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register()
def demo_stays_on_this_computer(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    if not settings.DEMO:
        return []
    outside = [host for host in settings.ALLOWED_HOSTS if host not in settings.LOOPBACK_NAMES]
    if not outside:
        return []
    return [
        Error(
            f"DEMO is on, and the clinic would also answer as {', '.join(outside)}.",
            hint="Demo passwords are published: set DEMO=false, or leave PUBLIC_URL and EXTRA_HOSTS unset.",
            id="ser_clinic.E001",
        )
    ]
