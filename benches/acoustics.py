"""Our acoustic measures against Praat's: ``acoustics.max_rel_error`` and one figure a measure; their cost.

Both measure the demo clinic's clips (EMO-DB, CC0: sentences of 1 to 8 s by four actors), each clip as one
sound, with the same settings; Praat through parselmouth, its algorithms called one by one as their manuals
say. A figure is the greatest relative error over the four actors, what is measured on an actor's clips being
pooled as the product pools the stretches of a recording; its note tells the errors clip by clip. Pauses are
pooled over all clips: an actor makes too few for a median.

``acoustics.cpu_s_per_hour`` and ``acoustics.peak_ratio`` (120 minutes against 60) time and weigh what the
worker does beyond the estimate: reading the canonical copy, all measures; one thread, a fresh process each.
They are part of `session60`, which times the whole pipeline; here they stand apart.

``acoustics.sample_error``: in long recordings pitch and periods are sought in a sample of the speech. How far
each measure of an hour lies from what all of its speech says, in halves of its own 95 % interval: 1 is the
interval's border. The hour's sentences come in changing order and are spoken by several people, so it varies
more than one patient's session; its note has all measures.
``acoustics.codec_shift`` is how far MP3, AAC and Opus move a measure, ``acoustics.noise_shift`` white noise
at 25 dB: the greatest of the measures' median changes over six clips.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import soundfile
from numpy.typing import NDArray

from benches.session60 import ONE_THREAD, RATE, peak_mb, write_session

if TYPE_CHECKING:
    from tests.ml.praat import Compared

Floats: TypeAlias = NDArray[np.float32]

KINDS = ("mp3", "m4a", "webm")
NOISE_DB = 25


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=("errors", "cost", "sample", "shifts"))
    parser.add_argument("--part", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part:
        print(json.dumps(cost_of(arguments.part)))
        return
    benches = {
        "errors": errors,
        "cost": lambda: cost(arguments.rounds),
        "sample": sample,
        "shifts": shifts,
    }
    for name, bench in benches.items():
        if arguments.only in (None, name):
            bench()


def errors() -> None:
    from benches.figures import record
    from ml.acoustics.measures import MEASURES
    from tests.ml.praat import compare

    by_actor: dict[str, list[Compared]] = defaultdict(list)
    for path in clips():
        by_actor[path.name[:2]].append(compare(soundfile.read(path, dtype="float32")[0]))
    everything = [clip for actor in by_actor.values() for clip in actor]
    worst = {}
    for key in MEASURES:
        groups = [everything] if key == "pause_duration" else list(by_actor.values())
        pooled = [pooled_error(group, key) for group in groups]
        single = [error for clip in everything if np.isfinite(error := clip_error(clip, key))]
        worst[key] = max(pooled)
        record(
            f"acoustics.{key}_rel_error",
            100 * worst[key],
            "%",
            n=len(everything),
            note=f"pooled by actor; clip by clip the median is {100 * statistics.median(single):.2g} %, "
            f"the 95th percentile {100 * float(np.quantile(single, 0.95)):.2g} %, the greatest "
            f"{100 * max(single):.2g} % of {len(single)}",
        )
    record(
        "acoustics.max_rel_error",
        100 * max(worst.values()),
        "%",
        n=len(everything),
        note=f"{max(worst, key=worst.__getitem__)}, the greatest of {len(worst)} measures pooled by actor",
    )


def clips() -> list[Path]:
    from analysis.demo.compose import CLIPS

    return sorted(CLIPS.glob("*.ogg"))


def pooled_error(group: list[Compared], key: str) -> float:
    from tests.ml.praat import pooled

    ours, theirs = pooled([clip.ours for clip in group], key), pooled([clip.praats for clip in group], key)
    return abs(ours / theirs - 1)


def clip_error(clip: Compared, key: str) -> float:
    return pooled_error([clip], key)


def cost(rounds: int) -> None:
    from benches.figures import record

    with tempfile.TemporaryDirectory() as folder:
        hour, two_hours = Path(folder) / "60.wav", Path(folder) / "120.wav"
        write_session(hour, 3_600, RATE)
        turns = [in_process(hour) for _ in range(rounds)]
        hour.unlink()
        write_session(two_hours, 7_200, RATE)
        doubled = in_process(two_hours)
    seconds = [turn["cpu_s"] for turn in turns]
    record(
        "acoustics.cpu_s_per_hour",
        statistics.median(seconds),
        "s",
        n=rounds,
        interval=(min(seconds), max(seconds)),
        note=f"{100 * turns[0]['speech_share']:.0f} % of the hour is speech",
    )
    peaks = [turn["peak_mb"] for turn in turns]
    record(
        "acoustics.peak_ratio",
        doubled["peak_mb"] / statistics.median(peaks),
        "times",
        n=1,
        note=f"{statistics.median(peaks):.0f} MB for 60 minutes",
    )


def in_process(recording: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benches.acoustics", "--part", str(recording)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=os.environ | ONE_THREAD)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def cost_of(recording: Path) -> dict[str, float]:
    """Of one recording, where speech is known: that is the recogniser's work."""
    from ml.acoustics.voice import measure
    from ml.recogniser import listen

    canonical = recording.with_suffix(".flac")
    heard = listen(recording, canonical=canonical)
    measure(canonical, heard.spans[:20])  # what is loaded and computed once
    began = time.process_time()
    measure(canonical, heard.spans)
    cpu_s = time.process_time() - began
    canonical.unlink()
    return {"cpu_s": cpu_s, "peak_mb": peak_mb(), "speech_share": heard.speech_s / heard.duration_s}


