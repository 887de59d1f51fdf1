"""Why a patient stands where they stand in the caseload: a row of ``REASONS`` each, the most pressing first.

To add a reason (an open alert, an answer that asks for someone's eyes) put a row where it belongs, and one
into ``choices.FILTERS`` if it is worth choosing by. Its condition is asked of the database over all patients
at once, so that thousands are put in order without being read; its words are made for those shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Literal, NamedTuple

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analysis import jurisdiction
from analysis.alerts.alerts import is_open
from analysis.change.comparison import NEEDED
from analysis.change.since import SinceVisit
from analysis.models import Alert, Digest
from analysis.trends.gist import Gist, Spark
from analysis.triage.digests import IS_DUE, gist_kept
from analysis.wording import phrases
from analysis.wording.phrases import Words
from patients.models import Clinician, Patient
from patients.questionnaires.notices import waiting


@dataclass(frozen=True)
class Asked:
    """Who asks, and when: a role that sees no results is told states alone."""

    by: Clinician
    now: datetime

    @cached_property
    def reasons(self) -> tuple[Reason, ...]:
        sees = {"": True, "results": self.by.sees_results, "estimates": self.sees_estimates}
        return tuple(reason for reason in REASONS if sees[reason.of])

    @cached_property
    def sees_estimates(self) -> bool:
        return jurisdiction.sees_emotion(self.by)


class Told(NamedTuple):
    """A reason in words."""

    key: str
    icon: str
    is_pressing: bool
    title: str
    detail: str


@dataclass(frozen=True)
class Line:
    """One patient of the caseload; ``holds`` are the keys of the reasons whose condition is true."""

    patient: Patient
    holds: frozenset[str]
    asked: Asked

    @cached_property
    def digest(self) -> Digest | None:
        return getattr(self.patient, "digest", None)

    @cached_property
    def kept(self) -> Digest:
        """For reasons that hold only where there is one."""
        assert self.digest is not None
        return self.digest

    @cached_property
    def gist(self) -> Gist:
        return gist_kept(self.kept)

    @property
    def spark(self) -> Spark | None:
        return self.gist.spark if self.digest and self.asked.sees_estimates else None

    @property
    def since(self) -> SinceVisit | None:
        """What is different since the last visit, of what may be shown here."""
        return self.gist.since_here if self.digest and self.asked.by.sees_results else None

    @cached_property
    def told(self) -> list[Told]:
        """Every reason that holds; the first puts the patient where they stand."""
        standing = [reason for reason in self.asked.reasons if reason.key in self.holds]
        if len(standing) > 1:
            standing = [reason for reason in standing if not reason.is_last_resort]
        return [
            Told(reason.key, reason.icon_for(self), reason.is_pressing, *reason.words(self))
            for reason in standing
        ]

    @property
    def first(self) -> Told:
        return self.told[0]

    @property
    def others(self) -> list[Told]:
        return self.told[1:]

    @property
    def address(self) -> str:
        return reverse("patient", args=[self.patient.reference])

    @property
    def age(self) -> str:
        return "" if self.patient.age is None else f", {self.patient.age}"

    @property
    def is_stale(self) -> bool:
        return "stale" in self.holds

    @property
    def is_visit_past(self) -> bool:
        visit = self.patient.next_visit
        return visit is not None and visit < self.asked.now


@dataclass(frozen=True)
class Reason:
    """``condition`` is asked of patients with digests.

    ``of`` results: for those who see any. ``of`` estimates: of those, where estimates of emotion are shown.
    """

    key: str
    icon: str
    condition: Callable[[Asked], Q | Exists]
    words: Callable[[Line], Words]
    is_pressing: bool = False
    of: Literal["", "results", "estimates"] = ""
    is_last_resort: bool = False

    def icon_for(self, line: Line) -> str:
        return self.icon or phrases.way(line.gist)


def kept(**columns: Any) -> Callable[[Asked], Q]:
    """A condition on columns of the digest."""
    condition = Q(**{f"digest__{name}": value for name, value in columns.items()})
    return lambda asked: condition


is_learning = kept(compared__lt=NEEDED, is_silent=False, recordings__gt=0)


def is_stale(asked: Asked) -> Q:
    """Something was received once, and nothing for longer than the clinic wants to wait."""
    longest = timedelta(days=settings.STALE_DAYS)
    return Q(digest__last_received_at__lt=asked.now - longest, discharged_at=None)


def _stale(line: Line) -> Words:
    received = line.kept.last_received_at
    days = (line.asked.now - received).days if received else 0
    title = ngettext("Nothing received for %(n)d day", "Nothing received for %(n)d days", days)
    return Words(title % {"n": days})


def _unreviewed(line: Line) -> Words:
    count = line.kept.unreviewed
    return Words(ngettext("%(n)d session to review", "%(n)d sessions to review", count) % {"n": count})


def _failed_earlier(line: Line) -> Words:
    count = line.kept.failed - line.kept.failed_lately
    title = ngettext("%(n)d earlier recording failed", "%(n)d earlier recordings failed", count)
    return Words(title % {"n": count})


def _loading(line: Line) -> Words:
    if line.digest is None:
        return Words(_("Loading"), _("This line is still being gathered; the patient’s page has it already."))
    changed = _("Something changed a moment ago; the patient’s page has it already.")
    return Words(_("Being brought up to date"), changed)


def _asks_for_eyes(asked: Asked) -> Exists:
    """Item 9 of a PHQ-9 above 0, whatever the voice sounds like, until a clinician marks it as seen."""
    return Exists(waiting().filter(patient=OuterRef("pk")))


def _eyes(line: Line) -> Words:
    """Who sees no results learns that a clinician is needed, and not why."""
    if not line.asked.by.sees_results:
        return Words(_("A questionnaire needs a clinician’s eyes"))
    title = _("PHQ-9, question 9 (harming oneself) above 0: nobody has seen it yet")
    return Words(title, _("Open the patient, speak with them, and mark it as seen with a note."))


def _has_open_alert(asked: Asked) -> Exists:
    """Opened by a rule and shown; what is held back has its place on the page of alerts."""
    return Exists(Alert.objects.filter(is_open(asked.now), patient=OuterRef("pk"), held_back=False))


def _alert(line: Line) -> Words:
    return Words(_("An alert is open"), _("Its reasons and the moments to hear stand on the patient’s page."))


REASONS = (
    Reason("eyes", "alert", _asks_for_eyes, _eyes, is_pressing=True),
    Reason(
        "changed",
        "",
        kept(is_changed=True),
        lambda line: phrases.changed(line.gist),
        is_pressing=True,
        of="estimates",
    ),
    Reason("alert", "alert", _has_open_alert, _alert, is_pressing=True, of="results"),
    Reason(
        "failed",
        "alert",
        kept(failed_lately__gt=0),
        lambda line: phrases.failed(line.gist.failed_lately),
        is_pressing=True,
    ),
    Reason(
        "silent",
        "unsure",
        kept(is_silent=True),
        lambda line: phrases.too_little(),
        is_pressing=True,
        of="estimates",
    ),
    Reason("analysing", "clock", kept(pending__gt=0), lambda line: phrases.pending(line.gist.pending)),
    Reason("loading", "retry", lambda asked: IS_DUE, _loading),
    Reason("unreviewed", "eye", kept(unreviewed__gt=0), _unreviewed, of="estimates"),
    Reason("stale", "pause", is_stale, _stale),
    Reason("failed_earlier", "alert", kept(failed__gt=F("digest__failed_lately")), _failed_earlier),
    Reason(
        "steady",
        "level",
        kept(compared__gte=NEEDED, is_changed=False, is_silent=False),
        lambda line: phrases.steady(line.gist),
        of="estimates",
    ),
    Reason(
        "learning",
        "learning",
        is_learning,
        lambda line: phrases.learning(line.gist),
        of="estimates",
    ),
    Reason("none", "plus", kept(recordings=0), lambda line: phrases.none_yet(line.gist)),
    Reason(
        "analysed",
        "level",
        lambda asked: Q(pk__isnull=False),
        lambda line: phrases.all_analysed(),
        is_last_resort=True,
    ),
)
