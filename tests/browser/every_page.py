"""Every page that links lead to, from the first one on: for layout, accessibility and pictures alike.

A page is known by its URL's name; of each name one instance is opened, or as many as differ in what they show
(``INSTANCES``). What is no page of ours (downloads, JSON, sound) is not followed.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from urllib.parse import urldefrag, urlsplit

from django.urls import Resolver404, resolve
from playwright.sync_api import Page

from tests.browser.people import until
from tests.live import LiveStack

# Patients and sessions differ: changed and stable ones, telephone, two voices, too little speech, voided.
INSTANCES = {"patient": 4, "session": 6, "caseload": 4}
LEFT = {"logout", "api-docs", "api-schema"}
LINKS = "[...document.querySelectorAll('a[href]')].map((link) => [link.href, link.hasAttribute('download')])"
# A figure has no size before it is drawn, so the panel that holds it is asked whether it is shown.
DRAWN = """[...document.querySelectorAll('[data-figure]:not(.is-drawn)')]
    .every((figure) => !figure.parentElement.checkVisibility())"""


def every_page(page: Page, stack: LiveStack, *starts: str) -> Iterator[str]:
    """Open page after page of the clinic that ``page`` is signed in to; yield each address once drawn.

    Raises:
        AssertionError: a link leads to an error.
    """
    waiting = deque(starts or ("/",))
    met, opened = set(waiting), Counter[str]()
    while waiting:
        address = waiting.popleft()
        name = name_of(address)
        if name is None or opened[name] >= INSTANCES.get(name, 1):
            continue
        opened[name] += 1
        answer = page.goto(stack.url + address)
        assert answer is not None
        assert answer.ok, f"{address} answers {answer.status}"
        until(page, DRAWN, seconds=20)
        yield address
        for found in _links(page, stack):
            if found not in met:
                met.add(found)
                waiting.append(found)


def name_of(address: str) -> str | None:
    """The URL's name, or None where a link is not to be followed."""
    try:
        name = resolve(urlsplit(address).path).url_name
    except Resolver404:
        return None
    is_page = not address.split("?")[0].endswith((".csv", ".json")) and not address.startswith(
        ("/admin/", "/api/")
    )
    return name if is_page and name not in LEFT else None


def _links(page: Page, stack: LiveStack) -> Iterator[str]:
    for address, is_download in page.evaluate(LINKS):
        if address.startswith(stack.url) and not is_download:
            yield urldefrag(address).url.removeprefix(stack.url)
