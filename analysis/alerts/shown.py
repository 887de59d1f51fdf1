"""Reads for pages: alerts in words, each with the moments to hear that are still this patient's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import Prefetch, Q
from django.utils import timezone
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analysis.alerts import alerts, words
from analysis.alerts.grounds import MOST_MOMENTS, grounds_told
from analysis.change.runs import rule_told
from analysis.models import Alert, AlertAction, Recording
from analysis.wording import phrases
from analysis.wording.dates import written
from ml.labels import Emotion
from patients.models import Clinician

LEAD_S = 3.0  # before a moment, so that it is heard in what leads to it


class Place(NamedTuple):
    """Where a recording that counts stands now."""

    patient: int
    session: str
    held_at: datetime


@dataclass(frozen=True)
class Shown:
    """An alert in words, for a line of a list or the block on the patient's page."""

    alert: Alert
    now: datetime
    standing: Mapping[str, Place] = field(default_factory=dict)
    """By id, the recordings that count of the sessions that this and other alerts were opened for."""

    @property
    def title(self) -> str:
        return words.title(self.alert)

    @property
    def run_length(self) -> str:
        return words.run_length(self.alert)

    @property
    def rationale(self) -> list[str]:
        return words.rationale(self.alert)

    @property
    def about(self) -> str:
        return words.what_it_is(self.alert.measure)

    @property
    def rule_name(self) -> str:
        return words.rule_name(self.alert.rule)

    @property
    def rule_words(self) -> str:
        return words.rule_sentence(rule_told(self.alert.rule.settings))

    @property
    def icon(self) -> str:
        return "rise" if self.alert.direction > 0 else "fall"

    @property
    def is_open(self) -> bool:
        until = self.alert.snoozed_until
        is_awake = self.alert.state == Alert.State.SNOOZED and until is not None and until <= self.now
        return self.alert.state == Alert.State.OPEN or is_awake

    @property
    def is_closed(self) -> bool:
        return self.alert.state == Alert.State.CLOSED

    @property
    def state(self) -> str:
        if self.is_open:
            return _("held back") if self.alert.held_back else _("open")
        if self.alert.state == Alert.State.SNOOZED and self.alert.snoozed_until:
            return _("snoozed until %s") % written(localtime(self.alert.snoozed_until), "j M")
        return str(self.alert.get_state_display())

    @property
    def moments(self) -> list[dict[str, Any]]:
        """Where to listen: session and its day, recording, seconds, what it sounds like.

        What was moved to another patient, or voided, since then is not led to.
        """
        return [
            {
                **moment,
                "held_at": self.standing[moment["recording"]].held_at,
                "sounds": phrases.SOUNDS[Emotion(moment["emotion"])],
                "from": max(0, moment["start"] - LEAD_S),
            }
            for moment in grounds_told(self.alert).get("moments", [])
            if self._is_of_patient(moment["session"], moment["recording"])
        ]

    @property
    def sessions(self) -> list[Place]:
        """Where there are no moments, whole sessions of the run are to be heard: the newest of them."""
        theirs = {one.session: one for one in self.standing.values() if one.patient == self.alert.patient_id}
        told = self.alert.rationale.get("sessions", [])
        return [theirs[session] for session in told if session in theirs][:MOST_MOMENTS]

    def _is_of_patient(self, session: str, recording: str) -> bool:
        place = self.standing.get(recording)
        return place is not None and (place.patient, place.session) == (self.alert.patient_id, session)

    @property
    def put_right(self) -> str:
        """That sessions it rests on are no longer this patient's, or do not count any more."""
        told = self.alert.rationale.get("sessions", [])
        stand = {one.session for one in self.standing.values() if one.patient == self.alert.patient_id}
        gone = sum(session not in stand for session in told)
        if not gone:
            return ""
        sentence = ngettext(
            "%(gone)d of the %(n)d sessions that this rests on was moved or voided since: see whether it "
            "still holds.",
            "%(gone)d of the %(n)d sessions that this rests on were moved or voided since: see whether it "
            "still holds.",
            gone,
        )
        return sentence % {"gone": gone, "n": len(told)}

    @cached_property
    def actions(self) -> list[AlertAction]:
        return list(self.alert.actions.all())


def shown(clinician: Clinician, among: Q, *, limit: int = 200) -> list[Shown]:
    """The clinician's alerts among some, the newest first, each with what was done about it."""
    history = Prefetch("actions", AlertAction.objects.select_related("by").order_by("at"))
    listed = alerts.alerts_of(clinician).filter(among).prefetch_related(history)
    now, found = timezone.now(), list(listed.order_by("-opened_at")[:limit])
    standing = _standing(found)
    return [Shown(alert, now, standing) for alert in found]


def _standing(listed: Sequence[Alert]) -> dict[str, Place]:
    sessions = {session for alert in listed for session in alert.rationale.get("sessions", [])}
    if not sessions:
        return {}
    rows = Recording.objects.filter(session__in=sessions, voided_at=None, session__voided_at=None)
    columns = ("pk", "session__patient_id", "session_id", "session__held_at")
    return {
        str(pk): Place(patient, str(session), held_at)
        for pk, patient, session, held_at in rows.values_list(*columns)
    }
