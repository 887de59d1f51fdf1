"""Each corpus that cannot lie beside the project is benchmarked as soon as its folder is there."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ml.__main__ import main
from tests.ml.corpus_folders import write_clips, write_text

LEARNT_FROM = {"tess": 2, "savee": 3, "cremad": 2, "iemocap": 2}
"""Test folds by speaker of the small folders."""


def tess() -> Iterator[str]:
    for actress in ("OAF", "YAF"):
        for emotion in ("angry", "sad"):
            for word in ("back", "bar"):
                yield f"{actress}_{emotion}/{actress}_{word}_{emotion}.wav"


def savee() -> Iterator[str]:
    for speaker in ("DC", "JE", "KL"):
        for name in ("a01", "a02", "sa01", "sa02"):
            yield f"{speaker}/{name}.wav"


def cremad() -> Iterator[str]:
    for speaker in ("1001", "1002"):
        for sentence in ("DFA", "ITH"):
            for emotion in ("ANG_XX", "SAD_XX"):
                yield f"AudioWAV/{speaker}_{sentence}_{emotion}.wav"


def iemocap(place: Path) -> Iterator[str]:
    """With the labels, which stand in files of their own. A session is a fold."""
    for session in (1, 2):
        dialogue, lines = f"Ses0{session}F_impro01", []
        for turn, label in enumerate(("ang", "ang", "sad", "sad")):
            name = f"{dialogue}_{'FM'[turn % 2]}{turn:03d}"
            lines.append(f"[{turn}.0 - {turn}.5]\t{name}\t{label}\t[2.5, 2.5, 2.5]\n")
            yield f"Session{session}/sentences/wav/{dialogue}/{name}.wav"
        write_text(place / f"Session{session}/dialog/EmoEvaluation/{dialogue}.txt", "\n".join(lines))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    for corpus, names in (("tess", tess()), ("savee", savee()), ("cremad", cremad())):
        write_clips(folder / corpus, names)
    write_clips(folder / "iemocap", iemocap(folder / "iemocap"))
    return folder


def test_every_protocol_is_run_on_files_named_as_theirs(data: Path, tmp_path: Path) -> None:
    report = tmp_path / "report"
    code = main(
        ["benchmark", "--data", str(data), "--systems", "logistic", "--cache", str(tmp_path / "cache"),
         "--folds-file", str(tmp_path / "folds.jsonl"), "--report", str(report)]
    )  # fmt: skip

    assert code == 0
    rows = json.loads((report / "benchmark.json").read_text())["rows"]
    assert all(row["folds"] == row["of"] for row in rows)
    by_speaker = {row["learnt_from"]: row["folds"] for row in rows if row["protocol"] == "speaker"}
    assert by_speaker == LEARNT_FROM
    assert {row["learnt_from"] for row in rows if row["protocol"] == "random"} == set(LEARNT_FROM)
    pairs = {(row["learnt_from"], row["tested_on"]) for row in rows if row["protocol"] == "cross"}
    assert len(pairs) == 4 * 3
    assert "8 of the corpus's 2,800 clips" in (report / "benchmark.md").read_text()
