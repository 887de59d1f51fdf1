"""Browsers that are signed in, and attempts that failed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models.clinicians import Clinician


class BrowserSession(AbstractBaseSession):
    """A browser in which someone is signed in, or about to be. Not a patient’s ``Session``."""

    clinician = models.ForeignKey(
        Clinician, on_delete=models.CASCADE, null=True, related_name="browser_sessions", editable=False
    )
    used_at = models.DateTimeField(default=timezone.now, editable=False)

    @classmethod
    def get_session_store_class(cls) -> Any:
        return import_module(settings.SESSION_ENGINE).SessionStore  # which stores its rows here


class SignInFailure(models.Model):
    """A failed attempt to sign in, kept until it no longer counts against account and address."""

    at = models.DateTimeField(default=timezone.now, db_index=True)
    account = models.CharField(max_length=64, help_text=_("A digest of the user name that was typed."))
    address = models.CharField(_("address"), max_length=64, blank=True)

    class Meta:
        ordering = ["-at"]
        indexes = [
            models.Index(fields=["account", "-at"], name="failure_by_account"),
            models.Index(fields=["address", "-at"], name="failure_by_address"),
        ]
        verbose_name = _("failed sign-in")
        verbose_name_plural = _("failed sign-ins")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.address}"
