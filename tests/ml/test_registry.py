"""A published model is whole, is never overwritten, and is found by its id."""

import json
from pathlib import Path
from typing import Any

import pytest

from ml import registry
from ml.config import ExperimentConfig

CARD: dict[str, Any] = {
    "name": "small",
    "created": "2026-01-01T00:00:00+00:00",
    "labels": ["sad"],
    "config": ExperimentConfig().to_dict(),
    "temperature": 1.5,
    "abstention": {"threshold": 0.4},
}


def publish(root: Path, weights: bytes = b"weights", **changes: Any) -> Path:
    return registry.publish(
        slug="small",
        files={registry.WEIGHTS: weights, registry.GRAPH: b"graph"},
        card={**CARD, **changes},
        root=root,
    )


def test_all_three_files_are_there_under_one_id(tmp_path: Path) -> None:
    folder = publish(tmp_path)
    card = registry.load_card(folder.name, tmp_path)

    assert folder.name.startswith("small-")
    assert len(folder.name) == len("small-") + 8
    assert (card.weights.read_bytes(), card.graph.read_bytes()) == (b"weights", b"graph")
    assert (card.id, card.temperature, card.abstention_threshold) == (folder.name, 1.5, 0.4)
    assert card.config == ExperimentConfig()
    assert card.contents["weights_bytes"] == 7


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    folder = publish(tmp_path)

    with pytest.raises(registry.AlreadyPublished, match=folder.name):
        publish(tmp_path, name="other")

    assert registry.load_card(folder.name, tmp_path).name == "small"
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]  # no draft is left behind


def test_what_is_told_of_the_recipe_may_grow_and_nothing_else_changes(tmp_path: Path) -> None:
    card = registry.ModelCard.read(publish(tmp_path))

    told = registry.tell_of_recipe(card, [{"title": "UAR", "value": 70.0}])

    assert told.contents == {**card.contents, "recipe_figures": [{"title": "UAR", "value": 70.0}]}
    assert told == registry.load_card(card.id, tmp_path)
    assert {path.name for path in card.folder.iterdir()} == {"weights.pt", "graph.onnx", "card.json"}
    assert (told.weights.read_bytes(), told.graph.read_bytes()) == (b"weights", b"graph")


def test_other_content_is_another_model(tmp_path: Path) -> None:
    calibrated = {"temperature": 1.6}, {"abstention": {"threshold": 0.4, "voice_floor": -0.5}}
    folders = [publish(tmp_path), publish(tmp_path, weights=b"others")]
    folders += [publish(tmp_path, **changes) for changes in calibrated]
    assert len({folder.name for folder in folders}) == 4


def test_a_broken_publication_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        publish(tmp_path, metrics=object())

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("slug", ["", "Small", "../small", "small/er", ".small", "small-"])
def test_a_name_that_is_no_name_is_refused(tmp_path: Path, slug: str) -> None:
    with pytest.raises(ValueError, match="lower-case"):
        registry.publish(slug=slug, files={}, card=CARD, root=tmp_path)


def test_the_newest_is_taken_when_none_is_named(tmp_path: Path) -> None:
    clinic, shipped = tmp_path / "clinic", tmp_path / "shipped"
    newest = publish(clinic, weights=b"2", created="2026-03-01T00:00:00+00:00")
    oldest = publish(shipped, weights=b"1")

    assert [card.id for card in registry.list_models(clinic, shipped)] == [oldest.name, newest.name]
    assert registry.load_card(None, clinic, shipped).id == newest.name
    with pytest.raises(registry.UnknownModel, match="none-such"):
        registry.load_card("none-such", clinic, shipped)
    with pytest.raises(registry.UnknownModel):
        registry.load_card(None, tmp_path / "empty")


def test_a_model_is_found_by_its_name_the_newest_of_it(tmp_path: Path) -> None:
    publish(tmp_path, weights=b"1")
    newest = publish(tmp_path, weights=b"2", created="2026-03-01T00:00:00+00:00")
    other = publish(tmp_path, weights=b"3", created="2026-04-01T00:00:00+00:00", name="another")

    assert registry.load_card("small", tmp_path).id == newest.name
    assert registry.load_card("another", tmp_path).id == other.name
    assert registry.load_card().name == registry.DEFAULT_MODEL  # of those that come with the program


def test_a_draft_is_no_model(tmp_path: Path) -> None:
    draft = tmp_path / ".publishing-x"
    draft.mkdir()
    (draft / registry.CARD).write_text(json.dumps({"id": "x", **CARD}))

    assert registry.list_models(tmp_path) == []
