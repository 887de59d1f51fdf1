"""Decisions about models: which ones this clinic has, which one hears, when to train another. Web side."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from analysis import queue
from analysis.judging.judged_clips import judged_stretches
from analysis.models import Job, ModelVersion, TrainingRun
from analysis.reasons import FAILURES
from ml.config import named_configs
from ml.registry import DEFAULT_ROOT, ModelCard, UnknownModel, load_card
from patients.audit import Action, record
from patients.errors import Refused
from patients.models import Clinician


def model_roots() -> tuple[Path, ...]:
    """Where published models lie: this clinic's own folder, then those that came with the program."""
    return (Path(settings.MODELS_DIR), DEFAULT_ROOT)


def active_model() -> ModelVersion:
    """The model that hears new recordings. On a fresh installation the shipped one is adopted and activated.

    Raises:
        Refused: there is no model at all.
    """
    active = ModelVersion.objects.filter(is_active=True).first()
    if active is not None:
        return active
    version = adopt(_shipped().id)
    try:
        with transaction.atomic():
            # Only where nothing is active: an administrator may have decided at this very moment.
            if not ModelVersion.objects.filter(is_active=True).exists():
                _make_active(version, by=None)
    except IntegrityError:
        pass  # another process adopted it a moment ago
    return ModelVersion.objects.get(is_active=True)


def _shipped() -> ModelCard:
    """The model that came with the program, or that the site chose of those; else the newest of its own."""
    for name, roots in ((settings.SHIPPED_MODEL, ()), (None, (Path(settings.MODELS_DIR),))):
        try:
            return load_card(name or None, *roots)
        except UnknownModel:
            if name:
                raise Refused("model_missing", str(FAILURES["model_missing"])) from None
    raise Refused("model_missing", str(FAILURES["model_missing"]))


def adopt(model_id: str, *, by: Clinician | None = None) -> ModelVersion:
    """Enter a published model into this clinic's list, inactive; once entered, it is found again.

    Raises:
        UnknownModel: no such model is published here.
    """
    card = load_card(model_id, *model_roots())
    while True:
        known = ModelVersion.objects.filter(model_id=card.id).first()
        if known is not None:
            return known
        try:
            with transaction.atomic():
                return _enter(card, by)
        except IntegrityError:
            continue  # the id or the number was taken a moment ago: look again


def _enter(card: ModelCard, by: Clinician | None) -> ModelVersion:
    highest = ModelVersion.objects.aggregate(Max("number"))["number__max"] or 0
    version = ModelVersion.objects.create(
        model_id=card.id, name=card.name, number=highest + 1, card=dict(card.contents)
    )
    record(actor=by, action=Action.MODEL_ADOPTED, subject=version, detail={"model_id": card.id})
    return version


@transaction.atomic
def activate(*, by: Clinician, version: ModelVersion) -> ModelVersion:
    """From now on new recordings are heard by ``version``; what was heard before stays as it was seen."""
    version = _locked(by, version)
    if version.retired_at is not None:
        raise Refused("retired", _("This model is retired. Activate another one."))
    try:
        load_card(version.model_id, *model_roots())
    except UnknownModel as error:
        raise Refused(
            "model_missing", _("The files of this model are missing, so it cannot be activated.")
        ) from error
    if not version.is_active:
        _make_active(version, by=by)
    return version


def _make_active(version: ModelVersion, *, by: Clinician | None) -> None:
    before = list(ModelVersion.objects.filter(is_active=True).values_list("model_id", flat=True))
    ModelVersion.objects.filter(is_active=True).update(is_active=False)
    version.is_active, version.activated_at, version.activated_by = True, timezone.now(), by
    version.save(update_fields=["is_active", "activated_at", "activated_by"])
    detail = {"model_id": version.model_id, "instead_of": before}
    record(actor=by, action=Action.MODEL_ACTIVATED, subject=version, detail=detail)


@transaction.atomic
def retire(*, by: Clinician, version: ModelVersion) -> ModelVersion:
    """Never to be used again; its results stay readable."""
    version = _locked(by, version)
    if version.is_active:
        raise Refused("active", _("This model is in use. Activate another one before retiring it."))
    if version.retired_at is None:
        version.retired_at = timezone.now()
        version.save(update_fields=["retired_at"])
        detail = {"model_id": version.model_id}
        record(actor=by, action=Action.MODEL_RETIRED, subject=version, detail=detail)
    return version


@transaction.atomic
def request_retraining(
    *,
    by: Clinician,
    config_name: str,
    corpus_folder: str,
    epochs: int | None = None,
    with_judgements: bool = False,
) -> TrainingRun:
    """Queue a training in its own process. Its model will be listed inactive: a person decides about it.

    ``with_judgements``: what clinicians here named is learnt from too, of patients who agreed to that.
    """
    _check_administrator(by)
    if config_name not in named_configs():
        raise Refused("unknown_config", _("There is no experiment of this name."), field="config_name")
    if not Path(corpus_folder).is_dir():
        sentence = _("There is no such folder on the server. Give the folder that holds the corpora.")
        raise Refused("no_folder", sentence, field="corpus_folder")
    if TrainingRun.objects.filter(state__in=(Job.State.QUEUED, Job.State.RUNNING)).exists():
        raise Refused("already_training", _("A training is already under way. Wait until it has ended."))
    detail: dict[str, object] = {"config": config_name}
    if with_judgements:
        stretches = judged_stretches()
        if not stretches:
            sentence = _("No stretch may be learnt from: nothing is judged, or nobody agreed to training.")
            raise Refused("nothing_judged", sentence, field="with_judgements")
        patients = len({stretch.patient_id for stretch in stretches})
        detail |= {"judged_stretches": len(stretches), "consenting_patients": patients}
    run = TrainingRun.objects.create(
        config_name=config_name,
        corpus_folder=corpus_folder,
        epochs=epochs,
        with_judgements=with_judgements,
        requested_by=by,
    )
    record(actor=by, action=Action.TRAINING_REQUESTED, subject=run, detail=detail)
    queue.ring_on_commit(run)
    return run


@transaction.atomic
def cancel_training(*, by: Clinician, run: TrainingRun) -> None:
    """Stop a training at its next epoch; nothing of it is published."""
    _check_administrator(by)
    if not queue.cancel(run):
        raise Refused("ended", _("This training has already ended."))
    record(actor=by, action=Action.TRAINING_CANCELLED, subject=run)


def _check_administrator(by: Clinician) -> None:
    if not by.is_superuser:
        raise Refused("administrators_only", _("Only an administrator decides about models."))


def _locked(by: Clinician, version: ModelVersion) -> ModelVersion:
    _check_administrator(by)
    return ModelVersion.objects.select_for_update().get(pk=version.pk)
