"""What the estimates are and are not, and how well they were measured: out of the active model's card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from analysis.models import ModelVersion
from analysis.wording.phrases import SOUNDS
from analysis.wording.validity import language_name
from ml.labels import EMOTIONS
from ml.voices import voices_of
from patients.access import SignedInRequest


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
        "languages": [language_name(code) for code in voices.languages] if voices.languages else None,
        "ages": voices.ages,
        "speakers": len(training.get("speakers", ())),
        "hours": training.get("hours"),
        "corpora": card.get("licence", {}).get("corpora", ()),
        "figures": list(_figures(card.get("metrics", {}))),
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


def _by_emotion(recall: Mapping[str, float]) -> list[Measured]:
    return [Measured(str(SOUNDS[emotion]), recall[emotion]) for emotion in EMOTIONS if emotion in recall]
