"""A training asked for in the administration: real, with its progress in the row, its model inactive."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from analysis import governance, queue, retraining
from analysis.heartbeat import Heartbeat
from analysis.models import ModelVersion, TrainingRun
from ml.folds import read_outcomes
from ml.registry import load_card
from patients.models import Clinician
from tests.cast import make_clinician
from tests.ml.test_gate import CONFIG as GATED
from tests.ml.test_training import TINY, folder

__all__ = ["folder"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def tiny(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The recipe of a network that is trained within seconds."""
    settings.MODELS_DIR = tmp_path / "models"
    monkeypatch.setattr(retraining, "load_config", lambda name: TINY)


@pytest.fixture
def administrator(db: None) -> Clinician:
    return make_clinician("administrator", admin=True)


def requested(by: Clinician, folder: Path) -> TrainingRun:
    return governance.request_retraining(by=by, config_name="parallel", corpus_folder=str(folder), epochs=1)


def trained(run: TrainingRun) -> TrainingRun:
    retraining.retrain(run.pk)
    run.refresh_from_db()
    return run


def test_its_model_is_published_and_listed_inactive(
    administrator: Clinician, folder: Path, settings: Settings
) -> None:
    active = governance.active_model()
    run = trained(requested(administrator, folder))
    assert (run.state, run.reason, run.progress) == ("done", "", 1.0), run.detail
    assert [row["epoch"] for row in run.curves] == [1, 2, 3]  # two folds and the final network, an epoch each
    assert run.model_version is not None
    assert not run.model_version.is_active
    assert governance.active_model() == active
    card = load_card(run.model_version.model_id, Path(settings.MODELS_DIR))
    assert card.config.train.epochs == 1
    assert str(folder) not in str(card.contents)
    assert not list((Path(settings.MODELS_DIR) / ".runs").iterdir())


def test_the_same_again_is_no_second_model(administrator: Clinician, folder: Path) -> None:
    trained(requested(administrator, folder))
    run = trained(requested(administrator, folder))
    assert (run.state, run.reason) == ("failed", "same_model")
    assert ModelVersion.objects.count() == 1


def test_a_folder_without_clips_says_so(administrator: Clinician, tmp_path: Path) -> None:
    run = trained(requested(administrator, tmp_path))
    assert (run.state, run.reason, run.attempts) == ("failed", "training_failed", 1)
    assert "holds no clip" in run.detail


def test_a_cancelled_training_publishes_nothing(
    administrator: Clinician, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, write = requested(administrator, folder), queue.Claim.write

    def cancelled_meanwhile(self: queue.Claim, **columns: Any) -> None:
        governance.cancel_training(by=administrator, run=run)
        write(self, **columns)

    with monkeypatch.context() as cancelling:
        cancelling.setattr(queue.Claim, "write", cancelled_meanwhile)
        retraining.retrain(run.pk)
    run.refresh_from_db()
    assert (run.state, run.reason) == ("failed", "cancelled")
    assert not ModelVersion.objects.exists()


def test_a_killed_training_goes_on_after_its_last_fold(
    administrator: Clinician, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, write, words = requested(administrator, folder), queue.Claim.write, iter(range(10))

    def killed_in_the_second_fold(self: queue.Claim, **columns: Any) -> None:
        if next(words) == 1:
            raise KeyboardInterrupt  # as sudden as a signal: no handler of ours sees it
        write(self, **columns)

    with monkeypatch.context() as killing:
        killing.setattr(queue.Claim, "write", killed_in_the_second_fold)
        with pytest.raises(KeyboardInterrupt):
            retraining.retrain(run.pk)
    assert len(read_outcomes(retraining._folds_file(run))) == 1
    TrainingRun.objects.update(state="queued", claim=None, lease_until=None)
    assert trained(run).state == "done", run.detail
    assert [row["epoch"] for row in run.curves] == [1, 2]  # the second fold and the final network


def test_a_gate_is_trained_in_the_same_run_and_leaves_nothing_behind(
    administrator: Clinician, folder: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retraining, "load_config", lambda name: GATED)
    shares, tell = list[float](), Heartbeat.tell

    def noted(beat: Heartbeat, share: float) -> None:
        shares.append(share)
        tell(beat, share)

    monkeypatch.setattr(Heartbeat, "tell", noted)
    run = trained(requested(administrator, folder))
    assert (run.state, run.progress) == ("done", 1.0), run.detail
    assert shares == sorted(set(shares))
    assert [row["epoch"] for row in run.curves] == [1, 2, 3]
    assert run.model_version is not None
    card = load_card(run.model_version.model_id, Path(settings.MODELS_DIR))
    assert card.voice_floor is not None
    assert card.config.gate is not None
    assert card.config.gate.train.epochs == 1
    assert not list((Path(settings.MODELS_DIR) / ".runs").iterdir())
