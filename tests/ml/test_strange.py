"""Sounds that are no single voice, and the floor that keeps them from being answered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ml.benchmark.record import FinishedFold, Task
from ml.familiarity import ALWAYS_LOST, AT_MOST_LOST, fit_floor
from ml.flagship.strangeness import SPEECH, confident_shares
from ml.strange import KINDS, SCRAP_SECONDS, SECONDS, sounds
from tests.voices import speech

RATE = 16_000


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_sound_of_its_length_and_drawn_anew(kind: str) -> None:
    voices = [speech(SECONDS, clip=1), speech(SECONDS, clip=4)]
    made = list(sounds(kind, voices, 4, RATE, np.random.default_rng(0)))
    again = list(sounds(kind, voices, 4, RATE, np.random.default_rng(0)))
    seconds = SCRAP_SECONDS if kind == "0.2 s" else SECONDS
    assert [len(sound) for sound in made] == [int(seconds * RATE)] * 4
    assert all(np.isfinite(sound).all() and np.abs(sound).max() <= 1 for sound in made)
    assert all(np.array_equal(one, other) for one, other in zip(made, again, strict=True))
    assert not np.array_equal(made[0], made[1])
    assert (np.abs(made[0]).max() < 1e-2) == (kind == "silence")


def test_two_voices_are_both_there() -> None:
    first, second = speech(SECONDS, clip=1), speech(SECONDS, clip=4)
    (both,) = sounds("two voices", [first, second], 1, RATE, np.random.default_rng(0))
    for one in (first, second):
        assert np.corrcoef(both, one)[0, 1] > 0.4


def test_the_floor_keeps_strange_sounds_out_but_never_much_speech() -> None:
    scores = np.linspace(0, 100, 1001)
    assert fit_floor(scores, np.array([5.0])) == 5.0
    assert fit_floor(scores, np.array([-3.0])) == pytest.approx(100 * ALWAYS_LOST)
    assert fit_floor(scores, np.array([70.0])) == pytest.approx(100 * AT_MOST_LOST)
    assert fit_floor(scores, np.array([])) == pytest.approx(100 * ALWAYS_LOST)
    with pytest.raises(ValueError, match="speech"):
        fit_floor(np.array([]), np.array([1.0]))


def fold(place: int, *, boldness: float, gate: float = 6.0) -> FinishedFold:
    """Of a network that is sure of speech, and as sure of all else as it is bold; `gate` scores that."""
    rng = np.random.default_rng(place)
    targets = np.tile(np.arange(8), 10)
    logits = rng.normal(size=(80, 8))
    logits[np.arange(80), targets] += 6
    other = {kind: rng.normal(size=(24, 8)) * 0.1 for kind in KINDS}
    for own in other.values():
        own[:, 0] += boldness
    return FinishedFold(
        task=Task("flagship", "ravdess", "ravdess", 0, place, 3), recipe=str(place), epochs=1, parameters=1,
        seconds=1.0, speakers=("a",) * 80, targets=targets, logits=logits, strange=other,
        scores={SPEECH: rng.normal(6.0, 1.0, 80), **dict.fromkeys(KINDS, np.full(24, gate))},
    )  # fmt: skip


def test_who_is_unsure_of_strange_sounds_answers_speech_alone() -> None:
    shares = confident_shares([fold(place, boldness=0.0) for place in (1, 2, 3)])
    assert {kind: share for kind, share in shares.items() if kind != SPEECH} == dict.fromkeys(KINDS, 0.0)
    assert shares[SPEECH] >= 0.65


def test_who_is_bold_is_found_out() -> None:
    shares = confident_shares([fold(place, boldness=12.0) for place in (1, 2, 3)])
    assert min(share for kind, share in shares.items() if kind != SPEECH) == 1.0


def test_a_gate_keeps_the_bold_from_answering() -> None:
    shares = confident_shares([fold(place, boldness=12.0, gate=0.0) for place in (1, 2, 3)])
    assert {kind: share for kind, share in shares.items() if kind != SPEECH} == dict.fromkeys(KINDS, 0.0)
    assert shares[SPEECH] >= 0.65


def test_a_kind_is_judged_without_having_set_the_floor() -> None:
    folds = [fold(place, boldness=12.0, gate=0.0) for place in (1, 2, 3)]
    better = [replace(one, scores={**one.scores, "music": np.full(24, 4.6)}) for one in folds]
    shares = confident_shares(better)
    assert shares["music"] == 1.0  # had it set its own floor, it would lie below
    assert shares["noise"] == 0.0


def test_a_line_keeps_what_was_strange() -> None:
    one = fold(1, boldness=2.0)
    read = FinishedFold.from_line(one.to_line())
    for kind in KINDS:
        assert np.array_equal(read.strange[kind].argmax(axis=1), one.strange[kind].argmax(axis=1))
