"""Judged stretches as clips with a manifest, beside the public corpora, for as long as one training runs."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from uuid import UUID

import soundfile

from analysis.judging.judged_clips import JudgedStretch, judged_stretches
from analysis.models import Recording
from analysis.sound import audio_store
from ml.corpora.manifest import Utterance
from ml.labels import Emotion
from patients.models import Patient

CORPUS = "clinic"
MANIFEST = "manifest.csv"
COLUMNS = ("clip", "speaker", "sex", "emotion", "language", "duration_s")
SEXES = {Patient.Sex.FEMALE: "female", Patient.Sex.MALE: "male"}


class JudgedCorpus:
    """What of this clinic's judgements one training learns from; ``patients`` are counted by primary key."""

    def __init__(self, utterances: Sequence[Utterance], patients: dict[int, int]) -> None:
        self.utterances = tuple(utterances)
        self.patients = patients


def write_corpus(folder: Path) -> JudgedCorpus:
    """Cut every stretch that may be learnt from now out of its recording. Sound that is gone is left out."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)  # patients' voices
    utterances: list[Utterance] = []
    patients: dict[int, int] = {}
    by_recording = sorted(judged_stretches(), key=lambda stretch: stretch.recording_id)
    for recording_id, stretches in groupby(by_recording, key=lambda stretch: stretch.recording_id):
        for stretch, utterance in _cut(recording_id, list(stretches), folder):
            utterances.append(utterance)
            patients[stretch.patient_id] = patients.get(stretch.patient_id, 0) + 1
    utterances.sort(key=lambda utterance: utterance.key)
    _write_manifest(folder / MANIFEST, utterances)
    return JudgedCorpus(utterances, patients)


def _cut(
    recording_id: UUID, stretches: list[JudgedStretch], folder: Path
) -> Iterator[tuple[JudgedStretch, Utterance]]:
    recording = Recording.objects.only("canonical").get(pk=recording_id)
    try:
        with audio_store.as_local_file(recording.canonical) as path, soundfile.SoundFile(path) as sound:
            for stretch in stretches:
                sound.seek(min(round(stretch.start_s * sound.samplerate), sound.frames))
                clip = sound.read(round((stretch.end_s - stretch.start_s) * sound.samplerate), dtype="int16")
                if len(clip):
                    target = folder / f"{stretch.name}.flac"
                    soundfile.write(target, clip, sound.samplerate)
                    yield stretch, _utterance(stretch, target, len(clip) / sound.samplerate)
    except audio_store.FileMissing:
        return


def _utterance(stretch: JudgedStretch, path: Path, duration_s: float) -> Utterance:
    return Utterance(
        speaker=f"{CORPUS}-{stretch.speaker}",
        sex=SEXES.get(Patient.Sex(stretch.sex), "unknown"),
        label=stretch.label,
        emotion=Emotion(stretch.label),
        statement="spontaneous",
        path=path,
        corpus=CORPUS,
        language=stretch.language,
        duration_s=duration_s,
    )


def _write_manifest(path: Path, utterances: Sequence[Utterance]) -> None:
    with path.open("w", newline="", encoding="utf-8") as table:
        rows = csv.writer(table)
        rows.writerow(COLUMNS)
        for one in utterances:
            rows.writerow((one.name, one.speaker, one.sex, one.label, one.language, f"{one.duration_s:.3f}"))
