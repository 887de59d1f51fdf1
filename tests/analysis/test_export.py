"""The table of a patient's results: what it holds, that programs read it, and that no cell of it is run."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from asgiref.sync import async_to_sync
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from analysis.models import AcousticMeasures, Judgement, Signature
from analysis.trends import export
from ml.acoustics.measures import MEASURES
from ml.labels import LABELS
from patients.audit import Action
from patients.care import void_session
from patients.models import AuditEntry
from tests.analysis.hearing import make_course, make_heard, make_recording, mixture, model
from tests.cast import Cast, make_session

STATEMENT = (
    "An estimate of how speech sounds, from acted training speech. "
    "Not a diagnosis; for trained professionals."
)


def sent(client: Client, reference: str = "R-0412") -> tuple[Any, str]:
    response: Any = client.get(reverse("patient_csv", args=[reference]))
    if not response.streaming:
        return response, response.content.decode()

    async def read() -> bytes:
        return b"".join([piece async for piece in response])

    return response, async_to_sync(read)().decode("ascii")


def table(client: Client) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(sent(client)[1])))


@pytest.fixture
def treats(cast: Cast, client: Client) -> Client:
    client.force_login(cast.treats)
    return client


def test_one_row_for_each_recording_and_for_each_session_without_one(
    cast: Cast, treats: Client, settings: Settings
) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    held = datetime(2026, 1, 15, 9, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    session = make_session(cast.treats, cast.patient, held_at=held)
    heard = make_heard(cast.treats, session, mixture(sad=0.6), quality=("band_limited", "clipped"))
    make_recording(cast.treats, session, state="failed", reason="wrong_extension")
    empty = make_session(cast.treats, cast.patient, held_at=held + timedelta(days=1))
    void_session(by=cast.treats, session=empty, reason="mix-up")
    rows = table(treats)
    assert [row["session"] for row in rows] == [str(session.pk), str(session.pk), str(empty.pk)]
    first, failed, voided = rows
    assert first["held_at"] == "2026-01-15T09:30:00+01:00"
    assert (first["recording"], first["recording_state"]) == (str(heard.recording_id), "done")
    assert (first["top"], first["quality"]) == ("sad", "band_limited clipped")
    assert float(first["sad_share"]) == pytest.approx(0.6, abs=1e-3)
    assert float(first["sad_low"]) < 0.6 < float(first["sad_high"])
    assert sum(float(first[f"{label}_share"]) for label in LABELS) == pytest.approx(1, abs=1e-3)
    assert (first["model_number"], first["enough_speech"]) == ("1", "yes")
    assert (failed["recording_state"], failed["reason"], failed["sad_share"]) == (
        "failed",
        "wrong_extension",
        "",
    )
    assert (voided["session_state"], voided["recording"]) == ("voided", "")
    assert {row["what_this_is"] for row in rows} == {STATEMENT}


def test_what_clinicians_said_stands_beside_it(cast: Cast, treats: Client) -> None:
    (session,) = make_course(cast.treats, cast.patient, [mixture(sad=0.6)])
    facts = {"session": session, "said_by": cast.treats}
    Judgement.objects.create(verdict="own_label", label="calm", **facts)
    Judgement.objects.create(verdict="unusable", withdrawn_at=timezone.now(), **facts)
    signature = Signature.objects.create(session=session, signed_by=cast.treats)
    (row,) = table(treats)
    assert (row["session_judgement"], row["judgements"]) == ("calm", "1")
    assert datetime.fromisoformat(row["signed_at"]) == signature.signed_at.replace(microsecond=0)


def test_measures_of_the_voice_stand_in_it_with_what_they_rest_on(
    cast: Cast, treats: Client, settings: Settings
) -> None:
    heard = make_heard(cast.treats, make_session(cast.treats, cast.patient), mixture(sad=0.6))
    pause = {"value": 0.512345, "low": 0.46, "high": 0.58, "seconds": 610.0}
    AcousticMeasures.objects.create(
        analysis=heard, values={"pause_duration": pause}, absent={"jitter": "low_snr"}
    )
    (row,) = table(treats)
    told = [row[f"pause_duration{part}"] for part in ("", "_low", "_high", "_seconds")]
    assert told == ["0.5123", "0.46", "0.58", "610.0"]
    assert (row["jitter"], row["jitter_seconds"]) == ("", "")
    assert all(key in row for key in MEASURES)
    settings.EMOTION_ANALYSIS = "acoustic"
    (row,) = table(treats)
    assert row["pause_duration"] == "0.5123"
    assert "sad_share" not in row
    settings.EMOTION_ANALYSIS = "off"
    (row,) = table(treats)
    assert not set(export.MEASURED) & set(row)


def test_the_newest_models_hearing_is_told(cast: Cast, treats: Client) -> None:
    session = make_session(cast.treats, cast.patient)
    older = make_heard(cast.treats, session, mixture(sad=0.6))
    newer = make_heard(cast.treats, session, mixture(calm=0.6), version=model(2))
    newer.recording, thrown_away = older.recording, newer.recording
    newer.save()
    thrown_away.delete()
    (row,) = table(treats)
    assert (row["model_number"], row["top"]) == ("2", "calm")


def test_who_may_have_it_and_that_it_is_audited(cast: Cast, client: Client) -> None:
    for stranger in (cast.in_team, cast.outsider):
        client.force_login(stranger)
        assert sent(client)[0].status_code == 404
    assert not AuditEntry.objects.filter(action=Action.PATIENT_EXPORTED).exists()
    client.force_login(cast.treats)
    response, _text = sent(client)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in response["Content-Disposition"]
    assert response["Cache-Control"] == "private, no-store"
    entry = AuditEntry.objects.get(action=Action.PATIENT_EXPORTED)
    assert (entry.actor, entry.patient, entry.detail) == (cast.treats, cast.patient, {"sessions": 0})


def test_it_costs_the_same_few_queries_for_any_page_of_sessions(
    cast: Cast, django_assert_num_queries: Any
) -> None:
    for sessions in (2, 6):
        make_course(
            cast.treats, cast.patient, [mixture(sad=0.4)] * (sessions - cast.patient.sessions.count())
        )
        (page,) = export.pages_of(cast.patient)
        with django_assert_num_queries(5):
            assert export.rows_of(cast.patient, page).count("\n") == sessions


def test_a_thousand_sessions_come_in_pieces(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, treats: Client
) -> None:
    monkeypatch.setattr(export, "SESSIONS_AT_A_TIME", 2)
    make_course(cast.treats, cast.patient, [mixture(sad=0.4)] * 5)
    assert [len(page) for page in export.pages_of(cast.patient)] == [2, 2, 1]
    held = [row["held_at"] for row in table(treats)]
    assert len(held) == 5
    assert held == sorted(held)


def test_no_language_of_a_page_changes_the_file(cast: Cast, treats: Client) -> None:
    make_course(cast.treats, cast.patient, [mixture(sad=0.4)])
    english = sent(treats)[1]
    assert sent(Client(headers={"accept-language": "de"}))[0].status_code == 302
    treats.defaults["HTTP_ACCEPT_LANGUAGE"] = "de"
    assert sent(treats)[1] == english


@given(st.lists(st.one_of(st.text(), st.integers(), st.floats(allow_nan=False)), min_size=1))
def test_no_cell_is_a_formula_and_every_cell_comes_back(cells: list[Any]) -> None:
    (back,) = csv.reader(io.StringIO(export._written([cells]), newline=""))
    for cell, read in zip(cells, back, strict=True):
        if isinstance(cell, str):
            assert not read.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
            assert read.removeprefix("'") == cell.removeprefix("'")
        else:
            assert float(read) == float(cell)
