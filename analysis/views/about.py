"""What the estimates are and are not, and how well they were measured: out of the active model's card."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET

from analysis.models import ModelVersion
from analysis.wording.phrases import SOUNDS
from analysis.wording.validity import language_name
from ml.labels import EMOTIONS
from ml.voices import voices_of
from patients.access import SignedInRequest

# What every card says alike (`ml.cards` writes it), so that it can be read in the reader's language. A card's
# other sentences bear figures of its own training, and stay in the card's English.
OF_EVERY_CARD = frozenset(
    (
        gettext_noop(
            "To show a clinician how a consenting patient's speech sounds over weeks, beside the clinician's "
            "own judgement, and to draw attention to change against the patient's own baseline."
        ),
        gettext_noop(
            "Diagnosis, triage, prognosis or any automatic decision about a person; employment, education or "
            "law enforcement; recordings of people who did not consent."
        ),
        gettext_noop(
            "It hears how a voice sounds, not what a person feels; in a clinic nobody has yet measured it."
        ),
        gettext_noop(
            "Spontaneous speech, other languages, children, the elderly and disordered speech are harder "
            "than what it was measured on, and the figures do not hold there."
        ),
        gettext_noop(
            "Noise, music, other voices, telephone bands and heavy compression change what it hears."
        ),
    )
)


@dataclass(frozen=True)
class Sentence:
    """One sentence of a card: in the reader's language, or marked as the card's English."""

    of_card: str

    @property
    def words(self) -> str:
        return _(self.of_card) if self.of_card in OF_EVERY_CARD else self.of_card

    @property
    def is_english(self) -> bool:
        """Whatever the reader's language is: a screen reader must be told."""
        return self.of_card not in OF_EVERY_CARD


@dataclass(frozen=True)
class Measured:
    """One row of the page's table: what was measured, and the share as measured."""

    words: str
    share: float
    low: float | None = None
    high: float | None = None


@require_GET
def about_estimates(request: SignedInRequest) -> HttpResponse:
    version = ModelVersion.objects.filter(is_active=True).first()
    context = {"version": version, **(_told(version.card) if version else {})}
    return render(request, "analysis/about.html", context)


def _told(card: Mapping[str, Any]) -> dict[str, Any]:
    """What the page tells of a card. Whatever a card does not say is left out, never made up."""
    voices, training = voices_of(card), card.get("training", {})
    return {
        "card": card,
        **{name: Sentence(card[name]) for name in ("intended_use", "not_for") if card.get(name)},
        "limits": [Sentence(limit) for limit in card.get("limits", ())],
        "languages": [language_name(code) for code in voices.languages] if voices.languages else None,
        "ages": voices.ages,
        "speakers": len(training.get("speakers", ())),
        "hours": training.get("hours"),
        "corpora": _corpora(card),
        "figures": [*_figures(card.get("metrics", {})), *_by_corpus(card), *_elsewhere(card)],
        "by_emotion": _by_emotion(card.get("metrics", {}).get("recall", {})),
    }


def _figures(metrics: Mapping[str, Any]) -> list[Measured]:
    sexes = {"female": _("of women’s speech"), "male": _("of men’s speech")}
    rows = []
    if uar := metrics.get("uar"):
        words = _("of acted clips recognised, each emotion counting the same")
        rows.append(Measured(words, uar["value"], uar.get("low"), uar.get("high")))
    rows += [
        Measured(sexes[sex], share) for sex, share in metrics.get("uar_by_sex", {}).items() if sex in sexes
    ]
    if "accuracy_at_70_percent" in metrics:
        rows.append(Measured(_("of the surest 70 % of clips"), metrics["accuracy_at_70_percent"]))
    return rows


def _corpora(card: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    corpora: Sequence[Mapping[str, Any]] = card.get("licence", {}).get("corpora", ())
    return corpora


def _by_corpus(card: Mapping[str, Any]) -> Iterator[Measured]:
    told = {corpus.get("key"): corpus for corpus in _corpora(card)}
    for name, uar in card.get("metrics", {}).get("uar_by_corpus", {}).items():
        if corpus := told.get(name):
            words = _("of clips in %(language)s (%(corpus)s)")
            where = {"language": language_name(corpus["language"]), "corpus": corpus["name"]}
            yield Measured(words % where, uar["value"], uar["low"], uar["high"])


def _elsewhere(card: Mapping[str, Any]) -> Iterator[Measured]:
    """What comes nearest to a clinic's own rooms and voices: whole corpora that the recipe had not heard."""
    for figure in card.get("recipe_figures", ()):
        if figure.get("key") == "flagship.left_out_corpus_uar":
            words = _("of clips of a corpus unheard in training: other actors, language, room and microphone")
            yield Measured(words, figure["value"] / 100)


def _by_emotion(recall: Mapping[str, float]) -> list[Measured]:
    return [Measured(str(SOUNDS[emotion]), recall[emotion]) for emotion in EMOTIONS if emotion in recall]
