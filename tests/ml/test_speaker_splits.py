"""No speaker is ever on both sides of a fold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.corpora.catalogue import CORPORA
from ml.corpora.manifest import Utterance
from ml.corpora.splits import Fold, speaker_folds
from ml.labels import Emotion


def said_by(speaker: str, sex: str = "female", corpus: str = "emodb") -> Utterance:
    return Utterance(speaker, sex, "sad", Emotion.SAD, "a01", corpus=corpus)


speakers = st.lists(
    st.tuples(st.integers(0, 30), st.sampled_from(["female", "male"])), min_size=2, unique_by=lambda s: s[0]
)


@given(speakers=speakers, seed=st.integers(0, 2**32 - 1))
def test_every_clip_is_tested_once_by_a_stranger(speakers: list[tuple[int, str]], seed: int) -> None:
    clips = tuple(said_by(f"emodb-{name}", sex) for name, sex in speakers for _ in range(2))

    folds = list(speaker_folds(clips, seed=seed))

    assert sorted(u.speaker for fold in folds for u in fold.test) == sorted(u.speaker for u in clips)
    for fold in folds:
        assert fold.train
        assert not {u.speaker for u in fold.train} & {u.speaker for u in fold.test}


def test_ravdess_has_the_folds_of_published_figures() -> None:
    clips = [said_by(f"ravdess-{actor:02d}", corpus="ravdess") for actor in range(1, 25)]

    tested = [sorted(int(u.speaker[-2:]) for u in fold.test) for fold in speaker_folds(clips)]

    assert tested == [
        [2, 5, 14, 15, 16],
        [3, 6, 7, 13, 18],
        [10, 11, 12, 19, 20],
        [8, 17, 21, 23, 24],
        [1, 4, 9, 22],
    ]
    assert sum(len(group) for group in CORPORA["ravdess"].folds) == 24


def test_drawn_folds_hold_both_sexes() -> None:
    clips = [said_by(f"emodb-{n}", "female" if n < 5 else "male") for n in range(10)]

    assert all({u.sex for u in fold.test} == {"female", "male"} for fold in speaker_folds(clips, seed=7))


def test_a_split_that_leaks_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="both sides"):
        Fold(1, train=(said_by("emodb-1"),), test=(said_by("emodb-1"),))
    with pytest.raises(ValueError, match="two speakers"):
        list(speaker_folds([said_by("emodb-1")]))
