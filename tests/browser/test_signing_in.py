"""Signing in as people meet it: too many wrong passwords, being away for too long, what was being written."""

from __future__ import annotations

import re
from base64 import b32decode
from collections.abc import Iterator

import pytest
from django_otp.oath import totp
from playwright.sync_api import Page, expect

from tests.browser.people import Treated, admit, sign_in
from tests.live import PASSWORD, LiveStack, live_clinic

IDLE_S = 45
DRAFT = "Slept badly, sister visited.\nAsk about Thursday."

SIGN_IN = re.compile(r"/login/\?next=")
DRAFTS = "Object.keys(sessionStorage).filter((key) => /^(draft|sent):/.test(key)).length"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveStack]:
    """A clinic that loses patience quickly."""
    folder = tmp_path_factory.mktemp("impatient")
    with live_clinic(folder, IDLE_MINUTES=str(IDLE_S / 60), LOCKOUT_FAILURES="3") as stack:
        yield stack


@pytest.fixture(scope="module")
def treated(stack: LiveStack) -> Treated:
    return admit(stack)


def type_password(page: Page, username: str, password: str) -> None:
    page.locator("[name=username]").fill(username)
    page.locator("[name=password]").fill(password)
    page.get_by_role("main").get_by_role("button").click()


def notes(page: Page, stack: LiveStack, treated: Treated) -> str:
    address = f"{stack.url}/patients/{treated.reference}/amend/"
    page.goto(address)
    return address


def test_too_many_wrong_passwords_are_answered_in_words(stack: LiveStack, page: Page) -> None:
    locked_out = admit(stack).clinician
    page.goto(f"{stack.url}/login/")
    for _ in range(3):
        type_password(page, locked_out, "wrong")
        expect(page.get_by_role("alert")).to_contain_text("user name or the password is wrong")
    type_password(page, locked_out, PASSWORD)
    expect(page.get_by_role("alert")).to_contain_text("Try again in 15 minutes, or ask your administrator")


def test_who_is_away_is_warned_then_logged_off_and_finds_the_draft(
    stack: LiveStack, page: Page, treated: Treated
) -> None:
    sign_in(page, stack, treated.clinician)
    address = notes(page, stack, treated)
    page.get_by_label("Notes").fill(DRAFT)
    question = page.get_by_role("alertdialog", name="Are you still there?")
    expect(question).to_be_visible(timeout=IDLE_S * 1000)
    stay = question.get_by_role("button", name="Stay signed in")
    expect(stay).to_be_focused()
    expect(question.get_by_role("timer")).to_have_text("0:12", timeout=10_000)
    page.keyboard.press("Enter")
    expect(question).to_be_hidden()

    page.wait_for_url(SIGN_IN, timeout=(IDLE_S + 15) * 1000)
    type_password(page, treated.clinician, PASSWORD)
    page.wait_for_url(address)
    expect(page.get_by_label("Notes")).to_have_value(DRAFT)
    expect(page.get_by_text("It is not saved yet.")).to_be_visible()

    page.get_by_role("button", name="Save").click()
    page.wait_for_url(f"{stack.url}/patients/{treated.reference}/")
    assert page.evaluate(DRAFTS) == 0
    notes(page, stack, treated)
    expect(page.get_by_text("It is not saved yet.")).to_have_count(0)
    expect(page.get_by_label("Notes")).to_have_value(DRAFT)


def test_what_is_sent_after_the_end_is_not_lost(stack: LiveStack, page: Page, treated: Treated) -> None:
    sign_in(page, stack, treated.clinician)
    address = notes(page, stack, treated)
    page.get_by_label("Notes").fill("Sent too late.")
    page.context.clear_cookies(name="sessionid")  # as after "end this session" in another browser
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(SIGN_IN)
    type_password(page, treated.clinician, PASSWORD)
    page.wait_for_url(address)
    expect(page.get_by_label("Notes")).to_have_value("Sent too late.")


def test_nobody_else_finds_the_draft(stack: LiveStack, page: Page, treated: Treated) -> None:
    sign_in(page, stack, treated.clinician)
    address = notes(page, stack, treated)
    before = page.get_by_label("Notes").input_value()
    page.get_by_label("Notes").fill("Only for me.")
    page.context.clear_cookies(name="sessionid")
    page.goto(f"{stack.url}/login/")
    sign_in(page, stack, treated.desk)
    assert page.evaluate(DRAFTS) == 0
    page.goto(address)
    expect(page.get_by_label("Notes")).to_have_value(before)


def test_logging_out_by_ones_own_will_leaves_nothing(stack: LiveStack, page: Page, treated: Treated) -> None:
    sign_in(page, stack, treated.clinician)
    notes(page, stack, treated)
    page.get_by_label("Notes").fill("Not to be kept.")
    page.locator("summary").click()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(f"{stack.url}/login/")
    assert page.evaluate(DRAFTS) == 0


def test_a_second_factor_from_setting_up_to_the_lost_phone(stack: LiveStack, page: Page) -> None:
    user = admit(stack).clinician
    sign_in(page, stack, user)
    page.goto(f"{stack.url}/account/second-factor/")
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    key = (page.locator("code.factor-key").text_content() or "").replace(" ", "")
    page.get_by_role("textbox", name="Code").fill(code(key))
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    recovery = page.locator(".recovery-codes code").all_text_contents()
    assert len(recovery) == 10

    page.locator("summary").click()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(f"{stack.url}/login/")
    type_password(page, user, PASSWORD)
    page.wait_for_url(f"{stack.url}/login/code/")
    expect(page.get_by_role("textbox", name="Code")).to_be_focused()
    page.get_by_role("textbox", name="Code").fill(code(key, later=1))
    page.keyboard.press("Enter")
    page.wait_for_url(f"{stack.url}/")

    for fits in (True, False):
        page.context.clear_cookies()
        page.goto(f"{stack.url}/login/")
        type_password(page, user, PASSWORD)
        page.wait_for_url(f"{stack.url}/login/code/")
        page.get_by_role("textbox", name="Code").fill(recovery[0])
        page.keyboard.press("Enter")
        if fits:
            page.wait_for_url(f"{stack.url}/")
    expect(page.get_by_role("alert")).to_contain_text("wrong, or was used already")


def code(key: str, *, later: int = 0) -> str:
    """What an authenticator app shows for the key, now or half a minute later."""
    return f"{totp(b32decode(key), t0=-30 * later):06d}"
