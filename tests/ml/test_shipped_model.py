"""The model in the repository is what its card, its folds and the project's figures say."""

import json
import shlex
from itertools import takewhile
from pathlib import Path

import pytest
import torch

from ml.cards import page_of
from ml.config import load_config
from ml.corpora import ravdess
from ml.corpora.catalogue import CORPORA
from ml.corpora.splits import FOLDS
from ml.evaluate import judge_folds
from ml.folds import read_outcomes
from ml.gate_folds import read_gate_folds
from ml.gate_training import Gated
from ml.labels import LABELS
from ml.registry import DEFAULT_MODEL, ModelCard, list_models, load_card
from ml.storage import load_gate, load_network

DOCS = Path(__file__).resolve().parents[2] / "docs"


SHIPPED = {card.name: card for card in list_models()}


@pytest.fixture(params=sorted(SHIPPED))
def card(request: pytest.FixtureRequest) -> ModelCard:
    return SHIPPED[request.param]


def test_each_comes_once_and_one_is_meant_where_none_is_named() -> None:
    assert len(list_models()) == len(SHIPPED)
    assert load_card() == SHIPPED[DEFAULT_MODEL]


def test_they_are_small(card: ModelCard) -> None:
    gated = card.voice_floor is not None
    weights, graphs = [card.weights], [card.graph]
    weights += [card.gate_weights] if gated else []
    graphs += [card.gate_graph] if gated else []
    assert sum(file.stat().st_size for file in weights) == card.contents["weights_bytes"] <= 5_000_000
    assert sum(file.stat().st_size for file in graphs) <= 5_000_000


def test_the_weights_are_those_of_the_card(card: ModelCard) -> None:
    network = load_network(card.weights, card.config)

    assert sum(parameter.numel() for parameter in network.parameters()) == card.contents["parameters"]
    assert card.labels == LABELS
    assert card.config == load_config(said(card, "--config")[0])
    assert 0.2 < card.temperature < 5
    assert 1 / 8 < card.abstention_threshold < 1


def said(card: ModelCard, option: str) -> list[str]:
    """What follows an option of the command that made the model."""
    words = shlex.split(card.contents["command"])
    rest = words[words.index(option) + 1 :]
    return list(takewhile(lambda word: not word.startswith("--"), rest))


def test_the_figures_follow_from_the_folds(card: ModelCard) -> None:
    outcomes = read_outcomes(DOCS / "folds" / f"{card.name}.jsonl", card.contents["recipe"])

    assert [outcome.index for outcome in outcomes] == list(range(1, FOLDS + 1))
    tested = [speaker for outcome in outcomes for speaker in set(outcome.speakers)]
    assert sorted(tested) == card.contents["training"]["speakers"]  # each in one fold, and none besides
    keys = [key for outcome in outcomes for key in outcome.keys]
    assert len(set(keys)) == len(keys) == card.contents["training"]["clips"]
    figures, claimed = judge_folds(outcomes).figures(), card.contents["metrics"]
    assert figures.keys() == claimed.keys()
    assert figures["uar"].pop("n") == claimed["uar"]["n"]
    by_corpus, claimed_by_corpus = figures.pop("uar_by_corpus", {}), claimed.get("uar_by_corpus", {})
    assert {c: uar.pop("n") for c, uar in by_corpus.items()} == {
        c: u["n"] for c, u in claimed_by_corpus.items()
    }
    for corpus, uar in by_corpus.items():
        assert uar == pytest.approx({key: claimed_by_corpus[corpus][key] for key in uar}), corpus
    for name, figure in figures.items():
        if name not in {"confusion", "uar"}:
            assert figure == pytest.approx(claimed[name]), name
    assert figures["confusion"] == claimed["confusion"]
    assert figures["uar"] == pytest.approx({key: claimed["uar"][key] for key in ("value", "low", "high")})


def test_ravdess_is_divided_as_in_the_published_figures() -> None:
    card = SHIPPED["parallel"]
    outcomes = read_outcomes(DOCS / "folds" / "parallel.jsonl", card.contents["recipe"])
    assert {frozenset(outcome.speakers) for outcome in outcomes} == set(CORPORA["ravdess"].folds)
    assert sorted(key for outcome in outcomes for key in outcome.keys) == sorted(
        f"ravdess/{name}" for name in ravdess.names()
    )


@pytest.mark.parametrize(("corpus", "clips"), [("ravdess", 1440), ("emodb", 293), ("nemo", 1490)])
def test_the_claimed_figures_are_the_cards(corpus: str, clips: int) -> None:
    card = SHIPPED[DEFAULT_MODEL]
    claimed = json.loads((DOCS / "figures.json").read_text())[f"shipped.{corpus}_si_uar"]
    uar = card.contents["metrics"]["uar_by_corpus"][corpus]

    assert claimed["value"] == pytest.approx(100 * uar["value"], abs=0.05)
    assert claimed["interval"] == pytest.approx([100 * uar["low"], 100 * uar["high"]], abs=0.05)
    assert claimed["n"] == clips
    assert card.contents["command"] in claimed["command"]


def test_what_the_gate_scored_sets_the_floor(card: ModelCard) -> None:
    if card.config.gate is None:
        assert card.voice_floor is None
        return
    file = DOCS / "folds" / f"{card.name}-gate.jsonl"
    folds = read_gate_folds(file)
    assert sum(len(fold.speech) for fold in folds) == card.contents["training"]["clips"]
    gate = Gated(load_gate(card.gate_weights, card.config), folds)
    assert gate.floor == pytest.approx(card.voice_floor)
    assert gate.passes == pytest.approx(card.contents["abstention"]["passes"])


def test_what_it_tells_of_its_recipe_is_as_measured(card: ModelCard) -> None:
    measured = json.loads((DOCS / "flagship.json").read_text())
    same = measured["recipe"] == card.config.digest
    assert list(card.contents.get("recipe_figures", ())) == (measured["figures"] if same else [])


def test_the_page_is_the_cards(card: ModelCard) -> None:
    page = "model-card.md" if card.name == DEFAULT_MODEL else f"model-card-{card.name}.md"
    assert (DOCS / page).read_text() == page_of(dict(card.contents))


def test_the_terms_are_those_of_what_it_heard(card: ModelCard) -> None:
    heard = {speaker.split("-")[0] for speaker in card.contents["training"]["speakers"]}
    reserved = set().union(*(corpus.reserved for corpus in CORPORA.values()))

    assert heard == set(said(card, "--corpora"))
    assert not reserved & set(card.contents["training"]["speakers"])
    licence = card.contents["licence"]
    if all(CORPORA[corpus].commercial_use for corpus in heard):
        assert licence["weights"] == "Apache-2.0"
    else:
        assert licence["weights"] == CORPORA["ravdess"].licence == "CC BY-NC-SA 4.0"
        assert "no commercial use" in licence["meaning"]
    assert "diagnosis" in card.contents["not_for"].lower()


def test_one_model_may_be_used_by_everyone() -> None:
    free = SHIPPED["flagship-free"]
    assert said(free, "--corpora") == ["emodb"]
    untaught = [LABELS.index(emotion) for emotion in ("calm", "surprised")]
    network = load_network(free.weights, free.config)
    planes = torch.randn(4, 1, 64, 301) * 10
    shares = network(planes).softmax(dim=1)[:, untaught]
    assert float(shares.detach().max()) == 0
    assert "It never heard these: calm, surprised." in " ".join(free.contents["limits"])
