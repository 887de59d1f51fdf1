"""``axe.violations`` over ``axe.pages``: WCAG 2.2 A and AA on every page of the demo clinic, in both themes.

Each page that links lead to, on a desk and in a hand, by day and by night, and the pages before signing in.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from pathlib import Path
from typing import Literal

import django
from playwright.sync_api import sync_playwright

from benches.figures import record
from tests.browser.axe import violations
from tests.browser.every_page import every_page
from tests.browser.people import sign_in
from tests.live import live_clinic

CLINICIAN = ("clinician", "demo-clinician")
SCREENS = ((1440, 900), (390, 844))
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
BEFORE_SIGNING_IN = ("/login/", "/password/reset/")


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()  # pages are known by the names of their addresses
    pages: set[str] = set()
    found: list[str] = []
    with (
        tempfile.TemporaryDirectory() as var_dir,
        live_clinic(Path(var_dir), DEMO="true", seconds=600) as stack,
        sync_playwright() as playwright,
    ):
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for scheme, (width, height) in itertools.product(SCHEMES, SCREENS):
            context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
            page = context.new_page()
            for address in BEFORE_SIGNING_IN:
                page.goto(stack.url + address)
                pages.add(address)
                found += [f"{address} {scheme} {width}: {line}" for line in violations(page)]
            sign_in(page, stack, *CLINICIAN)
            for address in every_page(page, stack):
                pages.add(address)
                found += [f"{address} {scheme} {width}: {line}" for line in violations(page)]
            context.close()
        chromium.close()
    print("\n".join(found))
    record("axe.violations", len(found), "", n=len(pages), note="both themes, 1440 and 390 px wide")
    record("axe.pages", len(pages), "", n=len(pages))


if __name__ == "__main__":
    main()
