"""The library's page names what there is, and its experiment is one that can be run."""

import re
import tomllib
from copy import deepcopy
from dataclasses import fields
from pathlib import Path

import pytest

from ml.config import AugmentConfig, ChannelConfig, ExperimentConfig, PreprocessConfig
from ml.corpora.catalogue import CORPORA
from ml.features import FEATURES
from ml.features.summaries import STATISTICS
from ml.systems.catalogue import SYSTEMS

PAGE = (Path(__file__).parents[2] / "docs" / "library.md").read_text(encoding="utf-8")
TOGETHER, INSTEAD, TRAINING = map(tomllib.loads, re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL))


def test_every_corpus_has_its_line_and_its_size() -> None:
    lines = {line.split("`")[1]: line for line in PAGE.splitlines() if line.startswith("| `")}
    for name, corpus in CORPORA.items():
        assert f"{corpus.clips:,}" in lines[name]


def test_every_feature_and_statistic_is_named() -> None:
    named = set(re.findall(r"`(\w+)`", PAGE))
    assert set(FEATURES) | set(STATISTICS) <= named


def test_every_system_has_its_line_and_its_source() -> None:
    lines = {line.split("`")[1]: line for line in PAGE.splitlines() if line.startswith("| `")}
    for name, system in SYSTEMS.items():
        assert f"| {system.title} |" in lines[name]
        assert lines[name].endswith(f"| {system.source} |")


def test_the_training_that_is_shown_can_be_run() -> None:
    assert ExperimentConfig.from_dict(TRAINING).train.patience == 8


def test_the_experiments_switch_everything_on() -> None:
    """The first shows all; the second what cannot be had with it, which is tried."""
    first, second = map(ExperimentConfig.from_dict, (TOGETHER, INSTEAD))
    assert all(vars(first.preprocess)[name] for name in off_by_default(PreprocessConfig()))
    missing = [name for name in off_by_default(AugmentConfig()) if not vars(first.train.augment)[name]]
    assert all(vars(second.train.augment)[name] for name in missing)
    for name in missing:
        both = deepcopy(TOGETHER)
        both["train"] |= {"label_sets": True}
        both["train"]["augment"][name] = INSTEAD["train"]["augment"][name]
        with pytest.raises(ValueError, match="exclude each other"):
            ExperimentConfig.from_dict(both)


def test_the_drawn_rooms_and_lines_are_shown_switched_on() -> None:
    """With every setting that they have, by its name."""
    assert set(INSTEAD["train"]["augment"]["channel"]) == {one.name for one in fields(ChannelConfig)}
    assert ExperimentConfig.from_dict(INSTEAD).train.augment.channel.share > 0


def off_by_default(settings: PreprocessConfig | AugmentConfig) -> list[str]:
    return [name for name, value in vars(settings).items() if value in ((), "", False, 0.0, None, "keep")]
