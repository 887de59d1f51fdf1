"""What each protocol promises: who is unheard, every clip tested once, the same from the same seed."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from ml.benchmark.splits import PROTOCOLS, splits_of
from ml.config import TrainConfig
from ml.corpora.catalogue import CORPORA
from ml.corpora.manifest import Utterance
from ml.labels import EMOTIONS
from ml.loop import Training

CAST = {"ravdess": 24, "tess": 2, "savee": 4, "cremad": 91, "emodb": 10, "nemo": 9, "iemocap": 10}
FOLDS = {"ravdess": 5, "tess": 2, "savee": 4, "cremad": 5, "emodb": 10, "nemo": 9, "iemocap": 5}


def speakers(corpus: str) -> list[str]:
    """As its files name them where a reference fold does, else by number."""
    named = sorted(set().union(*CORPORA[corpus].folds))
    return named or [f"{corpus}-{number}" for number in range(CAST[corpus])]


def clips_of(corpus: str, each: int = 10) -> list[Utterance]:
    """`each` clips of every speaker, in all emotions by turns."""
    return [
        Utterance(
            speaker,
            "female" if place % 2 else "male",
            emotion.value,
            emotion,
            "a",
            clip=f"{speaker}_{number}",
            corpus=corpus,
        )
        for place, speaker in enumerate(speakers(corpus))
        for number in range(each)
        for emotion in [EMOTIONS[(place + number) % len(EMOTIONS)]]
    ]


def heard(clips: Sequence[Utterance], places: Iterable[int]) -> set[str]:
    return {clips[place].speaker for place in places}


@pytest.mark.parametrize("corpus", sorted(CAST))
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**31), share=st.sampled_from([0.0, 0.1, 0.3]))
def test_no_speaker_is_on_two_sides(corpus: str, seed: int, share: float) -> None:
    clips = clips_of(corpus)
    splits = splits_of("speaker", clips, corpus, seed, share)

    assert len(splits) == FOLDS[corpus]
    for split in splits:
        sides = [heard(clips, side) for side in (split.train, split.validation, split.test)]
        assert sum(map(len, sides)) == len(set().union(*sides)) == CAST[corpus]
        assert sides[0]
    tested = np.concatenate([split.test for split in splits])
    assert sorted(tested) == list(range(len(clips)))


@pytest.mark.parametrize("corpus", ["ravdess", "iemocap"])
def test_reference_folds_are_the_published_ones(corpus: str) -> None:
    clips = clips_of(corpus)
    splits = splits_of("speaker", clips, corpus, 0, 0.1)
    assert [heard(clips, split.test) for split in splits] == [set(fold) for fold in CORPORA[corpus].folds]


def test_each_actress_of_tess_is_tested_after_the_other_one() -> None:
    clips = clips_of("tess")
    splits = splits_of("speaker", clips, "tess", 0, 0.1)
    assert [(heard(clips, s.train), heard(clips, s.test)) for s in splits] == [
        ({"tess-1"}, {"tess-0"}),
        ({"tess-0"}, {"tess-1"}),
    ]


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_the_random_split_is_80_10_10_by_emotion_and_leaks(seed: int) -> None:
    clips = clips_of("ravdess", each=40)
    splits = splits_of("random", clips, "ravdess", seed, 0.1)

    assert sorted(np.concatenate([split.test for split in splits])) == list(range(len(clips)))
    for split in splits:
        assert not set(split.train) & set(split.test) | set(split.train) & set(split.validation)
        assert len(split.train) + len(split.validation) + len(split.test) == len(clips)
        for side, share in ((split.validation, 0.1), (split.test, 0.1)):
            counted = Counter(clips[place].emotion for place in side)
            assert all(abs(counted[emotion] - share * len(clips) / 8) <= 1 for emotion in EMOTIONS)
        assert heard(clips, split.train) & heard(clips, split.test)


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_across_corpora_nothing_of_the_tested_ones_is_learnt(seed: int) -> None:
    clips = [clip for corpus in ("ravdess", "emodb", "nemo") for clip in clips_of(corpus)]
    (split,) = splits_of("cross", clips, "emodb", seed, 0.2)
    assert {clips[place].corpus for place in [*split.train, *split.validation]} == {"emodb"}
    assert {clips[place].corpus for place in split.test} == {"ravdess", "nemo"}
    assert not heard(clips, split.train) & heard(clips, split.validation)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_same_seed_divides_the_same_way(protocol: str) -> None:
    clips = clips_of("ravdess") + clips_of("emodb")
    first, again = (splits_of(protocol, clips, "ravdess", 7, 0.1) for _ in range(2))
    for one, other in zip(first, again, strict=True):
        for side in ("train", "validation", "test"):
            np.testing.assert_array_equal(getattr(one, side), getattr(other, side))


def test_an_unknown_protocol_is_refused() -> None:
    with pytest.raises(ValueError, match="speaker"):
        splits_of("guess", clips_of("savee"), "savee", 0, 0.0)


class Twice:
    """Two batches of noise."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(0)
        self.generator = torch.Generator().manual_seed(0)

    def __len__(self) -> int:
        return 2

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        for _ in range(2):
            yield torch.randn(4, 3, generator=self.generator), torch.arange(4)


def test_without_a_speaker_to_spare_for_validation_patience_does_not_end_the_run() -> None:
    cfg = TrainConfig(epochs=6, patience=2, validation_share=0.1)
    training = Training(nn.Linear(3, 8), Twice(), nn.CrossEntropyLoss(), cfg)
    training.run()
    assert training.epoch == 6
