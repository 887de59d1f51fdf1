"""Raters' votes are read as far as they go: a torn or strange row of a table costs that row and no more."""

from pathlib import Path

import pytest

from ml.__main__ import main
from ml.corpora.catalogue import CORPORA
from tests.ml.corpus_folders import SUMMARY, VOTES, write_corpus, write_text

RATED = "1001_IEO_SAD_HI"
ANGRY = (0, 0, 0, 0, 1.0, 0, 0, 0)


def votes(folder: Path) -> dict[str, tuple[float, ...] | None]:
    return {u.name: u.votes for u in CORPORA["cremad"].scan(folder).utterances}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_corpus(tmp_path, "cremad")


@pytest.mark.parametrize(
    "row",
    [
        '"100008",1,0,0,0',
        '"100008"',
        '"100008",0,1,0,0,0,0,"1002_DFA_AN',
        '"100008",9,0,0,0,0,0,"1002_DFA_ANG_XX",9,1,"A","too","many"',
        '"100008",9,x,0,0,0,0,"1002_DFA_ANG_XX",9,1,"A"',
        '"100008",9,,0,0,0,0,"1002_DFA_ANG_XX",9,1,"A"',
        '"100008",inf,0,0,0,0,0,"1002_DFA_ANG_XX",9,1,"A"',
        '"100008",nan,0,0,0,0,0,"1002_DFA_ANG_XX",9,1,"A"',
        '"100008",9,-3,0,0,0,0,"1002_DFA_ANG_XX",9,1,"A"',
        '"100008",0,0,0,0,0,0,"1002_DFA_ANG_XX",0,0,""',
        "\0\0\0",
        '"' + 200_000 * "x",
    ],
)
def test_a_row_of_another_shape_tells_nothing(row: str, folder: Path) -> None:
    write_text(folder / "processedResults" / "tabulatedVotes.csv", VOTES + row)

    found = votes(folder)

    assert found[RATED] == pytest.approx((0.2, 0, 0.1, 0.6, 0.1, 0, 0, 0))
    assert found["1002_DFA_ANG_XX"] is None


@pytest.mark.parametrize(
    "row", ['"3"', '"3","1040_ITH_SAD_X"', '"3","1040_ITH_SAD_X","A","60","A","70","A","75",""']
)
def test_a_summary_row_of_another_shape_tells_nothing(row: str, folder: Path) -> None:
    write_text(folder / "processedResults" / "summaryTable.csv", SUMMARY + row)

    found = votes(folder)

    assert found["1002_DFA_ANG_XX"] == pytest.approx((0, 0, 0, 0, 0.5, 0, 0.5, 0))
    assert found["1040_ITH_SAD_X"] is None


def test_a_row_that_breaks_off_behind_what_is_needed_counts(folder: Path) -> None:
    write_text(
        folder / "processedResults" / "tabulatedVotes.csv", VOTES + '"100008",9,0,0,0,0,0,"1002_DFA_ANG_XX",9'
    )

    assert votes(folder)["1002_DFA_ANG_XX"] == ANGRY


def test_a_folder_in_place_of_a_table_ends_nothing(folder: Path) -> None:
    (folder / "processedResults" / "tabulatedVotes.csv").mkdir(parents=True)

    assert set(votes(folder).values()) == {None}


def test_a_folder_in_place_of_an_evaluation_ends_nothing(tmp_path: Path) -> None:
    folder = write_corpus(tmp_path, "iemocap")
    (folder / "Session1" / "dialog" / "EmoEvaluation" / "Ses01F_impro02.txt").mkdir()

    assert len(CORPORA["iemocap"].scan(folder).utterances) == 3


def test_a_cut_table_is_described(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_text(folder / "processedResults" / "tabulatedVotes.csv", VOTES[: VOTES.rindex(",0,0,0")])

    assert main(["corpora", "describe", str(folder)]) == 0

    assert "rated            1" in capsys.readouterr().out
