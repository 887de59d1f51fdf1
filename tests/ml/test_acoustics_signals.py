"""Acoustic measures of sounds whose measures are known: pulse trains, swelling voices, pauses."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ml.acoustics import intensity, pauses, perturbation, pitch, pulses, sums, syllables, voice
from ml.acoustics.measures import MEASURES
from tests.voices import RATE, noise, silence, speech, tone

Floats = NDArray[np.float32]
Reals = NDArray[np.float64]


def pulse_train(periods_s: NDArray[Any], amplitudes: NDArray[Any] | None = None) -> Floats:
    """Glottal-like pulses: damped resonances at 600 and 1,500 Hz that begin at exact, unrounded moments."""
    starts = 0.02 + np.concatenate([[0.0], np.cumsum(periods_s)])
    amplitudes = np.ones(len(starts)) if amplitudes is None else amplitudes
    time = np.arange(round((starts[-1] + 0.05) * RATE)) / RATE
    sound = np.zeros(len(time))
    for start, amplitude in zip(starts, amplitudes, strict=True):
        first = int(np.ceil(start * RATE))
        since = time[first : first + 480] - start
        damped = np.exp(-since * 500) * (1 - np.exp(-since * 8000))
        ringing = np.sin(2 * np.pi * 600 * since) + 0.5 * np.sin(2 * np.pi * 1500 * since)
        sound[first : first + 480] += amplitude * damped * ringing
    scaled: Floats = (0.4 * sound / np.abs(sound).max()).astype(np.float32)
    return scaled


def perturbation_of(sound: Floats) -> tuple[float, float]:
    points = pulses.find(sound, pitch.track([sound])[0])
    return perturbation.jitter(points).local, perturbation.shimmer(sound, points).local


# ── pitch ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("hertz", [80.0, 110.0, 173.3, 220.0, 333.3, 500.0])
def test_a_pulse_trains_pitch_is_found(hertz: float) -> None:
    tracked = pitch.track([pulse_train(np.full(int(hertz), 1 / hertz))])[0]
    inner = tracked.hertz[5:-5]
    assert tracked.voiced[5:-5].all()
    assert np.abs(inner / hertz - 1).max() < 2e-3


@pytest.mark.parametrize("sound", [silence(1), noise(1, level=0.1), np.zeros(3, np.float32)])
def test_what_has_no_pitch_has_none(sound: Floats) -> None:
    assert pitch.track([sound])[0].voiced.mean() < 0.05 if len(sound) > 640 else True
    assert len(pulses.find(sound, pitch.track([sound])[0])) <= 2


def test_stretches_are_tracked_together_as_alone() -> None:
    sounds = [speech(clip=0), silence(0.3), speech(clip=3), noise(0.5), speech(0.01), speech(clip=5)]
    together = pitch.track(sounds)
    for sound, one in zip(sounds, together, strict=True):
        alone = pitch.track([sound])[0]
        assert np.array_equal(one.hertz, alone.hertz)
        assert np.array_equal(one.strength, alone.strength)


@given(st.integers(2, 40), st.integers(1, 4), st.integers(0, 10_000))
def test_the_path_is_the_best_of_all(frames: int, candidates: int, seed: int) -> None:
    """Against plain dynamic programming over every state, frame by frame."""
    rng = np.random.default_rng(seed)
    hertz = rng.uniform(75, 600, (frames, candidates))
    strength = rng.uniform(0.1, 1, (frames, candidates))
    strength[rng.random((frames, candidates)) < 0.3] = -np.inf
    unvoiced = rng.uniform(0.45, 1.6, frames)
    [place] = pitch.best_paths([(hertz, strength, unvoiced)])
    best = _best(hertz, strength, unvoiced)
    assert _score(place, hertz, strength, unvoiced) == pytest.approx(best, abs=1e-3)


def _local(hertz: Reals, strength: Reals, unvoiced: Reals) -> Reals:
    costs = pitch.OCTAVE_COST * np.log2(pitch.CEILING_HZ / hertz)
    return np.column_stack([unvoiced, strength - costs])


def _transitions(before: Reals, after: Reals) -> Reals:
    """Costs from every state to every state, state 0 being unvoiced, (k + 1, k + 1)."""
    jump = pitch.OCTAVE_JUMP_COST * np.abs(np.log2(after)[None, :] - np.log2(before)[:, None])
    costs = np.full((len(before) + 1, len(after) + 1), pitch.VOICED_UNVOICED_COST)
    costs[1:, 1:], costs[0, 0] = jump, 0.0
    return costs


def _score(place: NDArray[np.int64], hertz: Reals, strength: Reals, unvoiced: Reals) -> float:
    local = _local(hertz, strength, unvoiced)
    states = place + 1
    whole = local[np.arange(len(states)), states].sum()
    for at in range(1, len(states)):
        whole -= _transitions(hertz[at - 1], hertz[at])[states[at - 1], states[at]]
    return float(whole)


def _best(hertz: Reals, strength: Reals, unvoiced: Reals) -> float:
    local = _local(hertz, strength, unvoiced)
    reach = local[0]
    for at in range(1, len(local)):
        reach = (reach[:, None] - _transitions(hertz[at - 1], hertz[at])).max(axis=0) + local[at]
    return float(reach.max())


# ── periods ────────────────────────────────────────────────────────────────────────────────────────────────


def test_periods_begin_where_the_pulses_do() -> None:
    periods = np.full(150, 1 / 150)
    sound = pulse_train(periods)
    points = pulses.find(sound, pitch.track([sound])[0])
    assert len(points) == pytest.approx(151, abs=3)
    assert np.abs(np.diff(points) / RATE - 1 / 150).max() < 2e-5


@pytest.mark.parametrize("wanted", [0.002, 0.005, 0.01, 0.02])
def test_alternating_periods_have_the_jitter_that_was_put_in(wanted: float) -> None:
    """Every period differs from the next by the same amount: local jitter is that share exactly."""
    periods = 1 / 120 * (1 + wanted / 2 * (-1.0) ** np.arange(180))
    jitter, _ = perturbation_of(pulse_train(periods))
    assert jitter == pytest.approx(wanted, rel=0.08)


@pytest.mark.parametrize("wanted", [0.02, 0.05, 0.1])
def test_alternating_amplitudes_have_the_shimmer_that_was_put_in(wanted: float) -> None:
    amplitudes = 1 + wanted / 2 * (-1.0) ** np.arange(181)
    _, shimmer = perturbation_of(pulse_train(np.full(180, 1 / 120), amplitudes))
    assert shimmer == pytest.approx(wanted, rel=0.08)


@given(st.floats(0.05, 1.0))
def test_loudness_changes_no_measure(gain: float) -> None:
    sound = speech(clip=2)
    values = [_values(one) for one in (sound, (gain * sound).astype(np.float32))]
    for key, value in values[0].items():
        assert values[1][key] == pytest.approx(value, rel=2e-3), key


def test_a_longer_silence_around_it_changes_only_what_is_said_of_silence() -> None:
    sound = speech(clip=4)
    padded = np.concatenate([silence(0.5), sound, silence(0.5)])
    for key in ("pitch", "pitch_variability", "jitter", "shimmer", "harmonicity"):
        assert _values(padded)[key] == pytest.approx(_values(sound)[key], rel=0.05), key


def _values(sound: Floats) -> dict[str, float]:
    heard = voice.Voice()
    heard.feed([(0.0, sound)])
    return {key: sums.value(key, heard.parts[0]) for key in sums.FORMULAS}


# ── intensity, syllables, pauses ───────────────────────────────────────────────────────────────────────────


def test_a_tone_has_the_intensity_of_its_power() -> None:
    level = intensity.contour(tone(1, level=0.3)).decibels
    assert np.abs(level - 10 * np.log10(0.3**2 / 2 / intensity.AUDIBLE)).max() < 0.01
    doubled = intensity.contour(tone(1, level=0.6)).decibels
    assert np.allclose(doubled - level, 20 * np.log10(2), atol=1e-3)


@pytest.mark.parametrize("rate", [2.0, 3.0, 4.0, 5.0])
def test_swells_of_a_voice_are_counted_as_syllables(rate: float) -> None:
    voiced = pulse_train(np.full(720, 1 / 120))
    time = np.arange(len(voiced)) / RATE
    swelling = (voiced * (0.55 - 0.45 * np.cos(2 * np.pi * rate * time))).astype(np.float32)
    part = voice.Voice()
    part.feed([(0.0, swelling)])
    # The last peak has no dip after it and is not counted.
    assert part.parts[0].syllables == pytest.approx(rate * time[-1] - 1, abs=1)


def test_a_hum_has_no_syllables() -> None:
    assert _values(pulse_train(np.full(240, 1 / 120)))["articulation_rate"] <= 1


@pytest.mark.parametrize("length_s", [0.3, 0.5, 0.8, 1.5, 2.5])
def test_pauses_of_known_length_are_found(length_s: float) -> None:
    voiced = pulse_train(np.full(100, 1 / 120))
    joined = np.concatenate([np.concatenate([voiced, silence(length_s)]) for _ in range(4)] + [voiced])
    heard = voice.Voice()
    heard.feed([(0.0, joined)])
    # The pulses ring on for a hundredth of a second, and a window of 128 ms sees over the edge of a silence.
    assert len(heard.pauses_s) == 4
    assert np.abs(np.array(heard.pauses_s) - length_s).max() < 0.12
    assert heard.parts[0].speaking_s == pytest.approx(len(joined) / RATE, abs=0.02)


def test_a_turns_end_is_no_pause() -> None:
    sounding = np.array([[0.0, 1.0], [1.1, 2.0], [2.3, 3.0], [7.0, 8.0]])
    assert pauses.between(sounding) == pytest.approx([0.3])


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 40)), min_size=1, max_size=30))
def test_what_sounds_is_in_order_and_long_enough(runs: list[tuple[bool, int]]) -> None:
    loud = np.concatenate([np.full(length, state) for state, length in runs])
    times = np.linspace(0.064, 0.064 + 0.016 * (len(loud) - 1), len(loud))
    length_s = float(times[-1] + 0.064)
    found = pauses.sounding(times, loud, length_s)
    flat = found.ravel()
    assert (np.diff(flat) >= -1e-12).all()
    assert flat.size == 0 or (flat[0] >= 0 and flat[-1] <= length_s)
    inner = found[1:, 0] - found[:-1, 1]
    assert (inner >= pauses.SHORTEST_S - 1e-9).all()


# ── a recording ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_recordings_measures_do_not_depend_on_where_stretches_are_cut(tmp_path: Path) -> None:
    sound = np.concatenate([np.concatenate([speech(clip=clip), silence(0.7)]) for clip in range(6)] * 3)
    soundfile.write(tmp_path / "sound.flac", sound, RATE)
    spans, at = [], 0.0
    for clip in [*range(6)] * 3:
        length = len(speech(clip=clip)) / RATE
        spans.append((at, at + length))
        at += length + 0.7
    measured = voice.measure(tmp_path / "sound.flac", spans)
    assert not measured.absent
    assert set(measured.values) == set(MEASURES)
    assert all(one.low <= one.value <= one.high for one in measured.values.values())
    alone = voice.Voice()
    alone.feed([(start, sound[round(start * RATE) : round(end * RATE)]) for start, end in spans])
    whole = sums.total(alone.parts)
    for key in sums.FORMULAS:
        assert measured.values[key].value == pytest.approx(sums.value(key, whole), rel=0.06), key
    # The sentences begin and end softly, below the threshold of silence.
    assert measured.values["pause_duration"].value == pytest.approx(np.median(alone.pauses_s), rel=0.06)
    assert measured.values["pause_duration"].value > 0.7


@given(st.lists(st.tuples(st.floats(0.0, 4.0), st.floats(0.24, 40.0)), max_size=30))
def test_stretches_hold_all_speech_once(gaps: list[tuple[float, float]]) -> None:
    spans, at = [], 0.0
    for gap, length in gaps:
        spans.append((at + gap, at + gap + length))
        at += gap + length
    stretches = voice.lay_stretches(spans)
    assert all(end - start <= voice.LONGEST_S + 1e-6 for start, end in stretches)
    assert all(before[1] <= after[0] + 1e-9 for before, after in pairwise(stretches))
    for start, end in spans:
        covered = sum(max(0.0, min(end, b) - max(start, a)) for a, b in stretches)
        assert covered == pytest.approx(end - start, abs=1e-6)


@given(st.lists(st.floats(0.3, 8.0), max_size=400), st.floats(10.0, 400.0))
def test_what_is_heard_closely_lies_evenly_over_the_speech(lengths: list[float], seconds: float) -> None:
    edges = np.cumsum([0.0, *lengths]).tolist()
    chosen = voice.spread_evenly(list(pairwise(edges)), seconds)
    assert len(chosen) == len(lengths)
    if edges[-1] <= seconds:
        assert all(chosen)
        return
    step = edges[-1] / max(1, round(seconds / edges[-1] * len(lengths)))
    middles = [
        (start + end) / 2 for (start, end), taken in zip(pairwise(edges), chosen, strict=True) if taken
    ]
    assert (np.diff([-step / 2, *middles, edges[-1] + step / 2]) <= step + 8.0 + 1e-6).all()


def test_a_sample_says_what_the_whole_says() -> None:
    """Pauses and energy rest on all speech; the rest on less, and with intervals that tell so."""
    sound = np.concatenate([np.concatenate([speech(clip=clip), silence(0.7)]) for clip in range(6)] * 12)
    spans = [(at, at + 6.0) for at in np.arange(0, len(sound) / RATE - 6, 6.0).tolist()]
    whole, sampled = voice.Voice(), voice.Voice()
    stretches = [(start, sound[round(start * RATE) : round(end * RATE)]) for start, end in spans]
    whole.feed(stretches)
    sampled.feed(stretches, closely=voice.spread_evenly(spans, 60.0))
    all_said, some_said = whole.measures().values, sampled.measures().values
    for key in voice.FROM_LOUDNESS:
        assert some_said[key] == all_said[key]
    for key in set(MEASURES) - voice.FROM_LOUDNESS:
        assert some_said[key].seconds < 0.4 * all_said[key].seconds
        reach = some_said[key].high - some_said[key].value
        assert abs(some_said[key].value - all_said[key].value) <= 1.5 * reach, key


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    """Recordings of 40 stretches with a known rate: the 95 % interval holds it in 88 to 99 %."""
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(400):
        seconds = rng.uniform(4, 8, 40)
        counts = rng.poisson(4.0 * seconds)
        parts = [
            sums.Sums(speaking_s=s, sounding_s=s, syllables=c) for s, c in zip(seconds, counts, strict=True)
        ]
        read = sums.read("articulation_rate", parts)
        assert read is not None
        held += read.low <= 4.0 <= read.high
    assert 0.88 <= held / 400 <= 0.99


def test_one_stretch_has_no_interval_and_hence_no_value() -> None:
    assert sums.read("articulation_rate", [sums.Sums(sounding_s=20.0, syllables=80)]) is None


def test_a_medians_interval_comes_from_its_ranks() -> None:
    read = sums.read_median(np.linspace(0.3, 0.7, 101), 600.0)
    assert read.value == pytest.approx(0.5)
    assert 0.44 < read.low < 0.5 < read.high < 0.56


def test_the_table_is_whole() -> None:
    for key, measure in MEASURES.items():
        assert measure.key == key
        assert measure.definition.endswith(".")
        assert bool(measure.ranges) is not bool(measure.no_range)
        assert all(one.low < one.high and one.source for one in measure.ranges)


def test_syllables_need_sound_around_them() -> None:
    empty = pitch.track([silence(0.05)])[0]
    loudness = intensity.contour(silence(0.05))
    assert len(syllables.nuclei(loudness, empty, np.zeros((0, 2)))) == 0
    assert syllables.sounding(loudness, 0.05).tolist() == [[0.0, 0.05]]
