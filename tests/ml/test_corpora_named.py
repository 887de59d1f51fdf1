"""A corpus that is named is read, wherever it stands, or the verb says that it is not there."""

from pathlib import Path

import numpy as np
import pytest

from ml.__main__ import main
from ml.benchmark.record import read_folds
from ml.benchmark.splits import splits_of
from ml.cli_benchmark import read_material
from ml.corpora.catalogue import scan_folder
from tests.ml.corpus_folders import write_clips, write_corpus
from tests.ml.tiny_corpus import write_tiny_corpus

SUNG = [f"03-02-{emotion:02d}-01-01-01-{actor:02d}.wav" for emotion in (3, 4, 5) for actor in (1, 2, 3, 4)]


def benchmark(data: Path, out: Path, *more: str) -> int:
    return main(
        ["benchmark", "--data", str(data), "--systems", "logistic", "--protocols", "speaker",
         "--folds-file", str(out / "folds.jsonl"), "--report", str(out / "report"), *more]
    )  # fmt: skip


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out" / "report").mkdir(parents=True)
    return tmp_path / "out"


def test_songs_that_are_named_are_learnt_from(tmp_path: Path, out: Path) -> None:
    write_tiny_corpus(tmp_path / "data")
    write_clips(tmp_path / "data" / "ravdess", SUNG, seconds=1.2)

    assert benchmark(tmp_path / "data", out, "--corpora", "ravdess_song") == 0

    folds = list(read_folds(out / "folds.jsonl"))
    assert {fold.task.corpus for fold in folds} == {"ravdess_song"}
    assert sum(len(fold.targets) for fold in folds) == len(SUNG)
    assert "song" in (out / "report" / "benchmark.json").read_text()


@pytest.mark.parametrize("corpora", [["tess"], ["ravdess", "ravdess_song"]])
def test_a_named_corpus_that_is_not_there_ends_the_benchmark_in_a_sentence(
    corpora: list[str], tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_corpus(tmp_path / "data", actors=(1, 2))

    assert benchmark(tmp_path / "data", out, "--corpora", *corpora) == 2

    told = capsys.readouterr().err
    assert told == f"{tmp_path / 'data'} holds no clip of {corpora[-1]}\n"
    assert not list((out / "report").iterdir())


def test_a_named_corpus_without_an_emotion_ends_it_too(
    tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_clips(tmp_path / "data", ["03a01La.wav", "08a01La.wav"])  # nothing but boredom
    write_tiny_corpus(tmp_path / "data", actors=(1, 2))

    assert benchmark(tmp_path / "data", out, "--corpora", "emodb") == 2
    assert "no clip with an emotion of emodb" in capsys.readouterr().err


def test_naming_songs_changes_no_fold_of_the_others(tmp_path: Path) -> None:
    """They are tested on by none, and none of theirs is tested on those who sing."""
    write_tiny_corpus(tmp_path)
    write_clips(tmp_path / "ravdess", SUNG)
    write_corpus(tmp_path / "savee", "savee")
    without = read_material(tmp_path, tmp_path).utterances
    both = read_material(tmp_path, tmp_path, ["ravdess_song"]).utterances
    assert {u.corpus for u in both} - {u.corpus for u in without} == {"ravdess_song"}

    for corpus in ("ravdess", "savee"):
        (before,), (after,) = (splits_of("cross", clips, corpus, 0, 0.0) for clips in (without, both))
        assert [without[place].key for place in before.test] == [both[place].key for place in after.test]
    (sung,) = splits_of("cross", both, "ravdess_song", 0, 0.0)
    assert {both[place].corpus for place in sung.test} == {"savee"}


def test_where_no_other_corpus_is_there_nothing_is_tested_across(tmp_path: Path) -> None:
    clips = write_tiny_corpus(tmp_path, actors=(1, 2))

    assert splits_of("cross", clips, "ravdess", 0, 0.0) == []
    assert splits_of("speaker", clips, "ravdess", 0, 0.0)[0].test.dtype == np.int64


@pytest.mark.parametrize("speech", ["RAVDESS_Speech", "Audio_Speech_Actors_01-24"])
def test_songs_and_speech_stand_side_by_side(speech: str, tmp_path: Path) -> None:
    write_corpus(tmp_path / "RAVDESS_Song", "ravdess_song")
    write_corpus(tmp_path / speech, "ravdess")

    assert len(scan_folder(tmp_path)["ravdess"].utterances) == 3
    both = scan_folder(tmp_path, ["ravdess", "ravdess_song"])
    assert {name: len(scan.utterances) for name, scan in both.items()} == {"ravdess": 3, "ravdess_song": 2}
    assert all(scan.odd == () for scan in both.values())


def test_a_corpus_in_two_folders_of_its_name_is_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_clips(tmp_path / "TESS older", ["OAF_back_angry.wav"])
    write_clips(tmp_path / "TESS younger", ["YAF_back_angry.wav"])

    assert main(["corpora", "describe", str(tmp_path)]) == 0

    assert "speakers         female 2" in capsys.readouterr().out
