"""What every test may ask for.

``cast``                          three people and a patient, see ``cast``
``postgres_url``, ``redis_url``   servers for tests, see ``services``; absent ones skip with the reason
``live_stack``                    a clinic as a person runs it, see ``live``; each test runs twice: embedded
                                  (SQLite, a folder as broker) and ``services`` (PostgreSQL, Redis)
``demo_stack``                    the same, embedded, with the demo clinic loaded: what `make run` gives
``page``                          a Chromium page that fails the test on any breach of the content policy

Live stacks live as long as the test run, so a test makes patients of its own. Tests that use one are marked
``live`` and run in one process (``-m "not live"`` leaves them out). ``--no-skips`` makes a skip a failure.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import cache
from django.utils import translation
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.cast import cast
from tests.live import LiveStack, live_clinic
from tests.services import Absent, another_database, postgres_database, redis_prefix, redis_server

__all__ = ["cast"]

# Examples share the machine with servers and trainings: their time says nothing about the code.
settings.register_profile("shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared machine")

LIVE_FIXTURES = {"embedded_stack", "services_stack", "demo_stack", "live_stack", "browser"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-skips", action="store_true", help="a skipped test fails the run, as CI wants it")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for test in items:
        if LIVE_FIXTURES & set(getattr(test, "fixturenames", ())):
            test.add_marker("live")
        if test.get_closest_marker("live"):
            test.add_marker(pytest.mark.xdist_group("live"))
    # The longest work begins first, so that no process waits for another at the end.
    items.sort(key=lambda test: not test.get_closest_marker("long"))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if session.config.getoption("--no-skips") and reporter and reporter.stats.get("skipped"):
        reporter.write_line("\n--no-skips: what was skipped was not tested.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(autouse=True)
def forget_throttling() -> None:
    """What one test asked for does not use up the next one's share."""
    cache.clear()


@pytest.fixture(autouse=True)
def forget_language() -> None:
    """A page in another language leaves its thread in that language; the next test begins in its own."""
    translation.deactivate()


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    try:
        with postgres_database(tmp_path_factory.mktemp("postgres")) as url:
            yield url
    except Absent as absent:
        pytest.skip(str(absent))


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    try:
        with redis_server(tmp_path_factory.mktemp("redis")) as url:
            yield url
    except Absent as absent:
        pytest.skip(str(absent))


@pytest.fixture(scope="session")
def embedded_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveStack]:
    with live_clinic(tmp_path_factory.mktemp("embedded")) as stack:
        yield stack


@pytest.fixture(scope="session")
def services_stack(
    tmp_path_factory: pytest.TempPathFactory, postgres_url: str, redis_url: str
) -> Iterator[LiveStack]:
    with (
        # Its own: tests that bring models of their own into ``postgres_url`` would have it hear with them.
        another_database(postgres_url) as database,
        redis_prefix(redis_url) as prefix,
        live_clinic(
            tmp_path_factory.mktemp("services"),
            DATABASE_URL=database,
            REDIS_URL=redis_url,
            REDIS_PREFIX=prefix,
            PUBLIC_URL="http://127.0.0.1",
            SECRET_KEY="for tests only, and long enough for what Django asks of a key",
        ) as stack,
    ):
        yield stack


@pytest.fixture(params=["embedded", "services"])
def live_stack(request: pytest.FixtureRequest) -> LiveStack:
    stack: LiveStack = request.getfixturevalue(f"{request.param}_stack")
    return stack


@pytest.fixture(scope="session")
def demo_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveStack]:
    with live_clinic(tmp_path_factory.mktemp("demo"), DEMO="true", seconds=300) as stack:
        yield stack


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    programs = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    chromium = next((Path(program) for program in programs if program), None)
    if chromium is None:
        pytest.skip("Chromium is not installed (Debian: apt install chromium)")
    # Playwright keeps a loop running in this thread, which Django would take for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a fresh context, 1440 × 900; ``page.set_viewport_size`` makes it a phone."""
    breaches: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            breaches.append(message.text)

    context = browser.new_context(viewport={"width": 1440, "height": 900})
    opened = context.new_page()
    opened.on("console", note)
    yield opened
    context.close()
    assert not breaches, breaches
