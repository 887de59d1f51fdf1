"""The benchmark's page is of the shipped experiments: a run with other epochs does not take its place."""

from pathlib import Path

import pytest

from ml.__main__ import main
from tests.ml.tiny_corpus import write_tiny_corpus


def test_other_epochs_need_a_page_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_corpus(tmp_path / "data", actors=(1, 2))
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "benchmark.md").write_text("hours of work")
    monkeypatch.chdir(tmp_path)
    asked = ["benchmark", "--data", "data", "--systems", "ann", "--protocols", "speaker", "--epochs", "1"]

    assert main(asked) == 2
    assert "name another folder with --report" in capsys.readouterr().err
    assert main([*asked, "--report", "own"]) == 0

    assert (tmp_path / "docs" / "benchmark.md").read_text() == "hours of work"
    assert "ANN 4 × 256" in (tmp_path / "own" / "benchmark.md").read_text()