def sample() -> None:
    from benches.figures import record
    from ml.acoustics import voice
    from ml.recogniser import listen

    with tempfile.TemporaryDirectory() as folder:
        hour, canonical = Path(folder) / "60.wav", Path(folder) / "60.flac"
        write_session(hour, 3_600, RATE)
        spans = listen(hour, canonical=canonical).spans
        sampled = voice.measure(canonical, spans).values
        whole = voice.measure(canonical, spans, closely_s=float("inf")).values
    off = {
        key: 2 * abs(sampled[key].value - whole[key].value) / (sampled[key].high - sampled[key].low)
        for key in whole
        if key not in voice.FROM_LOUDNESS
    }
    listed = ", ".join(
        f"{key} {share:.2f} ({100 * abs(sampled[key].value / whole[key].value - 1):.1f} %)"
        for key, share in off.items()
    )
    record(
        "acoustics.sample_error",
        max(off.values()),
        "times",
        n=len(off),
        note=f"{listed}; in brackets the difference itself. Pauses and energy variability rest on all speech",
    )


def shifts() -> None:
    from benches.figures import record
    from ml.audio import load
    from tests import voices

    sounds = [voices.speech(30, clip=clip) for clip in range(len(voices.clip_paths()))]
    clear = [measured(sound) for sound in sounds]
    moved: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for kind in KINDS:
            path = Path(folder) / f"clip.{kind}"
            coded = [load(voices.write(path, sound))[: len(sound)] for sound in sounds]
            for key, change in median_changes(clear, coded).items():
                moved[key] = max(moved.get(key, 0.0), change)
    worst = max(moved, key=moved.__getitem__)
    record("acoustics.codec_shift", 100 * moved[worst], "%", n=len(sounds), note=worst)
    rng = np.random.default_rng(0)
    noisy = [
        (sound + sound.std() * 10 ** (-NOISE_DB / 20) * rng.standard_normal(len(sound))).astype(np.float32)
        for sound in sounds
    ]
    moved = median_changes(clear, noisy)
    worst = max(moved, key=moved.__getitem__)
    record("acoustics.noise_shift", 100 * moved[worst], "%", n=len(sounds), note=worst)


def median_changes(clear: list[dict[str, float]], changed: list[Floats]) -> dict[str, float]:
    after = [measured(sound) for sound in changed]
    return {
        key: statistics.median(abs(new[key] / old[key] - 1) for new, old in zip(after, clear, strict=True))
        for key in clear[0]
    }


def measured(sound: Floats) -> dict[str, float]:
    """All measures but the pauses of a sound of any length, whatever its quality."""
    from ml.acoustics import sums, voice

    heard = voice.Voice()
    size = int(voice.LONG_ENOUGH_S * RATE)
    heard.feed([(at / RATE, sound[at : at + size]) for at in range(0, len(sound), size)])
    whole = sums.total(heard.parts)
    return {key: sums.value(key, whole) for key in sums.FORMULAS}


if __name__ == "__main__":
    main()
