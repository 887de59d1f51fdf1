"""A two-hour recording in a running clinic, for benches of the page that plays it.

Real sentences follow each other, with tones planted where a bench asks for them; ffmpeg encodes them, the
clinic's own worker hears them, and a clinician signs in with Chromium. Where a program is missing, that is
said and nothing measured.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.live import LiveStack

SECONDS = 7_200
RATE = 16_000
TONE_HZ, TONE_S, TONE_LEVEL = 1_000, 0.3, 0.5
QUIET_S = 1.5  # before and after a tone, so that its beginning can be told
ENCODERS = {
    "mp3": ("-c:a", "libmp3lame", "-q:a", "5"),  # variable bit rate
    "webm": ("-c:a", "libopus", "-b:a", "32k", "-vbr", "on", "-compression_level", "3"),
}

ENTER = """
import json, uuid
from django.core.files import File
from analysis.intake import accept_recording
from patients.models import Team
from tests.cast import make_clinician, make_patient, make_session
name = uuid.uuid4().hex[:8]
by = make_clinician(name, team=Team.objects.create(name=name))
patient = make_patient(by, "B-" + name.upper())
session = make_session(by, patient)
with open({path!r}, "rb") as sound:
    accept_recording(by=by, session=session, upload=File(sound, {name!r}))
print(json.dumps([name, str(session.pk)]))
"""
STATE = """
import json
from analysis.models import Analysis
analysis = Analysis.objects.get(recording__session={session!r})
print(json.dumps([analysis.state, analysis.reason]))
"""


@dataclass(frozen=True)
class Entered:
    """Who may see it, and where."""

    clinician: str
    session: str


def need(*programs: str) -> None:
    """Stop with a reason where a program is not installed, or the tests' settings cannot be set up."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        sys.exit(f"Not measured: {', '.join(missing)} is not installed.")
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright keeps a loop running in this thread
    import django

    django.setup()


def write(path: Path, *, tones: Sequence[float] = ()) -> None:
    """Two hours, encoded as the name of ``path`` says, with a tone that begins at each of ``tones`` (s)."""
    command = ["ffmpeg", "-loglevel", "error", "-y", "-f", "s16le", "-ar", str(RATE), "-ac", "1", "-i", "-"]
    command += [*ENCODERS[path.suffix[1:]], str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as encoder:
        assert encoder.stdin is not None
        for block in _minutes(tones):
            encoder.stdin.write(block.tobytes())
        encoder.stdin.close()
    assert encoder.returncode == 0, command


def _minutes(tones: Sequence[float]) -> Iterator[NDArray[np.int16]]:
    from tests import voices

    talk = np.concatenate([voices.speech(clip=clip) for clip in range(len(voices.clip_paths()))])
    length = 60 * RATE
    for minute in range(SECONDS // 60):
        places = (minute * length + np.arange(length)) % len(talk)
        sound = talk[places].astype(np.float64)
        times = minute * 60 + np.arange(length) / RATE
        for begins in tones:
            sound[(begins - QUIET_S <= times) & (times < begins + TONE_S + QUIET_S)] = 0
            sounding = (begins <= times) & (times < begins + TONE_S)
            sound[sounding] = TONE_LEVEL * np.sin(2 * np.pi * TONE_HZ * (times[sounding] - begins))
        yield (sound * 32767).astype(np.int16)


def enter(stack: LiveStack, path: Path, *, seconds: float = 600) -> Entered:
    """Upload it, and wait until the clinic's worker has heard it."""
    from tests.services import wait_for

    entered = Entered(*json.loads(stack.run(ENTER.format(path=str(path), name=path.name))))

    def is_heard() -> bool:
        state, reason = json.loads(stack.run(STATE.format(session=entered.session)))
        assert state != "failed", f"{reason}: {stack.said}"
        return bool(state == "done")

    wait_for(is_heard, seconds=seconds, every=3, what=f"{path.name} is analysed")
    return entered


@contextmanager
def chromium(*arguments: str) -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        program = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", *arguments])
        yield browser
        browser.close()


def open_session(page: Page, stack: LiveStack, entered: Entered) -> None:
    """As its clinician, until the player listens."""
    page.goto(f"{stack.url}/sessions/{entered.session}/")
    page.locator("[data-player][data-ready]").wait_for(timeout=60_000)
