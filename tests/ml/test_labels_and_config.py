"""The order of the emotions is fixed, and an experiment survives being written down."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.config import (
    AugmentConfig,
    ExperimentConfig,
    FeatureConfig,
    ModelConfig,
    TrainConfig,
    load_config,
    named_configs,
)
from ml.labels import AFFECT, EMOTIONS, LABELS, Emotion, index_of
from ml.systems.catalogue import SYSTEMS, build


def test_order_is_that_of_ravdess() -> None:
    assert LABELS == ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")
    assert [index_of(emotion) for emotion in EMOTIONS] == list(range(8))


def test_every_emotion_has_a_place_on_the_affect_plane() -> None:
    assert set(AFFECT) == set(Emotion)
    assert all(-1 <= axis <= 1 for affect in AFFECT.values() for axis in affect)


@pytest.mark.parametrize("name", named_configs())
def test_every_shipped_experiment_parses_and_its_system_takes_its_options(name: str) -> None:
    config = load_config(name)

    assert ExperimentConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    assert SYSTEMS[config.model.system].options(**config.model.options)


@given(
    n_mfcc=st.integers(1, 64),
    speeds=st.lists(st.floats(0.5, 2.0), max_size=3).map(tuple),
    rate=st.floats(1e-5, 1.0),
    options=st.dictionaries(st.sampled_from(["width", "dropout"]), st.integers() | st.booleans()),
)
def test_what_is_written_is_what_is_read(
    n_mfcc: int, speeds: tuple[float, ...], rate: float, options: dict[str, Any]
) -> None:
    config = ExperimentConfig(
        features=FeatureConfig(n_mfcc=n_mfcc),
        model=ModelConfig(options=options),
        train=TrainConfig(learning_rate=rate, augment=AugmentConfig(speeds=speeds)),
    )

    assert ExperimentConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"trian": {}}, "trian"),
        ({"train": {"epoch": 3}}, "epoch"),
        ({"train": {"augment": {"snr": 3}}}, "snr"),
        ({"features": {"n_mfcc": 65}}, "n_mfcc"),
        ({"audio": {"sample_rate": 8000}}, "f_max"),
        ({"window": {"hop_seconds": 4.0}}, "hop_seconds"),
        ({"train": {"augment": {"snr_low_db": 31.0}}}, "snr_low_db"),
    ],
)
def test_what_is_wrong_is_named(values: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        ExperimentConfig.from_dict(values)


def test_an_option_that_the_system_lacks_is_refused() -> None:
    with pytest.raises(ValueError, match="depth"):
        build(ModelConfig(options={"depth": 3}), FeatureConfig())
    with pytest.raises(ValueError, match=r"known: .*parallel"):
        build(ModelConfig(system="perpendicular"), FeatureConfig())


def test_a_file_of_ones_own_is_read(tmp_path: Path) -> None:
    config = dataclasses.replace(ExperimentConfig(), train=TrainConfig(epochs=3))
    as_json, as_toml = tmp_path / "own.json", tmp_path / "own.toml"
    as_json.write_text(json.dumps(config.to_dict()))
    as_toml.write_text("[train]\nepochs = 3\n")

    assert load_config(as_json) == load_config(as_toml) == config
    with pytest.raises(FileNotFoundError, match=r"known: .*parallel"):
        load_config("unheard-of")
