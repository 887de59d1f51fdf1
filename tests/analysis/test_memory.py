"""The worker's memory does not grow with the length of a session, from upload to written result."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.live import python
from tests.voices import encode, speech

SHORT_MINUTES, LONG_MINUTES = 8, 40

HEAR = """
import json, sys
import django; django.setup()
from django.core.management import call_command
from django.core.files.base import File
call_command("migrate", verbosity=0)
from analysis import pipeline
from analysis.intake import accept_recording
from analysis.models import Analysis
from tests.cast import make_cast, make_session
cast = make_cast()
with open(sys.argv[1], "rb") as sound:
    accept_recording(
        by=cast.treats, session=make_session(cast.treats, cast.patient), upload=File(sound, "talk.flac")
    )
pipeline.analyse(Analysis.objects.get().pk)
analysis = Analysis.objects.get()
assert analysis.state == "done", analysis.reason
peak = [line for line in open("/proc/self/status") if line.startswith("VmHWM")][0]
print(json.dumps([int(peak.split()[1]) / 1024, analysis.summary.duration_s]))
"""


def peak_mb(folder: Path, minutes: int) -> float:
    folder.mkdir()
    path = folder / "talk.flac"
    path.write_bytes(encode(speech(minutes * 60), "flac"))
    done = python(folder, "-c", HEAR, str(path))
    assert done.returncode == 0, done.stderr
    peak, duration_s = json.loads(done.stdout)
    assert duration_s == pytest.approx(minutes * 60, abs=1)
    return float(peak)


def test_five_times_the_length_takes_no_more_memory(tmp_path: Path) -> None:
    short, long = peak_mb(tmp_path / "short", SHORT_MINUTES), peak_mb(tmp_path / "long", LONG_MINUTES)
    assert long < 500
    assert long < 1.1 * short
