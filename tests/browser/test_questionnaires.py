"""Questionnaires as people fill them: the clinician at the desk, the patient on a phone without a script."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.axe import violations
from tests.browser.people import Treated, admit, sign_in
from tests.live import LiveStack

PHONE: ViewportSize = {"width": 390, "height": 844}
FIRST = [1, 1, 1, 1, 1, 1, 0, 0, 0]
WORSE = [2, 2, 2, 2, 2, 2, 1, 1, 1]

SEEN = """
from patients.models import QuestionnaireResponse
response = QuestionnaireResponse.objects.get(patient__reference={reference!r}, asks_for_eyes=True)
print(response.answers, response.entered_by, response.safety_note)
"""


def choose(page: Page, answers: list[int]) -> None:
    for place, answer in enumerate(answers):
        page.locator(f"[name=item_{place}]").nth(answer).check()


def open_questionnaires(page: Page, stack: LiveStack, treated: Treated) -> None:
    page.goto(f"{stack.url}/patients/{treated.reference}/")
    page.locator("#questionnaires").get_by_role("link").first.click()


def is_clean(page: Page) -> None:
    """In both themes, and no wider than the window."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # colours do not fade
        assert violations(page) == [], (page.url, scheme)
    page.emulate_media(color_scheme="light")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def make_link(page: Page) -> str:
    page.get_by_role("button", name="Make a link").click()
    is_clean(page)
    return page.get_by_label("Link", exact=True).input_value()


def test_item_9_from_the_patients_phone_to_the_teams_eyes(
    live_stack: LiveStack, page: Page, browser: Browser
) -> None:
    treated = admit(live_stack, sessions=1)
    sign_in(page, live_stack, treated.clinician)

    # The clinician enters what was filled on paper.
    open_questionnaires(page, live_stack, treated)
    is_clean(page)
    page.get_by_role("link", name="Enter a PHQ-9").click()
    is_clean(page)
    choose(page, FIRST)
    page.get_by_role("button", name=f"Enter for {treated.reference}").click()
    expect(page.get_by_text("6 of 27, mild")).to_be_visible()
    is_clean(page)

    # The patient answers at home.
    secret = make_link(page).rsplit("/q/", 1)[1]
    answer_at_home(browser, f"{live_stack.url}/q/{secret}", WORSE)

    # The notice stands at once on the caseload and the patient's page, without anybody's having asked.
    page.goto(live_stack.url)
    expect(page.get_by_text("nobody has seen it yet")).to_be_visible()
    page.get_by_role("link", name=treated.reference, exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Question 9 of the PHQ-9")
    expect(page.locator(".figure-questionnaires.is-drawn")).to_be_visible(timeout=15_000)
    expect(page.locator("#questionnaires")).to_contain_text("6 → 15 (reliable)")
    assert page.evaluate("document.querySelector('.figure-questionnaires').data[0].text.length") == 2

    # Seen by a clinician, with a note; it is gone from both.
    page.get_by_role("link", name="Mark as seen, with a note").click()
    is_clean(page)
    page.get_by_label("What you did or decided").fill("Called; safety plan gone through.")
    page.get_by_role("button", name="Mark as seen by me").click()
    page.wait_for_url(f"**/patients/{treated.reference}/")
    expect(page.get_by_role("alert")).to_have_count(0)
    page.goto(live_stack.url)
    expect(page.get_by_text("nobody has seen it yet")).to_have_count(0)
    said = live_stack.run(SEEN.format(reference=treated.reference)).strip()
    assert said == f"{WORSE} None Called; safety plan gone through."

    # Voided with a reason, it stays listed.
    open_questionnaires(page, live_stack, treated)
    page.get_by_text("Answers", exact=True).first.click()
    page.get_by_role("link", name="Void it, with a reason").first.click()
    is_clean(page)
    page.get_by_label("Reason").fill("another patient's sheet")
    page.get_by_role("button", name="Void this questionnaire").click()
    expect(page.get_by_text("“another patient's sheet”")).to_be_visible()
    page.set_viewport_size(PHONE)
    is_clean(page)


def answer_at_home(browser: Browser, address: str, answers: list[int]) -> None:
    """On a phone, without JavaScript, in a browser that the clinic has never seen."""
    context = browser.new_context(viewport=PHONE, java_script_enabled=False, locale="en-GB")
    phone = context.new_page()
    phone.goto(address)
    expect(phone.get_by_text("This is not an emergency service")).to_be_visible()
    boxes = phone.locator(".scale label").all()
    assert all((box.bounding_box() or {"height": 0})["height"] >= 44 for box in boxes)
    choose(phone, answers[:-1])
    phone.get_by_role("button", name="Send my answers").click()
    expect(phone.get_by_role("alert")).to_contain_text("Question 9 has no answer yet.")
    expect(phone.locator("[name=item_0]").nth(answers[0])).to_be_checked()
    phone.locator("[name=item_8]").nth(answers[8]).check()
    phone.get_by_role("button", name="Send my answers").click()
    expect(phone.get_by_role("heading", level=1)).to_contain_text("Thank you")
    expect(phone.get_by_text("You do not have to wait for them")).to_be_visible()
    assert context.cookies() == []
    phone.goto(address)
    expect(phone.get_by_role("heading", level=1)).to_contain_text("already answered")
    context.close()


@pytest.mark.parametrize("width", [390, 1440])
def test_what_the_patient_opens_is_accessible(embedded_stack: LiveStack, page: Page, width: int) -> None:
    """With scripts, since axe is one; the page itself brings none."""
    treated = admit(embedded_stack)
    sign_in(page, embedded_stack, treated.clinician)
    open_questionnaires(page, embedded_stack, treated)
    page.get_by_label("Questionnaire", exact=True).select_option("gad7")
    secret = make_link(page).rsplit("/q/", 1)[1]
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{embedded_stack.url}/q/{secret}")
    is_clean(page)
    page.get_by_role("button", name="Send my answers").click()
    is_clean(page)  # with what stopped it
    choose(page, [3] * 7)
    page.get_by_role("button", name="Send my answers").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thank you")
    is_clean(page)
    page.goto(f"{embedded_stack.url}/q/{secret}")
    is_clean(page)
    page.goto(f"{embedded_stack.url}/q/wrong/")
    is_clean(page)


def test_the_front_desk_hands_out_a_link_and_reads_no_answer(
    embedded_stack: LiveStack, page: Page, browser: Browser
) -> None:
    treated = admit(embedded_stack)
    sign_in(page, embedded_stack, treated.desk)
    open_questionnaires(page, embedded_stack, treated)
    secret = make_link(page).rsplit("/q/", 1)[1]
    answer_at_home(browser, f"{embedded_stack.url}/q/{secret}", WORSE)
    page.goto(embedded_stack.url)
    expect(page.get_by_text("A questionnaire needs a clinician’s eyes")).to_be_visible()
    open_questionnaires(page, embedded_stack, treated)
    expect(page.get_by_text("answered by link")).to_be_visible()
    expect(page.get_by_text("of 27")).to_have_count(0)
