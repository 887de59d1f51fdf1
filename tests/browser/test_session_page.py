"""A session's page in use: by keyboard and pointer, on a desk and in a hand, on what the worker heard."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.people import Treated, admit, sign_in, until
from tests.live import LiveStack
from tests.voices import encode, noise, silence, speech

SECONDS = 240
PLACE = "document.querySelector('[data-player]').place.seconds"
PAUSED = "document.querySelector('[data-player]').place.isPaused"

SPOKEN = """
import json
from analysis.models import Judgement
rows = Judgement.objects.filter(session={session!r})
print(json.dumps(list(rows.values_list("start_s", "end_s"))))
"""


@dataclass(frozen=True)
class Visit:
    """A recorded session with two voices, heard by the worker."""

    stack: LiveStack
    treated: Treated
    address: str


def two_voices() -> bytes:
    """The patient speaks nearly all the time, at one place under noise; somebody else now and then."""
    parts = [speech(SECONDS / 8, clip=clip % 5) for clip in range(8)]
    patient = np.concatenate(parts)
    patient[100 * 16_000 : 112 * 16_000] += noise(12, level=0.2)
    patient[150 * 16_000 : 156 * 16_000] = 0
    other = np.resize(np.concatenate([silence(20), speech(5, clip=4)]), len(patient))
    return encode(np.clip(np.stack([patient, other], axis=1), -1, 1).astype(np.float32), "flac")


@pytest.fixture(scope="module")
def visit(embedded_stack: LiveStack, browser: object, tmp_path_factory: pytest.TempPathFactory) -> Visit:
    """Uploaded as a clinician does it, with the patient on the left."""
    path: Path = tmp_path_factory.mktemp("visit") / "visit.flac"
    path.write_bytes(two_voices())
    treated = admit(embedded_stack)
    page = browser.new_page()  # type: ignore[attr-defined]
    sign_in(page, embedded_stack, treated.clinician)
    page.goto(f"{embedded_stack.url}/patients/{treated.reference}/")
    page.locator("#upload input[type=file]").set_input_files(path)
    page.locator("#upload select[name=channel]").select_option("left")
    page.get_by_role("button", name=f"Upload to {treated.reference}").click()
    line = page.locator("[data-arrivals] > li").first
    expect(line).to_have_attribute("data-state", "done", timeout=120_000)
    address = line.get_by_role("link", name="Open session").get_attribute("href") or ""
    page.close()
    return Visit(embedded_stack, treated, embedded_stack.url + address)


@pytest.fixture
def opened(visit: Visit, page: Page) -> Page:
    sign_in(page, visit.stack, visit.treated.clinician)
    listen_on(page, visit)
    return page


def listen_on(page: Page, visit: Visit) -> None:
    page.goto(visit.address)
    expect(page.locator("[data-player][data-ready]")).to_be_visible(timeout=15_000)
    page.evaluate(
        """() => {
            window.chosen = [];
            document.addEventListener('stretch-selected', ({ detail }) => window.chosen.push(detail));
        }"""
    )


def is_at(page: Page, seconds: float, *, within: float = 0.3) -> None:
    until(page, f"Math.abs({PLACE} - {seconds}) < {within}")


def test_by_keyboard_one_plays_and_goes_everywhere(opened: Page) -> None:
    opened.keyboard.press("Space")
    until(opened, f"{PLACE} > 0.3")
    opened.keyboard.press("Space")
    until(opened, PAUSED)
    opened.get_by_role("slider", name="Place in the recording").focus()
    opened.keyboard.press("Home")
    is_at(opened, 0)
    opened.keyboard.press("ArrowRight")
    is_at(opened, 3)
    opened.keyboard.press("Shift+ArrowRight")
    is_at(opened, 33)
    opened.keyboard.press("Shift+ArrowLeft")
    opened.keyboard.press("ArrowLeft")
    is_at(opened, 0)
    opened.keyboard.press("End")
    is_at(opened, SECONDS)


def test_emotions_are_told_apart_without_their_colours(opened: Page) -> None:
    """Asked for once, patterns stay; each layer of the timeline has its own, and the key shows it."""
    switch = opened.get_by_role("button", name="Patterns")
    layers = opened.locator(".track-timeline [data-layer]")
    fills = "all => all.map((layer) => getComputedStyle(layer).fill)"
    assert not any("url" in fill for fill in layers.evaluate_all(fills))
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "true")
    assert len({fill for fill in layers.evaluate_all(fills) if "#texture-" in fill}) == layers.count() == 8
    expect(opened.locator(".legend .texture:visible")).to_have_count(8)
    opened.reload()
    until(opened, "document.querySelector('.track-timeline [data-layer]').style.fill !== ''")
    expect(switch).to_have_attribute("aria-pressed", "true")
    assert violations(opened) == []
    switch.click()
    assert not any("url" in fill for fill in layers.evaluate_all(fills))


def test_every_key_has_its_button(opened: Page) -> None:
    for name, seconds in (("Forward 30 seconds", 30), ("Forward 3 seconds", 33), ("Back 3 seconds", 30)):
        opened.get_by_role("button", name=name).click()
        is_at(opened, seconds)
    for name in ("Play", "Previous unsure or judged", "Next unsure or judged", "Zoom in on the playhead"):
        expect(opened.get_by_role("button", name=name, exact=True)).to_be_visible()
    opened.get_by_role("button", name="Keys").click()
    expect(opened.get_by_role("dialog", name="Keys")).to_be_visible()
    opened.get_by_role("button", name="Close").click()
    opened.locator("body").press("?")
    expect(opened.get_by_role("dialog", name="Keys")).to_be_visible()
    opened.get_by_label("Single letters").uncheck()
    opened.keyboard.press("Escape")
    opened.locator("body").press("n")
    assert opened.evaluate("window.chosen") == []
    opened.get_by_role("button", name="Keys").click()
    opened.get_by_label("Single letters").check()


def test_nothing_is_taken_from_somebody_who_types(opened: Page) -> None:
    opened.evaluate(
        """() => {
            const field = Object.assign(document.createElement('textarea'), { id: 'note-for-test' });
            field.setAttribute('aria-label', 'note');
            document.querySelector('main').append(field);
        }"""
    )
    field = opened.locator("#note-for-test")
    field.press_sequentially("no 1 in pain? i o + 0")
    field.press("ArrowLeft")
    expect(field).to_have_value("no 1 in pain? i o + 0")
    assert opened.evaluate(PLACE) == 0
    assert opened.evaluate("window.chosen") == []
    assert opened.evaluate(PAUSED)


def test_a_moment_plays_from_before_to_after(opened: Page) -> None:
    moment = opened.locator("[data-moment='1']")
    expect(moment).to_contain_text("sounds")
    start, end = (float(moment.get_attribute(name) or "") for name in ("data-from", "data-to"))
    opened.locator("body").press("1")
    until(opened, f"!{PAUSED}")
    until(opened, f"{PLACE} >= {max(0, start - 3)} && {PLACE} < {start}")
    until(opened, PAUSED, seconds=end - start + 20)
    is_at(opened, min(end + 3, SECONDS), within=0.6)


def test_one_steps_through_what_was_not_sure(opened: Page, visit: Visit) -> None:
    unsure = opened.evaluate("JSON.parse(document.getElementById('player-plan').textContent).unsure")
    assert unsure, "the worker was sure of everything: this needs a harder recording"
    later = [(start, end) for start, end in unsure if start > 0.25]
    opened.locator("body").press("n")
    is_at(opened, later[0][0])
    chosen = opened.evaluate("window.chosen.at(-1)")
    assert (chosen["start"], chosen["end"]) == pytest.approx(later[0])
    assert isinstance(chosen["window"], int)
    expect(opened.locator("[data-announcer]")).to_contain_text("not sure")
    opened.locator("body").press("p")
    first = [start for start, _end in unsure if start < later[0][0] - 0.25]
    is_at(opened, first[-1] if first else later[0][0])


@pytest.mark.parametrize("colours", ["none", "active"], ids=["ours", "the system's"])
def test_unsure_stretches_show_the_hatching_and_silence_covers_it(
    opened: Page, colours: Literal["none", "active"]
) -> None:
    opened.emulate_media(forced_colors=colours)
    track = opened.locator(".track-timeline")
    assert "repeating-linear-gradient" in track.evaluate("(e) => getComputedStyle(e).backgroundImage")
    unsure = opened.evaluate("JSON.parse(document.getElementById('player-plan').textContent).unsure")
    middle = (unsure[0][0] + unsure[0][1]) / 2
    covers = """(across) => [...document.querySelectorAll('.track-timeline path')].some(
        (path) => path.isPointInFill(new DOMPoint(across * 1200, 100)))"""
    assert not opened.evaluate(covers, middle / SECONDS)
    assert opened.evaluate(covers, 153 / SECONDS)  # where nobody spoke


def test_dragging_over_the_timeline_chooses_a_stretch_and_a_click_goes_there(opened: Page) -> None:
    track = opened.locator(".track-timeline")
    track.scroll_into_view_if_needed()
    box = track.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    opened.mouse.click(box["x"] + box["width"] / 2, middle)
    is_at(opened, SECONDS / 2, within=1)
    assert opened.evaluate("window.chosen") == []
    opened.mouse.move(box["x"] + box["width"] * 0.25, middle)
    opened.mouse.down()
    opened.mouse.move(box["x"] + box["width"] * 0.4, middle, steps=4)
    opened.mouse.up()
    chosen = opened.evaluate("window.chosen.at(-1)")
    assert (chosen["start"], chosen["end"]) == pytest.approx((60, 96), abs=1)
    starts = opened.evaluate("JSON.parse(document.getElementById('player-plan').textContent).windows")
    run = next(run for run in starts if run[0] <= chosen["window"] < run[0] + run[2])
    begins = run[1] + (chosen["window"] - run[0]) * run[3]
    assert begins <= 78 <= begins + 3
    opened.get_by_role("button", name="Clear").click()
    expect(opened.locator("[data-stretch-times]")).to_contain_text("none chosen")


def test_a_stretch_can_be_chosen_by_its_ends(opened: Page) -> None:
    opened.keyboard.press("ArrowRight")
    opened.keyboard.press("i")
    opened.keyboard.press("ArrowRight")
    opened.keyboard.press("o")
    assert opened.evaluate("window.chosen.length") == 1
    chosen = opened.evaluate("window.chosen[0]")
    assert (chosen["start"], chosen["end"]) == pytest.approx((3, 6), abs=0.3)
    expect(opened.locator("[data-stretch-times]")).to_have_text("0:03–0:06")


def test_zooming_keeps_the_tracks_on_one_axis(opened: Page) -> None:
    for _ in range(40):
        opened.keyboard.press("ArrowRight")
    is_at(opened, 120)
    opened.keyboard.press("+")
    view = "document.querySelector('[data-player]').view"
    until(opened, f"{view}.length === 60")
    opened.keyboard.press("+")
    until(opened, f"{view}.length === 20")
    assert opened.evaluate(f"{view}.from <= {PLACE} && {PLACE} < {view}.to")
    wave = opened.locator("[data-axis]").bounding_box()
    head = opened.locator("[data-playhead]").bounding_box()
    assert wave is not None
    assert head is not None
    share = (head["x"] + head["width"] / 2 - wave["x"]) / wave["width"]
    assert share == pytest.approx(opened.evaluate(f"{view}.share({PLACE})"), abs=0.01)
    expect(opened.locator(".track-overview")).to_be_visible()
    opened.keyboard.press("Shift+ArrowRight")
    until(opened, f"{view}.from <= {PLACE} && {PLACE} < {view}.to")
    opened.keyboard.press("0")
    until(opened, f"{view}.isWhole")
    expect(opened.locator(".track-overview")).to_be_hidden()


def test_both_voices_are_seen_and_the_patients_alone_is_heard(opened: Page) -> None:
    for track in ("wave", "speech", "other_wave", "other_speech"):
        assert opened.locator(f"[data-path={track}]").get_attribute("d")
    expect(opened.get_by_text("only the patient’s voice is analysed and can be heard here")).to_be_visible()
    expect(opened.get_by_text("The other voice speaks")).to_be_visible()


def test_sound_that_does_not_come_is_said_and_asked_for_again(opened: Page) -> None:
    opened.route("**/audio/", lambda route: route.abort())
    # Step by step: it failed once, and could not say whether the sound was asked for at all.
    with opened.expect_event("requestfailed", lambda request: request.url.endswith("/audio/")):
        opened.keyboard.press("Space")
    until(opened, "document.querySelector('[data-sound]').error !== null")
    expect(opened.get_by_text("The sound cannot be loaded just now")).to_be_visible()
    opened.unroute("**/audio/")
    opened.get_by_role("button", name="Play", exact=True).click()
    until(opened, f"{PLACE} > 0.3")
    expect(opened.get_by_text("The sound cannot be loaded just now")).to_be_hidden()


def test_the_timeline_can_be_kept_as_a_picture(opened: Page) -> None:
    for name, starts in (("SVG", b"<svg"), ("PNG", b"\x89PNG")):
        with opened.expect_download() as download:
            opened.get_by_label("Keep the timeline as a picture").get_by_text(name).click()
        assert Path(download.value.path()).read_bytes().lstrip().startswith(starts)
        assert download.value.suggested_filename.endswith(f"-timeline.{name.lower()}")


@pytest.mark.parametrize(
    ("width", "scheme"), [(1440, "light"), (390, "dark")], ids=["desk by day", "hand by night"]
)
def test_everyone_can_use_it(visit: Visit, page: Page, scheme: Literal["light", "dark"], width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.emulate_media(color_scheme=scheme)
    sign_in(page, visit.stack, visit.treated.clinician)
    listen_on(page, visit)
    page.keyboard.press("n")
    page.keyboard.press("+")
    until(page, "!document.querySelector('[data-player]').view.isWhole")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_in_a_hand_the_player_stays_under_the_thumb(visit: Visit, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in(page, visit.stack, visit.treated.clinician)
    listen_on(page, visit)
    play = page.get_by_role("button", name="Play", exact=True)
    for scrolled in (0, 600, 10_000):
        page.evaluate(f"window.scrollTo(0, {scrolled})")
        box = play.bounding_box()
        assert box is not None
        assert 844 - 130 < box["y"] < 844
    footer = page.locator(".site-footer p").first.bounding_box()
    bar = page.locator(".transport").bounding_box()
    assert footer is not None
    assert bar is not None
    assert footer["y"] + footer["height"] <= bar["y"]


def test_what_is_judged_is_marked_on_the_timeline(opened: Page, visit: Visit) -> None:
    expect(opened.locator(".track-marks")).to_be_hidden()
    opened.evaluate("document.querySelector('[data-player]').stretch.choose(30, 36)")
    opened.locator("#judge-agree").click()
    expect(opened.locator(".track-marks")).to_be_visible()
    session = visit.address.rstrip("/").partition("/sessions/")[2].partition("/")[0]
    assert json.loads(visit.stack.run(SPOKEN.format(session=session))) == [[30, 36]]
