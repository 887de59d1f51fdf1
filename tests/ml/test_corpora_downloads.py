"""Corpora are read as they were downloaded; what is odd or missing is listed and never fatal."""

import zipfile
from pathlib import Path

import pytest

from ml.corpora.catalogue import CORPORA, corpus_named, scan_folder
from ml.corpora.manifest import Utterance
from ml.corpora.splits import speaker_folds
from ml.labels import Emotion
from tests.ml.corpus_folders import SHAPES, write_clips, write_corpus, write_text


def by_name(utterances: tuple[Utterance, ...]) -> dict[str, Utterance]:
    return {utterance.name: utterance for utterance in utterances}


@pytest.mark.parametrize("corpus", sorted(CORPORA))
def test_every_corpus_is_read_from_its_own_folder(corpus: str, tmp_path: Path) -> None:
    scan = CORPORA[corpus].scan(write_corpus(tmp_path, corpus))

    assert len(scan.utterances) == len(SHAPES[corpus])
    assert scan.odd == ()
    assert {u.corpus for u in scan.utterances} == {corpus}
    assert {u.sex for u in scan.utterances} <= {"female", "male"}


@pytest.mark.parametrize(
    ("corpus", "name", "speaker", "sex", "emotion", "intensity"),
    [
        ("tess", "YAF_dog_ps", "tess-younger", "female", Emotion.SURPRISED, None),
        ("tess", "OA_bite_neutral", "tess-older", "female", Emotion.NEUTRAL, None),
        ("savee", "JE_sa15", "savee-JE", "male", Emotion.SAD, None),
        ("savee", "DC_a01", "savee-DC", "male", Emotion.ANGRY, None),
        ("cremad", "1002_DFA_ANG_XX", "cremad-1002", "female", Emotion.ANGRY, None),
        ("cremad", "1001_IEO_SAD_HI", "cremad-1001", "male", Emotion.SAD, "high"),
        ("iemocap", "Ses01F_impro01_M001", "iemocap-1M", "male", None, None),
        ("iemocap", "Ses05M_script03_2_M042", "iemocap-5M", "male", Emotion.HAPPY, None),
        ("ravdess_song", "03-02-06-02-01-01-01", "ravdess-01", "male", Emotion.FEARFUL, "strong"),
    ],
)
def test_names_say_who_speaks_and_how(
    corpus: str,
    name: str,
    speaker: str,
    sex: str,
    emotion: Emotion | None,
    intensity: str | None,
    tmp_path: Path,
) -> None:
    found = by_name(CORPORA[corpus].scan(write_corpus(tmp_path, corpus)).utterances)[name]

    assert (found.speaker, found.sex, found.emotion, found.intensity) == (speaker, sex, emotion, intensity)


@pytest.mark.parametrize(
    ("corpus", "name"),
    [
        ("tess", "OAF_back_bored.wav"),
        ("tess", "XAF_back_angry.wav"),
        ("savee", "XX/a01.wav"),
        ("savee", "DC/a16.wav"),
        ("savee", "DC/x01.wav"),
        ("cremad", "1092_IEO_SAD_HI.wav"),
        ("cremad", "1001_ABC_SAD_HI.wav"),
        ("cremad", "1001_IEO_BOR_HI.wav"),
        ("iemocap", "Session1/dialog/wav/Ses01F_impro01.wav"),
        ("iemocap", "Session1/sentences/wav/Ses01F_impro01_F999.wav"),
        ("ravdess_song", "03-01-05-02-02-01-01.wav"),
    ],
)
def test_an_odd_name_is_listed_with_its_reason(corpus: str, name: str, tmp_path: Path) -> None:
    write_clips(write_corpus(tmp_path, corpus), [name])

    scan = CORPORA[corpus].scan(tmp_path)

    assert len(scan.utterances) == len(SHAPES[corpus])
    assert [odd.path for odd in scan.odd] == [tmp_path / name]
    assert scan.odd[0].reason


def test_broken_and_too_short_files_are_listed(tmp_path: Path) -> None:
    write_text(tmp_path / "1003_IEO_SAD_HI.wav", "version https://git-lfs.github.com/spec/v1\n")
    write_clips(tmp_path, ["1004_IEO_SAD_HI.wav"], seconds=0.1)

    scan = CORPORA["cremad"].scan(write_corpus(tmp_path, "cremad"))

    assert [odd.path.stem for odd in scan.odd] == ["1003_IEO_SAD_HI", "1004_IEO_SAD_HI"]
    assert len(scan.utterances) == 3


def test_missing_clips_are_named_where_the_corpus_has_a_scheme(tmp_path: Path) -> None:
    assert len(CORPORA["savee"].scan(write_corpus(tmp_path / "s", "savee")).missing) == 480 - 4
    song = CORPORA["ravdess_song"].scan(write_corpus(tmp_path / "r", "ravdess_song"))
    assert len(song.missing) == 1012 - 2
    assert "03-02-06-02-01-01-01" not in song.missing


