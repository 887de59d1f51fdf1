"""The model in the repository is what its card, its folds and the project's figures say."""

import json
from pathlib import Path

import pytest

from ml.cards import page_of
from ml.config import load_config
from ml.corpora import ravdess
from ml.corpora.catalogue import CORPORA
from ml.corpora.splits import FOLDS
from ml.evaluate import judge_folds
from ml.folds import read_outcomes
from ml.labels import LABELS
from ml.registry import ModelCard, list_models, load_card
from ml.storage import load_network

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def card() -> ModelCard:
    return load_card()


def test_one_small_model_is_shipped(card: ModelCard) -> None:
    assert [shipped.id for shipped in list_models()] == [card.id]
    assert card.weights.stat().st_size == card.contents["weights_bytes"] <= 5_000_000
    assert card.graph.stat().st_size <= 5_000_000


def test_the_weights_are_those_of_the_card(card: ModelCard) -> None:
    network = load_network(card.weights, card.config)

    assert sum(parameter.numel() for parameter in network.parameters()) == card.contents["parameters"]
    assert card.labels == LABELS
    assert card.config == load_config(card.name)
    assert 0.2 < card.temperature < 5
    assert 1 / 8 < card.abstention_threshold < 1


def test_the_figures_follow_from_the_folds(card: ModelCard) -> None:
    outcomes = read_outcomes(DOCS / "folds" / f"{card.name}.jsonl", card.contents["recipe"])

    assert [outcome.index for outcome in outcomes] == list(range(1, FOLDS + 1))
    assert {frozenset(outcome.speakers) for outcome in outcomes} == set(CORPORA["ravdess"].folds)
    assert sorted(key for outcome in outcomes for key in outcome.keys) == sorted(
        f"ravdess/{name}" for name in ravdess.names()
    )
    figures, claimed = judge_folds(outcomes).figures(), card.contents["metrics"]
    assert figures.keys() == claimed.keys()
    assert figures["uar"].pop("n") == claimed["uar"]["n"]
    for name, figure in figures.items():
        if name not in {"confusion", "uar"}:
            assert figure == pytest.approx(claimed[name]), name
    assert figures["confusion"] == claimed["confusion"]
    assert figures["uar"] == pytest.approx({key: claimed["uar"][key] for key in ("value", "low", "high")})


def test_the_claimed_figure_is_the_cards(card: ModelCard) -> None:
    claimed = json.loads((DOCS / "figures.json").read_text())["shipped.ravdess_si_uar"]
    uar = card.contents["metrics"]["uar"]

    assert claimed["value"] == pytest.approx(100 * uar["value"], abs=0.05)
    assert claimed["interval"] == pytest.approx([100 * uar["low"], 100 * uar["high"]], abs=0.05)
    assert claimed["n"] == 1440
    assert card.contents["command"] in claimed["command"]


def test_the_page_is_the_cards(card: ModelCard) -> None:
    assert (DOCS / "model-card.md").read_text() == page_of(dict(card.contents))


def test_the_terms_are_those_of_what_it_heard(card: ModelCard) -> None:
    heard = {speaker.split("-")[0] for speaker in card.contents["training"]["speakers"]}
    reserved = set().union(*(corpus.reserved for corpus in CORPORA.values()))

    assert heard == {"ravdess"}
    assert not reserved & set(card.contents["training"]["speakers"])
    assert card.contents["licence"]["weights"] == CORPORA["ravdess"].licence == "CC BY-NC-SA 4.0"
    assert "no commercial use" in card.contents["licence"]["meaning"]
    assert "diagnosis" in card.contents["not_for"].lower()
