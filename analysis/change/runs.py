"""Runs of days beyond a rule's limits: found in one pass, the same as if asked day by day. No database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np

from analysis.change.baseline import Prior, Whole
from analysis.change.control import Chart, Limits, chart
from analysis.change.days import UNSETTLED, Days, select, standing

DIRECTIONS = {"both": (1, -1), "more": (1,), "less": (-1,)}
LEAST_RUN = 2
"""Days with enough clear speech in a run: never one session, whatever the rule says."""


@dataclass(frozen=True)
class Rule:
    """What is watched, within which limits, and which way counts. ``prior`` is of its measures, in order."""

    measures: tuple[str, ...] = (UNSETTLED,)
    limits: Limits = field(default_factory=Limits)
    direction: str = "both"
    prior: Prior | None = None

    @property
    def borrowed(self) -> Prior:
        return self.prior or standing(self.measures)

    def told(self) -> dict[str, Any]:
        """For JSON; ``rule_told`` reads it again."""
        kept = None
        if self.prior is not None:
            columns = ("mean", "between", "within", "degrees")
            kept = {name: getattr(self.prior, name).tolist() for name in columns}
            kept["patients"] = self.prior.patients
        return {
            "measures": list(self.measures),
            "direction": self.direction,
            "limits": asdict(self.limits),
            "prior": kept,
        }


def rule_told(told: Mapping[str, Any]) -> Rule:
    kept = told.get("prior")
    prior = None
    if kept is not None:
        columns = ("mean", "between", "within", "degrees")
        mean, between, within, degrees = (np.array(kept[name], np.float64) for name in columns)
        prior = Prior(mean, between, within, degrees, kept["patients"])
    return Rule(tuple(told["measures"]), Limits(**told["limits"]), told["direction"], prior)


@dataclass(frozen=True)
class Run:
    """Days of one measure beyond the limits, from ``began_on``; the alarm came on ``alarm_on``.

    ``days`` counts those with a value, ``places`` are their places, ``is_standing`` whether it had not ended
    by the last day. Values are as charted.
    """

    measure: str
    direction: int
    began_on: date
    alarm_on: date
    last_on: date
    days: int
    is_standing: bool
    places: tuple[int, ...]
    usual: float
    spread: float
    level: float
    ewma: float
    limit: float
    cusum: float
    decision: float


def charted(days: Days, rule: Rule) -> Chart:
    watched = select(days, rule.measures)
    return chart(watched.values, watched.noise, rule.borrowed, rule.limits, days.rhythm)


def runs_of(days: Days, rule: Rule) -> list[Run]:
    """All runs, the oldest alarm first."""
    return runs_in(days, rule, charted(days, rule)) if len(days) else []


def runs_in(days: Days, rule: Rule, drawn: Chart) -> list[Run]:
    """Of ``days`` that are charted already by the same rule."""
    watched = select(days, rule.measures)
    found = [
        _run(days, watched, drawn, rule, column, first, last)
        for column in range(len(rule.measures))
        for first, last in _stretches(drawn.state[:, column])
        if drawn.state[first, column] in DIRECTIONS[rule.direction]
    ]
    return sorted(found, key=lambda run: (run.alarm_on, run.measure))


def _stretches(state: Whole) -> list[tuple[int, int]]:
    """First and last place of each stretch with one state other than 0."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], state, [0]])))
    return [(int(first), int(after) - 1) for first, after in pairwise(edges) if state[first] != 0]


def _run(days: Days, watched: Days, drawn: Chart, rule: Rule, column: int, first: int, last: int) -> Run:
    begun, direction = int(drawn.since[first, column]), int(drawn.state[first, column])
    places = tuple(place for place in range(begun, last + 1) if np.isfinite(watched.values[place, column]))
    sums = drawn.up if direction > 0 else drawn.down
    at = max(places)
    return Run(
        measure=rule.measures[column],
        direction=direction,
        began_on=days.dates[begun],
        alarm_on=days.dates[first],
        last_on=days.dates[last],
        days=len(places),
        is_standing=last == len(days) - 1,
        places=places,
        usual=float(drawn.usual_mean[begun, column]),
        spread=float(drawn.usual_spread[begun, column]),
        level=float(watched.values[list(places), column].mean()),
        ewma=float(drawn.ewma[at, column]),
        limit=float(drawn.limit[at, column]),
        cusum=float(sums[at, column]),
        decision=rule.limits.at(days.rhythm).decision,
    )


@dataclass(frozen=True)
class Fired:
    """One alarm of a replay."""

    patient: int
    run: Run


def replay(rule: Rule, caseload: Mapping[int, Days], *, since: date) -> list[Fired]:
    """Every alarm since then that the rule would have raised, the latest first."""
    fired = [
        Fired(patient, run)
        for patient, days in caseload.items()
        for run in runs_of(days, rule)
        if run.alarm_on >= since
    ]
    return sorted(fired, key=lambda one: (one.run.alarm_on, one.patient), reverse=True)
