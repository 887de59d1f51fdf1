"""Whose voices a published model learnt from: the languages they spoke and how old they were."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ml.corpora.catalogue import CORPORA
from ml.corpora.manifest import Corpus


@dataclass(frozen=True)
class TrainingVoices:
    """`None` is not known. `ages` are the youngest's and the oldest's, in years; `languages` are codes."""

    languages: tuple[str, ...] | None
    ages: tuple[int, int] | None


def ages_of(corpora: Iterable[Corpus | None]) -> tuple[int, int] | None:
    """Return the youngest and the oldest of the corpora that tell; `None` if none of them does.

    What another corpus does not tell can only widen the span of ages that were heard, never narrow it.
    """
    spans = [corpus.ages for corpus in corpora if corpus and corpus.ages]
    if not spans:
        return None
    return min(low for low, _ in spans), max(high for _, high in spans)


def voices_of(card: Mapping[str, Any]) -> TrainingVoices:
    """Read a card. One from before cards told of voices is read by the corpora that it names."""
    training = card.get("training", {})
    languages, ages = training.get("languages"), training.get("ages")
    if languages is None:
        named = [_titled(listed.get("name")) for listed in card.get("licence", {}).get("corpora", ())]
        known = [corpus for corpus in named if corpus is not None]
        if not known or len(known) < len(named):
            return TrainingVoices(None, None)
        languages, ages = sorted({corpus.language for corpus in known}), ages_of(known)
    return TrainingVoices(tuple(languages), (ages[0], ages[1]) if ages else None)


def _titled(title: str | None) -> Corpus | None:
    return next((corpus for corpus in CORPORA.values() if corpus.title == title), None)
