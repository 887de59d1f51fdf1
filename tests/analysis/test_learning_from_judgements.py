"""What clinicians named is learnt from: by explicit choice, of patients who agree, split by patient."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from analysis import governance, pipeline, queue, retraining
from analysis.correction import void_recording
from analysis.explaining import answering, enquiry
from analysis.judging import judged_corpus
from analysis.judging.judged_clips import judged_stretches
from analysis.judging.judgement import judge, withdraw_judgement
from analysis.models import Analysis, Explanation, Judgement, ModelVersion, TrainingRun
from ml.corpora.splits import speaker_folds
from ml.registry import load_card
from patients import enrolment
from patients.errors import Refused
from patients.models import AuditEntry, Clinician, Consent, Patient
from tests.analysis.hearing import make_heard, mixture
from tests.analysis.test_retraining import administrator, tiny
from tests.analysis.uploads import hand_in
from tests.cast import Cast, make_clinician, make_patient, make_session
from tests.ml.test_training import folder
from tests.voices import encode, speech

__all__ = ["administrator", "folder", "tiny"]

pytestmark = pytest.mark.django_db(transaction=True)

ALL = (Consent.Purpose.ANALYSE, Consent.Purpose.KEEP_AUDIO, Consent.Purpose.TRAIN)


def consenting_patient(cast: Cast, reference: str, **details: Any) -> tuple[Patient, Analysis]:
    patient = make_patient(cast.treats, reference, consents=ALL, **details)
    session = make_session(cast.treats, patient)
    return patient, make_heard(cast.treats, session, mixture(sad=0.6), with_sound=True)


def name(
    by: Clinician, heard: Analysis, start: float, verdict: str, label: str = "", length: float = 3
) -> Judgement:
    session = heard.recording.session
    return judge(
        by=by,
        session=session,
        analysis=heard,
        start_s=start,
        end_s=start + length,
        verdict=verdict,
        label=label,
    )


def sure_start(heard: Analysis) -> float:
    """Where the model was sure of what it heard."""
    place = int(np.flatnonzero(~heard.matrix.abstained)[0])
    return float(heard.matrix.starts[place])


def test_only_named_stretches_of_who_agreed_are_learnt_from(cast: Cast) -> None:
    patient, heard = consenting_patient(cast, "R-0500", sex="female")
    own = name(cast.treats, heard, 10, "own_label", "angry")
    agreed = name(cast.treats, heard, sure_start(heard) + 0.1, "agree", length=2.8)
    name(cast.treats, heard, 30, "unusable")
    name(cast.treats, heard, 2, "own_label", "calm", length=45)  # longer than a clip of one emotion can be
    judge(by=cast.treats, session=heard.recording.session, verdict="own_label", label="sad")
    no_train = make_heard(
        cast.treats, make_session(cast.treats, cast.patient), mixture(sad=0.6), with_sound=True
    )
    name(cast.treats, no_train, 10, "own_label", "angry")
    found = {stretch.name: stretch for stretch in judged_stretches()}
    assert set(found) == {own.pk.hex, agreed.pk.hex}
    assert found[own.pk.hex].label == "angry"
    assert found[agreed.pk.hex].label == agreed.heard["label"] != ""
    assert {stretch.patient_id for stretch in found.values()} == {patient.pk}
    assert patient.reference not in str([stretch.speaker for stretch in found.values()])


def test_an_agreement_to_not_sure_teaches_nothing(cast: Cast) -> None:
    _, heard = consenting_patient(cast, "R-0500")
    place = int(np.flatnonzero(heard.matrix.abstained)[0])
    name(cast.treats, heard, float(heard.matrix.starts[place]) + 1.2, "agree", length=0.6)
    assert judged_stretches() == []


def test_where_no_emotion_may_be_estimated_nothing_is_learnt(cast: Cast, settings: Settings) -> None:
    _, heard = consenting_patient(cast, "R-0500")
    name(cast.treats, heard, 10, "own_label", "angry")
    assert len(judged_stretches()) == 1
    settings.EMOTION_ANALYSIS = "acoustic"
    assert judged_stretches() == []


def test_where_clinicians_differ_nothing_is_learnt(cast: Cast) -> None:
    colleague = make_clinician("colleague", team=cast.team)
    _, heard = consenting_patient(cast, "R-0500")
    name(cast.treats, heard, 10, "own_label", "angry")
    name(colleague, heard, 10, "own_label", "angry")
    assert len(judged_stretches()) == 1
    name(colleague, heard, 10, "unusable")
    assert judged_stretches() == []
    name(colleague, heard, 10, "own_label", "sad")
    assert judged_stretches() == []


@pytest.mark.parametrize("purpose", [Consent.Purpose.TRAIN, Consent.Purpose.KEEP_AUDIO])
def test_a_withdrawn_consent_excludes_at_once(cast: Cast, purpose: Consent.Purpose) -> None:
    patient, heard = consenting_patient(cast, "R-0500")
    name(cast.treats, heard, 10, "own_label", "angry")
    assert len(judged_stretches()) == 1
    enrolment.withdraw_consent(by=cast.treats, patient=patient, purpose=purpose)
    assert judged_stretches() == []


def test_withdrawn_words_voided_recordings_and_lost_sound_are_left_out(cast: Cast) -> None:
    _, heard = consenting_patient(cast, "R-0500")
    said = name(cast.treats, heard, 10, "own_label", "angry")
    withdraw_judgement(by=cast.treats, judgement=said)
    assert judged_stretches() == []
    name(cast.treats, heard, 10, "own_label", "angry")
    heard.recording.canonical.storage.delete(str(heard.recording.canonical.name))
    assert len(judged_stretches()) == 1  # the row does not know yet
    void_recording(by=cast.treats, recording=heard.recording, reason="test call")
    assert judged_stretches() == []


def test_clips_are_cut_where_they_were_judged_and_listed(cast: Cast, tmp_path: Path) -> None:
    patient, heard = consenting_patient(cast, "R-0500", sex="female", language="de")
    said = name(cast.treats, heard, 10.5, "own_label", "angry", length=2.25)
    corpus = judged_corpus.write_corpus(tmp_path / "clips")
    [clip] = corpus.utterances
    assert corpus.patients == {patient.pk: 1}
    assert (clip.corpus, clip.key, clip.emotion, clip.sex, clip.language) == (
        "clinic",
        f"clinic/{said.pk.hex}",
        "angry",
        "female",
        "de",
    )
    cut, rate = soundfile.read(clip.path)
    whole, _ = soundfile.read(heard.recording.canonical.path)
    assert np.array_equal(cut, whole[round(10.5 * rate) : round(12.75 * rate)])
    [row] = csv.DictReader((tmp_path / "clips" / "manifest.csv").open())
    assert (row["clip"], row["emotion"], row["duration_s"]) == (said.pk.hex, "angry", "2.250")
    assert "R-0500" not in str(row)
    assert (tmp_path / "clips").stat().st_mode & 0o077 == 0


def test_splits_stay_by_patient(cast: Cast, tmp_path: Path) -> None:
    for number in range(6):
        _, heard = consenting_patient(cast, f"R-050{number}")
        for start in (5, 15, 25):
            name(cast.treats, heard, start, "own_label", "angry")
    corpus = judged_corpus.write_corpus(tmp_path / "clips")
    assert len({clip.speaker for clip in corpus.utterances}) == 6
    for fold in speaker_folds(corpus.utterances):
        assert not {clip.speaker for clip in fold.train} & {clip.speaker for clip in fold.test}


def requested(by: Clinician, folder: Path) -> TrainingRun:
    return governance.request_retraining(
        by=by, config_name="parallel", corpus_folder=str(folder), epochs=1, with_judgements=True
    )


def test_a_training_learns_from_them_and_says_so_everywhere(
    cast: Cast, administrator: Clinician, folder: Path, settings: Settings
) -> None:
    governance.active_model()
    patient, heard = consenting_patient(cast, "R-0500")
    for start in (5, 15):
        name(cast.treats, heard, start, "own_label", "angry")
    run = requested(administrator, folder)
    asked = AuditEntry.objects.get(action="training.requested")
    assert asked.detail == {"config": "parallel", "judged_stretches": 2, "consenting_patients": 1}
    retraining.retrain(run.pk)
    run.refresh_from_db()
    assert run.state == "done", run.detail
    assert run.model_version is not None
    card = load_card(run.model_version.model_id, Path(settings.MODELS_DIR)).contents
    assert card["training"]["clips"] == 18
    assert [s for s in card["training"]["speakers"] if s.startswith("clinic-")]
    assert "R-0500" not in str(card)
    assert "2 are stretches of 1 consenting patients" in card["protocol"]
    assert card["licence"]["weights"] == "Of whoever owns the recordings"
    learnt = AuditEntry.objects.get(action="judgement.learnt")
    assert (learnt.patient, learnt.actor, learnt.detail) == (patient, administrator, {"stretches": 2})
    assert not list((Path(settings.MODELS_DIR) / ".runs").iterdir())


def test_without_the_choice_nothing_of_patients_is_learnt(
    cast: Cast, administrator: Clinician, folder: Path, settings: Settings
) -> None:
    _, heard = consenting_patient(cast, "R-0500")
    name(cast.treats, heard, 5, "own_label", "angry")
    run = governance.request_retraining(
        by=administrator, config_name="parallel", corpus_folder=str(folder), epochs=1
    )
    retraining.retrain(run.pk)
    run.refresh_from_db()
    assert run.model_version is not None
    assert run.model_version.card["training"]["clips"] == 16
    assert not AuditEntry.objects.filter(action="judgement.learnt").exists()


@pytest.mark.parametrize("moment", ["during", "at the end"])
def test_who_withdraws_meanwhile_is_in_no_published_model(
    cast: Cast,
    administrator: Clinician,
    folder: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
) -> None:
    patient, heard = consenting_patient(cast, "R-0500")
    name(cast.treats, heard, 5, "own_label", "angry")
    run, write, check = requested(administrator, folder), queue.Claim.write, retraining._check_hears
    versions = ModelVersion.objects.count()

    def withdraw() -> None:
        purpose = Consent.Purpose.TRAIN
        if enrolment.has_consent(patient, purpose):
            enrolment.withdraw_consent(by=cast.treats, patient=patient, purpose=purpose)

    def after_an_epoch(self: queue.Claim, **columns: Any) -> None:
        write(self, **columns)
        if "curves" in columns:
            withdraw()

    def after_the_last(published: Path) -> None:
        check(published)
        withdraw()

    if moment == "during":
        monkeypatch.setattr(queue.Claim, "write", after_an_epoch)
    else:
        monkeypatch.setattr(retraining, "_check_hears", after_the_last)
    retraining.retrain(run.pk)
    run.refresh_from_db()
    assert (run.state, run.reason) == ("failed", "consent_withdrawn")
    assert ModelVersion.objects.count() == versions
    assert not list(Path(settings.MODELS_DIR).glob("*/card.json"))
    assert not AuditEntry.objects.filter(action="judgement.learnt").exists()


def test_with_nothing_to_learn_from_it_is_refused(administrator: Clinician, folder: Path) -> None:
    with pytest.raises(Refused) as refusal:
        requested(administrator, folder)
    assert (refusal.value.code, refusal.value.field) == ("nothing_judged", "with_judgements")


def test_the_form_says_how_much_there_is(cast: Cast, administrator: Clinician, folder: Path) -> None:
    client = Client()
    client.force_login(administrator)
    form = reverse("admin:analysis_trainingrun_retrain")
    assert "0 stretches of 0 consenting patients" in client.get(form).content.decode()
    _, heard = consenting_patient(cast, "R-0500")
    name(cast.treats, heard, 5, "own_label", "angry")
    assert "1 stretch of 1 consenting patient" in client.get(form).content.decode()
    sent = {"config_name": "parallel", "corpus_folder": str(folder), "epochs": 1, "with_judgements": "on"}
    assert client.post(form, sent).status_code == 302
    assert TrainingRun.objects.get().with_judgements


def test_a_retrained_model_explains_what_it_hears(cast: Cast, administrator: Clinician, folder: Path) -> None:
    run = governance.request_retraining(
        by=administrator, config_name="parallel", corpus_folder=str(folder), epochs=1
    )
    retraining.retrain(run.pk)
    run.refresh_from_db()
    assert run.model_version is not None
    governance.activate(by=administrator, version=run.model_version)
    session = make_session(cast.treats, cast.patient)
    recording = hand_in(cast.treats, session, encode(speech(6), "wav")).recording
    heard = Analysis.objects.get(recording=recording)
    pipeline.analyse(heard.pk)
    heard = Analysis.objects.get(pk=heard.pk)
    assert heard.model_version == run.model_version
    asked = enquiry.ask_why(by=cast.treats, analysis=heard, window=1)
    answering.explain_window(asked.pk)
    done = Explanation.objects.get(pk=asked.pk)
    assert (done.state, done.reading["model_id"]) == ("done", run.model_version.model_id)
    assert done.reading["completeness_error"] < 0.05
