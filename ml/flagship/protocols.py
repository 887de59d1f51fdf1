"""What the flagship is measured by: who is learnt from, who is tested on, and that nobody is both."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from ml.benchmark.splits import splits_of
from ml.corpora.manifest import Utterance
from ml.corpora.splits import speaker_groups
from ml.inputs import Ints
from ml.lab import Split
from ml.labels import Emotion


@dataclass(frozen=True)
class Protocol:
    """`corpus` is tested, fold by fold as `folds` says; `learns` says what else its networks hear.

    `learns`: "own" the corpus's other clips, "all" these and every other corpus, "others" these corpora
    alone. `by_speaker` scales by each speaker's own unlabelled clips, tested ones included (transductive).
    `seven` gives EMO-DB's boredom the place of calm, which that corpus has not.
    """

    corpus: str
    folds: str = "speaker"
    learns: str = "own"
    by_speaker: bool = False
    seven: bool = False
    altered: bool = False
    """Whether the tested clips are also heard under noise, over a telephone and in a room."""


PROTOCOLS: Mapping[str, Protocol] = MappingProxyType(
    {
        "ravdess": Protocol("ravdess", altered=True),
        "ravdess_multi": Protocol("ravdess", learns="all"),
        "ravdess_by_speaker": Protocol("ravdess", by_speaker=True),
        "ravdess_random": Protocol("ravdess", folds="random"),
        "emodb": Protocol("emodb", seven=True),
        "nemo": Protocol("nemo"),
        "without_ravdess": Protocol("ravdess", folds="all", learns="others"),
        "without_emodb": Protocol("emodb", folds="all", learns="others"),
        "without_nemo": Protocol("nemo", folds="all", learns="others"),
        "trial": Protocol("nemo", folds="thirds", altered=True),
        "inner": Protocol("ravdess", folds="inner", altered=True),
    }
)
TRIAL, INNER = "trial", "inner"
"""Where recipes are tried out (see `ml.flagship.ablation`): on a corpus of which no goal speaks; and inside
the training speakers of each of RAVDESS's folds, of whom those of the next fold are tested."""

MEASURED = tuple(name for name in PROTOCOLS if name not in (TRIAL, INNER))
"""What the flagship's figures come from."""


def clips_of(protocol: Protocol, utterances: Sequence[Utterance]) -> tuple[Utterance, ...]:
    """Return the clips that take part, with the emotions that the protocol gives them."""
    if not protocol.seven:
        return tuple(u for u in utterances if u.emotion is not None)
    renamed = (replace(u, emotion=Emotion.CALM) if u.label == "boredom" else u for u in utterances)
    return tuple(u for u in renamed if u.emotion is not None and u.corpus == protocol.corpus)


def folds_of(protocol: Protocol, clips: Sequence[Utterance], seed: int) -> Iterator[Split]:
    """Yield the folds of `clips`; nobody is on both sides, save at random, which is the papers' way.

    Raises:
        ValueError: there is no clip to learn from.
    """
    tested = np.array([place for place, u in enumerate(clips) if u.corpus == protocol.corpus], np.int64)
    others = np.setdiff1d(np.arange(len(clips)), tested)
    nobody = np.array([], np.int64)
    if protocol.folds == "all":
        splits = [Split(nobody, tested, nobody)]
    elif protocol.folds == "thirds":
        groups = speaker_groups([clips[place] for place in tested], count=3)
        parts = [np.array([p for p in tested if clips[p].speaker in group], np.int64) for group in groups]
        splits = [Split(np.setdiff1d(tested, part), part, nobody) for part in parts]
    elif protocol.folds == "inner":
        tests = [split.test for split in splits_of("speaker", clips, protocol.corpus, seed, 0.0)]
        splits = [
            Split(np.setdiff1d(tested, np.concatenate([outer, inner])), inner, nobody)
            for outer, inner in zip(tests, tests[1:] + tests[:1], strict=True)
        ]
    else:
        splits = splits_of(protocol.folds, clips, protocol.corpus, seed, 0.0)
    for split in splits:
        train = _learnt(protocol, split, others)
        if not len(train):
            raise ValueError(f"there is nothing to learn from but {protocol.corpus} itself")
        yield replace(split, train=train)


def _learnt(protocol: Protocol, split: Split, others: Ints) -> Ints:
    return {"own": split.train, "all": np.concatenate([split.train, others]), "others": others}[
        protocol.learns
    ]
