"""Where each clinician is signed in: a row for every browser, which ends by itself when it is not used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from patients.audit import Action, current_address, record
from patients.models import BrowserSession, Clinician

BEGUN, ADDRESS, AGENT = "begun", "address", "agent"
# Being used is written down at most so many times per idle period: a page is then no write to the database.
STEPS = 30


class SessionStore(DatabaseSessionStore):
    """Django's own in the database, with rows that say whose they are and end when nobody uses them."""

    used_at: datetime | None = None

    @classmethod
    def get_model_class(cls) -> type[BrowserSession]:
        return BrowserSession

    def load(self) -> dict[str, Any]:
        row: BrowserSession | None = self._get_session_from_db()  # type: ignore[attr-defined]  # not in the stubs
        self.used_at = row.used_at if row else None
        return self.decode(row.session_data) if row else {}

    def create_model_instance(self, data: dict[str, Any]) -> BrowserSession:
        row = cast(BrowserSession, super().create_model_instance(data))
        row.clinician_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        row.used_at = timezone.now()
        row.expire_date = _end(row.used_at, data)
        return row

    def touch(self) -> None:
        """Put the end off: this browser is being used."""
        now, kept = timezone.now(), dict(self.items())
        if self.used_at and now - self.used_at >= _idle() / STEPS:
            row = BrowserSession.objects.filter(pk=self.session_key)
            row.update(used_at=now, expire_date=_end(now, kept))
            self.used_at = now

    @property
    def seconds_left(self) -> int:
        """Until this browser is signed out, unless it is used."""
        used_at = self.used_at or timezone.now()
        return round((_end(used_at, dict(self.items())) - timezone.now()).total_seconds())


@dataclass(frozen=True)
class Place:
    """One browser in which someone is signed in. ``handle`` names it without being a key to it."""

    handle: str
    agent: str
    address: str
    begun: datetime | None
    used_at: datetime
    is_this: bool


def note_where(request: HttpRequest) -> None:
    """Write into a session that begins where and when it did; call it before signing in."""
    request.session[BEGUN] = timezone.now().timestamp()
    request.session[ADDRESS] = current_address() or ""
    request.session[AGENT] = request.headers.get("User-Agent", "")[:300]


def places_of(clinician: Clinician, this_key: str | None) -> list[Place]:
    rows = BrowserSession.objects.filter(clinician=clinician, expire_date__gt=timezone.now())
    return [_place(row, this_key) for row in rows.order_by("-used_at")]


def sign_out_there(clinician: Clinician, handle: str) -> bool:
    """End one session of theirs; false where there is none of this name."""
    keys = BrowserSession.objects.filter(clinician=clinician).values_list("session_key", flat=True)
    named = [key for key in keys if _handle(key) == handle]
    return bool(BrowserSession.objects.filter(session_key__in=named).delete()[0])


def sign_out_elsewhere(clinician: Clinician, keep: str | None) -> int:
    """End every session of theirs but the one with this key; says how many ended."""
    return BrowserSession.objects.filter(clinician=clinician).exclude(session_key=keep).delete()[0]


def clear_unused() -> None:
    """Remove what has ended by itself, and write into the audit whose it was."""
    now = timezone.now()
    for row in BrowserSession.objects.filter(expire_date__lte=now).select_related("clinician"):
        # Removed by another process meanwhile, or in use again: not ours to tell.
        ended = BrowserSession.objects.filter(pk=row.pk, expire_date__lte=now).delete()[0]
        if ended and row.clinician:
            record(actor=None, action=Action.SIGNED_OUT, subject=row.clinician, detail={"because": "unused"})


def _place(row: BrowserSession, this_key: str | None) -> Place:
    kept = row.get_decoded()
    begun = kept.get(BEGUN)
    return Place(
        handle=_handle(row.session_key),
        agent=kept.get(AGENT, ""),
        address=kept.get(ADDRESS, ""),
        begun=None if begun is None else datetime.fromtimestamp(begun, UTC),
        used_at=row.used_at,
        is_this=row.session_key == this_key,
    )


def _handle(session_key: str) -> str:
    return salted_hmac("patients.browser_sessions", session_key, algorithm="sha256").hexdigest()[:16]


def _idle() -> timedelta:
    return timedelta(minutes=settings.IDLE_MINUTES)


def _end(used_at: datetime, kept: dict[str, Any]) -> datetime:
    """However much it is used, a session ends ``SESSION_HOURS`` after it began."""
    begun = kept.get(BEGUN, used_at.timestamp())
    latest = datetime.fromtimestamp(begun, UTC) + timedelta(seconds=settings.SESSION_COOKIE_AGE)
    return min(used_at + _idle(), latest)
