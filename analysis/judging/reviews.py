"""Reads: whether a clinician has looked at what was heard in a session, and said so."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, OuterRef, Q, Subquery

from analysis.models import Signature
from patients.models import Clinician, Patient, Session


@dataclass(frozen=True)
class Review:
    """``signed_by`` is who signed last; a session can be judged without being signed, and the reverse."""

    signed_by: str = ""
    signed_at: datetime | None = None
    judgements: int = 0

    @property
    def is_signed(self) -> bool:
        return self.signed_at is not None

    @property
    def is_none(self) -> bool:
        return not self.is_signed and not self.judgements


def reviews_of(sessions: Collection[UUID]) -> dict[UUID, Review]:
    """How far each of ``sessions`` is reviewed, in one query; withdrawn judgements do not count."""
    latest = Signature.objects.filter(session=OuterRef("pk")).order_by("-signed_at")
    names = ("first_name", "last_name", "username")
    rows = Session.objects.filter(pk__in=sessions).annotate(
        judged=Count("judgements", filter=Q(judgements__withdrawn_at=None)),
        at=Subquery(latest.values("signed_at")[:1]),
        **{name: Subquery(latest.values(f"signed_by__{name}")[:1]) for name in names},
    )
    read = list(rows.order_by().values_list("pk", "judged", "at", *names))
    signers = {tuple(name) for _pk, _judged, at, *name in read if at}
    called = {name: Clinician(**dict(zip(names, name, strict=True))).display_name for name in signers}
    return {pk: Review(called.get(tuple(name), ""), at, judged) for pk, judged, at, *name in read}


def reviewed_sessions(patient: Patient) -> frozenset[UUID]:
    """All of the patient's sessions that are signed or judged, in one query."""
    is_reviewed = Q(signatures__isnull=False) | Q(judgements__isnull=False, judgements__withdrawn_at=None)
    return frozenset(Session.objects.filter(is_reviewed, patient=patient).values_list("pk", flat=True))
