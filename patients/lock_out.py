"""Guessing comes to an end: after so many failed attempts on an account, or from an address, none is tried.

Failures are rows that are forgotten after ``LOCKOUT_MINUTES``, so every process counts alike and a lock ends
by itself. An account that does not exist is locked like one that does.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from ipaddress import ip_network

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import ngettext

from patients.audit import Action, current_address, record
from patients.errors import Refused
from patients.models import Clinician, SignInFailure


class LockedOut(Refused):
    """Too many failed attempts; ``seconds`` until the next one is tried."""

    def __init__(self, until: datetime) -> None:
        self.seconds = max(1, round((until - timezone.now()).total_seconds()))
        minutes = -(-self.seconds // 60)
        sentence = ngettext(
            "There were too many failed attempts. Try again in %(n)d minute, or ask your administrator.",
            "There were too many failed attempts. Try again in %(n)d minutes, or ask your administrator.",
            minutes,
        )
        super().__init__("locked_out", sentence % {"n": minutes})


def begin(username: str) -> SignInFailure:
    """Count an attempt as failed before it is tried, so that many at once gain nothing; the row is removed
    by whoever finds that it succeeded. Raises ``LockedOut`` where there were too many before it.
    """
    SignInFailure.objects.filter(at__lt=timezone.now() - _window()).delete()
    attempt = SignInFailure.objects.create(account=_digest(username), address=_network(current_address()))
    locks = [_locked_until(others, limit) for others, limit in _others(attempt).values()]
    if until := max(filter(None, locks), default=None):
        attempt.delete()
        raise LockedOut(until)
    return attempt


def failed(attempt: SignInFailure, meant: Clinician | None) -> None:
    """Put a failed attempt on record, and with the last one that is allowed also the lock."""
    record(actor=None, action=Action.SIGN_IN_FAILED, subject=meant)
    for locked, (others, limit) in _others(attempt).items():
        if _locked_until(others, limit - 1):
            record(actor=None, action=Action.LOCKED_OUT, subject=meant, detail={"locked": locked})


def failures_of(clinician: Clinician) -> QuerySet[SignInFailure]:
    account = _digest(clinician.get_username())
    return SignInFailure.objects.filter(account=account, at__gte=timezone.now() - _window())


def forgive(clinician: Clinician) -> int:
    """Forget the failures on an account (not those from an address); says how many there were."""
    return failures_of(clinician).delete()[0]


def locked_until(clinician: Clinician) -> datetime | None:
    return _locked_until(failures_of(clinician), settings.LOCKOUT_FAILURES)


def _others(attempt: SignInFailure) -> dict[str, tuple[QuerySet[SignInFailure], int]]:
    """What counts against an attempt, with the number at which each locks."""
    earlier = SignInFailure.objects.exclude(pk=attempt.pk).filter(at__gte=timezone.now() - _window())
    counts = {"account": (earlier.filter(account=attempt.account), settings.LOCKOUT_FAILURES)}
    if attempt.address:  # a unix socket has none
        from_there = earlier.filter(address=attempt.address)
        counts["address"] = (from_there, settings.LOCKOUT_ADDRESS_FAILURES)
    return counts


def _locked_until(failures: QuerySet[SignInFailure], limit: int) -> datetime | None:
    """When the oldest of the latest ``limit`` failures is forgotten, if there are that many."""
    if limit < 1:
        return timezone.now() + _window()
    moments = failures.order_by("-at").values_list("at", flat=True)[limit - 1 : limit]
    return next((at + _window() for at in moments), None)


def _window() -> timedelta:
    return timedelta(minutes=settings.LOCKOUT_MINUTES)


def _digest(username: str) -> str:
    """Not the name itself: people type passwords into the wrong field."""
    return salted_hmac("patients.lock_out", username, algorithm="sha256").hexdigest()


def _network(address: str | None) -> str:
    """One subscriber has a whole /64 of IPv6 and could change the address for every attempt."""
    if address is None or ":" not in address:
        return address or ""
    return str(ip_network((address, 64), strict=False))
