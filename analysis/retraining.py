"""A training that an administrator asked for: its own process, progress in the row, an inactive model."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db import transaction

from analysis import governance, queue
from analysis.heartbeat import Heartbeat
from analysis.judging.judged_clips import consenting
from analysis.judging.judged_corpus import JudgedCorpus, write_corpus
from analysis.models import TrainingRun
from ml.cards import Provenance
from ml.config import load_config
from ml.corpora.catalogue import CORPORA, scan_folder
from ml.corpora.manifest import Utterance
from ml.experiment import Experiment, with_epochs
from ml.gate_folds import gate_file_of
from ml.recogniser import EmotionRecogniser
from ml.registry import AlreadyPublished
from ml.train import train_and_publish
from patients.audit import Action, record
from patients.models import Patient

log = logging.getLogger(__name__)


class ConsentWithdrawn(Exception):
    """A patient whose voice is being learnt from does not agree to it any more."""


def retrain(run_id: UUID) -> None:
    """Train, publish, list the model as inactive. A killed run goes on after its last finished fold."""
    claim = queue.claim(TrainingRun, run_id)
    if claim is None:
        return
    run = TrainingRun.objects.select_related("requested_by").get(pk=run_id)
    folder: Path | None = None
    try:
        with Heartbeat(claim) as beat:
            judged = write_corpus(_clips(run)) if run.with_judgements else JudgedCorpus((), {})
            folder = _train(run, judged, claim, beat)
            _check_hears(folder)
        with transaction.atomic():
            _check_still_agreed(judged)
            version = governance.adopt(folder.name)
            claim.finish(model_version=version)
            _note_learnt(run, judged)
    except ConsentWithdrawn:
        if folder is not None:
            shutil.rmtree(folder)  # adopted by nobody, and holding something of a voice that was taken back
        claim.fail("consent_withdrawn")
    except queue.LeaseLost:
        log.warning("Training %s was cancelled, or is someone else's by now.", run_id)
        return
    except Exception as error:
        # Trying again by itself would end the same way: the administrator reads why and asks again.
        log.exception("Training %s broke off.", run_id)
        reason = "same_model" if isinstance(error, AlreadyPublished) else "training_failed"
        claim.fail(reason, detail=f"{type(error).__name__}: {error}")
    finally:
        # Patients' voices do not lie about; a run that is taken up again cuts them anew.
        shutil.rmtree(_clips(run), ignore_errors=True)
    for file in (_folds_file(run), gate_file_of(_folds_file(run))):
        file.unlink(missing_ok=True)


def _check_still_agreed(judged: JudgedCorpus) -> None:
    if consenting(judged.patients).count() < len(judged.patients):
        raise ConsentWithdrawn


def _note_learnt(run: TrainingRun, judged: JudgedCorpus) -> None:
    """In each patient's own audit: that a model learnt from them, and from how much."""
    for patient in Patient.objects.filter(pk__in=judged.patients):
        record(
            actor=run.requested_by,
            action=Action.JUDGEMENTS_LEARNT,
            patient=patient,
            subject=run,
            detail={"stretches": judged.patients[patient.pk]},
        )


def _train(run: TrainingRun, judged: JudgedCorpus, claim: queue.Claim, beat: Heartbeat) -> Path:
    curves: list[dict[str, float]] = []

    def report(epoch: int, epochs: int, figures: dict[str, float]) -> None:
        beat.tell(epoch / epochs)
        _check_still_agreed(judged)
        if "loss" not in figures:  # the gate's, which follows when the network's curves are whole
            return
        curves.append({"epoch": epoch, **figures})
        claim.write(epoch=epoch, curves=curves)

    folds_file = _folds_file(run)
    folds_file.parent.mkdir(parents=True, exist_ok=True)
    return train_and_publish(
        _experiment(run, judged),
        folds_file=folds_file,
        root=Path(settings.MODELS_DIR),
        provenance=Provenance.now(
            f"retraining {run.config_name}, asked for in the administration", _note(judged)
        ),
        on_epoch=report,
    )


def _check_hears(folder: Path) -> None:
    """A recipe may train well and still give a network that cannot hear recordings: never list it."""
    recogniser = EmotionRecogniser.load(folder.name, folder.parent)
    probabilities = recogniser.probabilities(np.zeros(recogniser.card.config.audio.sample_rate, np.float32))
    if not np.isclose(probabilities.sum(), 1, atol=1e-3):
        raise ValueError("the trained network gives no probabilities")


def _note(judged: JudgedCorpus) -> str:
    """For the card: what of it no one outside this clinic can repeat."""
    if not judged.utterances:
        return ""
    return (
        f"Of its clips, {len(judged.utterances)} are stretches of {len(judged.patients)} consenting patients "
        "of this clinic, labelled by their clinicians."
    )


def _experiment(run: TrainingRun, judged: JudgedCorpus) -> Experiment:
    config = load_config(run.config_name)
    return Experiment(
        name=run.config_name,
        config=config if run.epochs is None else with_epochs(config, run.epochs),
        utterances=(*_utterances(Path(run.corpus_folder)), *judged.utterances),
    )


def _utterances(folder: Path) -> tuple[Utterance, ...]:
    """All that the folder holds, without the voices that are kept apart from every training."""
    # A worker may have no home to unpack zips in, and the folder itself is not to be written to.
    scans = scan_folder(folder, cache=Path(settings.MODELS_DIR) / ".corpora")
    reserved = {speaker for name in scans for speaker in CORPORA[name].reserved}
    return tuple(u for scan in scans.values() for u in scan.utterances if u.speaker not in reserved)


def _clips(run: TrainingRun) -> Path:
    return Path(settings.MODELS_DIR) / ".runs" / f"{run.pk}-clips"


def _folds_file(run: TrainingRun) -> Path:
    """What is finished of a run, so that a killed one need not begin anew."""
    return Path(settings.MODELS_DIR) / ".runs" / f"{run.pk}.jsonl"
