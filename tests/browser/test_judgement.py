"""A clinician says what they hear, asks why the model heard it so, signs and prints: with the real worker."""

from __future__ import annotations

import json
import re
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import violations
from tests.browser.people import admit, sign_in, until
from tests.live import LiveStack

HAND_IN = """
import json
from patients.models import Clinician, Patient
from tests.analysis.uploads import hand_in
from tests.cast import make_session
from tests.voices import encode, speech
by = Clinician.objects.get(username={name!r})
session = make_session(by, Patient.objects.get(reference={reference!r}))
hand_in(by, session, encode(speech(40), "wav"))
print(json.dumps(str(session.pk)))
"""
KEPT = """
import json
from analysis.models import Explanation, Judgement, Signature
mine = {{"session__patient__reference": {reference!r}}}
print(json.dumps([
    [[j.verdict, j.label, j.note, j.withdrawn_at is not None] for j in Judgement.objects.filter(**mine)],
    Signature.objects.filter(**mine).count(),
    list(Explanation.objects.filter(
        analysis__recording__session__patient__reference={reference!r}).values_list("state", flat=True)),
]))
"""


@pytest.fixture
def opened(embedded_stack: LiveStack, page: Page) -> str:
    """A session that the real worker has heard, open in the browser; returns the patient's reference."""
    treated = admit(embedded_stack)
    session = json.loads(
        embedded_stack.run(HAND_IN.format(name=treated.clinician, reference=treated.reference))
    )
    sign_in(page, embedded_stack, treated.clinician)
    page.goto(f"{embedded_stack.url}/sessions/{session}/")
    # The page follows the session by itself: a reload of ours would cross its own.
    expect(page.locator("[data-player]")).to_be_visible(timeout=60_000)
    return treated.reference


def kept(stack: LiveStack, reference: str) -> list[Any]:
    rows: list[Any] = json.loads(stack.run(KEPT.format(reference=reference)))
    return rows


def choose_stretch(page: Page, begin: float, end: float) -> None:
    """Drag over the timeline, as shares of its width."""
    page.locator(".track-timeline").scroll_into_view_if_needed()
    box = page.locator(".track-timeline").bounding_box()
    assert box is not None
    height = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * begin, height)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * (begin + end) / 2, height, steps=4)
    page.mouse.move(box["x"] + box["width"] * end, height, steps=4)
    page.mouse.up()


def test_judge_withdraw_sign_and_print(
    embedded_stack: LiveStack, page: Page, opened: str, tmp_path: Path
) -> None:
    judgement = page.locator("#judgement")
    page.evaluate("window.wasNotReloaded = true")
    judgement.get_by_role("button", name="agree", exact=True).click()
    expect(judgement).to_contain_text("Your judgement is kept.")
    expect(judgement.locator(".said")).to_contain_text("whole session")
    expect(page.locator("[data-announcer]")).to_have_text("Your judgement is kept.")

    choose_stretch(page, 0.3, 0.4)
    expect(judgement.locator("[data-stretch-choice]")).to_contain_text(
        re.compile("the stretch 0:1[12] to 0:1[56]")
    )
    judgement.get_by_text("note", exact=True).click()
    judgement.get_by_label("Note").fill("hums to herself")
    judgement.get_by_text("sounds …").click()
    judgement.get_by_role("button", name="calm").click()
    expect(judgement.locator(".said")).to_contain_text("sounds calm")
    expect(judgement.locator(".said")).to_contain_text("hums to herself")
    expect(judgement.locator(".said")).to_contain_text("Model v1 said:")
    expect(judgement.get_by_label("Note")).to_have_value("")

    judgement.locator(".said-line", has_text="whole session").get_by_role("button", name="Withdraw").click()
    expect(judgement).to_contain_text("1 withdrawn judgement")

    signature = page.locator("#signature")
    signature.get_by_role("button", name="Sign session").click()
    expect(signature).to_contain_text("signed by")
    expect(signature.get_by_role("button", name="Sign session")).to_have_count(0)
    page.locator("[data-stretch-clear]").click()  # of the same stretch it would replace what was said
    judgement.get_by_role("button", name="unusable").click()
    expect(signature).to_contain_text("Changed since: a new judgement")
    assert page.evaluate("window.wasNotReloaded") is True
    assert violations(page) == []

    said, signatures, _ = kept(embedded_stack, opened)
    assert sorted(said, key=str) == sorted(
        [
            ["agree", "", "", True],
            ["own_label", "calm", "hums to herself", False],
            ["unusable", "", "", False],
        ],
        key=str,
    )
    assert signatures == 1

    page.get_by_role("link", name="Print").click()
    page.wait_for_url("**/print/")
    assert violations(page) == []
    paper = page.pdf(path=tmp_path / "session.pdf", prefer_css_page_size=True, print_background=True)
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", paper)) <= 2


def colours(picture: Locator) -> int:
    """How many different colours it shows: an empty frame has a handful."""
    # Without hiding the caret, for which Playwright would put a style into the page.
    drawn = imread(BytesIO(picture.screenshot(caret="initial")))
    return len(np.unique(drawn.reshape(-1, drawn.shape[-1]), axis=0))


def test_why_is_worked_out_by_the_worker(embedded_stack: LiveStack, page: Page, opened: str) -> None:
    why = page.locator("#why")
    choose_stretch(page, 0.3, 0.36)
    expect(why).to_contain_text(re.compile("sounds|not sure"))
    why.get_by_role("button", name="Show what spoke for it").click()
    expect(page.locator("#why[data-state=done]")).to_be_visible(timeout=240_000)
    assert kept(embedded_stack, opened)[2] == ["done"]
    picture = page.locator(".why-picture")
    expect(picture).to_be_visible()
    assert violations(page) == []

    assert colours(picture) > 500
    page.get_by_role("button", name="Switch between light and dark").click()
    assert colours(picture) > 500
    assert violations(page) == []

    page.reload()  # kept: no work is asked for again
    choose_stretch(page, 0.3, 0.36)
    expect(page.locator("#why[data-state=done]")).to_be_visible(timeout=10_000)


def test_a_note_survives_being_signed_out(embedded_stack: LiveStack, page: Page, opened: str) -> None:
    judgement = page.locator("#judgement")
    judgement.get_by_text("note", exact=True).click()
    judgement.get_by_label("Note").fill("half a thought")
    address = page.url
    cookies = page.context.cookies()
    page.context.clear_cookies(name="sessionid")  # as after the log-off for idleness
    judgement.get_by_role("button", name="agree", exact=True).click()
    page.wait_for_url("**/login/**")
    page.context.add_cookies(cookies)  # type: ignore[arg-type]  # what it gave is what it takes
    page.goto(address)
    note = page.locator("#judgement textarea")
    until(page, "document.querySelector('#judgement textarea').value === 'half a thought'")
    expect(note).to_have_value("half a thought")
    expect(note).to_be_visible()


def test_in_a_hand_everything_fits(embedded_stack: LiveStack, page: Page, opened: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for address in (page.url, f"{page.url}print/"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert violations(page) == []
