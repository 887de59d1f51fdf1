"""What an alert rests on: numbers kept as they were when it was opened, and the moments worth hearing."""

from __future__ import annotations

from typing import Any

import numpy as np
from django.utils.timezone import localtime

from analysis.change.days import IN_DECIBELS, SETTLED, SHARE_MEASURES, UNEASY, UNSETTLED, Days
from analysis.change.runs import Rule, Run
from analysis.models import Alert, Analysis, Summary, WindowMatrix
from analysis.session.moments import Moment, telling_moments
from ml.labels import EMOTIONS, Emotion
from patients.models import Patient, Session

MOST_MOMENTS = 3
MOST_SESSIONS = 12


def grounds_of(patient: Patient, rule: Rule, run: Run, days: Days) -> dict[str, Any]:
    """For JSON. Values of acoustic measures are in their own units, those of shares as log-ratios."""
    sessions = _sessions_of(patient, run, days)
    return {
        "usual": _plain(run.measure, run.usual),
        "level": _plain(run.measure, run.level),
        "deviations": round((run.level - run.usual) / run.spread, 2),
        "ewma": round(run.ewma, 2),
        "limit": round(run.limit, 2),
        "cusum": round(run.cusum, 2),
        "decision": round(run.decision, 2),
        "baseline_days": sum(day < run.began_on for day in days.dates),
        "alarm_on": run.alarm_on.isoformat(),
        "last_on": run.last_on.isoformat(),
        "sessions": [str(session.pk) for session in sessions],
        "moments": _moments(run, sessions),
    }


def grounds_told(alert: Alert) -> dict[str, Any]:
    """What was kept when it was opened; of an acoustic measure never what speech sounds like."""
    grounds: dict[str, Any] = alert.rationale
    return grounds if alert.measure in SHARE_MEASURES else grounds | {"moments": []}


def _plain(measure: str, value: float) -> float:
    is_ratio = measure in SHARE_MEASURES or measure in IN_DECIBELS
    return round(value if is_ratio else float(np.exp(value)), 4)


def _sessions_of(patient: Patient, run: Run, days: Days) -> list[Session]:
    """The sessions of the run, the newest first."""
    dates = {days.dates[place] for place in run.places}
    held = patient.sessions.filter(voided_at=None, held_at__date__gte=run.began_on).order_by("-held_at")
    return [session for session in held[:MOST_SESSIONS] if localtime(session.held_at).date() in dates]


def _moments(run: Run, sessions: list[Session]) -> list[dict[str, Any]]:
    """Of the newest sessions of the run the moments that pulled it where it went, the strongest first.

    None for acoustic measures: these moments say which emotion speech sounds like, which neither made their
    run nor may be told everywhere. For those the sessions themselves are to be heard.
    """
    if run.measure not in SHARE_MEASURES:
        return []
    wanted = _wanted(run)
    found: list[tuple[float, dict[str, Any]]] = []
    for session in sessions[:MOST_MOMENTS]:
        for analysis in _newest_analyses(session):
            found += [
                (moment.pull, _told(session, analysis, moment))
                for moment in _of_analysis(analysis)
                if moment.emotion in wanted
            ]
    found.sort(key=lambda pair: -pair[0])
    return [told for _pull, told in found[:MOST_MOMENTS]]


def _wanted(run: Run) -> tuple[Emotion, ...]:
    """What a moment must sound like to be of this run."""
    if run.measure == UNSETTLED:
        return UNEASY if run.direction > 0 else SETTLED
    if run.measure in SHARE_MEASURES and run.direction > 0:
        return (Emotion(run.measure),)
    return tuple(EMOTIONS)


def _newest_analyses(session: Session) -> list[Analysis]:
    done = Analysis.objects.filter(
        recording__session=session, recording__voided_at=None, state=Analysis.State.DONE
    ).order_by("recording_id", "-model_version__number")
    newest: dict[Any, Analysis] = {}
    for analysis in done:
        newest.setdefault(analysis.recording_id, analysis)
    return list(newest.values())


def _of_analysis(analysis: Analysis) -> tuple[Moment, ...]:
    matrix = WindowMatrix.objects.filter(analysis=analysis).first()
    if matrix is None or not Summary.objects.filter(analysis=analysis).exists():
        return ()
    return telling_moments(
        starts=matrix.starts,
        ends=matrix.ends,
        probabilities=matrix.probabilities,
        abstained=matrix.abstained,
        spans=matrix.spans,
    )


def _told(session: Session, analysis: Analysis, moment: Moment) -> dict[str, Any]:
    return {
        "session": str(session.pk),
        "recording": str(analysis.recording_id),
        "start": round(moment.start, 2),
        "end": round(moment.end, 2),
        "emotion": str(moment.emotion),
    }
