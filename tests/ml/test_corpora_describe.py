"""`corpora describe` tells and shows what a folder holds: the papers' exploratory step."""

import json
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image

from ml.__main__ import main
from ml.corpora.catalogue import scan_folder
from ml.corpora.table import read_table
from ml.exploration.plots import samples
from tests.ml.corpus_folders import write_clips, write_corpus, write_text


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_corpus(tmp_path / "data" / "savee", "savee")
    write_corpus(tmp_path / "data" / "CREMA-D", "cremad")
    write_text(tmp_path / "data" / "savee" / "DC" / "a02.wav", "no <sound>")
    return tmp_path / "data"


def test_everything_that_is_there_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["corpora", "describe", str(folder)]) == 0

    told = capsys.readouterr().out
    assert "Surrey Audio-Visual Expressed Emotion" in told
    assert "a02.wav: not readable as audio" in told
    assert "and 456 more" in told
    assert re.search(r"clips +3\n +of +7442", told)


def test_counts_are_by_emotion_sex_and_speaker(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["corpora", "describe", str(folder), "--corpora", "cremad", "--json"]) == 0

    cremad = json.loads(capsys.readouterr().out)["cremad"]
    assert cremad["emotions_by_sex"] == {"female": {"anger": 1}, "male": {"sad": 2}}
    assert cremad["speakers"] == {"female": 1, "male": 2}
    assert cremad["seconds"] == {"shortest": 0.5, "median": 0.5, "longest": 0.5}
    assert cremad["clips_by_speaker"] == {"fewest": 1, "most": 1}


def test_a_page_shows_it(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "found"
    assert main(["corpora", "describe", str(folder), "--out", str(out)]) == 0

    page = (out / "index.html").read_text()
    assert "no &lt;sound&gt;" not in page
    pictures = re.findall(r'<img src="([^"]+)" alt="[^"]+"', page)
    assert sorted(pictures) == sorted(path.name for path in out.glob("*.png"))
    assert len(pictures) == 8
    for picture in pictures:
        with Image.open(out / picture) as image:
            assert min(image.size) >= 150
            assert len(image.convert("RGB").getcolors(1_000_000) or []) > 5
    assert len(read_table(out / "manifest.csv")) == 7


def test_samples_are_one_clip_of_each_emotion_by_one_speaker(tmp_path: Path) -> None:
    write_clips(tmp_path, ["DC/a01.wav", "JE/a01.wav", "JE/a02.wav", "JE/sa01.wav", "KL/n01.wav"])

    chosen = samples(scan_folder(tmp_path)["savee"].utterances)

    assert [u.name for u in chosen] == ["JE_a01", "JE_sa01"]


def test_a_zip_is_described_with_a_cache(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    packed = shutil.make_archive(str(tmp_path / "download"), "zip", write_corpus(tmp_path / "folder", "tess"))

    assert main(["corpora", "describe", packed, "--cache", str(tmp_path / "cache")]) == 0
    assert "Toronto" in capsys.readouterr().out
    assert len(list((tmp_path / "cache").iterdir())) == 1
