"""Every page fits its screen and can be used by keyboard, on a desk and in a hand, by day and by night."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from analysis.charts.palette import palette_of
from ml.labels import EMOTIONS
from tests.browser.people import Treated, admit, sign_in, until
from tests.live import LiveStack

SCREENS = {"desk": (1440, 900), "hand": (390, 844), "desk at 400 %": (320, 256)}
PAGES = (
    "/",
    "/?show=discharged",
    "/account/",
    "/password/",
    "/patients/enrol/",
    "/patients/{reference}/",
    "/patients/{reference}/amend/",
    "/patients/{reference}/audit/",
    "/patients/{reference}/consent/",
    "/patients/{reference}/discharge/",
    "/patients/{reference}/sessions/new/",
    "/patients/{reference}/transfer/",
    "/nowhere/",
)

# What reaches out of the screen, where it is not inside something that scrolls by itself or is folded away.
REACHES_OUT = """() => {
    const width = document.documentElement.clientWidth;
    const scrolls = (e) => e && e !== document.body
        && (getComputedStyle(e).overflowX !== 'visible' || scrolls(e.parentElement));
    return [...document.querySelectorAll('body *')]
        .filter((e) => e.getBoundingClientRect().right > width + 1 && e.checkVisibility() && !scrolls(e)
            && !e.closest('.visually-hidden, svg'))
        .map((e) => e.outerHTML.slice(0, 120));
}"""

# Controls that a screen reader would call by no name.
NAMELESS = """() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary')]
    .filter((e) => e.checkVisibility())
    .filter((e) => !(e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.length || e.title))
    .map((e) => e.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def treated(embedded_stack: LiveStack) -> Treated:
    return admit(embedded_stack, sessions=9)


def pages_of(page: Page, treated: Treated) -> list[str]:
    session = page.locator(".session-line a").first.get_attribute("href")
    return [*(address.format(reference=treated.reference) for address in PAGES), session or ""]


@pytest.mark.parametrize(
    ("screen", "scheme"), [("desk", "light"), ("hand", "dark"), ("desk at 400 %", "light")]
)
def test_no_page_is_wider_than_its_screen(
    embedded_stack: LiveStack, page: Page, treated: Treated, screen: str, scheme: Literal["light", "dark"]
) -> None:
    width, height = SCREENS[screen]
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=scheme)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    sign_in(page, embedded_stack, treated.clinician)
    page.goto(f"{embedded_stack.url}/patients/{treated.reference}/")
    for address in pages_of(page, treated):
        page.goto(embedded_stack.url + address)
        figures = page.locator("[data-figure]").count()
        expect(page.locator("[data-figure].is-drawn")).to_have_count(figures, timeout=15_000)
        assert page.evaluate(REACHES_OUT) == [], address
        assert page.evaluate(NAMELESS) == [], address
        assert page.locator("h1").count() == 1, address
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert paper == ("rgb(20, 24, 31)" if scheme == "dark" else "rgb(255, 255, 255)")
    assert errors == []


def test_the_patient_is_on_screen_wherever_one_scrolls(
    embedded_stack: LiveStack, page: Page, treated: Treated
) -> None:
    sign_in(page, embedded_stack, treated.clinician)
    page.goto(f"{embedded_stack.url}/patients/{treated.reference}/")
    page.mouse.wheel(0, 3000)
    expect(page.locator(".identity .reference")).to_be_in_viewport()
    expect(page.locator(".identity")).to_contain_text("Ada Fernweh")


def test_the_first_tab_stop_leads_past_the_header(
    embedded_stack: LiveStack, page: Page, treated: Treated
) -> None:
    sign_in(page, embedded_stack, treated.clinician)
    page.goto(f"{embedded_stack.url}/patients/{treated.reference}/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_every_stop_of_the_keyboard_can_be_seen(
    embedded_stack: LiveStack, page: Page, treated: Treated
) -> None:
    """Each focused control, or the line that it fills, has an outline."""
    sign_in(page, embedded_stack, treated.clinician)
    page.goto(f"{embedded_stack.url}/patients/{treated.reference}/")
    expect(page.locator(".figure-trend.is-drawn")).to_be_visible(timeout=15_000)
    stops: set[str] = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        stop, is_seen = page.evaluate(
            """() => {
                const e = document.activeElement;
                const outlined = (element, part) => {
                    const { outlineWidth, outlineStyle } = getComputedStyle(element, part);
                    return parseFloat(outlineWidth) > 0 && outlineStyle !== 'none';
                };
                const seen = outlined(e, null) || outlined(e, '::after') || outlined(e.parentElement, null);
                return [e.outerHTML.slice(0, 100), seen || e === document.body];
            }"""
        )
        assert is_seen, stop
        stops.add(stop)
    assert len(stops) > 20


def test_light_and_dark_can_be_switched_and_stay(
    embedded_stack: LiveStack, page: Page, treated: Treated
) -> None:
    sign_in(page, embedded_stack, treated.clinician)
    page.goto(f"{embedded_stack.url}/patients/{treated.reference}/")
    colour = "document.querySelector('.figure-trend').data[0].line.color"
    # The model learnt from the patient's age and language, so that the estimates are not greyed.
    by_day, by_night = (
        palette_of(theme, is_greyed=False).emotions[EMOTIONS[0]] for theme in ("light", "dark")
    )
    assert by_day != by_night
    until(page, f"document.querySelector('.figure-trend').data && {colour} === '{by_day}'")
    page.get_by_role("button", name="Switch between light and dark").click()
    until(page, f"{colour} === '{by_night}'")
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 24, 31)"
