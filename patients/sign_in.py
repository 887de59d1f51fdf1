"""Who gets in: one backend behind pages, admin and REST interface, so that no attempt goes unrecorded."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from patients import browser_sessions, lock_out
from patients.audit import Action, record
from patients.models import Clinician


def complete(clinician: Clinician) -> None:
    """Everything that was asked for is given: from here on they are in."""
    lock_out.forgive(clinician)
    browser_sessions.clear_unused()
    record(actor=clinician, action=Action.SIGNED_IN, subject=clinician)


class AuditedBackend(ModelBackend):
    """Django's own, which also writes down every attempt and keeps published passwords inside demos."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> Clinician | None:
        """Raises ``LockedOut`` instead of trying what comes after too many failures."""
        if username is None or password is None:
            return None
        attempt = lock_out.begin(username)
        clinician = super().authenticate(request, username=username, password=password, **kwargs)
        if clinician is None:
            # What was typed is kept only if it is an account: people type passwords into the wrong field.
            lock_out.failed(attempt, meant=Clinician.objects.filter(username=username).first())
        else:
            attempt.delete()
        return clinician

    def user_can_authenticate(self, user: Clinician | AnonymousUser | None) -> bool:
        # Also asked on every request of a session, so switching the demo off ends its sessions.
        is_demo = isinstance(user, Clinician) and user.is_demo
        return super().user_can_authenticate(user) and (settings.DEMO or not is_demo)
