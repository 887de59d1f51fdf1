"""What is said of change, held against patients whose truth is known: ``interval.*`` and ``alerts.*``.

Intervals. Sessions of known shares: moods of geometric length, each a draw around the patient's shares of the
day, heard in windows of three seconds every second and summed up by ``ml.aggregation`` as it is. Days vary
about the patient's mean in log-ratios. Counted is how often 95 % intervals hold the truth, of a session's
shares (all eight) and of the difference between two stretches of days (``analysis.change.since``).

Alerts. Patients with a mean, a day-to-day spread and measurement errors of their own, half of the spread
lasting for days (Ornstein-Uhlenbeck), in weeks of irregular length, watched by the default rule with what a
caseload of 40 others says. Stable patients are watched for a year after their baseline; for others the
watched balance steps by 1.5 of their own day-to-day standard deviations on a random day of that year.

Limits were tuned on seeds under 1,000. The figures come from another that was run once, after they were set
for good; 20,261,121 is spent, because it was seen before (docs/change.md). One thread, a few seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from analysis.change.baseline import NEEDED, Prior, Reals, correlation, prior_of
from analysis.change.comparison import DEFAULT
from analysis.change.control import Limits, Rhythm, chart
from analysis.change.days import UNSETTLED, days_of_shares, standing
from analysis.change.pooling import Results
from analysis.change.since import since_visit
from benches.figures import record
from ml.aggregation import summarise
from ml.labels import EMOTIONS

N = len(EMOTIONS)
SESSIONS = 600
COMPARED = 60
STABLE, CHANGED, OTHERS, CASELOADS = 2000, 2000, 40, 10
YEAR = 365.25
STEP = 1.5
WITHIN = 6
REPORT, TUNE = 20_271_121, 7


@dataclass(frozen=True)
class World:
    """How patients differ and vary; standard deviations of the log-odds that the default rule watches."""

    gap_days: float = 7.0
    between: float = 0.5
    spread: float = 0.35
    spread_of_spread: float = 0.25
    lasting: float = 0.5
    lasts_days: float = 5.0
    measurement: float = 0.15


WORLDS = {
    "once a week": World(),
    "three times a week": World(gap_days=7 / 3),
    "once a fortnight": World(gap_days=14.0),
    "once a week, moods that last twice as long": World(lasts_days=10.0, lasting=0.6),
    "once a week, short and noisy sessions": World(measurement=0.35),
}


def main() -> None:
    intervals_of_sessions()
    intervals_of_changes()
    rows = {name: watch(world, REPORT) for name, world in WORLDS.items()}
    for name, row in rows.items():
        print(f"{name:45} {row.false:.2f} a year, {row.found:.2f} found, {row.shown:.1%} of days shown")
    usual = rows["once a week"]
    others = "; ".join(
        f"{name}: {row.false:.2f}, {row.found:.2f} found" for name, row in rows.items() if row is not usual
    )
    command = "python -m benches.simulate_change"
    record(
        "alerts.false_per_patient_year",
        usual.false,
        "alerts",
        n=STABLE,
        interval=usual.false_interval,
        note=f"default rule, one session a week; {others}",
        command=command,
    )
    record(
        "alerts.detected_share",
        usual.found * 100,
        "%",
        n=usual.changed,
        interval=(usual.found_interval[0] * 100, usual.found_interval[1] * 100),
        note="steps of 1.5 SD in the watched balance, found within six sessions, one session a week",
        command=command,
    )


# ── Intervals ────────────────────────────────────────────────────────────────────────────────────────────


def spoken(rng: np.random.Generator, shares: Reals, windows: int, mood: float) -> Reals:
    """Windows (n, 8) of three seconds every second, over moods that last ``mood`` seconds on average."""
    turns = rng.random(windows + 2) < 1 / mood
    moods = rng.dirichlet(4 * shares, int(turns.sum()) + 1)[np.cumsum(turns)]
    heard: Reals = (moods[:-2] + moods[1:-1] + moods[2:]) / 3
    return heard


def session(rng: np.random.Generator, shares: Reals) -> tuple[Reals, Reals, Reals, float]:
    """A session's shares and interval by ``ml.aggregation``, and its seconds, from 40 to 900."""
    windows = int(np.exp(rng.uniform(np.log(40), np.log(900))))
    probabilities = spoken(rng, shares, windows, rng.uniform(2, 8)).astype(np.float32)
    abstained = rng.random(windows) < rng.uniform(0, 0.4)
    summary = summarise(
        probabilities, np.full(windows, 2.5, np.float32), abstained, speech_s=windows, overlap=3
    )
    told = (summary.probabilities, summary.low, summary.high)
    shares_, low, high = (np.asarray(part, np.float64) for part in told)
    return shares_, low, high, float(windows * (1 - summary.abstained_share))


