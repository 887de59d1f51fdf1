"""A clip that gives no sound is listed, left out before anything is divided, and ends no verb."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ml.__main__ import main
from ml.benchmark.record import read_folds
from ml.corpora.catalogue import CORPORA
from tests.ml.corpus_folders import RATE, write_clips, write_corpus, write_text
from tests.ml.tiny_corpus import write_tiny_corpus

NOISE = 0.1 * np.random.default_rng(0).standard_normal(RATE).astype(np.float32)


def truncated_flac(path: Path) -> Path:
    """Its header, which promises a second, is whole."""
    path = path.with_suffix(".flac")
    soundfile.write(path, NOISE, RATE)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def overwritten_flac(path: Path) -> Path:
    path = path.with_suffix(".flac")
    soundfile.write(path, NOISE, RATE)
    content = bytearray(path.read_bytes())
    content[9000:12000] = bytes(3000)
    path.write_bytes(content)
    return path


def with_sample(path: Path, value: float) -> Path:
    samples = NOISE.astype(np.float64)
    samples[5] = value
    soundfile.write(path, samples, RATE, subtype="DOUBLE")
    return path


def nan(path: Path) -> Path:
    return with_sample(path, np.nan)


def infinite(path: Path) -> Path:
    return with_sample(path, np.inf)


def beyond_single_precision(path: Path) -> Path:
    return with_sample(path, 1e300)


def overflowing_when_squared(path: Path) -> Path:
    return with_sample(path, 1e25)


def without_samples(path: Path) -> Path:
    soundfile.write(path, NOISE[:0], RATE)
    return path


def empty(path: Path) -> Path:
    path.touch()
    return path


def folder(path: Path) -> Path:
    path.mkdir()
    return path


ODD: dict[Callable[[Path], Path], str] = {
    truncated_flac: "not readable as audio",
    overwritten_flac: "not readable as audio",
    nan: "no numbers",
    infinite: "no numbers",
    beyond_single_precision: "no numbers",
    overflowing_when_squared: "beyond all sound",
    without_samples: "only 0.00 s long",
    empty: "not readable as audio",
    folder: "not readable as audio",
}


@pytest.mark.parametrize("write", ODD, ids=lambda write: write.__name__)
def test_a_clip_without_sound_is_listed_with_its_reason(
    write: Callable[[Path], Path], tmp_path: Path
) -> None:
    path = write(write_corpus(tmp_path, "savee") / "DC" / "a02.wav")

    scan = CORPORA["savee"].scan(tmp_path)

    assert [odd.path for odd in scan.odd] == [path]
    assert ODD[write] in scan.odd[0].reason
    assert scan.odd[0].lost
    assert len(scan.utterances) == 4
    assert "DC_a02" in scan.missing


def test_whole_numbers_in_a_floating_point_file_are_sound(tmp_path: Path) -> None:
    with_sample(write_corpus(tmp_path, "savee") / "DC" / "a02.wav", 32767.0)

    assert len(CORPORA["savee"].scan(tmp_path).utterances) == 5


def test_a_second_copy_stands_in_for_a_broken_one(tmp_path: Path) -> None:
    write_clips(tmp_path, ["OAF/OAF_back_angry.wav", "TESS/OAF/OAF_back_angry.wav"])
    nan(tmp_path / "OAF" / "OAF_back_angry.wav")

    scan = CORPORA["tess"].scan(tmp_path)

    assert [u.path.parts[-3] for u in scan.utterances] == ["TESS"]


def test_audio_of_other_kinds_is_listed(tmp_path: Path) -> None:
    write_corpus(tmp_path, "ravdess")
    for name in ("03-01-06-01-01-01-05.mp3", "03-01-01-01-01-01-01.mp3", "notes.M4A"):
        write_text(tmp_path / name, "sound of another kind")

    scan = CORPORA["ravdess"].scan(tmp_path)

    assert {(odd.path.name, odd.reason, odd.lost) for odd in scan.odd} == {
        ("03-01-06-01-01-01-05.mp3", ".mp3 is not read, only .flac and .wav", True),
        ("03-01-01-01-01-01-01.mp3", "the same clip again", False),
        ("notes.M4A", "not a RAVDESS name", False),
    }
    assert "03-01-06-01-01-01-05" in scan.missing


def test_a_benchmark_leaves_it_out_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clips = write_tiny_corpus(tmp_path / "data")
    torn = truncated_flac(clips[0].path)
    clips[0].path.unlink()
    nan(clips[1].path)

    code = main(
        ["benchmark", "--data", str(tmp_path / "data"), "--systems", "logistic", "--protocols", "speaker",
         "--folds-file", str(tmp_path / "folds.jsonl"), "--report", str(tmp_path)]
    )  # fmt: skip

    assert code == 0
    told = capsys.readouterr().err
    assert f"left out: {torn}: not readable as audio" in told
    assert f"left out: {clips[1].path}: holds samples that are no numbers" in told
    assert sum(len(fold.targets) for fold in read_folds(tmp_path / "folds.jsonl")) == len(clips) - 2


def test_of_very_many_the_first_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_corpus(tmp_path, "ravdess")
    for actor in range(1, 25):
        write_text(
            tmp_path / f"03-01-06-01-01-01-{actor:02d}.wav", "version https://git-lfs.github.com/spec/v1\n"
        )

    assert main(["evaluate", "--data", str(tmp_path), "--corpora", "ravdess"]) == 0

    told = capsys.readouterr().err
    assert told.count("left out:") == 20
    assert "and 4 more" in told
