"""Uploads that go wrong, as the person at the screen meets them: a sentence in place, nothing lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.people import Treated, admit, sign_in
from tests.live import LiveStack
from tests.voices import encode, silence, speech, tone

BAD = {
    "empty.wav": (b"", "it is empty"),
    "letter.mp3": (b"Dear colleague, thank you for seeing this patient.", "not a sound file"),
    "cut.flac": (encode(speech(8), "flac")[:-20_000], "breaks off"),
    "silent.wav": (encode(silence(20), "wav"), "recording is silent"),
    "hum.wav": (encode(tone(20), "wav"), "o speech"),
}


@pytest.fixture(scope="module")
def treated(embedded_stack: LiveStack) -> Treated:
    return admit(embedded_stack)


@pytest.fixture
def patient_page(embedded_stack: LiveStack, treated: Treated, page: Page) -> Page:
    sign_in(page, embedded_stack, treated.clinician)
    page.goto(f"{embedded_stack.url}/patients/{treated.reference}/")
    return page


def hand_in(page: Page, *paths: Path) -> None:
    page.locator("#upload input[type=file]").set_input_files(paths)
    page.locator("#upload button[type=submit]").click()


@pytest.mark.parametrize("name", BAD)
def test_each_says_what_is_wrong_and_stays_listed(patient_page: Page, tmp_path: Path, name: str) -> None:
    content, says = BAD[name]
    path = tmp_path / name
    path.write_bytes(content)
    hand_in(patient_page, path)
    line = patient_page.locator("[data-arrivals] > li").first
    expect(line).to_contain_text(says, timeout=60_000)
    session = line.get_attribute("data-session")
    patient_page.goto(patient_page.url.split("/patients/")[0] + f"/sessions/{session}/")
    expect(patient_page.locator(".recording", has_text=name)).to_contain_text(says)


def test_of_two_voices_the_patients_is_asked_for(patient_page: Page, tmp_path: Path) -> None:
    path = tmp_path / "both.wav"
    path.write_bytes(encode(np.column_stack([speech(30), speech(30, clip=1)]), "wav"))
    hand_in(patient_page, path)
    line = patient_page.locator("[data-arrivals] > li").first
    line.get_by_label("right").check()
    line.get_by_role("button", name="Analyse this channel").click()
    expect(line).to_have_attribute("data-state", "done", timeout=60_000)
    expect(line).to_contain_text("right channel is the patient")


def test_several_files_join_one_session(patient_page: Page, tmp_path: Path) -> None:
    paths = [tmp_path / f"part{part}.wav" for part in (1, 2)]
    for part, path in enumerate(paths):
        path.write_bytes(encode(speech(20, clip=part), "wav"))
    hand_in(patient_page, *paths)
    lines = patient_page.locator("[data-arrivals] > li")
    expect(lines).to_have_count(2)
    for line in lines.all():
        expect(line).to_have_attribute("data-state", "done", timeout=60_000)
    assert len({line.get_attribute("data-session") for line in lines.all()}) == 1


def test_a_broken_connection_is_told_and_the_page_goes_on(patient_page: Page, tmp_path: Path) -> None:
    path = tmp_path / "visit.wav"
    path.write_bytes(encode(speech(5), "wav"))
    patient_page.route("**/upload/", lambda route: route.abort())
    hand_in(patient_page, path)
    expect(patient_page.get_by_role("alert")).to_contain_text("Nothing was saved")
    patient_page.unroute("**/upload/")
    hand_in(patient_page, path)
    done = patient_page.locator("[data-arrivals] > li").first
    expect(done).to_have_attribute("data-state", "done", timeout=60_000)


def test_a_lost_server_is_said_while_a_recording_is_followed(patient_page: Page, tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    path.write_bytes(encode(speech(240), "wav"))
    offline = patient_page.locator("[data-offline]")
    patient_page.route("**/state/", lambda route: route.abort())
    hand_in(patient_page, path)
    expect(offline).to_contain_text("No connection")
    patient_page.unroute("**/state/")
    line = patient_page.locator("[data-arrivals] > li").first
    expect(line).to_have_attribute("data-state", "done", timeout=60_000)
    expect(offline).to_be_hidden()


def test_who_was_signed_out_is_told_before_anything_is_lost(patient_page: Page, tmp_path: Path) -> None:
    path = tmp_path / "visit.wav"
    path.write_bytes(encode(speech(5), "wav"))
    patient_page.context.clear_cookies(name="sessionid")
    hand_in(patient_page, path)
    expect(patient_page.get_by_role("alert")).to_contain_text("You were signed out")


def test_what_is_too_large_is_not_even_sent(patient_page: Page, tmp_path: Path) -> None:
    path = tmp_path / "visit.wav"
    path.write_bytes(encode(speech(5), "wav"))
    patient_page.locator("[data-upload]").evaluate("form => { form.dataset.mostBytes = 1000; }")
    sent: list[str] = []
    patient_page.on("request", lambda request: sent.append(request.method))
    hand_in(patient_page, path)
    expect(patient_page.get_by_role("alert")).to_contain_text("larger than the clinic accepts")
    assert "POST" not in sent


def test_a_file_can_be_dropped(patient_page: Page) -> None:
    content = list(encode(speech(3), "flac"))
    transfer = patient_page.evaluate_handle(
        """bytes => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(bytes)], 'dropped.flac'));
            return transfer;
        }""",
        content,
    )
    patient_page.locator("[data-dropzone]").dispatch_event("drop", {"dataTransfer": transfer})
    expect(patient_page.locator("strong[data-chosen]")).to_have_text("dropped.flac")


def test_without_javascript_a_plain_form_does_it(
    browser: Browser, embedded_stack: LiveStack, treated: Treated, tmp_path: Path
) -> None:
    path = tmp_path / "plain.wav"
    path.write_bytes(encode(speech(4), "wav"))
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, embedded_stack, treated.clinician)
    page.goto(f"{embedded_stack.url}/patients/{treated.reference}/")
    hand_in(page, path)
    page.wait_for_url("**/sessions/**")
    expect(page.locator(".notices")).to_contain_text("The recording is received")
    expect(page.locator(".recording")).to_contain_text("plain.wav")
    context.close()
