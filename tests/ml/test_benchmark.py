"""The benchmark goes on from its finished folds, writes what it found, and says why a row is missing."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.metrics import f1_score, precision_score, roc_auc_score

from ml import metrics
from ml.__main__ import main
from ml.benchmark.judge import rows_of
from ml.benchmark.record import FinishedFold, Task, packed, read_folds, unpacked
from ml.benchmark.run import BUDGET_CLIPS, within_budget
from ml.config import load_config
from ml.folds import append_line
from ml.labels import EMOTIONS, Emotion
from tests.ml.tiny_corpus import write_tiny_corpus

SIX = frozenset(EMOTIONS) - {Emotion.CALM, Emotion.SURPRISED}


def finished(**changed: object) -> FinishedFold:
    rng = np.random.default_rng(0)
    fold = FinishedFold(
        task=Task("gru", "speaker", "ravdess", 0, 1, 2), recipe="abc", epochs=2, parameters=10, seconds=1.0,
        speakers=("ravdess-01",) * 8 + ("ravdess-02",) * 8, targets=np.tile(np.arange(8), 2),
        logits=rng.normal(size=(16, 8)),
        curves=({"loss": 2.0, "accuracy": 0.1}, {"loss": 1.5, "accuracy": 0.4}),
    )  # fmt: skip
    return replace(fold, **changed)  # type: ignore[arg-type]


@given(arrays.arrays(np.float64, (5, 8), elements=st.floats(-40, 40)))
def test_a_line_keeps_every_answer(logits: np.ndarray) -> None:
    kept = unpacked(packed(logits))

    assert np.array_equal(kept.argmax(axis=1), logits.argmax(axis=1))
    below = np.minimum(logits.max(axis=1, keepdims=True) - logits, 12.75)
    assert np.abs(-kept - below).max() <= 0.05 + 1e-9


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    file = tmp_path / "folds.jsonl"
    append_line(file, finished())
    with file.open("a") as lines:
        lines.write('{"system": "gru", "pro')  # the kill came while this was written
    append_line(file, finished(recipe="def"))

    first, second = read_folds(file)

    assert (first.recipe, second.recipe) == ("abc", "def")
    assert first.task == finished().task
    assert first.speakers == finished().speakers
    assert first.curves == finished().curves
    assert np.array_equal(first.targets, finished().targets)


def test_a_row_has_the_figures_of_scikit_learn() -> None:
    fold = finished()
    (row,) = rows_of([fold], {"ravdess": frozenset(EMOTIONS)})
    figures = row.figures()

    answers = fold.logits.argmax(axis=1)
    with np.errstate(all="ignore"):
        expected = {
            "precision": precision_score(fold.targets, answers, average="macro", zero_division=0),
            "f1": f1_score(fold.targets, answers, average="macro", zero_division=0),
            "auc": roc_auc_score(fold.targets, row.probabilities, multi_class="ovr"),
        }
    assert {name: figures[name] for name in expected} == pytest.approx(expected)
    assert figures["recall"] == pytest.approx(figures["uar"]["value"])
    assert np.sum(figures["confusion"]) == 16


def test_ties_count_half_in_the_area_under_the_curve() -> None:
    scores = np.array([[0.5], [0.5], [0.5], [0.9]])

    assert metrics.roc_auc(np.array([0, 1, 1, 0]), scores) == pytest.approx([0.75])


def test_across_corpora_only_what_both_have_is_judged() -> None:
    logits = np.zeros((3, 8))
    logits[:, EMOTIONS.index(Emotion.CALM)] = 3.0  # an answer that EMO-DB does not have
    fold = finished(
        task=Task("gru", "cross", "ravdess", 0, 1, 1),
        speakers=("emodb-03", "emodb-03", "nemo-MP0"),
        targets=np.array([EMOTIONS.index(e) for e in (Emotion.NEUTRAL, Emotion.SAD, Emotion.SURPRISED)]),
        logits=logits,
    )

    rows = {
        row.test: row for row in rows_of([fold], {"ravdess": frozenset(EMOTIONS), "emodb": SIX, "nemo": SIX})
    }

    assert rows["emodb"].predictions.tolist() == [EMOTIONS.index(Emotion.NEUTRAL)] * 2
    assert rows["emodb"].figures()["accuracy"] == 0.5
    assert len(rows["nemo"].targets) == 0


def benchmark(data: Path, out: Path, *more: str) -> list[str]:
    """Run it on two quick systems and return the recipes of the finished folds."""
    code = main(
        ["benchmark", "--data", str(data), "--systems", "logistic", "ann", "--protocols", "speaker", "random",
         "--cache", str(out / "cache"), "--folds-file", str(out / "folds.jsonl"), "--report", str(out), *more]
    )  # fmt: skip
    assert code == 0
    return [fold.recipe for fold in read_folds(out / "folds.jsonl")]


def test_one_command_goes_on_and_writes_page_json_and_pictures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_corpus(tmp_path / "data")
    few = benchmark(tmp_path / "data", tmp_path, "--epochs", "2", "--protocols", "speaker")
    whole = benchmark(tmp_path / "data", tmp_path, "--epochs", "2")
    again = benchmark(tmp_path / "data", tmp_path, "--epochs", "2", "--jobs", "2")

    assert len(few) == 2 * 3  # the four actors are in three of the reference folds
    assert len(whole) == len(few) + 2 * 8  # eight clips an emotion
    assert whole[: len(few)] == few
    assert again == whole

    rows = json.loads((tmp_path / "benchmark.json").read_text())
    found = {(row["system"], row["protocol"]): row for row in rows["rows"]}
    assert set(found) == {(s, p) for s in ("logistic", "ann") for p in ("speaker", "random")}
    assert all(row["clips"] == 32 and row["folds"] == row["of"] for row in found.values())
    reasons = {gap["what"]: gap["why"] for gap in rows["not_run"]}
    assert "bring your own copy" in reasons["Toronto Emotional Speech Set, every system"]
    assert "--wav2vec2" in reasons["wav2vec2, every corpus"]
    assert any("gru" in what and "not reached yet" in why for what, why in reasons.items())

    page = (tmp_path / "benchmark.md").read_text()
    assert "| Logistic regression | 32.6 %" in page
    for picture in ("ravdess-speaker-uar", "ravdess-speaker-curves"):
        assert f"](benchmark/{picture}.svg)" in page
        assert (tmp_path / "benchmark" / f"{picture}.svg").read_text().lstrip().startswith("<?xml")
    assert "accuracy" in capsys.readouterr().err


@given(st.integers(1, 20 * BUDGET_CLIPS))
def test_a_larger_corpus_gets_fewer_epochs_and_costs_no_more_than_one_epoch_beyond(clips: int) -> None:
    whole = load_config("gru")
    given_epochs = within_budget(whole, clips).train.epochs
    assert 1 <= given_epochs <= whole.train.epochs
    assert (given_epochs - 1) * clips < whole.train.epochs * BUDGET_CLIPS
    if clips <= BUDGET_CLIPS:
        assert within_budget(whole, clips) == whole


def test_a_budget_that_is_spent_begins_nothing(tmp_path: Path) -> None:
    write_tiny_corpus(tmp_path / "data")

    assert benchmark(tmp_path / "data", tmp_path, "--minutes", "0") == []
    assert "not reached yet" in (tmp_path / "benchmark.md").read_text()
