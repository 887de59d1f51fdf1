"""A patient's acoustic measures, kept in this process until the patient changes (``analysis.kept``)."""

from __future__ import annotations

from analysis.jurisdiction import measures_voices
from analysis.kept import Latest
from analysis.voice.measures import VoiceTrend, patient_voice, patient_voice_amended
from patients.models import Patient

_voices: Latest[VoiceTrend] = Latest()


def kept_voice(patient: Patient) -> VoiceTrend:
    """Of a patient that this request has read, through the door that lets it."""
    return _voices.of(
        patient,
        lambda: patient_voice(patient),
        measures_voices(),
        amend=lambda voice, revision: patient_voice_amended(patient, voice, revision),
    )
