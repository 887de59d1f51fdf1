"""SIGKILL for the real worker in the middle of a long recording: one result, in time, counted once."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from tests.live import LiveStack
from tests.services import wait_for
from tests.voices import encode, speech

MINUTES = 60

HAND_IN = """
import json, pathlib, uuid
from analysis.models import Analysis
from tests.analysis.uploads import hand_in
from tests.cast import make_clinician, make_patient, make_session
from patients.models import Team
name = uuid.uuid4().hex[:8]
by = make_clinician(name, team=Team.objects.create(name=name))
session = make_session(by, make_patient(by, reference="K-" + name[:6].upper()))
recording = hand_in(by, session, pathlib.Path({path!r}).read_bytes(), name="long.flac").recording
print(json.dumps(str(recording.pk)))
"""

LOOK = """
import json
from analysis.models import Recording, Summary, WindowMatrix
recording = Recording.objects.get(pk={recording!r})
analysis = recording.latest_analysis
results = [rows.objects.filter(analysis__recording=recording) for rows in (Summary, WindowMatrix)]
print(json.dumps({{
    "state": analysis.state, "progress": analysis.progress, "attempts": analysis.attempts,
    "results": [rows.count() for rows in results], "windows": [getattr(rows.first(), name, 0)
    for rows, name in zip(results, ("windows", "count"))], "duration_s": recording.duration_s,
    "canonical": recording.canonical.name,
}}))
"""


def look(stack: LiveStack, recording: str) -> dict[str, Any]:
    seen: dict[str, Any] = json.loads(stack.run(LOOK.format(recording=recording)))
    return seen


def test_a_killed_workers_recording_is_heard_once(live_stack: LiveStack, tmp_path: Path) -> None:
    path = tmp_path / "long.flac"
    path.write_bytes(encode(speech(MINUTES * 60), "flac"))
    recording = json.loads(live_stack.run(HAND_IN.format(path=str(path))))

    def in_the_middle() -> bool:
        seen = look(live_stack, recording)
        assert seen["state"] in ("queued", "running"), "it ended before the worker could be killed"
        return seen["state"] == "running" and float(seen["progress"]) > 0

    wait_for(in_the_middle, seconds=60, what="the worker is in the middle of it")
    live_stack.kill_worker()
    killed = time.monotonic()
    assert look(live_stack, recording)["state"] != "done"
    wait_for(
        lambda: look(live_stack, recording)["attempts"] == 2, seconds=60, what="a worker takes it up again"
    )
    assert time.monotonic() - killed < 60
    wait_for(lambda: look(live_stack, recording)["state"] == "done", seconds=180, what="it is heard", every=1)
    seen = look(live_stack, recording)
    assert seen["results"] == [1, 1]
    assert seen["windows"][0] == seen["windows"][1] > MINUTES * 60 * 0.5
    assert abs(seen["duration_s"] - MINUTES * 60) < 1
    media = Path(live_stack.var_dir / "media" / "canonical")
    assert len(list(media.rglob(Path(seen["canonical"]).name))) == 1
    time.sleep(12)  # the next sweep finds nothing to do
    assert look(live_stack, recording) == seen
