"""What the product is for, as a clinician does it: sign in, open a patient, upload, watch, see and hear."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import Treated, admit, sign_in, until
from tests.live import LiveStack
from tests.voices import encode, speech

SESSIONS = 10  # seven days to learn what is usual, three that leave it
SECONDS = 1200  # long enough for the progress of its analysis to be seen

PLAYINGS = """
import json
from patients.models import AuditEntry
played = AuditEntry.objects.filter(action="recording.played", patient__reference={reference!r})
print(json.dumps(played.count()))
"""


@pytest.fixture
def visit(tmp_path: Path) -> Path:
    path = tmp_path / "visit.flac"
    path.write_bytes(encode(speech(SECONDS), "flac"))
    return path


def points(page: Page) -> int:
    """How many sessions the first small plot draws."""
    return int(page.evaluate("document.querySelector('.figure-trend').data[0].customdata.length"))


def open_patient(page: Page, stack: LiveStack, treated: Treated) -> None:
    sign_in(page, stack, treated.clinician)
    page.get_by_role("link", name=treated.reference).click()
    expect(page.locator(".figure-trend.is-drawn")).to_be_visible(timeout=15_000)


def test_from_signing_in_to_the_new_point(live_stack: LiveStack, page: Page, visit: Path) -> None:
    treated = admit(live_stack, sessions=SESSIONS)
    open_patient(page, live_stack, treated)
    expect(page.get_by_role("heading", level=1)).to_contain_text("sad-")
    assert points(page) == SESSIONS
    page.evaluate("window.wasNotReloaded = true")

    page.locator("#upload input[type=file]").set_input_files(visit)
    expect(page.locator("strong[data-chosen]")).to_have_text("visit.flac")
    page.evaluate(
        """() => {
            window.seen = [];
            const note = () => {
                const state = document.querySelector('[data-arrivals] > li')?.dataset.state;
                if (state && state !== window.seen.at(-1)) window.seen.push(state);
            };
            new MutationObserver(note).observe(document.querySelector('[data-arrivals]'), {childList: true});
        }"""
    )
    page.get_by_role("button", name=f"Upload to {treated.reference}").click()
    line = page.locator("[data-arrivals] > li").first
    expect(line).to_have_attribute("data-state", "done", timeout=90_000)
    seen = page.evaluate("window.seen")
    assert seen[-2:] == ["running", "done"], seen
    assert set(seen) <= {"queued", "running", "done"}

    expect(page.locator("#sessions-title")).to_contain_text(str(SESSIONS + 1))
    until(page, f"document.querySelector('.figure-trend')?.data?.[0].customdata.length === {SESSIONS + 1}")
    assert page.evaluate("window.wasNotReloaded") is True

    line.get_by_role("link", name="Open session").click()
    expect(page.locator("[data-player][data-ready]")).to_be_visible(timeout=15_000)
    listen(page)
    assert json.loads(live_stack.run(PLAYINGS.format(reference=treated.reference))) == 1


def listen(page: Page) -> None:
    """Sound, playhead, time and words go together, by button, pointer and keyboard."""
    place = "document.querySelector('[data-sound]').currentTime"
    page.get_by_role("button", name="Play", exact=True).click()
    until(page, f"{place} > 0.3")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()

    slider = page.get_by_role("slider", name="Place in the recording")
    box = slider.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    until(page, f"Math.abs({place} - {SECONDS / 2}) < 0.5")
    page.keyboard.press("ArrowRight")
    until(page, f"Math.abs({place} - {SECONDS / 2 + 3}) < 0.5")
    page.keyboard.press("Shift+ArrowLeft")
    until(page, f"Math.abs({place} - {SECONDS / 2 - 27}) < 0.5")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^9:3[23], (sounds|not sure|no speech)"))
    expect(page.locator("[data-reading]")).to_have_text(re.compile("^(sounds|not sure|no speech)"))
    head = page.locator("[data-playhead]").bounding_box()
    assert head is not None
    share = (head["x"] + head["width"] / 2 - box["x"]) / box["width"]
    assert abs(share - (SECONDS / 2 - 27) / SECONDS) < 0.01


def test_the_timeline_lies_under_the_waveform(embedded_stack: LiveStack, page: Page) -> None:
    """One axis: the same moment is at the same place in both."""
    treated = admit(embedded_stack, sessions=1)
    open_patient(page, embedded_stack, treated)
    page.locator(".session-line a").first.click()
    expect(page.locator("[data-player][data-ready]")).to_be_visible(timeout=15_000)
    wave, timeline = (page.locator(track).bounding_box() for track in (".track-wave", ".track-timeline"))
    assert wave is not None
    assert timeline is not None
    assert (timeline["x"], timeline["width"]) == pytest.approx((wave["x"], wave["width"]), abs=1)


def test_a_point_of_the_trend_leads_to_its_session(embedded_stack: LiveStack, page: Page) -> None:
    treated = admit(embedded_stack, sessions=2)
    open_patient(page, embedded_stack, treated)
    point = page.locator(".figure-trend .points path").first.bounding_box()
    assert point is not None
    page.mouse.move(point["x"] + 3, point["y"] + 3)
    expect(page.locator(".figure-trend .hoverlayer")).to_contain_text("95 % interval")
    page.mouse.down()
    page.mouse.up()
    page.wait_for_url("**/sessions/**")


def test_staff_upload_and_see_states_alone(embedded_stack: LiveStack, page: Page, tmp_path: Path) -> None:
    short = tmp_path / "short.flac"
    short.write_bytes(encode(speech(40), "flac"))
    treated = admit(embedded_stack, sessions=1)
    sign_in(page, embedded_stack, treated.desk)
    page.get_by_role("link", name=treated.reference).click()
    page.locator("#upload input[type=file]").set_input_files(short)
    page.get_by_role("button", name=f"Upload to {treated.reference}").click()
    line = page.locator("[data-arrivals] > li").first
    expect(line).to_have_attribute("data-state", "done", timeout=90_000)
    expect(line).not_to_contain_text("Sounds")
    expect(page.locator("[data-figure]")).to_have_count(0)
