"""An hour of speech: ``session60.ratio_per_clip``, ``session60.peak_mb``, ``session120.peak_ratio``.

Ours: the worker's whole pipeline on a session of 60 minutes (16 kHz WAV, at least 95 % speech, windows every
second): decoding, canonical copy, peaks, speech activity, quality, network, acoustic measures, and the result
in SQLite. The acoustic measures are in these figures, once; ``acoustics.cpu_s_per_hour`` tells their part
alone (`benches.acoustics`). The papers' way has none of them.
The papers' way: each of those windows alone from a file at 48 kHz, `librosa.load`, MFCC as Zenkov's code has
it (float64, 1024/512/512, Hamming, 128 bands; for a network that makes its own MFCC, log-mel in the bands
that it hears), the same network in eager torch at batch 1. It is timed on five minutes and scaled to the
hour, since it does the same again for each window.

Both in CPU seconds of one thread, in turns, each in a fresh process whose start and first use do not count.
Memory is the peak of the process that hears, Django included; 120 minutes against 60.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
RATE, RIVAL_RATE = 16_000, 48_000
RIVAL_SECONDS = 300
WINDOW_SECONDS = 3
MIN_SPEECH_SHARE = 0.95


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--models", type=Path, metavar="DIR", help="hear with a model from here, not the shipped"
    )
    parser.add_argument("--part", choices=("ours", "rival"), help=argparse.SUPPRESS)
    parser.add_argument("--recording", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part == "ours":
        print(json.dumps(hear(arguments.recording, arguments.models)))
    elif arguments.part == "rival":
        print(json.dumps(hear_per_clip(arguments.recording, arguments.models)))
    else:
        measure(arguments.rounds, arguments.models)


def measure(rounds: int, models: Path | None) -> None:
    from benches.figures import record

    with tempfile.TemporaryDirectory() as folder:
        hour, two_hours, slice48 = (Path(folder) / name for name in ("60.wav", "120.wav", "slice.wav"))
        write_session(hour, 3_600, RATE)
        write_session(slice48, RIVAL_SECONDS, RIVAL_RATE)
        turns = [
            (in_process("ours", hour, models), in_process("rival", slice48, models)) for _ in range(rounds)
        ]
        hour.unlink()
        write_session(two_hours, 7_200, RATE)
        doubled = in_process("ours", two_hours, models)
    assert all(ours["speech_share"] >= MIN_SPEECH_SHARE for ours, _ in turns), turns
    ratios = [rival["cpu_s"] / ours["cpu_s"] for ours, rival in turns]
    peaks = [ours["peak_mb"] for ours, _ in turns]
    cpu_s = statistics.median(ours["cpu_s"] for ours, _ in turns)
    record(
        "session60.ratio_per_clip",
        statistics.median(ratios),
        "times",
        n=rounds,
        interval=(min(ratios), max(ratios)),
        note=f"{cpu_s:.1f} CPU seconds for the hour, acoustic measures included; "
        "the per-clip way timed on 5 minutes and scaled",
    )
    record("session60.peak_mb", statistics.median(peaks), "MB", n=rounds, interval=(min(peaks), max(peaks)))
    record("session120.peak_ratio", doubled["peak_mb"] / statistics.median(peaks), "times", n=1)


def in_process(part: str, recording: Path, models: Path | None) -> dict[str, float]:
    command = [sys.executable, "-m", "benches.session60", "--part", part, "--recording", str(recording)]
    command += ["--models", str(models)] if models else []
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=os.environ | ONE_THREAD)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def write_session(path: Path, seconds: int, sample_rate: int) -> None:
    """Real sentences one after the other in changing order and loudness, as 16-bit WAV."""
    import soxr

    from tests import voices

    sentences = [voices.speech(clip=clip) for clip in range(len(voices.clip_paths()))]
    rng = np.random.default_rng(0)
    left = seconds * sample_rate
    with soundfile.SoundFile(path, "w", sample_rate, 1, "PCM_16", format="WAV") as file:
        while left > 0:
            for place in rng.permutation(len(sentences)):
                sentence = sentences[place] * rng.uniform(0.3, 0.9)
                sound = soxr.resample(sentence, voices.RATE, sample_rate)[: max(0, left)]
                file.write(sound)
                left -= len(sound)


def hear(recording: Path, models: Path | None) -> dict[str, float]:
    """Upload a session to a fresh clinic on SQLite and let the pipeline hear it, here."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    from django.conf import settings
    from django.core.files.base import File
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    for folder in models.glob("*/") if models else ():
        shutil.copytree(folder, Path(settings.MODELS_DIR) / folder.name)
    from analysis import intake, pipeline
    from analysis.models import Analysis, Summary
    from tests.cast import make_cast, make_session

    people = make_cast()
    if models:
        adopt_newest()
    analyses = []
    for path in (first_use(Path(settings.VAR_DIR)), recording):
        with path.open("rb") as sound:
            session = make_session(people.treats, people.patient)
            receipt = intake.accept_recording(
                by=people.treats, session=session, upload=File(sound, path.name)
            )
        analyses.append(Analysis.objects.get(recording=receipt.recording))
    pipeline.analyse(analyses[0].pk)
    began = time.process_time()
    pipeline.analyse(analyses[1].pk)
    cpu_s = time.process_time() - began
    analysis = Analysis.objects.get(pk=analyses[1].pk)
    assert analysis.state == Analysis.State.DONE, analysis.state
    duration_s = soundfile.info(recording).duration
    return {
        "cpu_s": cpu_s,
        "peak_mb": peak_mb(),
        "speech_share": Summary.objects.get(analysis=analysis).speech_s / duration_s,
    }


