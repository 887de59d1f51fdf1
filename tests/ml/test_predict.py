"""`python -m ml predict`, held to the letter of its contract."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.__main__ import main
from ml.cli_predict import rounded
from ml.labels import LABELS
from tests import voices
from tests.ml.published import mean_frame_model

HEAVY = (
    "torch",
    "torchaudio",
    "librosa",
    "scipy",
    "sklearn",
    "numba",
    "django",
    "rest_framework",
    "celery",
    "plotly",
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mean_frame_model(tmp_path_factory.mktemp("models")).folder.parent


class Predict:
    """The verb, in this process."""

    def __init__(self, root: Path, captured: pytest.CaptureFixture[str]) -> None:
        self._root, self._captured = root, captured
        self.code = -1
        self.out = self.err = ""

    def __call__(self, *arguments: str | Path) -> list[dict[str, Any]]:
        self.code = main(["predict", "--root", str(self._root), "--json", *map(str, arguments)])
        self.out, self.err = self._captured.readouterr()
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def predict(root: Path, capsys: pytest.CaptureFixture[str]) -> Predict:
    return Predict(root, capsys)


def recording(folder: Path, waveform: voices.Waveform, name: str = "visit.wav") -> Path:
    return voices.write(folder / name, waveform)


def check_shape(line: dict[str, Any]) -> None:
    assert list(line) == [
        "file",
        "duration_s",
        "speech_s",
        "labels",
        "windows",
        "summary",
        "model",
        "quality",
    ]
    assert line["labels"] == list(LABELS)
    assert list(line["summary"]) == ["probabilities", "top", "abstained_share"]
    assert line["summary"]["top"] in (None, *LABELS)
    assert 0 <= line["summary"]["abstained_share"] <= 1
    for window in line["windows"]:
        assert list(window) == ["start", "end", "probabilities", "abstained"]
        assert isinstance(window["abstained"], bool)
        assert 0 <= window["start"] < window["end"] <= line["duration_s"] + 1e-3
    for answer in (line["summary"], *line["windows"]):
        assert len(answer["probabilities"]) == 8
        assert all(0 <= share <= 1 for share in answer["probabilities"])
        assert sum(answer["probabilities"]) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("kind", voices.KINDS)
def test_one_object_a_line_for_every_kind(predict: Predict, kind: str, tmp_path: Path) -> None:
    path = recording(tmp_path, voices.speech(5.0), f"visit.{kind}")
    if "." in kind:
        path.write_bytes(voices.encode(voices.speech(5.0), kind))
    (line,) = predict(path)
    check_shape(line)
    assert predict.code == 0
    assert predict.err == ""
    assert line["file"] == str(path)
    assert line["duration_s"] == pytest.approx(5.0, abs=0.1)
    assert len(line["windows"]) == 3
    assert line["summary"]["top"] is not None


@pytest.mark.parametrize(
    ("sound", "code", "windows"),
    [
        (voices.speech(0.4, clip=0), "too_short", 1),
        (voices.silence(4.0), "silent", 0),
        (voices.noise(4.0), "no_speech", 0),
        (voices.noise(0.001), "no_speech", 0),
    ],
    ids=["a syllable", "silence", "hiss", "sixteen samples"],
)
def test_too_little_is_a_code_and_no_failure(
    predict: Predict, sound: voices.Waveform, code: str, windows: int, tmp_path: Path
) -> None:
    (line,) = predict(recording(tmp_path, sound))
    check_shape(line)
    assert (predict.code, predict.err) == (0, "")
    assert code in line["quality"]
    assert len(line["windows"]) == windows
    assert (line["summary"]["top"], line["summary"]["abstained_share"]) == (None, 1.0)


def test_what_cannot_be_read_comes_after_the_rest(predict: Predict, tmp_path: Path) -> None:
    good = recording(tmp_path, voices.speech(4.0))
    (tmp_path / "empty.wav").touch()
    (tmp_path / "notes.mp3").write_text("not a sound")
    bad = [tmp_path / "empty.wav", tmp_path / "notes.mp3", tmp_path / "nowhere.wav", tmp_path]

    lines = predict(bad[0], good, *bad[1:], good)

    assert predict.code == 2
    assert [line["file"] for line in lines] == [str(good), str(good)]
    complaints = predict.err.splitlines()
    assert len(complaints) == len(bad)
    for path, complaint in zip(bad, complaints, strict=True):
        assert complaint.startswith(f"{path}: ")
        assert len(complaint) > len(str(path)) + 10


@pytest.mark.parametrize("kind", ["wav", "flac", "mp3", "ogg", "m4a", "webm", "amr"])
def test_a_broken_file_is_one_line_whatever_the_decoders_mutter(
    kind: str, root: Path, tmp_path: Path
) -> None:
    """Real processes: what a C library prints goes past Python."""
    content = bytearray(voices.encode(voices.speech(1.0), kind))
    content[16:] = np.random.default_rng(1).bytes(len(content) - 16)
    (tmp_path / f"a.{kind}").write_bytes(content)
    done = run("predict", "--root", str(root), "--json", str(tmp_path / f"a.{kind}"))
    if done.returncode == 0:  # some decoders make sound of anything
        check_shape(json.loads(done.stdout))
        assert done.stderr == ""
    else:
        assert (done.returncode, done.stdout) == (2, "")
        assert len(done.stderr.splitlines()) == 1


def test_names_that_are_no_text(root: Path, tmp_path: Path) -> None:
    name = os.fsdecode(b"Gespr\xe4ch\nzwei.wav")
    path = recording(tmp_path, voices.speech(3.5))
    strange = path.rename(tmp_path / name)
    plain = run("predict", "--root", str(root), str(strange))
    assert plain.returncode == 0, plain.stderr
    as_json = run("predict", "--root", str(root), "--json", str(strange))
    assert json.loads(as_json.stdout)["file"] == str(strange)
    missing = run("predict", "--root", str(root), str(strange) + "x")
    assert missing.returncode == 2
    assert len(missing.stderr.splitlines()) == 1


def test_the_chosen_channel(predict: Predict, tmp_path: Path) -> None:
    talk = np.stack([voices.silence(4.0), voices.speech(4.0)], axis=1)
    path = recording(tmp_path, talk)
    (left,), (right,) = predict("--channel", "0", path), predict("--channel", "1", path)
    assert left["quality"] == ["silent"]
    assert right["windows"]
    predict("--channel", "1", recording(tmp_path, voices.speech(4.0), "mono.wav"))
    assert predict.code == 2


def test_a_table_for_people(root: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = recording(tmp_path, voices.speech(65.0))
    assert main(["predict", "--root", str(root), str(path)]) == 0
    shown = capsys.readouterr().out
    assert shown.splitlines()[0] == str(path)
    assert "1 min 05 s long" in shown
    assert re.search(rf"sounds ({'|'.join(LABELS)});", shown)
    assert all(re.search(rf"{label} +\d+%  \( *\d+% to +\d+%\)", shown) for label in LABELS)


def test_an_unknown_model_is_one_line(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "--root", str(root), "--model", "parallel-00000000", "a.wav"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_nothing_heavy_is_loaded(root: Path, tmp_path: Path) -> None:
    path = recording(tmp_path, voices.speech(3.5), "visit.m4a")
    script = (
        "import sys; from ml.__main__ import main\n"
        f"code = main(['predict', '--root', {str(root)!r}, {str(path)!r}])\n"
        f"print(code, [name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 []"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ml", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, errors="surrogateescape")


@given(st.lists(st.floats(0, 1, width=32), min_size=8, max_size=8).filter(lambda shares: sum(shares) > 1e-3))
def test_rounded_shares_still_sum_to_one(shares: list[float]) -> None:
    exact = np.array(shares, np.float32) / np.float32(sum(shares))
    printed = rounded(exact)
    assert sum(printed) == pytest.approx(1.0, abs=1e-9)
    assert np.abs(np.array(printed) - exact).max() < 3e-6
    assert min(printed) >= 0