def patient(rng: np.random.Generator) -> Reals:
    return rng.dirichlet(3 * np.array([1.0, 2.5, 0.6, 2.0, 1.0, 0.5, 0.4, 0.6]))


def of_day(rng: np.random.Generator, mean: Reals, spread: float) -> Reals:
    logs = np.log(np.maximum(mean, 1e-3)) + rng.normal(0, spread, N)
    shares: Reals = np.exp(logs) / np.exp(logs).sum()
    return shares


def shares_at(mean: Reals, logs: Reals) -> Reals:
    shares: Reals = np.maximum(mean, 1e-3) * np.exp(logs)
    return np.asarray(shares / shares.sum(), np.float64)


def course(rng: np.random.Generator, days: int, world: World = World()) -> Reals:
    """Standard deviations of each emotion's log share (days, 8), of which a part lasts, a week apart."""
    kept = np.exp(-world.gap_days / world.lasts_days)
    lasting, states = rng.normal(size=N), np.empty((days, N))
    for day in range(days):
        lasting = kept * lasting + np.sqrt(1 - kept**2) * rng.normal(size=N)
        states[day] = np.sqrt(world.lasting) * lasting + np.sqrt(1 - world.lasting) * rng.normal(size=N)
    return states


def intervals_of_sessions() -> None:
    rng = np.random.default_rng(REPORT)
    held, widths = [], []
    for _ in range(SESSIONS):
        truth = of_day(rng, patient(rng), 0.3)
        _, low, high, _ = session(rng, truth)
        held.append(((low <= truth) & (truth <= high)).mean())
        widths.append((high - low).mean())
    record(
        "interval.coverage",
        100 * float(np.mean(held)),
        "%",
        n=SESSIONS,
        interval=scaled(resampled(np.array(held), np.mean), 100),
        note="shares of a session, all eight emotions, 40 s to 15 min of speech",
    )
    record(
        "interval.mean_width",
        100 * float(np.mean(widths)),
        "points",
        n=SESSIONS,
        interval=scaled(resampled(np.array(widths), np.mean), 100),
    )


def intervals_of_changes() -> None:
    """Ten days before a visit and three after it, with a true difference of the patient's mean."""
    rng = np.random.default_rng(REPORT + 1)
    held: list[float] = []
    widths: list[float] = []
    for _ in range(COMPARED):
        before = patient(rng)
        after = of_day(rng, before, 0.4)
        spread = float(np.exp(rng.normal(np.log(0.3), 0.2)))
        truth = mean_of_days(rng, after, spread) - mean_of_days(rng, before, spread)
        states = course(rng, 13)
        rows = [
            session(rng, shares_at(before if place < 10 else after, spread * state))
            for place, state in enumerate(states)
        ]
        shares, low, high = (np.stack([row[place] for row in rows]) for place in range(3))
        seconds = np.array([row[3] for row in rows])
        heard = Results(shares, low, high, seconds, seconds, np.zeros(len(rows)))
        dates = [date(2026, 1, 5) + timedelta(weeks=place) for place in range(len(rows))]
        since = since_visit(days_of_shares(dates, heard), heard, dates[9], told=N)
        assert since is not None
        for delta in since.deltas:
            true = truth[[emotion.value for emotion in EMOTIONS].index(delta.measure)]
            held.append(float(delta.low <= true <= delta.high))
            widths.append(delta.high - delta.low)
    record(
        "interval.change_coverage",
        100 * float(np.mean(held)),
        "%",
        n=COMPARED,
        interval=scaled(resampled(np.array(held).reshape(COMPARED, N).mean(1), np.mean), 100),
        note="difference of a share between the days before and since a visit",
    )
    record("interval.change_mean_width", 100 * float(np.mean(widths)), "points", n=COMPARED)


def mean_of_days(rng: np.random.Generator, mean: Reals, spread: float) -> Reals:
    logs = np.log(np.maximum(mean, 1e-3)) + rng.normal(0, spread, (4000, N))
    shares = np.exp(logs)
    average: Reals = (shares / shares.sum(1, keepdims=True)).mean(0)
    return average


