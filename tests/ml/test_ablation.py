"""What a part of the recipe is worth is told by the same clips with and without it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml.benchmark.record import FinishedFold, Task
from ml.config import load_config
from ml.corpora.manifest import Utterance
from ml.flagship.ablation import CHANGES, FLAGSHIP, as_table, paired, trials
from ml.flagship.hearing import ALTERED
from ml.flagship.protocols import INNER, MEASURED, PROTOCOLS, TRIAL
from ml.flagship.run import pieces
from ml.labels import Emotion


def clips(speakers: int = 9) -> list[Utterance]:
    return [
        Utterance(
            path=Path(f"{number:02d}-{emotion}.wav"),
            corpus="nemo",
            emotion=emotion,
            label=str(emotion),
            sex="female" if number % 2 else "male",
            speaker=f"nemo-{number:02d}",
            statement="1",
            language="pl",
        )
        for number in range(speakers)
        for emotion in (Emotion.ANGRY, Emotion.SAD)
    ]


def trial(name: str, noise: float, seed: int = 0) -> list[FinishedFold]:
    """Three folds of three speakers; the more noise, the more often the network is wrong."""
    made = []
    for fold in (1, 2, 3):
        rng = np.random.default_rng([seed, fold])
        targets = np.tile(np.arange(8), 30)
        logits = rng.normal(size=(240, 8)) * noise
        logits[np.arange(240), targets] += 2.5
        made.append(
            FinishedFold(
                task=Task(name, TRIAL, "nemo", seed, fold, 3),
                recipe=f"{name}{fold}",
                epochs=1,
                parameters=10,
                seconds=1.0,
                speakers=tuple(f"nemo-{3 * fold + own}" for own in range(3) for _ in range(80)),
                targets=targets,
                logits=logits,
                altered={way: logits + rng.normal(size=logits.shape) for way in ALTERED},
            )
        )
    return made


def test_recipes_are_tried_out_where_no_figure_comes_from() -> None:
    assert PROTOCOLS[TRIAL].corpus == "nemo"
    assert TRIAL not in MEASURED
    tried = list(trials(clips(), load_config("flagship"), [FLAGSHIP], [0], [TRIAL]))
    assert len(tried) == 3
    tested = [place for piece in tried for place in piece.split.test]
    assert sorted(tested) == list(range(18))
    for piece in tried:
        heard = {clips()[place].speaker for place in piece.split.train}
        assert not heard & {clips()[place].speaker for place in piece.split.test}


def test_on_ravdess_no_fold_hears_those_on_whom_its_figure_rests() -> None:
    assert INNER not in MEASURED
    own = [
        replace(clip, corpus="ravdess", speaker=f"ravdess-{int(clip.speaker[-2:]) + 1:02d}")
        for clip in clips(24)
    ]
    inner = list(trials(own, load_config("flagship"), [FLAGSHIP], [0], [INNER]))
    outer = list(pieces(own, load_config("flagship"), name=FLAGSHIP, protocols=["ravdess"], seeds=[0]))
    assert len(inner) == len(outer) == 5
    assert sorted(place for piece in inner for place in piece.split.test) == list(range(48))
    for within, without in zip(inner, outer, strict=True):
        kept_out = {own[place].speaker for place in without.split.test}
        tested = {own[place].speaker for place in within.split.test}
        learnt = {own[place].speaker for place in within.split.train}
        assert not kept_out & tested
        assert not learnt & (kept_out | tested)


def test_every_change_changes_the_recipe() -> None:
    recipe = load_config("flagship")
    changed = {name: change(recipe).deciding() for name, (_, change) in CHANGES.items()}
    assert changed.pop(FLAGSHIP) == recipe.deciding()
    others = [*map(repr, changed.values()), repr(recipe.deciding())]
    assert len(set(others)) == len(others)


def test_a_difference_is_paired() -> None:
    better, worse = trial("flagship", 1.0), trial("no_channel", 2.5)
    gain = paired([worse], [better])
    assert gain.value < 0
    assert gain.low <= gain.value <= gain.high < 0
    same = paired([better], [better])
    assert (same.value, same.low, same.high) == (0.0, 0.0, 0.0)
    both_ways = paired([better], [worse])
    assert both_ways.value == pytest.approx(-gain.value)


def test_table_has_the_finished_trials_alone() -> None:
    unfinished = trial("gentle", 1.0)[:2]
    table = as_table([*trial("flagship", 1.0), *trial("no_channel", 2.5), *unfinished])
    rows = table.splitlines()[2:]
    assert [row.split(" | ")[0].strip("| ") for row in rows] == [
        CHANGES["flagship"][0],
        CHANGES["no_channel"][0],
    ]
    assert "(" not in rows[0]
    assert "-" in rows[1].split(" | ")[2]


def test_seeds_are_compared_with_their_own() -> None:
    second = [replace(fold, task=replace(fold.task, seed=1)) for fold in trial("no_channel", 2.5)]
    table = as_table([*trial("flagship", 1.0), *second])
    assert table.splitlines()[3].split(" | ")[2] == ""
