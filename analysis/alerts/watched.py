"""Reads for pages: a patient's alerts, what is new since the last visit, and their own-baseline chart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import Q
from django.utils.translation import gettext as _

from analysis.alerts import words
from analysis.alerts.shown import Shown, shown
from analysis.change.baseline import NEEDED
from analysis.change.comparison import DEFAULT
from analysis.change.control import Chart
from analysis.change.days import UNSETTLED, Days, select
from analysis.change.runs import Rule, Run, charted, runs_in
from analysis.change.since import SinceVisit
from analysis.models import Alert
from analysis.trends.trend import Trend
from analysis.trends.watchable import since_last_visit, watchable_here
from analysis.wording.dates import written
from patients.models import Clinician, Patient
from patients.questionnaires.course import Filled, SinceDay, since_day

MOST_ROWS = 60


@dataclass(frozen=True)
class News:
    """What is new since the last visit, in words: first ``scores`` of questionnaires, then speech."""

    since: SinceVisit
    scores: tuple[SinceDay, ...] = ()

    @property
    def sentence(self) -> str:
        return words.since_sentence(self.since, [row["words"] for row in self.rows])

    @property
    def rows(self) -> list[dict[str, Any]]:
        of_scores = [
            {"words": one.in_words, "judged": one.rule, "is_reliable": one.change.is_reliable}
            for one in self.scores
        ]
        of_speech = [
            {
                "words": words.delta_words(delta),
                "judged": words.delta_interval(delta),
                "is_reliable": delta.is_reliable,
            }
            for delta in self.since.deltas
        ]
        return of_scores + of_speech


@dataclass(frozen=True)
class Control:
    """One measure's chart in words and numbers; ``drawn`` is None while the baseline is learnt."""

    measure: str
    days: Days
    drawn: Chart | None
    runs: list[Run]
    choices: list[tuple[str, str]]

    @property
    def name(self) -> str:
        return words.measure_name(self.measure)

    @property
    def about(self) -> str:
        return words.what_it_is(self.measure)

    @property
    def learnt(self) -> int:
        return min(len(self.days), NEEDED)

    @property
    def needed(self) -> int:
        return NEEDED

    @property
    def decision(self) -> float:
        """The CUSUM's limit, for sessions as far apart as this patient's."""
        return DEFAULT.at(self.days.rhythm).decision

    @property
    def title(self) -> str:
        """The finding of the chart."""
        if self.drawn is None:
            counted = {"n": len(self.days), "needed": NEEDED, "measure": self.name}
            return _("%(measure)s: learning baseline, %(n)d of %(needed)d") % counted
        if self.runs and self.runs[-1].is_standing:
            run = self.runs[-1]
            told = {"measure": self.name, "day": written(run.began_on, "j M"), "n": run.days}
            if run.direction > 0:
                return _("%(measure)s: above this patient’s usual since %(day)s, a run of %(n)d days") % told
            return _("%(measure)s: below this patient’s usual since %(day)s, a run of %(n)d days") % told
        return _("%(measure)s: within this patient’s usual") % {"measure": self.name}

    @property
    def summary(self) -> str:
        """The chart in a sentence, for those who do not see it."""
        if self.drawn is None:
            return self.title
        latest = words.deviations(float(self.drawn.ewma[-1, 0]))
        limit = words.deviations(float(self.drawn.limit[-1, 0]))
        counted = {"n": len(self.days), "latest": latest, "limit": limit, "runs": len(self.runs)}
        counted |= {
            "up": words.plain_number(float(self.drawn.up[-1, 0]), 1),
            "down": words.plain_number(float(self.drawn.down[-1, 0]), 1),
            "decision": words.plain_number(self.decision, 1),
        }
        return (
            _(
                "%(n)d days with enough speech. The moving average (EWMA) stands at %(latest)s; its limit is "
                "%(limit)s on either side. The running sums (CUSUM) stand at %(up)s above and %(down)s "
                "below; their limit is %(decision)s. Runs beyond both limits so far: %(runs)d."
            )
            % counted
        )

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The latest days, the newest first."""
        if self.drawn is None:
            return []
        places = range(len(self.days) - 1, max(-1, len(self.days) - 1 - MOST_ROWS), -1)
        return [
            {
                "day": self.days.dates[place],
                "value": words.charted_value(self.measure, float(self.days.values[place, 0])),
                "z": words.deviations(float(self.drawn.z[place, 0])),
                "ewma": words.deviations(float(self.drawn.ewma[place, 0])),
                "up": words.plain_number(float(self.drawn.up[place, 0]), 1),
                "down": words.plain_number(float(self.drawn.down[place, 0]), 1),
                "in_run": bool(self.drawn.state[place, 0]),
            }
            for place in places
        ]


@dataclass(frozen=True)
class Watched:
    """Everything on the patient's page that is about change."""

    news: News | None
    control: Control | None
    alerts: list[Shown]
    held_back: list[Shown]


def watched(
    clinician: Clinician,
    patient: Patient,
    trend: Trend,
    days: Days,
    course: Sequence[Filled] = (),
    measure: str = "",
) -> Watched:
    """``days`` as ``days_in`` gives them; ``course`` are the questionnaires, the newest first."""
    standing = shown(clinician, Q(patient=patient) & ~Q(state=Alert.State.CLOSED))
    return Watched(
        news=news_of(trend, days, course),
        control=control_of(trend, days, measure) if len(days) else None,
        alerts=[one for one in standing if not one.alert.held_back],
        held_back=[one for one in standing if one.alert.held_back],
    )


def news_of(trend: Trend, days: Days, course: Sequence[Filled] = ()) -> News | None:
    since = since_last_visit(trend, days)
    return News(since, since_day(course, since.visit)) if since else None


def control_of(trend: Trend, days: Days, measure: str) -> Control:
    """The chart of one measure by the numbers of the default rule, as ``trend`` has read it."""
    measures = [name for name in watchable_here() if name in days.measures]
    chosen = measure if measure in measures else measures[0]
    one = _present(select(days, [chosen]))
    rule = Rule((chosen,), DEFAULT, prior=trend.prior if chosen == UNSETTLED else None)
    choices = [(name, words.measure_name(name)) for name in measures]
    if len(one) <= NEEDED:
        return Control(chosen, one, None, [], choices)
    drawn = charted(one, rule)
    return Control(chosen, one, drawn, runs_in(one, rule, drawn), choices)


def _present(days: Days) -> Days:
    """The days on which the measure was measured."""
    kept = [place for place in range(len(days)) if np.isfinite(days.values[place, 0])]
    dates = tuple(days.dates[place] for place in kept)
    members = tuple(days.members[place] for place in kept)
    return Days(dates, days.measures, days.values[kept], days.noise[kept], members)
