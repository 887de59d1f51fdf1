"""The benchmark's page says what was measured, on how much of a corpus, for how long, and what is lacking."""

import numpy as np

from ml.benchmark.judge import rows_of
from ml.benchmark.record import FinishedFold, Task
from ml.benchmark.report import as_page, not_run
from ml.labels import EMOTIONS

EVERY_EMOTION = {"ravdess": frozenset(EMOTIONS)}


def paper(protocol: str, fold: int) -> FinishedFold:
    """Of two folds, with the clips sorted by emotion, as random folds come."""
    targets = np.repeat(np.arange(8), 40)
    rng = np.random.default_rng(fold)
    return FinishedFold(
        task=Task("paper", protocol, "ravdess", 0, fold, 2), recipe=f"{protocol}{fold}", epochs=12,
        parameters=10, seconds=1.0, speakers=(f"ravdess-{fold:02d}",) * len(targets), targets=targets,
        logits=rng.normal(size=(len(targets), 8)), curves=({"loss": 2.0, "accuracy": 0.1},),
    )  # fmt: skip


def page(*folds: FinishedFold) -> str:
    return as_page(list(rows_of(folds, EVERY_EMOTION)), [], [])


def test_clips_are_drawn_from_unheard_speakers_alone() -> None:
    """They were every 144th of the leaky folds, which are as long: nine of ten were the same emotion."""
    random, speaker = ([paper(protocol, fold) for fold in (1, 2)] for protocol in ("random", "speaker"))
    assert "Ten clips" not in page(*random)
    shown = page(*random, *speaker).split("## Ten clips of unheard speakers")[1]
    acted = [line.split(" | ")[1] for line in shown.splitlines() if line.startswith("| ravdess-")]
    assert len(acted) == 10
    assert len(set(acted)) > 4


def test_each_claim_stands_beside_the_epochs_that_ours_had() -> None:
    told = page(paper("speaker", 1), paper("speaker", 2))
    (line,) = [line for line in told.splitlines() if "(Zenkov)" in line]
    assert "epoch 429" in line
    assert line.endswith("| 12 |")
    (unrun,) = [line for line in told.splitlines() if line.startswith("| wav2vec2")]
    assert "about 47 %" in unrun
    assert "not run | not run" in unrun


def test_a_part_of_a_corpus_is_told_as_one() -> None:
    told = page(paper("speaker", 1), paper("speaker", 2))
    assert "### RAVDESS (640 of the corpus's 1,440 clips, 8 emotions)" in told


def test_seeds_that_are_wanted_and_lacking_are_told() -> None:
    tasks = [
        Task(system, "random", "ravdess", seed, fold, 2)
        for system in ("paper", "gru")
        for seed in (0, 1)
        for fold in (1, 2)
    ]
    (gap,) = [gap for gap in not_run(["ravdess"], tasks, tasks[:3]) if gap.what.startswith("random")]
    assert gap.what == "random, learnt from RAVDESS: paper (seed 1, 1 of 2 folds), gru"
