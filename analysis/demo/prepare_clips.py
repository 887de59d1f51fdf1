"""``python -m analysis.demo.prepare_clips FOLDER``: the demo's clips, made from a copy of EMO-DB in FOLDER.

Run once by whoever keeps the repository; the clips that it made stand in ``clips/``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import soundfile
import soxr

CLIPS = Path(__file__).parent / "clips"
# Two women (08, 09) and two men (03, 10), whom no shipped model has heard in training.
ACTORS = frozenset({"03", "08", "09", "10"})
# The letter of the emotion within a name such as 03a01Fa. Boredom (L) is none of the eight.
LETTERS = frozenset("WEAFTN")
SAMPLE_RATE = 16_000
COMPRESSION = 0.9  # of libsndfile's scale, where 0 is the largest file: about 30 kbit/s here


def is_wanted(name: str) -> bool:
    return name[:2] in ACTORS and name[5:6] in LETTERS


def prepare(folder: Path) -> int:
    """Encode the wanted clips of ``folder`` as mono Ogg-Opus; returns how many there were."""
    sources = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in {".wav", ".flac"} and is_wanted(path.stem)
    )
    CLIPS.mkdir(exist_ok=True)
    for source in sources:
        waveform, sample_rate = soundfile.read(source, dtype="float32", always_2d=True)
        mono = soxr.resample(np.mean(waveform, axis=1), sample_rate, SAMPLE_RATE)
        soundfile.write(
            CLIPS / f"{source.stem}.ogg",
            mono,
            SAMPLE_RATE,
            format="OGG",
            subtype="OPUS",
            compression_level=COMPRESSION,
        )
    return len(sources)


if __name__ == "__main__":
    print(f"{prepare(Path(sys.argv[1]))} clips in {CLIPS}")
