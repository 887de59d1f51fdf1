"""What stands in a session at this moment: its results and what clinicians said of them, as plain values.

What a clinician judges or signs is kept in these words, so that it can be read beside later ones for ever.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import numpy as np
from django.db.models import Q, QuerySet

from analysis.models import Analysis, Judgement, WindowMatrix
from ml.labels import LABELS
from patients.models import Session

DIGITS = 4


def finished_analyses(session: Session) -> list[Analysis]:
    """For each recording that counts, the newest model's finished analysis, in the order of arrival."""
    done = Analysis.objects.filter(
        recording__session=session,
        recording__voided_at=None,
        state=Analysis.State.DONE,
        summary__isnull=False,
    )
    newest: dict[Any, Analysis] = {}
    for analysis in done.select_related("summary", "model_version").order_by(
        "recording__received_at", "recording_id", "model_version__number"
    ):
        newest[analysis.recording_id] = analysis
    return list(newest.values())


def judgements_of(session: Session) -> QuerySet[Judgement]:
    """All that was said of the session and of its recordings, withdrawn words included, the oldest first."""
    # A stretch stays with its recording, also when that turns out to belong to another session.
    own = Q(analysis__isnull=True, session=session) | Q(analysis__recording__session=session)
    said = Judgement.objects.filter(own)
    return said.select_related(
        "said_by", "withdrawn_by", "analysis__recording", "analysis__model_version"
    ).order_by("said_at", "id")


def result_of(analysis: Analysis) -> dict[str, Any]:
    """What one analysis says of its whole recording."""
    summary = analysis.summary
    return {
        "recording": str(analysis.recording_id),
        "analysis": str(analysis.pk),
        "model": analysis.model_version.number,
        "model_id": analysis.model_version.model_id,
        "shares": _rounded(summary.shares),
        "low": _rounded(summary.low),
        "high": _rounded(summary.high),
        "unsure": round(summary.abstained_share, DIGITS),
        "speech_s": round(summary.speech_s, 2),
        "duration_s": round(summary.duration_s, 2),
        "quality": list(summary.quality),
    }


def stretch_of(analysis: Analysis, start_s: float, end_s: float) -> dict[str, Any]:
    """What the windows whose middle lies in the stretch say of it; the nearest one's words if none does.

    ``label`` is what it sounded like most, empty where at least half of it was too uncertain to count.
    """
    matrix = WindowMatrix.objects.get(analysis=analysis)
    said = {"model": analysis.model_version.number, "model_id": analysis.model_version.model_id}
    if not matrix.count:
        return {**said, "windows": 0, "shares": [], "unsure": 1.0, "label": ""}
    middles = (matrix.starts.astype(float) + matrix.ends) / 2
    inside = (start_s <= middles) & (middles <= end_s)
    if not inside.any():
        inside[np.abs(middles - (start_s + end_s) / 2).argmin()] = True
    sure = inside & ~matrix.abstained
    counted = sure if sure.any() else inside
    shares = matrix.probabilities[counted].mean(axis=0)
    unsure = 1 - float(sure.sum() / inside.sum())
    return {
        **said,
        "windows": int(inside.sum()),
        "shares": _rounded(shares.tolist()),
        "unsure": round(unsure, DIGITS),
        "label": LABELS[int(shares.argmax())] if unsure < 0.5 else "",
    }


def snapshot(session: Session, said: Iterable[Judgement] | None = None) -> dict[str, Any]:
    """What a signature stands for: the results with their models, and the ids of the standing judgements.

    ``said`` is what ``judgements_of`` the session gave to whoever has read it already.
    """
    if said is None:
        said = judgements_of(session)
    standing = [str(j.pk) for j in said if j.withdrawn_at is None]
    return {
        "results": [result_of(analysis) for analysis in finished_analyses(session)],
        "judgements": sorted(standing),
    }


def fingerprint(stood: dict[str, Any]) -> str:
    """A short name of a snapshot: whoever signs says by it what was on the page."""
    return hashlib.sha256(json.dumps(stood, sort_keys=True).encode()).hexdigest()[:16]


def _rounded(shares: list[float]) -> list[float]:
    return [round(float(share), DIGITS) for share in shares]