# ── Alerts ───────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Watched:
    false: float
    false_interval: tuple[float, float]
    found: float
    found_interval: tuple[float, float]
    changed: int
    shown: float
    """Of the days of stable patients, how many lay in a run that was told."""


def simulate(rng: np.random.Generator, world: World, patients: int, days: int) -> tuple[Reals, Reals, Reals]:
    """Values and error variances (days, patients, 1), and each patient's own standard deviation of a day."""
    own = world.spread * np.exp(rng.normal(0, world.spread_of_spread, patients))
    mean = rng.normal(0, world.between, patients)
    gaps = world.gap_days * rng.lognormal(0, 0.4, (days, patients))
    lasting, values = rng.normal(size=patients), np.empty((days, patients))
    noise = world.measurement**2 * rng.gamma(3, 1 / 3, (days, patients))
    for day in range(days):
        kept = np.exp(-gaps[day] / world.lasts_days)
        lasting = kept * lasting + np.sqrt(1 - kept**2) * rng.normal(size=patients)
        fresh = rng.normal(size=patients)
        state = np.sqrt(world.lasting) * lasting + np.sqrt(1 - world.lasting) * fresh
        values[day] = mean + own * state + np.sqrt(noise[day]) * rng.normal(size=patients)
    return values[..., None], noise[..., None], np.sqrt(own**2 + world.measurement**2)


def borrowed(world: World, seed: int) -> Prior:
    """What a caseload of others says, half a year of each."""
    values, _, _ = simulate(np.random.default_rng([seed, 0]), world, OTHERS, round(YEAR / 2 / world.gap_days))
    r = correlation(world.gap_days)
    return prior_of([(values[:, one], r) for one in range(OTHERS)], standing([UNSETTLED]))


def watch(world: World, seed: int, limits: Limits = DEFAULT) -> Watched:
    """``CASELOADS`` clinics, each with what its own other patients say."""
    parts = [_watch(world, seed + 1000 * clinic, limits) for clinic in range(CASELOADS)]
    alarms, found, shown = (np.concatenate([part[place] for part in parts]) for place in range(3))
    return Watched(
        false=float(alarms.mean()),
        false_interval=resampled(alarms, np.mean),
        found=float(found.mean()),
        found_interval=resampled(found, np.mean),
        changed=len(found),
        shown=float(shown.mean()),
    )


def _watch(world: World, seed: int, limits: Limits) -> tuple[Reals, Reals, Reals]:
    """False alarms a year of each stable patient, whether each step was found, share of days told."""
    prior, rhythm = borrowed(world, seed), Rhythm(world.gap_days)
    year, stable, changed = round(YEAR / world.gap_days), STABLE // CASELOADS, CHANGED // CASELOADS
    values, noise, _ = simulate(np.random.default_rng([seed, 1]), world, stable, NEEDED + year)
    state = chart(values, noise, prior, limits, rhythm).state[..., 0]
    alarms = ((state[1:] != 0) & (state[1:] != state[:-1])).sum(0) / (year * world.gap_days / YEAR)

    rng = np.random.default_rng([seed, 2])
    values, noise, own = simulate(rng, world, changed, NEEDED + year + WITHIN)
    step_on = rng.integers(NEEDED, NEEDED + year, changed)
    sign = rng.choice([-1, 1], changed)
    after = np.arange(len(values))[:, None] >= step_on
    values = values + (after * sign * STEP * own)[..., None]
    told = chart(values, noise, prior, limits, rhythm).state[..., 0]
    everyone = np.arange(changed)
    # A run that was told already, the right way and by chance, is no finding.
    fresh = told[step_on - 1, everyone] != sign
    found = np.any([told[step_on + day, everyone] == sign for day in range(WITHIN)], axis=0)[fresh]
    return alarms, found.astype(float), (state[NEEDED:] != 0).mean(0)


def resampled(values: Reals, statistic: Callable[[Reals], float]) -> tuple[float, float]:
    """95 % bootstrap interval of a statistic over patients or sessions."""
    rng = np.random.default_rng(1)
    drawn = [statistic(values[rng.integers(0, len(values), len(values))]) for _ in range(500)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


def scaled(interval: tuple[float, float], factor: float) -> tuple[float, float]:
    return interval[0] * factor, interval[1] * factor


if __name__ == "__main__":
    main()
