"""WCAG 2.2 A and AA as axe-core checks them, on a page that is open in the browser."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def violations(page: Page) -> list[str]:
    """One line for each rule that the page breaks, with the first element that breaks it."""
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": STANDARD}})
    return [_line(broken) for broken in found.response["violations"]]


def _line(broken: dict[str, Any]) -> str:
    nodes = broken["nodes"]
    return f"{broken['id']}: {broken['help']} (first of {len(nodes)}: {nodes[0]['html'][:150]})"
