"""What a corpus lacks is named where its scheme or a list names it, and else counted, if it was published."""

import json
from pathlib import Path

import pytest

from ml.__main__ import main
from ml.corpora.catalogue import CORPORA
from tests.ml.corpus_folders import SHAPES, SUMMARY, VOTES, write_clips, write_corpus, write_text


def missing(corpus: str, folder: Path) -> tuple[str, ...]:
    return CORPORA[corpus].scan(folder).missing


def told(folder: Path, corpus: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Return what stands behind "missing"."""
    assert main(["corpora", "describe", str(folder), "--corpora", corpus]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  missing ")]
    return line.removeprefix("  missing ").strip()


@pytest.mark.parametrize("corpus", ["cremad", "emodb", "nemo"])
def test_without_a_list_only_the_number_is_told(
    corpus: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    complete, there = CORPORA[corpus].clips, len(SHAPES[corpus])

    line = told(write_corpus(tmp_path, corpus), corpus, capsys)

    assert line == f"{complete - there} of {complete}, unknown which"


def test_a_scheme_names_them_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(write_corpus(tmp_path, "savee"), "savee", capsys) == "476"


def test_of_each_word_of_tess_every_way_to_say_it_is_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_corpus(tmp_path, "tess")

    lacking = missing("tess", folder)

    assert len(set(lacking)) == len(lacking) == 3 * 2 * 7 - 3
    assert not {Path(name).stem for name in SHAPES["tess"]} & set(lacking)
    assert {"OAF_dog_ps", "YAF_bite_neutral", "OAF_bite_sad"} <= set(lacking)
    assert "OAF_bite_neutral" not in lacking  # it is there, with a letter lost
    assert told(folder, "tess", capsys) == "2797 of 2800, 39 known by name"


def test_the_clip_of_tess_that_lost_a_letter_is_named_as_the_release_has_it(tmp_path: Path) -> None:
    assert "OA_bite_neutral" in missing("tess", write_clips(tmp_path, ["OAF_bite_sad.wav"]))
    assert "OA_bite_neutral" not in missing("tess", write_clips(tmp_path, ["OAF_bite_neutral.wav"]))


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("SentenceFilenames.csv", '"Stimulus_Number","Filename"\n1,"1001_IEO_SAD_HI"\n2,"1003_TIE_FEA_XX"\n'),
        ("processedResults/tabulatedVotes.csv", VOTES + '"300009",0,0,9,0,0,0,"1003_TIE_FEA_XX",9,1,"F"\n'),
        (
            "processedResults/summaryTable.csv",
            SUMMARY + '"3","1003_TIE_FEA_XX","F","50"\n"4","FileName","A"\n',
        ),
    ],
)
def test_the_lists_of_crema_d_name_what_is_missing(file: str, text: str, tmp_path: Path) -> None:
    write_text(write_corpus(tmp_path, "cremad") / file, text)

    assert missing("cremad", tmp_path) == ("1003_TIE_FEA_XX",)


def test_the_clip_of_crema_d_that_lost_a_letter_is_not_missed(tmp_path: Path) -> None:
    write_text(
        write_corpus(tmp_path, "cremad") / "SentenceFilenames.csv", '"n","Filename"\n1,"1040_ITH_SAD_XX"\n'
    )
    assert missing("cremad", tmp_path) == ()

    (tmp_path / "AudioWAV" / "1040_ITH_SAD_X.wav").unlink()
    assert missing("cremad", tmp_path) == ("1040_ITH_SAD_X",)


@pytest.mark.parametrize("beside", [False, True])
def test_the_table_of_nemo_names_what_is_missing(beside: bool, tmp_path: Path) -> None:
    table = (
        "file_id\temotion\traw_text\nWR0_anger_12.wav\tanger\t„Ród\nKS0_fear_9.wav\tfear\tPiłka\nx.wav\t\t\n"
    )
    write_text(write_corpus(tmp_path, "nemo") / "data.tsv", table)

    assert missing("nemo", tmp_path / "samples" if beside else tmp_path) == ("KS0_fear_9",)


def test_a_turn_of_iemocap_that_was_evaluated_and_is_not_there_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_corpus(tmp_path, "iemocap")
    assert missing("iemocap", folder) == ()

    next(folder.rglob("Ses01F_impro01_M001.wav")).unlink()

    assert missing("iemocap", folder) == ("Ses01F_impro01_M001",)
    assert told(folder, "iemocap", capsys) == "10037 of 10039, 1 known by name"


def test_the_numbers_stand_in_json_and_on_the_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = write_corpus(tmp_path / "data", "emodb"), tmp_path / "out"

    assert main(["corpora", "describe", str(folder), "--json", "--out", str(out)]) == 0

    emodb = json.loads(capsys.readouterr().out)["emodb"]
    assert (emodb["missing"], emodb["missing_unnamed"]) == ([], 532)
    page = (out / "index.html").read_text()
    assert "<tr><th>missing</th><td>532 of 535, unknown which</td></tr>" in page
    assert "unnamed" not in page
