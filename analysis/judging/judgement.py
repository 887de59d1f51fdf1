"""A clinician confirms or corrects what was heard. Words are added and withdrawn, never changed."""

from __future__ import annotations

import math

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from analysis.access import open_review
from analysis.judging.standing import finished_analyses, judgements_of, result_of, stretch_of
from analysis.models import Analysis, Judgement
from ml.labels import LABELS
from patients.access import NotVisible, lock_session
from patients.audit import Action, record
from patients.errors import Refused
from patients.models import Clinician, Session

LONGEST_NOTE = 1000
SHORTEST_S = 0.1
SLACK_S = 0.5  # a player's end and a decoder's differ by a little

Verdict = Judgement.Verdict


@transaction.atomic
def judge(
    *,
    by: Clinician,
    session: Session,
    verdict: str,
    label: str = "",
    analysis: Analysis | None = None,
    start_s: float | None = None,
    end_s: float | None = None,
    note: str = "",
) -> Judgement:
    """Say what a stretch of one analysis, or the whole session, sounds like; what the model said is kept too.

    Whoever says something new of the very same place withdraws their earlier word by it; saying the same
    again changes nothing.
    """
    session = open_to_judge(by, session)
    note = _checked_note(note)
    _check_words(verdict, label)
    said = Judgement(session=session, analysis=analysis, verdict=verdict, label=label, note=note, said_by=by)
    if analysis is None:
        results = [result_of(finished) for finished in finished_analyses(session)]
        _check_there_is_something(results)
        said.heard = {"results": results}
    else:
        said.start_s, said.end_s = _checked_stretch(session, analysis, start_s, end_s)
        said.heard = stretch_of(analysis, said.start_s, said.end_s)
    return _say(by, said)


def _say(by: Clinician, said: Judgement) -> Judgement:
    earlier = judgements_of(said.session).filter(
        said_by=by,
        withdrawn_at=None,
        analysis=said.analysis,
        start_s=said.start_s,
        end_s=said.end_s,
    )
    for other in earlier:
        if (other.verdict, other.label, other.note) == (said.verdict, said.label, said.note):
            return other
        _withdraw(by, other)
    said.save(force_insert=True)
    detail = {"verdict": said.verdict, "of": "session" if said.is_of_session else "stretch"}
    session = said.session
    record(
        actor=by, action=Action.JUDGED, patient=session.patient, subject=said, session=session, detail=detail
    )
    return said


@transaction.atomic
def withdraw_judgement(*, by: Clinician, judgement: Judgement) -> Judgement:
    """Take one's own word back. It stays listed, struck through, with when."""
    if not by.sees_results:
        raise NotVisible
    session = open_to_judge(by, open_review(by, judgement.place_id))
    standing = judgements_of(session).filter(pk=judgement.pk).select_for_update(of=("self",)).first()
    if standing is None:
        raise NotVisible
    if standing.said_by_id != by.pk:
        sentence = _("Only who said it can withdraw it. Add your own judgement beside it instead.")
        raise Refused("not_yours", sentence)
    if standing.withdrawn_at is not None:
        raise Refused("already_withdrawn", _("This judgement is already withdrawn."))
    _withdraw(by, standing)
    return standing


def _withdraw(by: Clinician, judgement: Judgement) -> None:
    judgement.withdrawn_at, judgement.withdrawn_by = timezone.now(), by
    judgement.save(update_fields=["withdrawn_at", "withdrawn_by"])
    session = judgement.session
    record(
        actor=by,
        action=Action.JUDGEMENT_WITHDRAWN,
        patient=session.patient,
        subject=judgement,
        session=session,
    )


def open_to_judge(by: Clinician, session: Session) -> Session:
    """The session as it is now, held until the transaction ends, if this clinician may add to it."""
    if not by.sees_results:
        raise NotVisible
    session = lock_session(by, session)
    if session.is_voided:
        raise Refused("voided", _("This session is voided, so nothing in it can be judged or signed."))
    if session.patient.is_discharged:
        sentence = _("This patient is discharged. Readmit them before judging or signing a session.")
        raise Refused("discharged", sentence)
    return session


def _checked_note(note: str) -> str:
    note = note.strip().replace("\0", "")  # which PostgreSQL's text cannot hold
    if len(note) > LONGEST_NOTE:
        raise Refused("note_too_long", _("Say it in at most 1,000 characters."), field="note")
    return note


def _check_words(verdict: str, label: str) -> None:
    if verdict not in Verdict.values:
        raise Refused("unknown_verdict", _("Choose agree, an own label, or unusable."), field="verdict")
    if verdict == Verdict.OWN_LABEL and label not in LABELS:
        raise Refused("label_needed", _("Choose what it sounds like to you."), field="label")
    if verdict != Verdict.OWN_LABEL and label:
        raise Refused("label_unwanted", _("A label goes with “own label” only."), field="label")


def _check_there_is_something(results: list[dict[str, object]]) -> None:
    if not results:
        raise Refused("no_result", _("There is no result in this session yet, so there is nothing to judge."))


def _checked_stretch(
    session: Session, analysis: Analysis, start_s: float | None, end_s: float | None
) -> tuple[float, float]:
    if analysis.recording.session_id != session.pk:
        raise NotVisible
    if analysis.recording.is_voided:
        raise Refused("voided", _("This recording is voided, so nothing about it can be judged."))
    if analysis.state != Analysis.State.DONE or not hasattr(analysis, "summary"):
        raise Refused("no_result", _("This recording has no result yet, so there is nothing to judge."))
    whole = analysis.summary.duration_s
    fits = (
        start_s is not None
        and end_s is not None
        and math.isfinite(start_s)
        and math.isfinite(end_s)
        and start_s >= 0
        and start_s + SHORTEST_S <= min(end_s, whole)
        and end_s <= whole + SLACK_S
    )
    if not fits or start_s is None or end_s is None:
        sentence = _("Choose a stretch within the recording, from its start to its end.")
        raise Refused("no_stretch", sentence, field="start_s")
    return round(start_s, 3), round(min(end_s, whole), 3)
