"""What ``clinic.toml`` says, as sessions with dates: who spoke when, how long, in which proportions."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ml.labels import Emotion

CLINIC = Path(__file__).parent / "clinic.toml"
SPEECH_S = (45.0, 90.0)
SPREAD = 60.0  # how closely a session keeps to its patient's course: parameter of a Dirichlet distribution


class Login(NamedTuple):
    username: str
    password: str
    full_name: str


# Published: they sign in only where the whole installation is a demo, on its own computer.
CLINICIAN = Login("clinician", "demo-clinician", "Dr Ines Halloran")
STAFF = Login("staff", "demo-staff", "Tom Okafor")
ADMIN = Login("admin", "demo-admin", "Priya Raman")
LOGINS = (CLINICIAN, STAFF, ADMIN)


@dataclass(frozen=True)
class PlannedSession:
    """One recording to be made. ``sound`` names what is wrong with it, if anything is."""

    held_at: datetime
    kind: str
    speech_s: float
    mix: dict[Emotion, float]
    sound: str
    seed: int


@dataclass(frozen=True)
class PlannedPatient:
    reference: str
    birth_year: int
    sex: str
    voice: str
    sessions: int
    first: dict[str, float]
    last: dict[str, float]
    name: str = ""
    notes: str = ""
    kind: str = "in_person"
    since_days: float | None = None
    speech_s: tuple[float, float] = SPEECH_S
    missed: tuple[int, ...] = ()
    exceptions: tuple[dict[str, Any], ...] = ()
    questionnaires: tuple[dict[str, Any], ...] = ()
    events: tuple[dict[str, Any], ...] = ()

    def planned(self, *, today: datetime, days: float, seed: int) -> Iterator[PlannedSession]:
        """Sessions at even distances until a few days before ``today``, each a step further on the course."""
        rng = np.random.default_rng([seed, *self.reference.encode()])
        step = timedelta(days=(self.since_days or days) / self.sessions)
        for number in range(1, self.sessions + 1):
            share = (number - 1) / max(1, self.sessions - 1)
            held_at = _working_day(
                today - step * (self.sessions - number) - timedelta(days=float(rng.uniform(1, 2.5)))
            )
            mix, seconds = self._mix(share, rng), rng.uniform(*self.speech_s)
            session_seed = int(rng.integers(2**31))
            if number in self.missed:
                continue
            odd = next((e for e in self.exceptions if e["session"] == number), {})
            yield PlannedSession(
                held_at=held_at.replace(
                    hour=9 + number % 7, minute=15 * (number % 4), second=0, microsecond=0
                ),
                kind=odd.get("kind", self.kind),
                speech_s=rng.uniform(*odd["speech_s"]) if "speech_s" in odd else seconds,
                mix=mix,
                sound=odd.get("sound", ""),
                seed=session_seed,
            )

    def _mix(self, share: float, rng: np.random.Generator) -> dict[Emotion, float]:
        """The proportions at ``share`` of the course, with the variation that people have from day to day."""
        emotions = [Emotion(name) for name in sorted({*self.first, *self.last})]
        mean = [(1 - share) * self.first.get(e, 0.0) + share * self.last.get(e, 0.0) for e in emotions]
        drawn = rng.dirichlet(SPREAD * np.array(mean) + 1e-3)
        return dict(zip(emotions, drawn.tolist(), strict=True))


def _working_day(at: datetime) -> datetime:
    return at - timedelta(days=max(0, at.weekday() - 4))


@dataclass(frozen=True)
class Clinic:
    seed: int
    team: str
    days: float
    patients: tuple[PlannedPatient, ...] = field(default_factory=tuple)


def read_clinic(path: Path = CLINIC) -> Clinic:
    """Read the plan; an unknown key in it is an error."""
    contents = tomllib.loads(path.read_text(encoding="utf-8"))
    patients = tuple(PlannedPatient(**facts) for facts in contents.pop("patients"))
    return Clinic(patients=patients, **contents)
