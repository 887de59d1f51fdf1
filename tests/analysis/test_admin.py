"""The administration of models, trainings and work: readable cards, decisions by action, no estimates."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from analysis import governance
from analysis.models import Analysis, ModelVersion, TrainingRun
from patients.models import AuditEntry, Clinician, Session
from tests.analysis.hearing import make_heard, mixture
from tests.cast import Cast, make_clinician


@pytest.fixture
def administrator(db: None) -> Clinician:
    return make_clinician("administrator", admin=True)


@pytest.fixture
def client(client: Client, administrator: Clinician) -> Client:
    client.force_login(administrator)
    return client


def page(client: Client, name: str, *args: object) -> str:
    response = client.get(reverse(f"admin:analysis_{name}", args=args))
    assert response.status_code == 200
    return response.content.decode()


def act(client: Client, name: str, *rows: ModelVersion) -> str:
    response = client.post(
        reverse("admin:analysis_modelversion_changelist"),
        {"action": name, "_selected_action": [row.pk for row in rows]},
        follow=True,
    )
    return response.content.decode()


@pytest.fixture
def second() -> ModelVersion:
    return ModelVersion.objects.create(model_id="parallel-0000beef", name="parallel", number=7)


def test_a_model_is_read_before_it_is_used(client: Client) -> None:
    version = governance.active_model()
    shown = page(client, "modelversion_change", version.pk)
    for part in ("intended_use", "not_for", "protocol"):
        assert version.card[part].split(";")[0].split("'")[0] in shown
    assert version.card["licence"]["weights"] in shown
    assert "style=" not in shown.split('id="content-main"')[1].split("</main>")[0]
    assert version.model_id in page(client, "modelversion_changelist")
    assert AuditEntry.objects.filter(action="admin.viewed", subject_kind="modelversion").count() == 1


def test_a_model_is_retired_by_an_action(client: Client, second: ModelVersion) -> None:
    assert "is retired" in act(client, "retire", second)
    second.refresh_from_db()
    assert second.retired_at is not None


def test_why_a_decision_is_refused_is_said(client: Client, second: ModelVersion) -> None:
    assert "files of this model are missing" in act(client, "activate", second)
    assert "exactly one" in act(client, "activate", second, governance.active_model())
    assert ModelVersion.objects.get(is_active=True) != second


def test_retraining_is_asked_for_and_shows_its_progress(client: Client, tmp_path: Path) -> None:
    response = client.post(
        reverse("admin:analysis_modelversion_changelist"),
        {"action": "retrain", "_selected_action": [governance.active_model().pk]},
    )
    assert response.status_code == 302
    asked = client.get(response["Location"]).content.decode()
    assert '<option value="flagship" selected>' in asked  # that of flagship-full
    form = reverse("admin:analysis_trainingrun_retrain")
    refused = client.post(form, {"config_name": "parallel", "corpus_folder": str(tmp_path / "none")})
    assert "no such folder" in refused.content.decode()
    answer = client.post(
        form, {"config_name": "parallel", "corpus_folder": str(tmp_path), "epochs": 2}, follow=True
    )
    assert "<progress" in answer.content.decode()
    assert answer["Refresh"]
    TrainingRun.objects.update(progress=0.5, curves=[{"epoch": 1, "loss": 1.9876, "accuracy": 0.4}])
    assert "50 %" in page(client, "trainingrun_changelist")
    assert "1.988" in page(client, "trainingrun_change", TrainingRun.objects.get().pk)


def test_work_is_shown_without_whose_it_is_or_what_was_heard(
    cast: Cast, session: Session, client: Client
) -> None:
    make_heard(cast.treats, session, mixture(sad=0.6))
    for shown in (
        page(client, "analysis_changelist"),
        page(client, "analysis_change", Analysis.objects.get().pk),
    ):
        assert cast.patient.reference not in shown
        assert "sad" not in shown.split('id="content-main"')[1]


def test_nothing_is_written_by_hand(client: Client) -> None:
    for name in ("modelversion", "trainingrun", "analysis"):
        assert client.get(reverse(f"admin:analysis_{name}_add")).status_code == 403


def test_one_who_may_look_may_not_decide(client: Client, tmp_path: Path) -> None:
    looker = make_clinician("looker")
    looker.is_staff = True
    looker.save()
    looker.user_permissions.set(
        Permission.objects.filter(codename__in=("view_modelversion", "view_trainingrun"))
    )
    client.force_login(looker)
    assert "retrain" not in page(client, "modelversion_changelist").split('id="content-main"')[1]
    form = reverse("admin:analysis_trainingrun_retrain")
    answer = client.post(form, {"config_name": "parallel", "corpus_folder": str(tmp_path)})
    assert answer.status_code == 403
    assert not TrainingRun.objects.exists()
