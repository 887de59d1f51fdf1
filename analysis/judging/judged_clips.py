"""What clinicians' judgements can teach a model: labelled stretches of patients who agreed to both purposes.

Only stretches count, not whole sessions: an own label, or an agreement to a label that the model was sure of.
Where two clinicians name the same stretch differently, nobody knows better, and it is left out.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.crypto import salted_hmac

from analysis import jurisdiction
from analysis.models import Judgement
from ml.labels import LABELS
from patients.models import Consent, Patient

SHORTEST_S, LONGEST_S = 0.5, 30.0
NEEDED = (Consent.Purpose.TRAIN, Consent.Purpose.KEEP_AUDIO)


@dataclass(frozen=True)
class JudgedStretch:
    """One place of one recording, in seconds, and the emotion that clinicians name there."""

    name: str
    patient_id: int
    sex: str
    language: str
    recording_id: uuid.UUID
    start_s: float
    end_s: float
    label: str

    @property
    def speaker(self) -> str:
        """The patient by a name that tells nobody who it is: model cards list their speakers."""
        return salted_hmac("analysis.judged_clips", str(self.patient_id)).hexdigest()[:12]


def consenting(patient_ids: Iterable[int] | None = None) -> QuerySet[Patient]:
    """Patients who, at this moment, agree to training and to the keeping of their sound."""
    patients = Patient.objects.filter(is_demo=False)  # whose voices are set apart for trying models out
    for purpose in NEEDED:
        patients = patients.filter(
            pk__in=Consent.objects.filter(purpose=purpose, withdrawn_at=None).values("patient")
        )
    return patients if patient_ids is None else patients.filter(pk__in=patient_ids)


def judged_stretches() -> list[JudgedStretch]:
    """Every stretch that may be learnt from now, by name; none where no emotion may be estimated."""
    if not jurisdiction.shows_emotion():
        return []
    labels: dict[tuple[uuid.UUID, float, float], set[str]] = defaultdict(set)
    first: dict[tuple[uuid.UUID, float, float], Judgement] = {}
    for judgement in _standing():
        if (label := _label_of(judgement)) and judgement.analysis is not None:
            start, end = judgement.start_s or 0.0, judgement.end_s or 0.0
            place = (judgement.analysis.recording_id, start, end)
            labels[place].add(label)
            first.setdefault(place, judgement)
    return [
        _stretch(first[place], next(iter(labels[place])))
        for place in sorted(first, key=lambda place: first[place].pk.hex)
        if _is_agreed(labels[place]) and SHORTEST_S <= place[2] - place[1] <= LONGEST_S
    ]


def _is_agreed(labels: set[str]) -> bool:
    return len(labels) == 1 and labels <= set(LABELS)


def _standing() -> QuerySet[Judgement]:
    return (
        Judgement.objects.filter(
            withdrawn_at=None,
            start_s__isnull=False,
            analysis__recording__voided_at=None,
            analysis__recording__session__voided_at=None,
            analysis__recording__session__patient__in=consenting(),
        )
        .exclude(analysis__recording__canonical="")
        .select_related("analysis__recording__session__patient")
        .order_by("said_at", "id")
    )


def _label_of(judgement: Judgement) -> str:
    """The emotion that was named; what somebody found unusable has a name that is none."""
    match judgement.verdict:
        case Judgement.Verdict.OWN_LABEL:
            return judgement.label
        case Judgement.Verdict.AGREE:
            return str(judgement.heard.get("label", ""))
    return str(Judgement.Verdict.UNUSABLE)


def _stretch(judgement: Judgement, label: str) -> JudgedStretch:
    recording = judgement.analysis.recording if judgement.analysis else None
    assert recording is not None  # of a stretch
    patient = recording.session.patient
    return JudgedStretch(
        name=judgement.pk.hex,
        patient_id=patient.pk,
        sex=patient.sex,
        language=patient.language,
        recording_id=recording.pk,
        start_s=judgement.start_s or 0.0,
        end_s=judgement.end_s or 0.0,
        label=label,
    )
