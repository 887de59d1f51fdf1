"""How the benchmark divides clips: by speaker, by corpus, or at random as the papers do, which leaks."""

from collections.abc import Iterator, Sequence

import numpy as np

from ml.corpora.catalogue import CORPORA
from ml.corpora.manifest import Utterance
from ml.corpora.splits import speaker_groups
from ml.inputs import Ints
from ml.lab import Split, without_speakers

RANDOM_FOLDS = 10
FEW_SPEAKERS = 12
"""Up to so many, each speaker is a fold of their own."""

PROTOCOLS = ("speaker", "random", "cross")


def splits_of(
    protocol: str, utterances: Sequence[Utterance], corpus: str, seed: int, validation_share: float
) -> list[Split]:
    """Return the splits of `protocol` whose training clips are of `corpus`."""
    own = np.array([place for place, u in enumerate(utterances) if u.corpus == corpus], np.int64)
    if protocol == "random":
        return list(_random(utterances, own, seed))
    if protocol == "speaker":
        tests = _speaker_tests(utterances, own)
    elif protocol == "cross":
        tests = [test] if len(test := _elsewhere(utterances, own, corpus)) else []
    else:
        raise ValueError(f"unknown protocol {protocol!r}; known: {', '.join(PROTOCOLS)}")
    made = []
    for test in tests:
        rest = np.setdiff1d(own, test)
        if len(rest):  # nobody is left where a folder holds one reference fold alone
            train, validation = without_speakers(utterances, rest, validation_share, seed)
            made.append(Split(train, test, validation))
    return made


def _elsewhere(utterances: Sequence[Utterance], own: Ints, corpus: str) -> Ints:
    """Return the clips of other corpora, by other people. What is read only if named is tested on by none."""
    speakers = {utterances[place].speaker for place in own}
    unasked = {name for name, known in CORPORA.items() if known.by_request}
    there = (
        place
        for place, u in enumerate(utterances)
        if u.corpus != corpus and u.corpus not in unasked and u.speaker not in speakers
    )
    return np.array(list(there), np.int64)


def _speaker_tests(utterances: Sequence[Utterance], own: Ints) -> list[Ints]:
    """A corpus's reference folds where it has them; else one speaker each; of many, five drawn groups."""
    clips = [utterances[place] for place in own]
    speakers = sorted({u.speaker for u in clips})
    reference = CORPORA[clips[0].corpus].folds
    if len(speakers) < 2:
        return []
    groups: Sequence[frozenset[str]] = [frozenset({speaker}) for speaker in speakers]
    if reference or len(speakers) > FEW_SPEAKERS:
        groups = speaker_groups(clips, count=len(reference) or 5)
    return [np.array([place for place in own if utterances[place].speaker in group]) for group in groups]


def _random(utterances: Sequence[Utterance], own: Ints, seed: int) -> Iterator[Split]:
    """80 / 10 / 10 within each emotion, every clip tested once; the same actors are on all sides."""
    rng = np.random.default_rng(seed)
    part = np.empty(len(own), np.int64)
    emotions = np.array([str(utterances[place].emotion) for place in own])
    for emotion in np.unique(emotions):
        members = rng.permutation(np.flatnonzero(emotions == emotion))
        part[members] = np.arange(len(members)) % RANDOM_FOLDS
    for fold in range(RANDOM_FOLDS):
        test, validation = part == fold, part == (fold + 1) % RANDOM_FOLDS
        if test.any():
            yield Split(own[~test & ~validation], own[test], own[validation])
