"""Reading the audit of one patient: who did what, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from patients.access import patients_of
from patients.audit import Action
from patients.dates import written
from patients.models import AuditEntry, Clinician, Consent, CourseEvent, Patient, Session
from patients.purposes import Declared

_PURPOSES = dict(Consent.Purpose.choices)
_ACTIONS = dict(Action.choices)
_DECLARED = dict(Declared.choices)
_KINDS = {**dict(CourseEvent.Kind.choices), **dict(Session.Kind.choices)}


@dataclass(frozen=True)
class Line:
    at: datetime
    who: str
    did: str
    notes: tuple[str, ...]
    address: str


def entries_of(patient: Patient) -> QuerySet[AuditEntry]:
    return AuditEntry.objects.filter(patient=patient).select_related("actor")


def told(entries: Iterable[AuditEntry], *, to: Clinician) -> list[Line]:
    """Entries as lines for a reader, who learns another patient's reference only if they may see them."""
    entries = list(entries)
    others = {entry.detail.get("other_patient") for entry in entries} - {None}
    references = dict(patients_of(to).filter(pk__in=others).values_list("pk", "reference"))
    return [
        Line(
            at=entry.at,
            who=entry.actor.display_name if entry.actor else _("the system"),
            did=str(_ACTIONS.get(entry.action, entry.action)),
            notes=tuple(_notes(entry.detail, references)),
            address=entry.address or "",
        )
        for entry in entries
    ]


def _notes(detail: dict[str, Any], references: dict[int, str]) -> Iterator[str]:
    if purpose := detail.get("purpose"):
        yield _("%(purpose)s, wording %(version)s") % {
            "purpose": _PURPOSES.get(purpose, purpose),
            "version": detail.get("wording", "?"),
        }
    if declared := detail.get("declared"):
        yield _("declared purpose: %s") % _DECLARED.get(declared, declared)
    if fields := detail.get("fields"):
        values = detail.get("values", {})
        yield ", ".join(
            f"{field}: {' → '.join(values[field])}" if field in values else field for field in fields
        )
    if "from" in detail and "to" in detail:
        yield f"{detail['from']} → {detail['to']}"
    if "held_from" in detail and "held_to" in detail:
        yield f"{_as_written(detail['held_from'])} → {_as_written(detail['held_to'])}"
    if kind := detail.get("kind"):
        yield str(_KINDS.get(kind, kind))
    if other := detail.get("other_patient"):
        yield references.get(other) or _("a patient of another team")
    if reason := detail.get("reason"):
        yield f"“{reason}”"


def _as_written(moment: str) -> str:
    return written(timezone.localtime(datetime.fromisoformat(moment)), "j M Y, H:i")
