"""What the page about the estimates tells of the model's card, and in which language."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse

from analysis.views.about import OF_EVERY_CARD
from ml.cards import INTENDED_USE, LIMITS, NOT_FOR
from tests.analysis.hearing import model
from tests.cast import Cast

OWN = "UAR differs by sex: female 74.7 %, male 59.0 %."


def test_what_every_card_says_can_be_translated() -> None:
    assert {INTENDED_USE, NOT_FOR, *LIMITS} == OF_EVERY_CARD


def test_in_german_only_what_is_a_card_of_its_own_stays_english(client: Client, cast: Cast) -> None:
    version = model()
    version.card |= {"intended_use": INTENDED_USE, "not_for": NOT_FOR, "limits": [OWN, *LIMITS]}
    version.is_active = True
    version.save()
    client.force_login(cast.treats)
    page = client.get(reverse("about_estimates"), headers={"accept-language": "de"}).content.decode()
    assert f'<li lang="en">{OWN}</li>' in page
    assert page.count('<li lang="en">') == 1
    assert not any(sentence in page for sentence in (INTENDED_USE, NOT_FOR, *LIMITS))


def test_each_corpus_and_one_never_heard_have_rows_of_their_own(client: Client, cast: Cast) -> None:
    version = model()
    uar = {"value": 0.71, "low": 0.62, "high": 0.8}
    version.card |= {
        "licence": {"corpora": [{"key": "emodb", "name": "Berlin", "language": "de"}, {"name": "of old"}]},
        "metrics": {"uar": uar, "uar_by_corpus": {"emodb": {**uar, "value": 0.8125}, "own": uar}},
        "recipe_figures": [{"key": "flagship.left_out_corpus_uar", "value": 43.75}, {"title": "other"}],
    }
    version.is_active = True
    version.save()
    client.force_login(cast.treats)
    page = client.get(reverse("about_estimates")).content.decode().replace("\u202f", " ").replace("\xa0", " ")
    assert 'of clips in German (Berlin)</th><td class="number">81 %</td>' in page
    assert 'other actors, language, room and microphone</th><td class="number">44 %</td>' in page
    assert page.count("of clips") == 2
