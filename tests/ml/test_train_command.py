"""`train` keeps states, draws live curves and places branches; what the clinic cannot compute it refuses."""

import json
from pathlib import Path

import pytest

from ml.__main__ import main
from ml.registry import list_models
from tests.ml.test_training import TINY
from tests.ml.tiny_corpus import write_tiny_corpus


def train(place: Path, *more: str) -> int:
    write_tiny_corpus(place / "data", actors=(1, 2))
    config = place / "tiny.json"
    config.write_text(json.dumps(TINY.to_dict()))
    return main(
        ["train", "--data", str(place / "data"), "--config", str(config), "--epochs", "1",
         "--folds-file", str(place / "folds.jsonl"), "--out", str(place / "models"), *more]
    )  # fmt: skip


def test_states_curves_and_devices(tmp_path: Path) -> None:
    code = train(
        tmp_path, "--states", str(tmp_path / "states"), "--curves", str(tmp_path / "curves"),
        "--devices", "home=cpu", "encoder=cpu:0",
    )  # fmt: skip

    assert code == 0
    assert len(list_models(tmp_path / "models")) == 1
    phases = {file.stem.split("-", 1)[1] for file in (tmp_path / "states").iterdir()}
    assert phases == {"fold-1", "fold-2", "final"}
    assert list((tmp_path / "curves").rglob("events.*"))


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (("--config", "gru"), "Its folds can be run: --only-folds"),
        (("--devices", "left=cpu"), "no branch left"),
        (("--devices", "encoder=gpu1"), "no device 'gpu1' here; there is cpu"),
        (("--devices", "encoder=cuda:99"), "no device 'cuda:99' here; there is cpu"),
        (("--devices", "home=meta"), "no device 'meta' here; there is cpu"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    more: tuple[str, ...], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(tmp_path, *more) == 2
    assert reason in capsys.readouterr().err
