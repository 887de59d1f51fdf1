"""``session2h.interactive_ms``, ``session2h.kb``: the page of a two-hour recording, until it can be used.

An MP3 of two hours goes through the clinic's own worker, on PostgreSQL where that is there. Chromium, with
the static files in its cache as on any second visit, opens the page. It can be used when every track
is drawn and painted, keys and buttons are listened to, and the page's thread has ended its last task of over
50 ms: the latest of these. Then a key must move the playhead, or the round does not count. The kilobytes are
what came over the line until two seconds later, less what the cache gave. Beside it, and not claimed: how
long the sound takes from pressing play at the middle of the recording.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benches import two_hours
from benches.figures import record

if TYPE_CHECKING:
    from playwright.sync_api import Page

WATCH = """
window.longTasks = [];
new PerformanceObserver((list) => {
    for (const task of list.getEntries()) window.longTasks.push(task.startTime + task.duration);
}).observe({ type: "longtask", buffered: true });
"""
# ms since the navigation began: the player listens, the tracks are painted, no long task ended later.
USABLE = """async () => {
    const ready = performance.getEntriesByName("player-ready")[0].startTime;
    const painted = Math.max(...performance.getEntriesByType("paint").map((paint) => paint.startTime));
    await new Promise((done) => setTimeout(done, 2000));
    const drawn = document.querySelectorAll("[data-layer][d^=M], [data-path=wave][d^=M]").length;
    if (drawn < 9) throw new Error(`only ${drawn} tracks are drawn`);
    const tasks = window.longTasks.filter((ended) => ended < ready + 2000);
    return Math.max(ready, painted, ...tasks);
}"""
PLAY = """async (seconds) => {
    const sound = document.querySelector("[data-sound]");
    const begun = performance.now();
    document.querySelector("[data-player]").place.playBetween(seconds, seconds + 2);
    await new Promise((done) => sound.addEventListener("playing", done, { once: true }));
    return performance.now() - begun;
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    arguments = parser.parse_args()
    two_hours.need("ffmpeg", "chromium")
    from tests.browser.people import sign_in
    from tests.live import live_clinic

    with ExitStack() as opened, two_hours.chromium("--autoplay-policy=no-user-gesture-required") as browser:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        database, settings = storage(opened, folder)
        stack = opened.enter_context(live_clinic(folder / "var", seconds=120, **settings))
        path = folder / "session.mp3"
        two_hours.write(path)
        entered = two_hours.enter(stack, path)
        page = browser.new_page()
        sign_in(page, stack, entered.clinician)
        page.add_init_script(WATCH)
        two_hours.open_session(page, stack, entered)  # fills the cache
        rounds = [visit(page, f"{stack.url}/sessions/{entered.session}/") for _ in range(arguments.rounds)]
    times, kilobytes, sounds = (list(column) for column in zip(*rounds, strict=True))
    spread = (min(times), max(times))
    note = f"on {database}; the sound at its middle {statistics.median(sounds):.0f} ms after pressing play"
    record(
        "session2h.interactive_ms", statistics.median(times), "ms", n=len(times), interval=spread, note=note
    )
    record("session2h.kb", statistics.median(kilobytes), "kB", n=len(kilobytes), note=f"on {database}")


def storage(opened: ExitStack, folder: Path) -> tuple[str, dict[str, str]]:
    """PostgreSQL, or SQLite with the reason."""
    from tests.services import Absent, postgres_database

    try:
        url = opened.enter_context(postgres_database(folder / "postgres"))
    except Absent as absent:
        print(f"On SQLite: {absent}")
        return "SQLite", {}
    # What a site off the embedded database has to set.
    site = {
        "PUBLIC_URL": "http://127.0.0.1",
        "SECRET_KEY": "for benches only, and long enough for Django's liking",
    }
    return "PostgreSQL", {"DATABASE_URL": url, **site}


def visit(page: Page, address: str) -> tuple[float, float, float]:
    """Milliseconds until it can be used, kilobytes until then, milliseconds from play to sound."""
    line: dict[str, float] = {}
    cached: set[str] = set()
    client = page.context.new_cdp_session(page)
    client.send("Network.enable")

    def note_source(event: dict[str, Any]) -> None:
        if event["response"].get("fromDiskCache"):
            cached.add(event["requestId"])

    client.on("Network.requestServedFromCache", lambda event: cached.add(event["requestId"]))
    client.on("Network.responseReceived", note_source)
    client.on(
        "Network.loadingFinished", lambda event: line.update({event["requestId"]: event["encodedDataLength"]})
    )
    page.goto(address)
    page.locator("[data-player][data-ready]").wait_for(timeout=60_000)
    usable = float(page.evaluate(USABLE))
    kilobytes = sum(size for request, size in line.items() if request not in cached) / 1000
    client.detach()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.querySelector('[data-player]').place.seconds") == 3
    return usable, kilobytes, float(page.evaluate(PLAY, two_hours.SECONDS / 2))


if __name__ == "__main__":
    main()
