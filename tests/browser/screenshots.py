"""The README's pictures, made anew from the demo clinic: ``make screenshots``.

Starts a clinic of its own in a temporary folder, with the demo patients analysed by the shipped model, and
writes into ``docs/screenshots``. Also given a folder, it writes every page there, by day and night, on a desk
and in a hand, for looking at and judging: ``python -m tests.browser.screenshots FOLDER``.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import django
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.every_page import every_page
from tests.live import ROOT, LiveStack, live_clinic
from tests.voices import encode, speech

README_PICTURES = ROOT / "docs" / "screenshots"
DESK, HAND = (1440, 900), (390, 844)
CLINICIAN = ("clinician", "demo-clinician")
MINUTES = 45  # of the recording that is uploaded: long enough to be seen at work
CHANGED = "R-0112"  # the demo's patient whose speech comes to sound worse
Scheme = Literal["light", "dark"]


@dataclass(frozen=True)
class View:
    """One browser window on the clinic."""

    page: Page
    stack: LiveStack
    folder: Path

    def open(self, address: str) -> None:
        self.page.goto(self.stack.url + address)
        figures = self.page.locator("[data-figure]").count()
        expect(self.page.locator("[data-figure].is-drawn")).to_have_count(figures, timeout=20_000)
        self.page.wait_for_timeout(300)

    def take(self, name: str, *, whole: bool = False) -> None:
        self.page.screenshot(path=self.folder / f"{name}.png", full_page=whole)

    def open_session(self) -> None:
        self.open(f"/patients/{CHANGED}/")
        self.open(self.page.locator(".session-line a").first.get_attribute("href") or "/")

    def seek(self, share: float) -> None:
        box = self.page.get_by_role("slider", name="Place in the recording").bounding_box()
        assert box is not None
        self.page.mouse.click(box["x"] + box["width"] * share, box["y"] + box["height"] / 2)
        self.page.mouse.move(0, 0)

    def upload(self, path: Path) -> None:
        self.open("/patients/R-0133/")
        self.page.locator("#upload input[type=file]").set_input_files(path)
        self.page.locator("#upload button[type=submit]").click()
        running = self.page.locator("[data-arrivals] > li[data-state=running]")
        expect(running).to_be_visible(timeout=60_000)
        expect(running).not_to_contain_text("Analysing 0", timeout=60_000)


def sign_in(view: View) -> None:
    view.open("/login/")
    view.page.locator("[name=username]").fill(CLINICIAN[0])
    view.page.locator("[name=password]").fill(CLINICIAN[1])
    view.page.locator("main button[type=submit]").click()
    view.page.wait_for_url(f"{view.stack.url}/")


def readme_pictures(view: View, scheme: Scheme, screen: tuple[int, int]) -> None:
    """The few that tell what the product is."""
    match scheme, screen:
        case "light", (1440, _):
            view.open("/")
            view.take("caseload")
            view.open(f"/patients/{CHANGED}/")
            view.take("patient")
            view.open_session()
            view.seek(0.31)
            view.take("session")
            visit = view.stack.var_dir / "visit.flac"
            visit.write_bytes(encode(speech(MINUTES * 60), "flac"))
            view.upload(visit)
            view.take("upload")
        case "dark", (1440, _):
            view.open_session()
            view.seek(0.31)
            view.take("session-dark")
        case "light", _:
            view.open(f"/patients/{CHANGED}/")
            view.take("patient-phone")
        case _:
            view.open_session()
            view.seek(0.31)
            view.take("session-phone-dark")


def all_pictures(view: View, scheme: Scheme, screen: tuple[int, int]) -> None:
    """Every page that links lead to, whole."""
    for place, address in enumerate(every_page(view.page, view.stack)):
        view.page.wait_for_timeout(300)
        name = re.sub(r"[^a-z0-9]+", "-", address.lower()).strip("-")[:40] or "caseload"
        view.take(f"{place:02}-{name}-{screen[0]}-{scheme}", whole=True)


def main(folder: Path | None) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()  # pages are known by the names of their addresses
    target = folder or README_PICTURES
    target.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as var_dir,
        live_clinic(Path(var_dir), DEMO="true", seconds=600) as stack,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        schemes: tuple[Scheme, ...] = ("light", "dark")
        for scheme in schemes:
            for width, height in (DESK, HAND):
                context = browser.new_context(
                    viewport={"width": width, "height": height}, color_scheme=scheme, locale="en-GB"
                )
                view = View(context.new_page(), stack, target)
                sign_in(view)
                (all_pictures if folder else readme_pictures)(view, scheme, (width, height))
                context.close()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
