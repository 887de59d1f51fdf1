"""``player.drift_ms``: where the player says it is, against where a planted tone is heard.

Tones begin at known times in two-hour uploads, one an MP3 of variable bit rate, one a WebM with Opus. Both go
through the clinic's own worker; the page plays them in headless Chromium. For each tone the player seeks to a
second before it, from ever other places, and plays; a worklet behind the page's own audio element captures
what comes out. The tone's beginning on the audio clock, and the player's own place read together with that
clock on each frame, give the place that the player claims for it. The figure is the largest error of all.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benches import two_hours
from benches.figures import record

if TYPE_CHECKING:
    from playwright.sync_api import Page

TONES = (12.0, 61.234, 600.5, 1_799.75, 3_599.9, 3_601.0 + 17.3, 5_400.123, 7_150.61)
ORDER = (7, 0, 4, 2, 6, 1, 5, 3)  # back and forth over the whole recording
BEFORE_S = 1.0

# Behind the page's own element, once: every block that comes out, with the number of its first frame.
TAP = """async () => {
    const context = new AudioContext();
    const code = `registerProcessor("tap", class extends AudioWorkletProcessor {
        process([input]) {
            if (input[0]) this.port.postMessage([currentFrame, input[0].slice()]);
            return true;
        }
    });`;
    await context.audioWorklet.addModule(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
    const tap = new AudioWorkletNode(context, "tap");
    context.createMediaElementSource(document.querySelector("[data-sound]")).connect(tap).connect(context.destination);
    await context.resume();
    window.tapped = { context, tap };
}"""

# From a seek to past the tone: [the tone's beginning, the player's place less the audio clock], in seconds.
LISTEN = """async (begins) => {
    const { context, tap } = window.tapped;
    const { place } = document.querySelector("[data-player]");
    const sound = document.querySelector("[data-sound]");
    sound.pause();
    const heard = [];
    place.seek(begins - %(before)s);
    await new Promise((done) => sound.addEventListener("seeked", done, { once: true }));
    tap.port.onmessage = ({ data }) => heard.push(data);
    await sound.play();
    const offsets = [];
    await new Promise((done) => {
        const look = () => {
            // What was on its way from before the seek is not the tone; that comes after a second of silence.
            if (place.seconds < begins - 0.5) heard.length = 0;
            else offsets.push(place.seconds - context.currentTime);
            if (place.seconds > begins + 0.5) done();
            else requestAnimationFrame(look);
        };
        look();
    });
    sound.pause();
    tap.port.onmessage = null;
    const level = (block) => Math.sqrt(block.reduce((sum, one) => sum + one * one, 0) / block.length);
    const loudest = Math.max(...heard.map(([, block]) => level(block)));
    for (const [frame, block] of heard) {
        const at = block.findIndex((sample) => Math.abs(sample) > loudest * Math.SQRT1_2);
        if (at >= 0 && level(block) > loudest / 10) return [(frame + at) / context.sampleRate, offsets];
    }
    return null;
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2, help="how often every tone is gone to")
    parser.add_argument(
        "--only", choices=tuple(two_hours.ENCODERS), help="one kind of upload, printed and not recorded"
    )
    arguments = parser.parse_args()
    two_hours.need("ffmpeg", "chromium")
    from tests.live import live_clinic

    errors: dict[str, list[float]] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        live_clinic(Path(folder) / "var", seconds=120) as stack,
        two_hours.chromium("--autoplay-policy=no-user-gesture-required") as browser,
    ):
        from tests.browser.people import sign_in

        for kind in [arguments.only] if arguments.only else two_hours.ENCODERS:
            path = Path(folder) / f"session.{kind}"
            two_hours.write(path, tones=TONES)
            entered = two_hours.enter(stack, path)
            # The worklet is ours, not the page's: only it needs the content policy out of the way.
            page = browser.new_context(bypass_csp=True).new_page()
            sign_in(page, stack, entered.clinician)
            two_hours.open_session(page, stack, entered)
            errors[kind] = drifts(page, arguments.rounds)
            print(kind, [round(error) for error in errors[kind]], flush=True)
            page.close()
    if arguments.only:
        return
    magnitudes = [abs(error) for found in errors.values() for error in found]
    median = statistics.median(magnitudes)
    record(
        "player.drift_ms",
        max(magnitudes),
        "ms",
        n=len(magnitudes),
        note=f"the largest of all seeks in {' and '.join(errors)}; median {median:.0f} ms",
    )


def drifts(page: Page, rounds: int) -> list[float]:
    """For each seek, the place that the player claims for the tone less where it was planted, in ms."""
    page.evaluate("document.querySelector('[data-sound]').play()")
    page.wait_for_timeout(500)
    page.evaluate(TAP)
    errors = []
    for tone in [TONES[place] for place in ORDER] * rounds:
        heard = page.evaluate(LISTEN % {"before": BEFORE_S}, tone)
        assert heard is not None, f"no tone was heard at {tone} s"
        began, offsets = heard
        errors.append(1000 * (began + statistics.median(offsets) - tone))
    return errors


if __name__ == "__main__":
    main()
