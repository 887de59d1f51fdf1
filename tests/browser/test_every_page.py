"""Every page of the demo clinic, unfolded: links lead somewhere, all fits the screen, axe finds nothing."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.sync_api import Page

from tests.browser.axe import violations
from tests.browser.every_page import every_page
from tests.browser.people import sign_in
from tests.browser.test_layout import NAMELESS, REACHES_OUT
from tests.live import LiveStack

UNFOLD = "document.querySelectorAll('main details').forEach((one) => { one.open = true; })"
CLINICIAN = ("clinician", "demo-clinician")


@pytest.mark.parametrize(
    ("scheme", "screen"), [("light", (1440, 900)), ("dark", (390, 844))], ids=["desk by day", "hand by night"]
)
def test_every_page_can_be_read_by_everyone(
    demo_stack: LiveStack, page: Page, scheme: Literal["light", "dark"], screen: tuple[int, int]
) -> None:
    page.set_viewport_size({"width": screen[0], "height": screen[1]})
    page.emulate_media(color_scheme=scheme)
    sign_in(page, demo_stack, *CLINICIAN)
    found: dict[str, list[str]] = {}
    visited = []
    for address in every_page(page, demo_stack):
        visited.append(address)
        page.evaluate(UNFOLD)
        wrong = [
            *violations(page),
            *(f"reaches out of the screen: {element}" for element in page.evaluate(REACHES_OUT)),
            *(f"has no name: {element}" for element in page.evaluate(NAMELESS)),
        ]
        if page.locator("h1").count() != 1:
            wrong.append("has not one heading of the first order")
        if wrong:
            found[address] = wrong
    assert found == {}
    assert len(visited) > 25
