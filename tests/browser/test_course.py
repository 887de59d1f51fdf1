"""The course of care as people meet it: events, notes that outlive a log-off, the next visit, withdrawals."""

from __future__ import annotations

import csv
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.people import Treated, admit, sign_in
from tests.live import PASSWORD, LiveStack

NOTE = "Slept badly, sister visited.\nAsk about Thursday."
DRAFTS = "Object.keys(sessionStorage).filter((key) => /^(draft|sent):/.test(key)).length"
SESSIONS = 8


@pytest.fixture(scope="module")
def treated(embedded_stack: LiveStack) -> Treated:
    return admit(embedded_stack, sessions=SESSIONS)


@pytest.fixture
def patient(embedded_stack: LiveStack, page: Page, treated: Treated) -> str:
    sign_in(page, embedded_stack, treated.clinician)
    address = f"{embedded_stack.url}/patients/{treated.reference}/"
    page.goto(address)
    return address


def test_an_event_is_added_struck_and_kept(page: Page, patient: str) -> None:
    page.get_by_text("Add an event").click()
    form = page.locator("#events form")
    form.get_by_label("Kind").select_option("started")
    form.get_by_label("What").fill("Sertraline")
    form.get_by_label("Detail").fill("50 mg")
    form.get_by_label("On", exact=True).fill("2026-03-01")
    form.get_by_role("button", name="Add").click()
    page.wait_for_url(f"{patient}#events")
    line = page.locator("#events .written", has_text="Sertraline")
    expect(line).to_contain_text("medication started")
    expect(line).to_contain_text("1 Mar 2026")
    line.get_by_role("link", name="Void Sertraline").click()
    page.get_by_label("Reason").fill("never taken")
    page.get_by_role("button", name="Void this event").click()
    page.wait_for_url(f"{patient}#events")
    expect(page.locator("#events s")).to_have_text("Sertraline")
    expect(page.locator("#events")).to_contain_text("never taken")


def test_a_note_outlives_a_log_off(
    page: Page, patient: str, embedded_stack: LiveStack, treated: Treated
) -> None:
    page.locator("#notes textarea").fill(NOTE)
    page.context.clear_cookies(name="sessionid")  # as after the log-off for idleness
    page.get_by_role("button", name="Keep note").click()
    page.wait_for_url(re.compile(r"/login/\?next="))
    page.locator("[name=username]").fill(treated.clinician)
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button").click()
    page.wait_for_url(re.compile(r"/notes/$"))
    expect(page.get_by_label("Note")).to_have_value(NOTE)
    expect(page.get_by_text("It is not saved yet.")).to_be_visible()
    page.get_by_role("button", name="Keep note").click()
    page.wait_for_url(f"{patient}#notes")
    expect(page.locator("#notes .written-text")).to_contain_text("Ask about Thursday.")
    expect(page.locator("#notes textarea")).to_have_value("")
    assert page.evaluate(DRAFTS) == 0


def test_the_next_visit_is_planned_changed_and_cleared(page: Page, patient: str) -> None:
    day = datetime.now() + timedelta(days=20)
    page.get_by_text("Plan the next visit").click()
    form = page.locator("#course form")
    form.get_by_label("Next visit").fill(f"{day:%Y-%m-%d}T14:30")
    form.get_by_role("button", name="Plan").click()
    page.wait_for_url(f"{patient}#course")
    expect(page.locator("#course time")).to_contain_text("14:30")
    page.locator("#course").get_by_text("Change").click()
    page.locator("#course form").get_by_role("button", name="Clear").click()
    expect(page.locator("#course")).to_contain_text("not planned")


def test_a_withdrawal_acts_at_once(page: Page, patient: str, embedded_stack: LiveStack) -> None:
    recording = page.locator("a[href*='/sessions/']").first.get_attribute("href")
    page.goto(f"{embedded_stack.url}{recording}")
    sound = page.locator("audio").first
    source = sound.get_attribute("src") or sound.locator("source").first.get_attribute("src")
    assert page.request.get(f"{embedded_stack.url}{source}").status == 200
    page.goto(f"{patient}consent/")
    panel = page.locator("section.panel", has=page.get_by_role("heading", name="Keep the audio"))
    withdraw = panel.get_by_role("link", name="Withdraw this consent")
    withdraw.click()
    expect(page.get_by_role("main")).to_contain_text("Cannot be undone")
    page.get_by_role("link", name="Cancel").click()
    expect(panel.locator(".chip").first).to_have_text("agreed")  # reading and going back changes nothing
    withdraw.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Record that the patient withdrew").focus()
    page.keyboard.press("Enter")
    expect(panel.locator(".chip").first).to_have_text("not agreed")
    assert page.request.get(f"{embedded_stack.url}{source}").status == 404
    page.goto(f"{embedded_stack.url}{recording}")
    expect(page.locator("audio[src]")).to_have_count(0)

    page.goto(f"{patient}consent/")
    panel = page.locator("section.panel", has=page.get_by_role("heading", name="Analyse recordings"))
    panel.get_by_role("link", name="Withdraw this consent").click()
    page.get_by_role("button", name="Record that the patient withdrew").click()
    expect(panel.locator(".chip").first).to_have_text("not agreed")
    page.goto(patient)
    expect(page.locator("#upload")).to_contain_text("Nothing is accepted or analysed")
    expect(page.locator("[data-upload]")).to_have_count(0)
    page.goto(f"{patient}consent/")
    for _ in range(2):
        page.get_by_role("button", name="Record that the patient agreed").first.click()
        page.wait_for_load_state()
    page.goto(patient)
    expect(page.locator("[data-upload]")).to_have_count(1)


def test_the_results_are_taken_away_as_a_table(page: Page, patient: str, tmp_path: Path) -> None:
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Export results (CSV)").click()
    table = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(table)
    with table.open(newline="", encoding="ascii") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == SESSIONS
    assert rows[-1]["top"] == "sad"
    assert "Not a diagnosis" in rows[0]["what_this_is"]


def test_the_language_is_chosen_in_the_footer(page: Page, patient: str) -> None:
    page.get_by_role("contentinfo").get_by_role("button", name="Deutsch").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.get_by_role("heading", name="Ereignisse und Medikation")).to_be_visible()
    page.goto(f"{patient}course/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ereignisse und Notizen")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everyone_can_use_these_pages(
    page: Page, patient: str, scheme: str, embedded_stack: LiveStack
) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    root = embedded_stack.url
    own = ["course/", "events/", "notes/", "visit/", "consent/", "consent/notice/", "amend/"]
    own += [f"consent/{purpose}/withdraw/" for purpose in ("analyse", "keep_audio")]
    for address in [*(patient + part for part in own), f"{root}/about/estimates/"]:
        page.goto(address)
        for details in page.locator("main details").all():
            details.evaluate("one => { one.open = true }")
        assert violations(page) == [], address
    page.goto(patient)
    assert violations(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    for address in [*(patient + part for part in own), patient, f"{root}/about/estimates/"]:
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address
