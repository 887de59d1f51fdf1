"""The caseload in a browser: chosen, searched and put in order by keyboard, on a desk and in a hand."""

from __future__ import annotations

import json
from typing import Literal

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import violations
from tests.browser.people import sign_in
from tests.browser.test_layout import NAMELESS, REACHES_OUT
from tests.live import LiveStack

TEAM = """
import json, uuid
from datetime import timedelta
from django.utils import timezone
from analysis.triage.digests import catch_up
from analysis.governance import active_model
from analysis.models import Analysis, Recording
from analysis.judging.signing import sign_session
from patients.care import discharge
from patients.models import Clinician, Patient, Team
from tests.analysis.hearing import make_course, make_recording, mixture
from tests.cast import make_clinician, make_patient, make_session
mark = uuid.uuid4().hex[:6].upper()
by = make_clinician(mark, team=Team.objects.create(name=mark))
make_clinician(mark + "-desk", team=by.teams.get(), role=Clinician.Role.STAFF)
calm, sad = mixture(calm=0.45, sad=0.1), mixture(calm=0.2, sad=0.5)
def patient(name, shares, *, visit=None, signed=True, seed=0):
    reference = f"{mark}-{name.upper()}"
    made = make_patient(by, reference, name=f"{name} Fernweh", birth_year=1980 + seed, next_visit=visit)
    for session in make_course(by, made, shares, seed=seed, version=active_model()):
        if signed:
            sign_session(by=by, session=session)
    return made
soon = timezone.now() + timedelta(days=2)
patient("changed", [calm] * 9 + [sad] * 4, visit=soon)
failed = patient("failed", [calm] * 8, seed=1)
broken = {"state": Analysis.State.FAILED, "reason": "damaged", "version": active_model()}
make_recording(by, make_session(by, failed), **broken)
patient("review", [calm] * 10, signed=False, visit=soon + timedelta(days=1), seed=2)
stale = patient("stale", [calm] * 9, seed=3)
Recording.objects.filter(session__patient=stale).update(received_at=timezone.now() - timedelta(days=45))
Patient.count_change(stale.pk)
patient("steady", [calm] * 12, visit=timezone.now() - timedelta(days=1), seed=4)
patient("learning", [calm] * 3, visit=soon + timedelta(days=30), seed=5)
patient("none", [], seed=6)
gone = patient("gone", [calm] * 8, seed=7)
discharge(by=by, patient=gone, reason="moved to another town")
for place in range(60):
    make_patient(by, f"{mark}-Z{place:02}")
catch_up(Patient.objects.all(), seconds=60)
print(json.dumps(mark))
"""


# Targets below 24 px; of a line of the caseload all of it is the target.
SMALL = """() => [...document.querySelectorAll('.choices a, .pages a, .caseload-line, main button')]
    .filter((e) => e.getClientRects().length && e.getBoundingClientRect().height < 24)
    .map((e) => e.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def team(embedded_stack: LiveStack) -> str:
    """The user name of a clinician, which begins the references of their patients."""
    name: str = json.loads(embedded_stack.run(TEAM))
    return name


def lines(page: Page) -> Locator:
    return page.locator(".caseload-line .who a")


def test_choosing_ordering_and_searching_by_keyboard(
    page: Page, embedded_stack: LiveStack, team: str
) -> None:
    sign_in(page, embedded_stack, team)
    expect(lines(page).first).to_have_text(f"{team}-CHANGED")
    stale = page.get_by_role("navigation", name="Show").get_by_role("link", name="Stale 1")
    stale.focus()
    page.keyboard.press("Enter")
    expect(lines(page)).to_have_text([f"{team}-STALE"])
    expect(page.get_by_role("link", name="Stale 1")).to_have_attribute("aria-current", "true")
    page.get_by_role("link", name="All 67").focus()
    page.keyboard.press("Enter")
    expect(lines(page)).to_have_count(50)
    by_visit = page.get_by_role("navigation", name="Sort by").get_by_role("link", name="next visit")
    by_visit.focus()
    page.keyboard.press("Enter")
    expect(lines(page).nth(2)).to_have_text(f"{team}-LEARNING")
    search = page.get_by_role("searchbox", name="Search by reference or name")
    search.focus()
    page.keyboard.type("fernweh")
    page.keyboard.press("Enter")
    expect(lines(page)).to_have_count(7)
    expect(lines(page).first).to_have_text(f"{team}-CHANGED")  # still by the next visit
    assert "sort=next" in page.url
    page.get_by_role("link", name="Clear").focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Next", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator(".pages")).to_contain_text("51–67 of 67")
    lines(page).first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".identity")).to_be_visible()


def test_a_line_opens_its_patient_wherever_it_is_clicked(
    page: Page, embedded_stack: LiveStack, team: str
) -> None:
    sign_in(page, embedded_stack, team)
    place = page.locator(".caseload-line", has_text=f"{team}-STEADY").locator(".next").bounding_box()
    assert place is not None
    page.mouse.click(place["x"] + 5, place["y"] + 5)
    expect(page.locator(".identity .reference")).to_have_text(f"{team}-STEADY")


@pytest.mark.parametrize("role", ["", "-desk"], ids=["clinician", "front desk"])
@pytest.mark.parametrize(
    ("width", "height", "scheme"),
    [(1440, 900, "light"), (390, 844, "dark")],
    ids=["desk by day", "hand by night"],
)
def test_everyone_can_read_it(
    page: Page,
    embedded_stack: LiveStack,
    team: str,
    role: str,
    width: int,
    height: int,
    scheme: Literal["light", "dark"],
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": height})
    sign_in(page, embedded_stack, team + role)
    for address in ("/", "/?show=stale", "/?show=discharged", "/?q=nobody", "/?page=2"):
        page.goto(embedded_stack.url + address)
        assert violations(page) == [], address
        assert page.evaluate(REACHES_OUT) == [], address
        assert page.evaluate(NAMELESS) == [], address
        small = page.evaluate(SMALL)
        assert small == [], address
