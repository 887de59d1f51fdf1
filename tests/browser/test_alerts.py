"""Alerts in a browser: a rule is replayed and saved, the worker opens its alert, clinicians deal with it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.people import Treated, admit, sign_in
from tests.live import LiveStack

RING = """
from celery import current_app
from patients.models import Patient
current_app.send_task("analysis.tasks.watch", args=[Patient.objects.get(reference="{reference}").pk])
"""


@pytest.fixture
def treated(embedded_stack: LiveStack, page: Page) -> Treated:
    """Signed in, before the rules were asked about the patient's eleven sessions."""
    someone = admit(embedded_stack, sessions=11)
    sign_in(page, embedded_stack, someone.clinician)
    return someone


def ring(stack: LiveStack, treated: Treated) -> None:
    stack.run(RING.format(reference=treated.reference))


def wait_for_alerts(page: Page, stack: LiveStack, heading: str) -> None:
    for _ in range(60):
        page.goto(f"{stack.url}/alerts/")
        if page.get_by_role("heading", level=1, name=heading).count():
            return
        page.wait_for_timeout(500)
    raise AssertionError(page.locator("h1").inner_text())


def test_a_rule_is_replayed_saved_and_opens_an_alert(
    embedded_stack: LiveStack, page: Page, treated: Treated
) -> None:
    page.goto(f"{embedded_stack.url}/alerts/rules/new/")
    expect(page.get_by_role("button", name="Save rule")).to_have_count(0)
    page.get_by_label("Name").fill("Sadder")
    page.get_by_label("unsettled-sounding speech").uncheck()
    page.get_by_label("sad-sounding speech", exact=True).check()
    page.get_by_label("Which way counts").select_option("more")
    page.get_by_role("button", name="Replay on the caseload").click()
    expect(page.locator("#replay h2")).to_contain_text("It would have fired 1 time for 1 patient")
    expect(page.locator("#replay")).to_contain_text(treated.reference)
    assert not violations(page)
    page.get_by_role("button", name="Save rule").click()
    expect(page.locator("main")).to_contain_text("The rule is saved. It watches from now on.")
    ring(embedded_stack, treated)
    wait_for_alerts(page, embedded_stack, "2 open alerts")  # the default rule's and this one's
    expect(page.locator("main")).to_contain_text("More sad-sounding speech than usual since")


def test_an_alert_is_acknowledged_snoozed_and_closed_with_a_reason(
    embedded_stack: LiveStack, page: Page, treated: Treated
) -> None:
    ring(embedded_stack, treated)
    wait_for_alerts(page, embedded_stack, "1 open alert")
    page.goto(f"{embedded_stack.url}/patients/{treated.reference}/")
    block = page.locator("#alerts")
    expect(block).to_contain_text("More unsettled-sounding speech than usual since")
    block.get_by_text("Why", exact=False).first.click()
    expect(block).to_contain_text("The moving average (EWMA) stood at")
    block.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("main")).to_contain_text("Acknowledged.")
    block.locator("summary", has_text="Snooze").click()
    block.locator("[name=until]").fill((date.today() + timedelta(days=5)).isoformat())
    block.get_by_role("button", name="Snooze until then").click()
    expect(block).to_contain_text("snoozed until")
    block.locator("summary", has_text="Close").click()
    block.locator("[name=why]").select_option("known")
    block.locator("[name=words]").fill("a cold")
    block.get_by_role("button", name="Close alert with reason").click()
    expect(page.locator("#alerts")).to_have_count(0)
    page.goto(f"{embedded_stack.url}/alerts/")
    expect(page.locator("main")).to_contain_text(
        "known cause, such as a cold, noise or another microphone: a cold"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_of_alerts_pass_axe(
    embedded_stack: LiveStack, page: Page, treated: Treated, scheme: Literal["light", "dark"]
) -> None:
    ring(embedded_stack, treated)
    page.emulate_media(color_scheme=scheme)
    wait_for_alerts(page, embedded_stack, "1 open alert")
    for summary in page.locator(".alert-line summary").all():
        summary.click()
    assert not violations(page)
    for address in ("/alerts/rules/", "/alerts/rules/new/", f"/patients/{treated.reference}/"):
        page.goto(embedded_stack.url + address)
        assert not violations(page), address
