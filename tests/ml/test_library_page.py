"""The library's page names what there is, and its experiment is one that can be run."""

import re
import tomllib
from pathlib import Path

from ml.config import AugmentConfig, ExperimentConfig, PreprocessConfig
from ml.corpora.catalogue import CORPORA
from ml.features import FEATURES
from ml.features.summaries import STATISTICS
from ml.systems.catalogue import SYSTEMS

PAGE = (Path(__file__).parents[2] / "docs" / "library.md").read_text(encoding="utf-8")


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
    _, example = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)

    assert ExperimentConfig.from_dict(tomllib.loads(example)).train.patience == 8


def test_the_experiment_switches_everything_on() -> None:
    example, _ = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)
    cfg = ExperimentConfig.from_dict(tomllib.loads(example))

    for shown, nothing in ((cfg.preprocess, PreprocessConfig()), (cfg.train.augment, AugmentConfig())):
        later = [f for f in vars(shown) if vars(nothing)[f] in ((), "", False, 0.0, None, "keep")]
        assert all(vars(shown)[f] for f in later if f not in ("level_db", "strangers"))  # shown apart
