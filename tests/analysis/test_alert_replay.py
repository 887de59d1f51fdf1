"""A rule is replayed on the caseload before it is saved: what the replay says is what would have happened."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.alerts import rule_keeping
from analysis.alerts.alerts import evaluate
from analysis.alerts.words import replay_sentence, rule_sentence
from analysis.change.control import Limits
from analysis.change.days import SHARE_MEASURES, Days, days_of_shares
from analysis.change.pooling import Results
from analysis.change.rules import default_rule
from analysis.change.runs import Rule, replay, rule_told, runs_of
from analysis.models import Alert, AlertRule
from ml.labels import EMOTIONS
from patients.access import NotVisible
from patients.errors import Refused
from patients.models import AuditEntry
from tests.analysis.hearing import make_course, mixture
from tests.cast import Cast, cast, make_patient

__all__ = ["cast"]

CALM, SAD = mixture(calm=0.6, sad=0.05), mixture(calm=0.1, sad=0.6)
EAGER = Limits(0.3, 1.2, 0.5, 2.0, 2)


def patient_days(seed: int, count: int) -> Days:
    rng = np.random.default_rng(seed)
    logs = rng.normal(0, 0.3, (count, len(EMOTIONS)))
    logs[count // 2 :, rng.integers(len(EMOTIONS))] += rng.normal(0, 1.2)
    shares = np.exp(logs)
    shares /= shares.sum(1, keepdims=True)
    dates = [date(2026, 1, 1) + timedelta(days=int(day)) for day in np.cumsum(rng.integers(1, 12, count))]
    ones = np.ones(count)
    heard = Results(shares, (shares - 0.03).clip(0), shares + 0.03, 60 * ones, 60 * ones, 0 * ones)
    return days_of_shares(dates, heard)


def until(days: Days, count: int) -> Days:
    return Days(
        days.dates[:count], days.measures, days.values[:count], days.noise[:count], days.members[:count]
    )


@given(seed=st.integers(0, 400), count=st.integers(8, 45), measure=st.sampled_from(SHARE_MEASURES))
def test_the_replay_is_evaluating_day_by_day(seed: int, count: int, measure: str) -> None:
    days, rule = patient_days(seed, count), Rule((measure, "calm") if measure != "calm" else ("calm",), EAGER)
    told: set[tuple[str, int, date, date]] = set()
    for day in range(1, count + 1):
        for run in runs_of(until(days, day), rule):
            if run.is_standing:
                told.add((run.measure, run.direction, run.began_on, run.alarm_on))
    replayed = replay(rule, {1: days}, since=date(2025, 1, 1))
    assert {(o.run.measure, o.run.direction, o.run.began_on, o.run.alarm_on) for o in replayed} == told
    assert len(replayed) == len(told)


@given(seed=st.integers(0, 100))
def test_a_direction_leaves_the_other_out(seed: int) -> None:
    days = patient_days(seed, 40)
    both, more, less = (
        {(run.measure, run.alarm_on) for run in runs_of(days, Rule(("sad", "calm"), EAGER, direction))}
        for direction in ("both", "more", "less")
    )
    assert more | less == both


@given(seed=st.integers(0, 60))
def test_every_run_has_two_days_at_least(seed: int) -> None:
    assert all(run.days >= 2 for run in runs_of(patient_days(seed, 40), Rule(limits=EAGER)))


def test_a_rule_is_read_again_as_it_was_told() -> None:
    rule = Rule(("sad", "pause_duration"), EAGER, "more")
    assert rule_told(rule.told()) == rule
    borrowed = replace(rule, prior=rule.borrowed)
    again = rule_told(borrowed.told())
    assert again.prior is not None
    np.testing.assert_array_equal(again.prior.mean, borrowed.borrowed.mean)
    assert "sad-sounding speech, pause duration" in rule_sentence(rule).lower()


@pytest.fixture
def changed(cast: Cast) -> Cast:
    make_course(cast.treats, cast.patient, [CALM] * 8 + [SAD] * 3)
    make_course(cast.treats, make_patient(cast.treats, "R-0500"), [CALM] * 11, seed=4)
    return cast


def replayed(cast: Cast, rule: Rule | None = None) -> rule_keeping.Replayed:
    rule = rule or Rule(limits=EAGER)
    return rule_keeping.replay_on_caseload(by=cast.treats, team=cast.team, rule=rule)


def test_saving_keeps_the_replay_and_the_rule_then_watches(changed: Cast) -> None:
    seen = replayed(changed)
    sentence = replay_sentence(seen.told())
    assert sentence.startswith(f"It would have fired {len(seen.fired)} time")
    assert "in the last 6 months" in sentence
    kept = rule_keeping.save_rule(
        by=changed.treats, team=changed.team, name="Eager", rule=Rule(limits=EAGER), seal=seen.seal
    )
    assert kept.replayed["fired"] == len(seen.fired) >= 1
    assert kept.replayed["watched"] == 2
    evaluate(changed.patient.pk)
    assert Alert.objects.filter(rule=kept, patient=changed.patient).count() == 1
    actions = set(AuditEntry.objects.filter(actor=changed.treats).values_list("action", flat=True))
    assert {"alert_rule.replayed", "alert_rule.saved"} <= actions


def test_nothing_is_saved_unseen(changed: Cast) -> None:
    seal = replayed(changed).seal
    others = Rule(limits=replace(EAGER, width=1.3))
    for rule, shown in ((others, seal), (Rule(limits=EAGER), ""), (Rule(limits=EAGER), seal + "x")):
        with pytest.raises(Refused) as refused:
            rule_keeping.save_rule(by=changed.treats, team=changed.team, name="x", rule=rule, seal=shown)
        assert refused.value.code == "replay_first"
    assert not AlertRule.objects.filter(team=changed.team).exists()


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (Rule(()), "measures_needed"),
        (Rule(("sad", "sad")), "measures_needed"),
        (Rule(("gait",)), "unknown_measure"),
        (Rule(SHARE_MEASURES), "too_many_measures"),
        (Rule(direction="sideways"), "unknown_direction"),
        (Rule(limits=replace(EAGER, run=1)), "run_too_short"),
        (Rule(limits=replace(EAGER, width=0.1)), "out_of_bounds"),
        (Rule(limits=replace(EAGER, decision=float("nan"))), "out_of_bounds"),
    ],
)
def test_a_rule_that_nobody_may_have_is_refused(cast: Cast, rule: Rule, code: str) -> None:
    with pytest.raises(Refused) as refused:
        replayed(cast, rule)
    assert refused.value.code == code


def test_only_who_sees_results_and_only_their_own_team(changed: Cast) -> None:
    for who in (changed.in_team, changed.outsider):
        with pytest.raises(NotVisible):
            rule_keeping.replay_on_caseload(by=who, team=changed.team, rule=Rule())


def test_a_retired_rule_watches_no_more_and_the_default_one_stays(changed: Cast) -> None:
    seen = replayed(changed)
    kept = rule_keeping.save_rule(
        by=changed.treats, team=changed.team, name="Eager", rule=Rule(limits=EAGER), seal=seen.seal
    )
    rule_keeping.retire_rule(by=changed.treats, rule=kept)
    evaluate(changed.patient.pk)
    assert not Alert.objects.filter(rule=kept).exists()
    with pytest.raises(Refused):
        rule_keeping.retire_rule(by=changed.treats, rule=default_rule())
    with pytest.raises(NotVisible):
        rule_keeping.open_rule(changed.outsider, kept.pk)