def test_savee_is_read_with_the_speaker_as_prefix_too(tmp_path: Path) -> None:
    write_clips(tmp_path, ["ALL/DC_a01.wav", "ALL/JE_sa15.wav"])

    keys = [u.key for u in CORPORA["savee"].scan(tmp_path).utterances]

    assert keys == ["savee/DC_a01", "savee/JE_sa15"]


def test_a_corpus_packed_twice_counts_once(tmp_path: Path) -> None:
    write_corpus(tmp_path / "TESS", "tess")
    write_corpus(tmp_path / "TESS" / "TESS", "tess")

    scan = CORPORA["tess"].scan(tmp_path)

    assert len(scan.utterances) == 3
    assert {odd.reason for odd in scan.odd} == {"the same clip again"}


def test_everything_in_a_folder_is_found_whatever_its_subfolders_are_called(tmp_path: Path) -> None:
    folders = {"ravdess": "audio", "tess": "TESS Toronto emotional speech set data", "cremad": "CREMA-D"}
    for corpus, folder in folders.items():
        write_corpus(tmp_path / folder, corpus)
    write_text(tmp_path / "audio" / "noise.wav", "no sound")

    scans = scan_folder(tmp_path)

    assert {name: len(scan.utterances) for name, scan in scans.items()} == {
        "ravdess": 3,
        "tess": 3,
        "cremad": 3,
    }
    assert {odd.path.name for scan in scans.values() for odd in scan.odd} == {"noise.wav"}


def test_songs_are_read_only_on_request(tmp_path: Path) -> None:
    write_corpus(write_corpus(tmp_path, "ravdess"), "ravdess_song")

    assert set(scan_folder(tmp_path)) == {"ravdess"}
    both = scan_folder(tmp_path, ["ravdess", "ravdess_song"])
    assert len(both["ravdess_song"].utterances) == 2
    assert "ravdess-01" in {u.speaker for u in both["ravdess"].utterances} & {
        u.speaker for u in both["ravdess_song"].utterances
    }


def test_an_actor_who_speaks_and_sings_is_never_on_both_sides(tmp_path: Path) -> None:
    write_corpus(write_corpus(tmp_path, "ravdess"), "ravdess_song")
    scans = scan_folder(tmp_path, ["ravdess", "ravdess_song"])

    folds = list(speaker_folds([u for scan in scans.values() for u in scan.utterances]))

    sung = [{u.speaker for u in fold.test if u.corpus == "ravdess_song"} for fold in folds]
    assert {"ravdess-24"} in sung
    assert sorted(len(fold.test) for fold in folds) == [1, 1, 3]


def test_a_named_corpus_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    write_corpus(tmp_path, "savee")

    with pytest.raises(FileNotFoundError, match="tess"):
        scan_folder(tmp_path, ["savee", "tess"])
    with pytest.raises(FileNotFoundError):
        scan_folder(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="unknown corpus"):
        corpus_named("voices")


def zipped(folder: Path, archive: Path) -> Path:
    archive.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive, "w") as opened:
        for path in sorted(folder.rglob("*.*")):
            opened.write(path, path.relative_to(folder))
        opened.writestr("__MACOSX/._03-01-01-01-01-01-01.wav", "resource fork")
        opened.writestr("../escape.wav", "outside")
    return archive


def test_zips_are_unpacked_once_into_the_cache(tmp_path: Path) -> None:
    archive = zipped(write_corpus(tmp_path / "unpacked", "ravdess"), tmp_path / "data" / "Audio_Speech.zip")
    cache = tmp_path / "cache"

    first = scan_folder(archive.parent, cache=cache)["ravdess"]
    unpacked = next(cache.iterdir()).stat().st_mtime_ns
    again = scan_folder(archive, cache=cache)["ravdess"]

    assert [u.key for u in first.utterances] == [u.key for u in again.utterances]
    assert len(first.utterances) == 3
    assert all(u.path.is_relative_to(cache) for u in first.utterances)
    assert [folder.stat().st_mtime_ns for folder in cache.iterdir()] == [unpacked]
    assert not list(tmp_path.rglob("._*"))
    assert not (tmp_path / "escape.wav").exists()
    assert not (cache / "escape.wav").exists()


def test_a_broken_zip_is_listed(tmp_path: Path) -> None:
    write_corpus(tmp_path, "emodb")
    write_text(tmp_path / "download.zip", "cut off")

    odd = scan_folder(tmp_path, cache=tmp_path / "cache")["emodb"].odd

    assert [file.path.name for file in odd] == ["download.zip"]
    assert "not a readable zip" in odd[0].reason
    assert not (tmp_path / "cache").exists()
