"""Folds in which no speaker is on both sides."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ml.corpora.catalogue import CORPORA
from ml.corpora.manifest import Utterance

FOLDS = 5


@dataclass(frozen=True)
class Fold:
    """One held-out set of speakers; `index` counts from 1."""

    index: int
    train: tuple[Utterance, ...]
    test: tuple[Utterance, ...]

    def __post_init__(self) -> None:
        both = {u.speaker for u in self.train} & {u.speaker for u in self.test}
        if both:
            raise ValueError(f"speakers on both sides of fold {self.index}: {', '.join(sorted(both))}")


def speaker_groups(
    utterances: Sequence[Utterance], count: int = FOLDS, seed: int = 0
) -> list[frozenset[str]]:
    """Return `count` groups of speakers: a corpus's reference folds where it has them, else drawn by `seed`.

    Drawn folds alternate the sexes, so that none is left with one sex while the other folds hold both.
    """
    groups: list[set[str]] = [set() for _ in range(count)]
    for name in sorted({u.corpus for u in utterances}):
        sexes = {u.speaker: u.sex for u in utterances if u.corpus == name}
        reference = CORPORA[name].folds if name in CORPORA else ()
        if len(reference) == count:
            drawn: list[set[str]] = [set(group & sexes.keys()) for group in reference]
        else:
            drawn = _drawn_groups(sexes, count, seed)
        for group, speakers in zip(groups, drawn, strict=True):
            group.update(speakers)
    return [frozenset(group) for group in groups if group]


def _drawn_groups(sexes: dict[str, str], count: int, seed: int) -> list[set[str]]:
    speakers = sorted(sexes)
    random.Random(seed).shuffle(speakers)
    speakers.sort(key=lambda speaker: sexes[speaker])  # stable: shuffled within each sex
    return [set(speakers[start::count]) for start in range(count)]


def speaker_folds(utterances: Sequence[Utterance], count: int = FOLDS, seed: int = 0) -> Iterator[Fold]:
    """Yield the folds of `speaker_groups`.

    Raises:
        ValueError: fewer than two groups of speakers.
    """
    groups = speaker_groups(utterances, count, seed)
    if len(groups) < 2:
        raise ValueError("a split by speaker needs at least two speakers")
    for index, group in enumerate(groups, start=1):
        yield Fold(
            index=index,
            train=tuple(u for u in utterances if u.speaker not in group),
            test=tuple(u for u in utterances if u.speaker in group),
        )


def spare_speakers(sexes: Mapping[str, str], share: float, seed: int) -> frozenset[str]:
    """Return `share` of the speakers, drawn by `seed`, women and men by turns; none where the share is 0.

    Otherwise at least one is taken, if at least one is left.
    """
    taken = dict.fromkeys(sexes.values(), 0)
    turns: dict[str, int] = {}
    for speaker in np.random.default_rng(seed).permutation(sorted(sexes)).tolist():
        taken[sexes[speaker]] += 1
        turns[speaker] = taken[sexes[speaker]]
    wanted = min(max(1, round(share * len(turns))), len(turns) - 1) if share else 0
    return frozenset(sorted(turns, key=lambda speaker: turns[speaker])[:wanted])
