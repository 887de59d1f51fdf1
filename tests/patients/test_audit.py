"""The audit only ever grows, says where from, goes with the act or not at all, and outlives the patient."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.test import Client, RequestFactory
from pytest_django import Settings

from patients.audit import Action, client_address, record
from patients.care import move_session
from patients.errors import Refused
from patients.models import AuditEntry
from patients.trail import entries_of, told
from tests.cast import Cast, make_patient, make_session


def test_rows_are_neither_changed_nor_removed(cast: Cast) -> None:
    entry = record(actor=cast.treats, action=Action.PATIENT_VIEWED, patient=cast.patient)
    with pytest.raises(TypeError):
        entry.save()
    with pytest.raises(TypeError):
        entry.delete()
    with pytest.raises(TypeError):
        AuditEntry.objects.all().delete()
    with pytest.raises(TypeError):
        AuditEntry.objects.update(action="nothing happened")


def test_no_act_no_row(cast: Cast) -> None:
    before = AuditEntry.objects.count()

    @transaction.atomic
    def look_and_fail() -> None:
        record(actor=cast.treats, action=Action.PATIENT_VIEWED, patient=cast.patient)
        raise Refused("no", "It was not to be.")

    with pytest.raises(Refused):
        look_and_fail()
    assert AuditEntry.objects.count() == before


def test_it_outlives_the_patient_without_naming_them(cast: Cast) -> None:
    kept = entries_of(cast.patient).count()
    assert kept > 0
    cast.patient.delete()
    rows = AuditEntry.objects.all()
    assert rows.filter(patient=None).count() >= kept
    assert not any("R-0412" in str(row.detail) or "Fernweh" in str(row.detail) for row in rows)


def test_a_request_leaves_its_address(cast: Cast, client: Client) -> None:
    client.force_login(cast.treats)
    client.get("/patients/R-0412/audit/", REMOTE_ADDR="127.0.0.7")
    entry = AuditEntry.objects.get(action=Action.AUDIT_VIEWED)
    assert entry.address == "127.0.0.7"


@pytest.mark.parametrize(
    ("behind_proxy", "forwarded", "address"),
    [
        (False, "198.51.100.9", "192.0.2.1"),
        (True, "198.51.100.9", "198.51.100.9"),
        (True, "203.0.113.66, 198.51.100.9", "198.51.100.9"),
        (True, "not an address", None),
    ],
)
def test_only_our_own_proxy_is_believed(
    settings: Settings, behind_proxy: bool, forwarded: str, address: str | None
) -> None:
    settings.BEHIND_PROXY = behind_proxy
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1", headers={"X-Forwarded-For": forwarded})
    assert client_address(request) == address


def test_a_reader_learns_no_reference_of_another_team(cast: Cast) -> None:
    """Someone of both teams moved a session across; each team reads only its own side."""
    cast.treats.teams.add(cast.other_team)
    theirs = make_patient(cast.outsider, "R-0900")
    move_session(
        by=cast.treats, session=make_session(cast.treats, cast.patient), to_patient=theirs, reason="mix-up"
    )
    ours = told(entries_of(cast.patient), to=cast.in_team)[0]
    assert ours.notes == ("a patient of another team", "“mix-up”")
    both = told(entries_of(cast.patient), to=cast.treats)[0]
    assert both.notes == ("R-0900", "“mix-up”")


def test_every_action_has_words() -> None:
    assert all(action.label and action.value.islower() for action in Action)
    assert max(len(action.value) for action in Action) <= 48, "the length of AuditEntry.action"
