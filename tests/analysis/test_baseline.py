"""The own baseline: what it makes of few days, what it borrows, and what it says of autocorrelated ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.change.baseline import DEGREES, NEEDED, Learnt, Prior, correlation, prior_of, standing_prior

PRIOR = standing_prior(np.array([0.0]), np.array([0.5]), np.array([0.06]))


def learnt(values: list[float], noise: float = 0.0) -> Learnt:
    days = np.array(values, np.float64).reshape(-1, 1)
    return Learnt.of(days, np.full_like(days, noise))


def test_without_days_it_is_the_caseload() -> None:
    usual = learnt([]).usual(PRIOR, 0.3)
    assert usual.mean == pytest.approx(PRIOR.mean)
    assert usual.mean_variance == pytest.approx(PRIOR.between)
    assert usual.day_variance == pytest.approx(PRIOR.within)


def test_the_more_days_the_less_is_borrowed() -> None:
    means = [float(learnt([1.0, 1.2, 0.8] * count).usual(PRIOR, 0.0).mean[0]) for count in (1, 2, 4, 20)]
    assert means == sorted(means)
    assert means[0] < 0.99
    assert means[-1] == pytest.approx(1.0, abs=0.01)
    errors = [float(learnt([1.0] * count).usual(PRIOR, 0.0).mean_variance[0]) for count in (1, 3, 7, 30)]
    assert errors == sorted(errors, reverse=True)


def test_the_mean_is_weighted_as_published() -> None:
    """Efron & Morris by hand: n = 4 days of mean 1, s̃² and r as given."""
    taken = learnt([0.9, 1.1, 0.9, 1.1])
    usual = taken.usual(PRIOR, 0.2)
    own = 0.5 * 0.04 / (1 - 0.2)
    degrees = 2 * 9 / 8
    variance = (DEGREES[0] * 0.06 + degrees * own) / (DEGREES[0] + degrees)
    error = variance / 4 * 1.2 / 0.8
    weight = 0.5 / (0.5 + error)
    assert usual.day_variance == pytest.approx(variance)
    assert usual.mean == pytest.approx(weight * 1.0)
    assert usual.mean_variance == pytest.approx((1 - weight) * 0.5)


def test_days_that_correlate_say_less() -> None:
    values = list(np.random.default_rng(1).normal(0, 0.3, 7))
    assert learnt(values).usual(PRIOR, 0.4).mean_variance > learnt(values).usual(PRIOR, 0.0).mean_variance
    assert correlation(1) > correlation(7) > correlation(30) > 0
    assert correlation(7) == pytest.approx(0.3, abs=0.01)


def test_a_drift_within_the_days_learnt_does_not_pass_for_spread() -> None:
    rng = np.random.default_rng(2)
    level = rng.normal(0, 0.2, 200)
    drifting = level + np.linspace(0, 8, 200)
    flat, tilted = (float(learnt(list(v)).usual(PRIOR, 0.0).day_variance[0]) for v in (level, drifting))
    assert tilted == pytest.approx(flat, rel=0.1)


@given(noise=st.floats(0.0, 5.0), seed=st.integers(0, 99))
def test_no_day_is_surer_than_its_own_measurement(noise: float, seed: int) -> None:
    values = list(np.random.default_rng(seed).normal(0, 0.3, NEEDED))
    usual = learnt(values, noise=0.04).usual(PRIOR, 0.3)
    assert usual.variance_of(np.array([noise]))[0] >= noise


def test_a_missing_measure_is_passed_over() -> None:
    assert learnt([1.0, float("nan"), 1.4]).days[0] == 2


def caseload(patients: int, seed: int = 0) -> list[tuple[np.ndarray, float]]:
    rng = np.random.default_rng(seed)
    own = [np.exp(rng.normal(np.log(0.3), 0.3)) for _ in range(patients)]
    means = rng.normal(0.4, 0.6, patients)
    return [(m + s * rng.normal(size=(20, 1)), 0.0) for m, s in zip(means, own, strict=True)]


def test_the_caseload_tells_how_patients_differ_and_vary() -> None:
    prior = prior_of(caseload(400), PRIOR)
    assert prior.patients == 400
    assert prior.mean[0] == pytest.approx(0.4, abs=0.1)
    assert prior.between[0] == pytest.approx(0.36, rel=0.25)
    assert prior.within[0] == pytest.approx(0.09, rel=0.25)
    assert DEGREES[0] <= prior.degrees[0] < 30


def test_patients_who_vary_alike_are_believed_more() -> None:
    rng = np.random.default_rng(4)
    alike = [(0.3 * rng.normal(size=(20, 1)), 0.0) for _ in range(200)]
    assert prior_of(alike, PRIOR).degrees > prior_of(caseload(200), PRIOR).degrees


@pytest.mark.parametrize("patients", [0, 1, 2])
def test_two_patients_are_no_caseload(patients: int) -> None:
    prior = prior_of(caseload(patients), PRIOR)
    assert prior.mean == pytest.approx(PRIOR.mean)
    assert prior.within == pytest.approx(PRIOR.within)


def test_borrowing_is_worth_it() -> None:
    """Squared errors of 7-day means and variances, against those from own days alone."""
    rng = np.random.default_rng(5)
    prior = prior_of(caseload(200), PRIOR)
    errors: list[tuple[float, float, float, float]] = []
    for _ in range(400):
        mean, spread = rng.normal(0.4, 0.6), float(np.exp(rng.normal(np.log(0.3), 0.3)))
        values = mean + spread * rng.normal(size=7)
        usual = learnt(list(values)).usual(prior, 0.0)
        errors.append(
            (
                (float(usual.mean[0]) - mean) ** 2,
                (values.mean() - mean) ** 2,
                np.log(float(usual.day_variance[0]) / spread**2) ** 2,
                np.log(values.var(ddof=1) / spread**2) ** 2,
            )
        )
    shrunk_mean, own_mean, shrunk_variance, own_variance = np.mean(errors, axis=0)
    assert shrunk_mean < own_mean
    assert shrunk_variance < 0.7 * own_variance


def test_a_prior_is_one_number_a_measure() -> None:
    prior: Prior = prior_of(
        [(np.random.default_rng(i).normal(size=(9, 3)), 0.3) for i in range(12)],
        standing_prior(np.zeros(3), np.ones(3), np.ones(3)),
    )
    assert prior.mean.shape == prior.between.shape == prior.within.shape == prior.degrees.shape == (3,)
