"""The patient's page as it is used: a range, a grouping, two periods, marks, pictures and tables."""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.axe import violations
from tests.browser.people import Treated, sign_in, until
from tests.live import LiveStack

MARKED = """
import json, uuid
from datetime import timedelta
from django.utils import timezone
from analysis.governance import active_model
from patients.course import add_event
from patients.models import Team
from tests.analysis.hearing import make_course, mixture
from tests.cast import make_clinician, make_patient
name = uuid.uuid4().hex[:8]
by = make_clinician(name, team=Team.objects.create(name=name))
patient = make_patient(by, "P-" + name.upper(), birth_year=1991)
shares = [mixture(calm=0.5, sad=0.1)] * 8 + [mixture(calm=0.2, sad=0.5)] * 8
make_course(by, patient, shares, every_days=7, version=active_model())
on = timezone.localdate() - timedelta(days=55)
add_event(by=by, patient=patient, on=on, kind="started", label="sertraline", detail="50 mg")
print(json.dumps([name, patient.reference]))
"""
GERMAN = ["Jan.", "Feb.", "März", "April", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."]
FIGURES = 15_000  # ms within which they are drawn


@pytest.fixture(scope="module")
def marked(embedded_stack: LiveStack) -> Treated:
    """Sixteen weekly sessions, a medication that was started, and speech that changed after it."""
    name, reference = json.loads(embedded_stack.run(MARKED))
    return Treated(name, "", reference)


@pytest.fixture
def opened(embedded_stack: LiveStack, page: Page, marked: Treated) -> Page:
    sign_in(page, embedded_stack, marked.clinician)
    page.goto(f"{embedded_stack.url}/patients/{marked.reference}/")
    all_drawn(page)
    return page


def all_drawn(page: Page) -> None:
    count = page.locator("[data-figure]").count()
    assert count
    expect(page.locator("[data-figure].is-drawn")).to_have_count(count, timeout=FIGURES)


def points(page: Page) -> int:
    """How many stretches of time the first small plot draws."""
    return int(page.evaluate("document.querySelector('.figure-trend').data[0].customdata.length"))


def choose(page: Page, name: str) -> None:
    page.locator(".view-tools label", has_text=name).click()


def test_a_range_and_a_grouping_change_the_charts_and_the_address(opened: Page) -> None:
    assert points(opened) == 16
    choose(opened, "4 weeks")
    until(opened, "document.querySelector('.figure-trend')?.data?.[0].customdata.length === 4")
    assert "range=4w" in opened.url
    choose(opened, "Two weeks")
    until(opened, "document.querySelector('.figure-trend')?.data?.[0].customdata.length <= 3")
    assert "by=fortnight" in opened.url
    expect(opened.locator("[data-summary=trend]")).to_contain_text("by two weeks (weighted by clear speech)")
    expect(opened.locator("[data-announcer]")).to_contain_text("by two weeks")
    expect(opened.locator("#sessions .session-line")).to_have_count(4)
    opened.go_back()
    until(opened, "document.querySelector('.figure-trend')?.data?.[0].customdata.length === 4")


def test_the_range_can_be_chosen_by_keyboard(opened: Page) -> None:
    opened.locator("#range-all").focus()
    opened.keyboard.press("ArrowLeft")
    until(opened, "location.search.includes('range=1y')")
    expect(opened.locator("#range-1y")).to_be_checked()
    expect(opened.locator("#range-1y")).to_be_focused()


def test_own_dates(opened: Page) -> None:
    choose(opened, "Own dates")
    until(opened, "location.search.includes('range=own')")
    expect(opened.locator(".own-dates")).to_be_visible()
    first = opened.locator(".own-dates input").first
    last = opened.locator(".own-dates input").last
    first.fill(last.input_value())
    opened.locator(".own-dates button").click()
    until(opened, "document.querySelector('.figure-trend')?.data?.[0].customdata.length === 1")
    last.fill("2001-01-01")
    opened.locator(".own-dates button").click()
    expect(opened.locator("#view-errors")).to_contain_text("before the first day")


def test_before_and_after_a_medication(opened: Page) -> None:
    opened.locator(".suggestions a", has_text="sertraline").click()
    expect(opened.locator("#periods-title")).to_contain_text("B sounds", timeout=FIGURES)
    title = opened.locator("#periods-title").inner_text()
    assert "more sad" in title
    assert "less calm" in title
    all_drawn(opened)
    opened.locator("#periods summary").click()
    expect(opened.locator("#periods tbody tr")).to_have_count(8)
    opened.locator("#id_b_since").fill("2001-01-01")
    opened.locator("#periods button[type=submit]").click()
    expect(opened.locator("#periods-title")).not_to_contain_text("more sad")


def test_marks_are_numbered_told_on_hover_and_listed(opened: Page) -> None:
    expect(opened.locator("#overview .marks").first).to_contain_text("sertraline (50 mg)")
    hovered = opened.evaluate(
        """() => {
            const marks = document.querySelector('.figure-trend').data.find((trace) => trace.hovertext);
            return [marks.hovertext[0], marks.text[0]];
        }"""
    )
    assert "medication started: sertraline (50 mg)" in hovered[0]
    assert hovered[1] == "1"
    table = opened.locator("details", has=opened.locator("[aria-label='Shares over time']"))
    table.locator("> summary").click()
    expect(table).to_contain_text("Mark 1: medication started")


def test_a_chart_can_be_saved_as_a_picture(opened: Page, tmp_path: Path) -> None:
    for name in ("trend", "control", "path", "calendar"):
        chart = opened.locator("[data-chart]", has=opened.locator(f".figure-{name}"))
        with opened.expect_download() as png:
            chart.locator("[data-download=png]").click()
        picture = Path(png.value.path()).read_bytes()
        assert picture[:8] == b"\x89PNG\r\n\x1a\n"
        width, _height = struct.unpack(">II", picture[16:24])
        assert width >= 600
        assert f"-{name}-" in png.value.suggested_filename
        with opened.expect_download() as svg:
            chart.locator("[data-download=svg]").click()
        drawing = Path(svg.value.path()).read_text()
        assert "Not a diagnosis" in drawing


def test_the_stacked_view_stays_when_another_range_is_chosen(opened: Page) -> None:
    opened.locator("button[data-view=stacked]").click()
    until(opened, "document.querySelector('.figure-trend').data?.[0].type === 'bar'")
    expect(opened.get_by_text("Share of all speech, that which was not sure on top")).to_be_visible()
    for said_of_the_other_view in ("with its 95 % interval", "this patient’s usual: earlier sessions"):
        expect(opened.get_by_text(said_of_the_other_view).first).to_be_hidden()
    choose(opened, "3 months")
    until(opened, "location.search.includes('range=3m')")
    all_drawn(opened)
    assert opened.evaluate("document.querySelector('.figure-trend').data[0].type") == "bar"
    expect(opened.locator("button[data-view=stacked]")).to_have_attribute("aria-pressed", "true")


def test_a_chart_that_does_not_come_says_so_and_can_be_asked_again(
    embedded_stack: LiveStack, page: Page, marked: Treated
) -> None:
    def refuse(route: Route) -> None:
        route.fulfill(status=503, body="")

    page.route("**/path.json*", refuse)
    sign_in(page, embedded_stack, marked.clinician)
    page.goto(f"{embedded_stack.url}/patients/{marked.reference}/")
    failed = page.locator("#path [data-failed]")
    expect(failed).to_be_visible(timeout=FIGURES)
    expect(page.locator("#path [data-download=png]")).to_be_disabled()
    page.unroute("**/path.json*")
    failed.get_by_role("button", name="Try again").click()
    expect(failed).to_be_hidden(timeout=FIGURES)
    expect(page.locator("#path .is-drawn")).to_be_visible()


def test_the_axes_write_days_in_the_readers_language(opened: Page) -> None:
    ticks = "document.querySelectorAll('.figure-trend [class^=xaxislayer] text')"
    texts = f"[...{ticks}].map((text) => text.textContent)"
    english = opened.evaluate(texts)
    assert english
    assert all(re.fullmatch(r"\d{1,2} [A-Z][a-z]{2}", day) for day in english), english
    opened.get_by_role("contentinfo").get_by_role("button", name="Deutsch").click()
    expect(opened.locator("html")).to_have_attribute("lang", "de")
    all_drawn(opened)
    german = opened.evaluate(texts)
    assert len(german) == len(english)
    assert all(re.fullmatch(rf"\d{{1,2}}\. ({'|'.join(GERMAN)})", day) for day in german), german


def test_a_range_without_sessions_is_no_error(embedded_stack: LiveStack, opened: Page) -> None:
    opened.goto(opened.url + "?range=own&since=2001-01-01&until=2001-02-01")
    expect(opened.locator("#overview")).to_contain_text("No sessions in this range")
    opened.get_by_role("link", name="Show all", exact=True).click()
    all_drawn(opened)


@pytest.mark.parametrize(
    ("width", "scheme"), [(1440, "light"), (390, "dark")], ids=["desk by day", "hand by night"]
)
def test_nothing_stands_in_anyones_way(opened: Page, width: int, scheme: Literal["light", "dark"]) -> None:
    opened.emulate_media(color_scheme=scheme)
    opened.set_viewport_size({"width": width, "height": 900})
    opened.locator(".suggestions a", has_text="sertraline").click()
    expect(opened.locator("#periods-title")).to_contain_text("B sounds", timeout=FIGURES)
    all_drawn(opened)
    assert violations(opened) == []
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
