"""The manifest is one table for all corpora, and reads back as it was written."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.corpora.catalogue import scan_folder
from ml.corpora.manifest import Utterance
from ml.corpora.table import read_table, write_table
from tests.ml.corpus_folders import VOTES, write_corpus, write_text


def test_all_corpora_stand_in_one_table(tmp_path: Path) -> None:
    for corpus in ("ravdess", "savee", "cremad", "iemocap"):
        write_corpus(tmp_path / corpus, corpus)
    write_text(tmp_path / "cremad" / "processedResults" / "tabulatedVotes.csv", VOTES)
    found = tuple(u for scan in scan_folder(tmp_path).values() for u in scan.utterances)

    write_table(found, tmp_path / "manifest.csv")

    assert read_table(tmp_path / "manifest.csv") == found
    assert str(tmp_path) not in (tmp_path / "manifest.csv").read_text()


def test_the_table_may_move_with_its_folder(tmp_path: Path) -> None:
    write_corpus(tmp_path / "here", "savee")
    write_table(scan_folder(tmp_path / "here")["savee"].utterances, tmp_path / "here" / "manifest.csv")

    (tmp_path / "here").rename(tmp_path / "there")

    assert all(u.path.exists() for u in read_table(tmp_path / "there" / "manifest.csv"))


@given(statement=st.text(st.characters(exclude_categories=["Cs"])), duration=st.floats(0.25, 1e4))
def test_any_words_survive(tmp_path_factory: pytest.TempPathFactory, statement: str, duration: float) -> None:
    folder = tmp_path_factory.getbasetemp()
    spoken = Utterance(
        speaker="a",
        sex="",
        label="",
        emotion=None,
        statement=statement,
        path=folder / "a.wav",
        duration_s=duration,
    )
    write_table([spoken], folder / "words.csv")
    assert read_table(folder / "words.csv") == (spoken,)


@pytest.mark.parametrize(("old", "new"), [("sad", "blue"), ("speaker", "who"), ("0.5,", "long,")])
def test_a_table_without_meaning_is_refused(old: str, new: str, tmp_path: Path) -> None:
    file = tmp_path / "manifest.csv"
    write_table(scan_folder(write_corpus(tmp_path, "savee"))["savee"].utterances, file)
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(ValueError, match=r"manifest\.csv"):
        read_table(file)
