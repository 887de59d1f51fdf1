"""The flagship's figures as a table for people."""

from collections.abc import Mapping, Sequence

from ml.benchmark.record import FinishedFold
from ml.corpora.manifest import Utterance
from ml.flagship.figures import WANTED, Emotions, Figure, Wanted, figures_of
from ml.labels import Emotion
from ml.markdown import table

NOT_YET = "not measured"


def emotions_of(utterances: Sequence[Utterance]) -> Emotions:
    """Return the emotions of each corpus."""
    found: dict[str, set[Emotion]] = {}
    for utterance in utterances:
        if utterance.emotion is not None:
            found.setdefault(utterance.corpus, set()).add(utterance.emotion)
    return {corpus: frozenset(emotions) for corpus, emotions in found.items()}


def sexes_of(utterances: Sequence[Utterance]) -> dict[str, str]:
    """Return each speaker's sex."""
    return {utterance.speaker: utterance.sex for utterance in utterances}


def as_table(folds: Sequence[FinishedFold], emotions: Emotions, sexes: Mapping[str, str]) -> str:
    """Return a Markdown table: every wanted figure, its interval, and what it was to be."""
    figures = figures_of(folds, emotions, sexes)
    head = ("figure", "value", "95 %", "seeds", "must", "goal", "beyond")
    return table(head, [_line(wanted, figures.get(key)) for key, wanted in WANTED.items()])


def _line(wanted: Wanted, figure: Figure | None) -> list[str]:
    value, interval, seeds = NOT_YET, "", ""
    if figure is not None:
        value, seeds = f"{figure.value:.1f}", str(figure.seeds)
        if figure.low is not None:
            interval = f"{figure.low:.1f} to {figure.high:.1f}"
    sign = "≤ " if wanted.at_most else ""
    goals = [f"{sign}{goal:g}" for goal in wanted.goals] if wanted.goals else ["", "", ""]
    return [wanted.title, value, interval, seeds, *goals]
