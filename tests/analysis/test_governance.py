"""Which model hears is a decision of an administrator; what was heard before stays as it was seen."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from analysis import governance
from analysis.models import ModelVersion, TrainingRun
from ml.registry import WEIGHTS, UnknownModel, load_card, publish
from patients.errors import Refused
from patients.models import AuditEntry, Clinician
from tests.cast import Cast, make_clinician


@pytest.fixture
def administrator(db: None) -> Clinician:
    return make_clinician("administrator", admin=True)


@pytest.fixture
def second(settings: Settings, tmp_path: Path) -> str:
    """The id of a model that this clinic published itself: a copy of the shipped one under another id."""
    settings.MODELS_DIR = tmp_path / "models"
    shipped = load_card()
    folder = shutil.copytree(shipped.folder, tmp_path / "models" / "parallel-0000beef")
    card: dict[str, Any] = {**shipped.contents, "id": folder.name}
    (folder / "card.json").write_text(json.dumps(card))
    return folder.name


def test_a_fresh_installation_hears_with_the_shipped_model(db: None) -> None:
    active = governance.active_model()
    assert active.model_id == load_card().id
    assert active.card["intended_use"]
    assert governance.active_model() == active
    assert ModelVersion.objects.count() == 1
    assert list(AuditEntry.objects.values_list("action", flat=True)) == ["model.activated", "model.adopted"]


def test_a_site_chooses_which_shipped_model_it_begins_with(
    db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    card = {key: value for key, value in load_card().contents.items() if key != "id"}
    for name in ("free", "other"):
        publish(slug=name, files={WEIGHTS: name.encode()}, card={**card, "name": name}, root=tmp_path)
    for module in ("ml.registry", "analysis.governance"):
        monkeypatch.setattr(f"{module}.DEFAULT_ROOT", tmp_path)
    settings.SHIPPED_MODEL = "free"
    assert governance.active_model().name == "free"


def test_a_choice_that_is_not_shipped_is_no_silent_other_one(db: None, settings: Settings) -> None:
    settings.SHIPPED_MODEL = "none-such"
    with pytest.raises(Refused) as refusal:
        governance.active_model()
    assert refusal.value.code == "model_missing"


def test_activating_another_model_leaves_one_active(administrator: Clinician, second: str) -> None:
    first, version = governance.active_model(), governance.adopt(second, by=administrator)
    assert (version.number, version.is_active) == (2, False)
    governance.activate(by=administrator, version=version)
    assert governance.active_model() == version
    assert ModelVersion.objects.filter(is_active=True).count() == 1
    entry = AuditEntry.objects.filter(action="model.activated").first()
    assert entry is not None
    assert (entry.actor, entry.detail["instead_of"]) == (administrator, [first.model_id])


def test_adopting_twice_finds_the_first(second: str, db: None) -> None:
    assert governance.adopt(second) == governance.adopt(second)


def test_an_unknown_model_is_not_adopted(db: None) -> None:
    with pytest.raises(UnknownModel):
        governance.adopt("parallel-ffffffff")


def test_only_administrators_decide(cast: Cast, second: str) -> None:
    version = governance.adopt(second)
    decisions: list[Callable[[], object]] = [
        lambda: governance.activate(by=cast.treats, version=version),
        lambda: governance.retire(by=cast.treats, version=version),
        lambda: governance.request_retraining(by=cast.treats, config_name="parallel", corpus_folder="/"),
    ]
    for decide in decisions:
        with pytest.raises(Refused) as refusal:
            decide()
        assert refusal.value.code == "administrators_only"


def test_the_model_in_use_is_not_retired_and_a_retired_one_not_used(
    administrator: Clinician, second: str
) -> None:
    active, version = governance.active_model(), governance.adopt(second)
    with pytest.raises(Refused) as refusal:
        governance.retire(by=administrator, version=active)
    assert refusal.value.code == "active"
    governance.retire(by=administrator, version=version)
    with pytest.raises(Refused) as refusal:
        governance.activate(by=administrator, version=version)
    assert refusal.value.code == "retired"


def test_a_model_whose_files_are_gone_is_not_activated(
    administrator: Clinician, second: str, settings: Settings
) -> None:
    active, version = governance.active_model(), governance.adopt(second)
    shutil.rmtree(Path(settings.MODELS_DIR))
    with pytest.raises(Refused) as refusal:
        governance.activate(by=administrator, version=version)
    assert refusal.value.code == "model_missing"
    assert governance.active_model() == active


def test_trainings_are_asked_for_one_at_a_time(administrator: Clinician, tmp_path: Path) -> None:
    def ask() -> TrainingRun:
        return governance.request_retraining(
            by=administrator, config_name="parallel", corpus_folder=str(tmp_path)
        )

    run = ask()
    assert run.state == "queued"
    with pytest.raises(Refused) as refusal:
        ask()
    assert refusal.value.code == "already_training"
    governance.cancel_training(by=administrator, run=run)
    assert TrainingRun.objects.get(pk=run.pk).reason == "cancelled"
    assert ask().pk != run.pk


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"config_name": "none"}, "config_name"), ({"corpus_folder": "/no"}, "corpus_folder")],
)
def test_a_training_needs_a_recipe_and_a_folder(
    administrator: Clinician, tmp_path: Path, wrong: dict[str, str], field: str
) -> None:
    ask = {"config_name": "parallel", "corpus_folder": str(tmp_path), **wrong}
    with pytest.raises(Refused) as refusal:
        governance.request_retraining(
            by=administrator, config_name=ask["config_name"], corpus_folder=ask["corpus_folder"]
        )
    assert refusal.value.field == field
