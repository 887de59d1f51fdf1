"""Every verb reads corpora as zips: unpacked once, out of the way, and never fatal where one is broken."""

import errno
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ml.__main__ import main
from ml.corpora import archives
from ml.corpora.archives import BrokenZip, default_cache, open_folders, unpack
from ml.corpora.catalogue import scan_folder
from tests.ml.corpus_folders import write_clips, write_corpus
from tests.ml.tiny_corpus import write_tiny_corpus

CLIP = "03-01-05-01-01-01-01.wav"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where zips are unpacked if nothing else is said."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "ser-clinic" / "corpora"


@pytest.fixture
def zips(tmp_path: Path) -> Path:
    """A folder that holds nothing but a zip of a small corpus."""
    write_tiny_corpus(tmp_path / "unpacked", actors=(1, 2, 3))
    (tmp_path / "data").mkdir()
    shutil.make_archive(str(tmp_path / "data" / "Audio_Speech_Actors_01-24"), "zip", tmp_path / "unpacked")
    shutil.rmtree(tmp_path / "unpacked")
    return tmp_path / "data"


VERBS: dict[str, list[str]] = {
    "corpora": [],
    "train": ["--config", "logistic", "--only-folds"],
    "evaluate": ["--corpora", "ravdess"],
    "benchmark": ["--systems", "logistic", "--protocols", "speaker"],
    "flagship": ["--minutes", "0"],
    "tune": ["--system", "logistic", "--trials", "1"],
}
FILES = {"train": ["folds-file"], "benchmark": ["folds-file", "report"], "flagship": ["folds-file"]}


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_reads_a_folder_of_zips(
    verb: str, zips: Path, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ["describe", str(zips)] if verb == "corpora" else ["--data", str(zips)]
    files = [part for name in FILES.get(verb, []) for part in (f"--{name}", str(tmp_path / name))]

    code = main([verb, *place, *VERBS[verb], *files])

    told = capsys.readouterr()
    assert "holds no clip" not in told.err
    assert code == 0, told.err
    (unpacked,) = home.iterdir()
    assert len(list(unpacked.rglob("*.wav"))) == 24


def test_what_is_unpacked_is_used_again_until_the_zip_changes(zips: Path, home: Path) -> None:
    (archive,) = zips.iterdir()
    first = scan_folder(zips)["ravdess"].utterances
    assert scan_folder(zips)["ravdess"].utterances == first
    assert len(list(home.iterdir())) == 1

    with zipfile.ZipFile(archive, "a") as opened:
        opened.writestr("more/notes.txt", "changed")
    again = scan_folder(zips)["ravdess"].utterances

    assert len(list(home.iterdir())) == 2
    assert [u.key for u in again] == [u.key for u in first]


def test_a_cache_that_is_named_is_the_one(zips: Path, home: Path, tmp_path: Path) -> None:
    scan_folder(zips, cache=tmp_path / "elsewhere")

    assert len(list((tmp_path / "elsewhere").iterdir())) == 1
    assert not home.exists()


def cut(archive: Path) -> None:
    archive.write_bytes(archive.read_bytes()[:-200])


def scratched(archive: Path) -> None:
    """Its directory is whole, a clip in it is not."""
    content = bytearray(archive.read_bytes())
    content[500:600] = bytes(100)
    archive.write_bytes(content)


def entangled(archive: Path) -> None:
    """A file stands where a folder should be."""
    with zipfile.ZipFile(archive, "a") as opened:
        opened.writestr(f"{CLIP}/{CLIP}", "sound")


@pytest.mark.parametrize("broken", [cut, scratched, entangled])
def test_a_broken_zip_is_listed_and_leaves_nothing_behind(
    broken: Callable[[Path], None], home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_corpus(tmp_path / "data", "ravdess")
    write_clips(tmp_path / "other", [CLIP])
    archive = Path(shutil.make_archive(str(data / "more"), "zip", tmp_path / "other"))
    broken(archive)

    assert main(["corpora", "describe", str(data), "--corpora", "ravdess"]) == 0

    assert "more.zip: not a readable zip" in capsys.readouterr().out
    assert not home.exists() or not list(home.iterdir())


def test_where_nothing_else_is_there_the_broken_zip_is_the_reason(
    zips: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (archive,) = zips.iterdir()
    cut(archive)

    assert main(["evaluate", "--data", str(zips), "--corpora", "ravdess"]) == 2

    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "holds no clip of ravdess; left out:" in told
    assert "not a readable zip" in told


def test_a_full_disk_is_told_and_not_taken_for_a_broken_zip(
    zips: Path, monkeypatch: pytest.MonkeyPatch, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "extractall", full)

    assert main(["corpora", "describe", str(zips)]) == 2
    assert "No space left" in capsys.readouterr().err
    assert list(home.iterdir()) == []


def test_processes_that_unpack_at_once_end_with_one_folder(
    zips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (archive,) = zips.iterdir()
    extract = archives._extract

    def overtaken(opened: zipfile.ZipFile, folder: Path) -> None:
        monkeypatch.setattr(archives, "_extract", extract)
        unpack(archive, tmp_path / "cache")
        extract(opened, folder)

    monkeypatch.setattr(archives, "_extract", overtaken)
    folder = unpack(archive, tmp_path / "cache")

    assert list((tmp_path / "cache").iterdir()) == [folder]
    assert len(list(folder.rglob("*.wav"))) == 24


def test_no_member_leaves_its_folder(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as opened:
        for name in ("../up.wav", "/abs.wav", "a/../../over.wav", "..\\back.wav"):
            opened.writestr(name, "sound")

    ((folder,), odd) = open_folders(tmp_path / "a.zip", tmp_path / "cache")

    assert odd == ()
    assert {path.parent for path in tmp_path.rglob("*.wav")} <= {folder, folder / "a", folder / "abs"}


def test_the_default_cache_is_a_whole_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # which the standard says to ignore
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_cache() == tmp_path / ".cache" / "ser-clinic" / "corpora"

    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(FileNotFoundError, match="XDG_CACHE_HOME"):
        default_cache()


def test_a_zip_that_is_not_there_is_a_broken_one(tmp_path: Path) -> None:
    with pytest.raises(BrokenZip):
        unpack(tmp_path / "gone.zip", tmp_path / "cache")
