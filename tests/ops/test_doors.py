"""What stands between the network and the views: sizes, addresses, headers, static files, default deny."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from pytest_django import Settings

from ser_clinic.body_limit import BodyLimit, Message, Receive, Scope, Send
from ser_clinic.loopback import LoopbackOnlyInDemo
from tests.live import python


def ask(chunks: list[bytes], *, headers: list[tuple[bytes, bytes]]) -> tuple[int, int]:
    """The status that a body in ``chunks`` gets under a limit of ten bytes, and how much of it was read."""
    sent: list[Message] = []
    waiting: Iterator[bytes] = iter(chunks)
    read = 0

    async def receive() -> Message:
        nonlocal read
        chunk = next(waiting, b"")
        read += len(chunk)
        return {"type": "http.request", "body": chunk, "more_body": bool(chunk)}

    async def send(message: Message) -> None:
        sent.append(message)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["more_body"]:
            pass
        await send({"type": "http.response.start", "status": 200, "headers": []})

    scope: dict[str, Any] = {"type": "http", "headers": headers}
    # In a thread: where a browser was used before, Playwright's loop runs in this one.
    with ThreadPoolExecutor() as threads:
        threads.submit(asyncio.run, BodyLimit(application, limit=10)(scope, receive, send)).result()
    return sent[0]["status"], read


def test_a_body_within_the_limit_passes() -> None:
    assert ask([b"12345", b"67890"], headers=[(b"content-length", b"10")]) == (200, 10)


def test_a_body_that_says_it_is_too_large_is_not_even_read() -> None:
    assert ask([b"x" * 11], headers=[(b"content-length", b"11")]) == (413, 0)


def test_a_body_that_says_nothing_is_counted() -> None:
    assert ask([b"x" * 6] * 100, headers=[]) == (413, 12)


def test_a_body_that_lies_is_counted_too() -> None:
    assert ask([b"x" * 6] * 100, headers=[(b"content-length", b"3")]) == (413, 12)


@pytest.mark.parametrize(
    ("address", "status"), [("127.0.0.1", 200), ("::1", 200), ("192.168.1.7", 403), ("", 403)]
)
def test_the_demo_answers_this_computer_alone(settings: Settings, address: str, status: int) -> None:
    settings.DEMO = True
    door = LoopbackOnlyInDemo(lambda request: HttpResponse())
    request: HttpRequest = RequestFactory().get("/", REMOTE_ADDR=address)
    assert door(request).status_code == status


@pytest.mark.django_db
def test_headers_of_every_page(client: Client) -> None:
    answer = client.get("/health/")
    policy = answer["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"


def test_plotly_comes_from_its_package_and_nothing_else_of_it_does() -> None:
    found = finders.find("plotly/plotly.min.js")
    assert isinstance(found, str)
    assert Path(found).stat().st_size > 1_000_000
    assert not finders.find("plotly/datasets/iris.csv.gz")
    (finder,) = (finder for finder in finders.get_finders() if type(finder).__name__ == "PlotlyFinder")
    assert [name for name, _ in finder.list([])] == ["plotly.min.js"]


def test_static_files_are_served_compressed_and_for_good(tmp_path: Path) -> None:
    """After ``collectstatic``, by the names that the manifest gives them."""
    prepared = python(tmp_path, "-m", "ser_clinic.prepare")
    assert prepared.returncode == 0, prepared.stderr
    code = (
        "import django; django.setup()\n"
        "from django.test import Client\n"
        "from django.templatetags.static import static\n"
        "answer = Client().get(static('plotly/plotly.min.js'), headers={'accept-encoding': 'gzip'})\n"
        "print(answer.status_code, answer['Content-Encoding'], answer['Cache-Control'])\n"
    )
    asked = python(tmp_path, "-c", code)
    assert asked.stdout.strip() == "200 gzip max-age=315360000, public, immutable", asked.stderr
    # The second start collects nothing anew.
    assert "Collecting" in prepared.stdout
    assert "Collecting" not in python(tmp_path, "-m", "ser_clinic.prepare").stdout
