"""Held against Praat on real speech; Praat stays out of the product."""

from __future__ import annotations

import ast
from functools import lru_cache
from pathlib import Path

import numpy as np
import parselmouth
import pytest
import soundfile

from analysis.demo.compose import CLIPS
from ml.acoustics import intensity, pitch, pulses
from ml.acoustics.measures import MEASURES
from tests.live import ROOT
from tests.ml import praat
from tests.ml.praat import Compared, compare, pooled

EVERY = 8
"""Of the demo clinic's 161 clips; the bench takes them all."""
PRODUCT = ("ml", "analysis", "patients", "ser_clinic")


@lru_cache
def compared() -> dict[str, Compared]:
    paths = sorted(CLIPS.glob("*.ogg"))[::EVERY]
    return {path.stem: compare(soundfile.read(path, dtype="float32")[0]) for path in paths}


@pytest.mark.parametrize("key", [key for key in MEASURES if key != "pause_duration"])
def test_over_all_clips_we_say_what_praat_says(key: str) -> None:
    clips = list(compared().values())
    ours, theirs = pooled([clip.ours for clip in clips], key), pooled([clip.praats for clip in clips], key)
    assert ours == pytest.approx(theirs, rel=0.01)


@pytest.mark.parametrize("key", ["pitch", "pitch_variability", "energy_variability", "jitter", "shimmer"])
def test_clip_by_clip_we_say_what_praat_says(key: str) -> None:
    for name, clip in compared().items():
        assert pooled([clip.ours], key) == pytest.approx(pooled([clip.praats], key), rel=0.05), name


def test_pauses_are_praats() -> None:
    for clip in compared().values():
        assert clip.ours.pauses_s == pytest.approx(clip.praats.pauses_s, abs=1e-6)


def test_frames_lie_where_praats_do() -> None:
    sound = soundfile.read(sorted(CLIPS.glob("*.ogg"))[3], dtype="float32")[0]
    theirs = parselmouth.Sound(sound.astype(np.float64), praat.RATE)
    ours, tracked = pitch.track([sound])[0], praat.track(theirs)
    assert len(ours.hertz) == tracked.n_frames
    assert ours.first == pytest.approx(tracked.t1 * praat.RATE - 0.5)
    assert np.array_equal(ours.voiced, tracked.selected_array["frequency"] > 0)
    loudness = theirs.to_intensity(minimum_pitch=intensity.LOWEST_HZ)
    contour = intensity.contour(sound)
    assert np.abs(contour.decibels - loudness.values[0]).max() < 0.6
    assert np.median(np.abs(contour.decibels - loudness.values[0])) < 0.01


def test_periods_begin_where_praats_do() -> None:
    sound = soundfile.read(sorted(CLIPS.glob("*.ogg"))[3], dtype="float32")[0]
    theirs = parselmouth.Sound(sound.astype(np.float64), praat.RATE)
    ours = pulses.find(sound, pitch.track([sound])[0])
    points = praat.periods(theirs, praat.track(theirs))
    assert len(ours) == len(points)
    assert np.abs(ours - points).max() < 0.05


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


def test_praat_is_imported_by_tests_alone() -> None:
    """Its licence (GPL) is not ours: it may judge the product, and must be no part of it."""
    paths = [path for package in PRODUCT for path in (ROOT / package).rglob("*.py")]
    assert len(paths) > 100
    assert [path for path in paths if "parselmouth" in imported(path)] == []
    assert "parselmouth" in imported(Path(praat.__file__))


def test_the_acoustics_need_neither_torch_nor_a_web_framework() -> None:
    """The CPU worker loads them, and no torch."""
    heavy = {"torch", "torchaudio", "librosa", "django", "onnxruntime", "sklearn"}
    for path in (ROOT / "ml" / "acoustics").glob("*.py"):
        assert not imported(path) & heavy, path
