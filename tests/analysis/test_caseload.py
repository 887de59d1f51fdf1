"""The first page: why each patient stands where they stand, who can be chosen by what, and at what cost."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from analysis.judging.signing import sign_session
from analysis.models import Analysis, Digest, Recording
from analysis.triage import choices
from analysis.triage.choices import FILTERS, ORDERS
from analysis.triage.digests import catch_up
from analysis.triage.reasons import REASONS
from analysis.views import caseload
from patients.care import discharge
from patients.enrolment import amend_patient
from patients.models import Patient
from tests.analysis.hearing import make_course, make_heard, make_recording, mixture
from tests.cast import Cast, cast, make_patient, make_session

__all__ = ["cast"]

CALM, SAD = mixture(calm=0.5, sad=0.1), mixture(calm=0.2, sad=0.5)


@pytest.fixture
def treating(client: Client, cast: Cast) -> Client:
    client.force_login(cast.treats)
    return client


def page_of(client: Client, query: str = "") -> str:
    response = client.get(reverse("caseload") + query)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def shown(client: Client, query: str = "") -> list[str]:
    """References in the order in which they are listed."""
    return re.findall(r'<div class="who"><a href="[^"]*">([^<]+)</a>', page_of(client, query))


def line_of(client: Client, reference: str, query: str = "") -> str:
    page = page_of(client, query)
    lines = page.split('<li class="caseload-line')[1:]
    return next(line for line in lines if f">{reference}</a>" in line)


def counts_of(client: Client, query: str = "") -> dict[str, int]:
    page = page_of(client, query)
    filters = page[page.index('class="choices filters"') :]
    return {label.strip(): int(n) for label, n in re.findall(r">([^<>]+)<b>(\d+)</b></a>", filters)}


def received(patient: Patient, moment: datetime) -> None:
    Recording.objects.filter(session__patient=patient).update(received_at=moment)
    Patient.count_change(patient.pk)


@pytest.fixture
def everyone(cast: Cast) -> dict[str, Patient]:
    """One patient for each state, by what they are in."""
    by = cast.treats
    names = ("changed", "failed", "silent", "analysing", "unreviewed", "stale", "steady", "learning", "none")
    made = {name: make_patient(by, f"R-{place}", name=name) for place, name in enumerate(names)}
    courses = {
        "changed": [CALM] * 9 + [SAD] * 4,
        "failed": [CALM],
        "analysing": [CALM],
        "learning": [CALM] * 3,
    }
    courses |= {"unreviewed": [CALM] * 9, "stale": [CALM], "steady": [CALM] * 9}
    for name, shares in courses.items():
        for session in make_course(by, made[name], shares):
            if name != "unreviewed":
                sign_session(by=by, session=session)
    for state, name in ((Analysis.State.FAILED, "failed"), (Analysis.State.QUEUED, "analysing")):
        make_recording(by, make_session(by, made[name]), state=state, reason="damaged")
    for hours in (30, 3):
        session = make_session(by, made["silent"], held_at=timezone.now() - timedelta(hours=hours))
        make_heard(by, session, CALM, seconds=5)
        sign_session(by=by, session=session)
    received(made["stale"], timezone.now() - timedelta(days=40))
    cast.patient.delete()
    return made


# ── reasons ──────────────────────────────────────────────────────────────────────────────────────────────


def test_each_stands_by_their_first_reason_in_words(treating: Client, everyone: dict[str, Patient]) -> None:
    order = [Patient.objects.get(reference=one).name for one in shown(treating)]
    assert order == [
        *("changed", "failed", "silent", "analysing", "unreviewed", "stale", "steady", "learning", "none")
    ]
    for name, words in {
        "changed": "sounding speech since",
        "failed": "1 recording failed",
        "silent": "Too little speech in the last 2 sessions",
        "analysing": "Analysing 1 recording",
        "unreviewed": "9 sessions to review",
        "stale": "Nothing received for 40 days",
        "steady": "No clear change",
        "learning": "Learning what is usual: 3 of 7",
        "none": "No sessions yet",
    }.items():
        title = re.search(r"<p>([^<]*)</p>", line_of(treating, everyone[name].reference))
        assert title is not None
        assert words in title[1]


def test_further_reasons_stand_in_the_same_line(treating: Client, everyone: dict[str, Patient]) -> None:
    further = line_of(treating, everyone["unreviewed"].reference)
    assert '<li class="why-steady">' in further
    assert "why-analysed" not in page_of(treating)  # said only where nothing else is


def test_none_yet_stale_and_loading_are_three_different_things(
    treating: Client, everyone: dict[str, Patient], monkeypatch: pytest.MonkeyPatch
) -> None:
    marks = {"none": "none-yet", "stale": 'class="stale"', "loading": "skeleton"}

    def marks_of(name: str) -> set[str]:
        line = line_of(treating, everyone[name].reference)
        return {key for key, mark in marks.items() if mark in line}

    assert (marks_of("none"), marks_of("stale"), marks_of("steady")) == ({"none"}, {"stale"}, set())
    monkeypatch.setattr(caseload, "catch_up", lambda patients, seconds: 0)
    Digest.objects.filter(patient=everyone["steady"]).delete()
    assert marks_of("steady") == {"loading"}
    assert "Loading" in line_of(treating, everyone["steady"].reference)
    Patient.count_change(everyone["none"].pk)
    assert "Being brought up to date" in line_of(treating, everyone["none"].reference)


def test_stale_begins_where_the_clinic_says(
    treating: Client, cast: Cast, everyone: dict[str, Patient], settings: Settings
) -> None:
    assert counts_of(treating)["Stale"] == 1
    settings.STALE_DAYS = 41
    assert counts_of(treating)["Stale"] == 0
    settings.STALE_DAYS = 28
    discharge(by=cast.treats, patient=everyone["stale"], reason="recovered")
    assert counts_of(treating)["Stale"] == 0


def test_an_earlier_failure_stays_listed_without_pressing(treating: Client, cast: Cast) -> None:
    earlier = make_session(cast.treats, cast.patient, held_at=timezone.now() - timedelta(days=3))
    make_recording(cast.treats, earlier, state=Analysis.State.FAILED, reason="damaged")
    make_heard(cast.treats, make_session(cast.treats, cast.patient), CALM)
    line = line_of(treating, "R-0412")
    assert "1 earlier recording failed" in line
    assert "is-pressing" not in line
    assert shown(treating, "?show=failed") == ["R-0412"]


def test_every_patient_has_a_reason_for_every_role(cast: Cast, everyone: dict[str, Patient]) -> None:
    for who in (cast.treats, cast.in_team):
        client = Client()
        client.force_login(who)
        assert len(shown(client)) == len(everyone)


# ── filters, orders, search, pages ───────────────────────────────────────────────────────────────────────

FOUND = {
    "all": {"changed", "failed", "silent", "analysing", "unreviewed", "stale", "steady", "learning", "none"},
    "need": {"changed", "failed", "silent"},
    "unreviewed": {"unreviewed"},
    "failed": {"failed"},
    "analysing": {"analysing"},
    "soon": {"steady"},
    "stale": {"stale"},
    "learning": {"failed", "analysing", "stale", "learning"},
    "none": {"none"},
    "discharged": set(),
}


def test_each_filter_finds_whom_it_names_and_says_how_many(
    treating: Client, cast: Cast, everyone: dict[str, Patient]
) -> None:
    amend_patient(by=cast.treats, patient=everyone["steady"], next_visit=timezone.now() + timedelta(days=6))
    amend_patient(by=cast.treats, patient=everyone["silent"], next_visit=timezone.now() + timedelta(days=8))
    amend_patient(by=cast.treats, patient=everyone["none"], next_visit=timezone.now() - timedelta(days=1))
    assert {one.key for one in FILTERS} == set(FOUND)
    counts = counts_of(treating)
    for one in FILTERS:
        found = {Patient.objects.get(reference=r).name for r in shown(treating, f"?show={one.key}")}
        assert found == FOUND[one.key], one.key
        assert counts[str(one.label)] == len(found), one.key


def test_discharged_patients_stand_apart(treating: Client, cast: Cast, everyone: dict[str, Patient]) -> None:
    discharge(by=cast.treats, patient=everyone["changed"], reason="recovered")
    assert everyone["changed"].reference not in shown(treating)
    assert shown(treating, "?show=discharged") == [everyone["changed"].reference]
    assert counts_of(treating)["Needs a look"] == 2


def test_orders_go_by_what_they_name(treating: Client, cast: Cast, everyone: dict[str, Patient]) -> None:
    now = timezone.now()
    for name, days in (("steady", 2), ("learning", 1), ("silent", -1)):
        amend_patient(by=cast.treats, patient=everyone[name], next_visit=now + timedelta(days=days))
    names = {patient.reference: name for name, patient in everyone.items()}
    ordered = {
        one.key: [names[reference] for reference in shown(treating, f"?sort={one.key}")] for one in ORDERS
    }
    assert ordered["reference"] == list(everyone)
    assert ordered["next"][:3] == ["learning", "steady", "silent"]
    assert ordered["last"][-1] == ordered["received"][-1] == "none"
    assert ordered["received"][-2] == "stale"
    assert ordered["unreviewed"][0] == "unreviewed"
    assert ordered["need"][0] == "changed"
    assert all(sorted(found) == sorted(names.values()) for found in ordered.values())


def test_search_goes_by_reference_and_name(treating: Client, cast: Cast) -> None:
    make_patient(cast.treats, "R-9000", name="Someone Else")
    assert shown(treating, "?q=fernweh") == ["R-0412"]
    assert shown(treating, "?q=r-9") == ["R-9000"]
    assert counts_of(treating, "?q=r-9")["All"] == 1
    nobody = page_of(treating, "?q=nobody")
    assert "No patient matches “nobody”" in nobody
    assert "<ol" not in nobody


def test_links_keep_what_was_chosen_and_begin_at_the_first_page(
    treating: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choices, "LINES_PER_PAGE", 2)
    for place in range(5):
        make_patient(cast.treats, f"R-5{place}")
    page = page_of(treating, "?q=R-5&show=none&sort=reference&page=2")
    assert shown(treating, "?q=R-5&show=none&sort=reference&page=2") == ["R-52", "R-53"]
    links = [link.replace("&amp;", "&") for link in re.findall(r'href="(\?[^"]*)"', page)]
    assert "?q=R-5&show=none&sort=next" in links
    assert "?q=R-5&show=stale&sort=reference" in links
    assert "?q=R-5&sort=reference" in links  # all
    assert "?q=R-5&show=none&sort=reference&page=3" in links
    assert "?show=none&sort=reference" in links  # the search taken away
    assert '<input type="hidden" name="show" value="none">' in page
    assert "3–4 of 5" in page
    assert shown(treating, "?q=R-5&show=none&sort=reference&page=99") == ["R-54"]


@pytest.mark.parametrize(
    "query",
    ["?sort=nonsense", "?show=nonsense", "?page=-1", "?page=x", "?q=%00", "?q=%25_'", "?q=" + "x" * 999],
)
def test_any_address_of_the_caseload_answers(treating: Client, query: str) -> None:
    page_of(treating, query)


def test_thousands_are_put_in_order_and_shown_a_page_at_a_time(treating: Client, cast: Cast) -> None:
    Patient.objects.bulk_create(Patient(reference=f"S-{place:04}", team=cast.team) for place in range(1_200))
    Digest.objects.all().delete()
    make_recording(
        cast.treats,
        make_session(cast.treats, Patient.objects.get(reference="S-1199")),
        state=Analysis.State.FAILED,
        reason="damaged",
    )
    catch_up(Patient.objects.all(), seconds=600)
    first = shown(treating)
    assert len(first) == choices.LINES_PER_PAGE
    assert first[0] == "S-1199"
    assert counts_of(treating)["All"] == 1_201
    assert len(shown(treating, "?page=25")) == 1


# ── states and roles ─────────────────────────────────────────────────────────────────────────────────────


def test_without_patients_it_says_how_to_begin(client: Client, cast: Cast) -> None:
    client.force_login(cast.outsider)
    assert "No patients yet" in page_of(client)
    assert "No discharged patients" in page_of(client, "?show=discharged")


def test_an_empty_filter_names_itself_and_leads_back(treating: Client) -> None:
    page = page_of(treating, "?show=stale")
    assert "Nobody under “Stale”" in page
    assert 'href="?"' in page


def test_when_all_are_discharged_it_says_so(treating: Client, cast: Cast) -> None:
    discharge(by=cast.treats, patient=cast.patient, reason="recovered")
    page = page_of(treating)
    assert "No patients under care" in page
    assert "1 patient is discharged." in page


def test_the_front_desk_sees_states_and_no_findings(
    client: Client, cast: Cast, everyone: dict[str, Patient]
) -> None:
    client.force_login(cast.in_team)
    page = page_of(client)
    for word in ("sounding", "usual", "Too little speech", "to review", "No clear change", "sparkline"):
        assert word not in page, word
    assert "1 recording failed" in page
    assert "Analysing 1 recording" in page
    assert "All recordings are analysed" in page
    assert "Nothing received for 40 days" in page
    assert set(counts_of(client)) == {str(one.label) for one in FILTERS if not one.of_results}
    assert counts_of(client)["Needs a look"] == 1
    assert len(shown(client, "?show=learning")) == len(everyone)  # as if it were not there
    assert shown(client)[0] == everyone["failed"].reference


def test_reasons_have_keys_of_their_own() -> None:
    keys = [reason.key for reason in REASONS]
    assert len(keys) == len(set(keys))
    assert REASONS[-1].is_last_resort


@pytest.mark.parametrize("patients", [1, 30])
def test_the_caseload_costs_the_same_few_queries(
    treating: Client, cast: Cast, patients: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for place in range(patients):
        make_course(cast.treats, make_patient(cast.treats, f"R-{place}"), [CALM] * 2)
    shown(treating)
    Patient.count_change(cast.patient.pk)
    with django_assert_max_num_queries(12):
        shown(treating)
    with django_assert_max_num_queries(9):
        shown(treating)
