"""A clinician signs that they have reviewed a session: a signature keeps what stood there, and stays."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from analysis.judging.judgement import LONGEST_NOTE, open_to_judge
from analysis.judging.standing import fingerprint, snapshot
from analysis.models import Signature
from patients.audit import Action, record
from patients.errors import Refused
from patients.models import Clinician, Session


@transaction.atomic
def sign_session(*, by: Clinician, session: Session, seen: str | None = None, note: str = "") -> Signature:
    """Sign what stands in the session now.

    ``seen`` is the fingerprint of what was on the page: where something has come since, it is refused, so
    that nobody signs what they have not read.
    """
    session = open_to_judge(by, session)
    note = note.strip().replace("\0", "")
    if len(note) > LONGEST_NOTE:
        raise Refused("note_too_long", _("Say it in at most 1,000 characters."), field="note")
    stands = snapshot(session)
    if not stands["results"]:
        raise Refused("no_result", _("There is no result in this session yet, so there is nothing to sign."))
    if seen is not None and seen != fingerprint(stands):
        sentence = _("Something new has come into this session since you opened it. Read it, then sign.")
        raise Refused("changed_meanwhile", sentence)
    own = session.signatures.filter(signed_by=by).last()
    if own is not None and own.signed == stands:
        sentence = _("You have signed this session already, and nothing has changed since.")
        raise Refused("nothing_new", sentence)
    signature = Signature.objects.create(session=session, signed_by=by, note=note, signed=stands)
    detail = {"results": len(stands["results"]), "judgements": len(stands["judgements"])}
    record(
        actor=by,
        action=Action.SESSION_SIGNED,
        patient=session.patient,
        subject=signature,
        session=session,
        detail=detail,
    )
    return signature


class Since(NamedTuple):
    """What is different from what was signed, counted."""

    new_recordings: int
    heard_again: int
    gone_recordings: int
    new_judgements: int
    withdrawn_judgements: int

    @property
    def is_nothing(self) -> bool:
        return not any(self)


def since(signed: dict[str, Any], stands: dict[str, Any]) -> Since:
    """What came, went, or was heard anew between what was signed and what stands."""
    before = {result["recording"]: result for result in signed["results"]}
    now = {result["recording"]: result for result in stands["results"]}
    judged_before, judged_now = set(signed["judgements"]), set(stands["judgements"])
    return Since(
        new_recordings=len(now.keys() - before.keys()),
        heard_again=sum(now[one] != before[one] for one in now.keys() & before.keys()),
        gone_recordings=len(before.keys() - now.keys()),
        new_judgements=len(judged_now - judged_before),
        withdrawn_judgements=len(judged_before - judged_now),
    )