def peak_mb() -> float:
    """Most memory that this process held; `getrusage` would tell its parent's, if that was more."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) / 1024


def first_use(folder: Path) -> Path:
    """A short recording that loads the model and all that is loaded late."""
    write_session(folder / "first.wav", 15, RATE)
    return folder / "first.wav"


def adopt_newest() -> None:
    from analysis import governance
    from analysis.models import ModelVersion
    from ml.registry import load_card

    version = governance.adopt(load_card(None, governance.model_roots()[0]).id)
    ModelVersion.objects.filter(pk=version.pk).update(is_active=True)


def hear_per_clip(recording: Path, models: Path | None) -> dict[str, float]:
    """CPU seconds for an hour of windows a second apart, each loaded, transformed and judged alone."""
    import librosa
    import torch

    from ml.registry import load_card
    from ml.storage import load_network

    torch.set_num_threads(1)
    card = load_card(None, *filter(None, [models]))
    network = load_network(card.weights, card.config)
    hears_mel = card.config.features.kind == "log_mel"  # and makes MFCCs of it itself

    def hear_window(start: int) -> None:
        sound, _ = librosa.load(recording, sr=RIVAL_RATE, offset=start, duration=WINDOW_SECONDS)
        power = librosa.feature.melspectrogram(
            y=sound.astype(np.float64),
            sr=RIVAL_RATE,
            n_fft=1024,
            win_length=512,
            hop_length=512,
            window="hamming",
            n_mels=card.config.features.n_mels if hears_mel else 128,
        )
        plane = librosa.power_to_db(power)
        if not hears_mel:
            plane = librosa.feature.mfcc(S=plane, n_mfcc=40)
        with torch.no_grad():
            network(torch.from_numpy(plane.astype(np.float32)[None, None])).softmax(dim=1)

    windows = RIVAL_SECONDS - WINDOW_SECONDS + 1
    hear_window(0)
    began = time.process_time()
    for start in range(windows):
        hear_window(start)
    per_window = (time.process_time() - began) / windows
    return {"cpu_s": per_window * (3_600 - WINDOW_SECONDS + 1)}


if __name__ == "__main__":
    main()
