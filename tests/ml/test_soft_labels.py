"""What raters heard becomes a share for each of the eight emotions."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.corpora.catalogue import CORPORA
from ml.corpora.manifest import shares
from ml.labels import EMOTIONS, Emotion, index_of
from tests.ml.corpus_folders import SUMMARY, VOTES, write_corpus, write_text


def votes(corpus: str, folder: Path) -> dict[str, tuple[float, ...] | None]:
    return {u.name: u.votes for u in CORPORA[corpus].scan(folder).utterances}


def test_cremad_counts_of_those_who_heard_the_voice_alone(tmp_path: Path) -> None:
    write_text(write_corpus(tmp_path, "cremad") / "processedResults" / "tabulatedVotes.csv", VOTES)

    heard = votes("cremad", tmp_path)

    shares_of_ten = heard["1001_IEO_SAD_HI"]
    assert shares_of_ten is not None
    assert shares_of_ten[index_of(Emotion.SAD)] == pytest.approx(0.6)
    assert shares_of_ten[index_of(Emotion.ANGRY)] == pytest.approx(0.1)
    assert sum(shares_of_ten) == pytest.approx(1)
    assert heard["1002_DFA_ANG_XX"] is None


def test_cremad_majority_fills_what_the_counts_lack(tmp_path: Path) -> None:
    results = write_corpus(tmp_path, "cremad") / "processedResults"
    write_text(results / "summaryTable.csv", SUMMARY)
    write_text(results / "tabulatedVotes.csv", VOTES)

    heard = votes("cremad", tmp_path / "AudioWAV")

    tie = heard["1002_DFA_ANG_XX"]
    assert tie is not None
    assert (tie[index_of(Emotion.ANGRY)], tie[index_of(Emotion.DISGUST)]) == (0.5, 0.5)
    counted = heard["1001_IEO_SAD_HI"]
    assert counted is not None
    assert counted[index_of(Emotion.SAD)] == pytest.approx(0.6)


@pytest.mark.parametrize(
    "text", ["version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "", '"","fileName"\n"1"\n']
)
def test_a_table_of_another_shape_leaves_the_clips_without_votes(text: str, tmp_path: Path) -> None:
    write_text(write_corpus(tmp_path, "cremad") / "processedResults" / "tabulatedVotes.csv", text)

    assert set(votes("cremad", tmp_path).values()) == {None}


def test_iemocap_evaluators_words_and_not_the_speakers_own(tmp_path: Path) -> None:
    heard = votes("iemocap", write_corpus(tmp_path, "iemocap"))

    mixed = heard["Ses01F_impro01_F000"]
    assert mixed is not None
    assert mixed[index_of(Emotion.NEUTRAL)] == pytest.approx(2 / 3)
    assert mixed[index_of(Emotion.ANGRY)] == 0
    assert heard["Ses01F_impro01_M001"] is None
    excited = heard["Ses05M_script03_2_M042"]
    assert excited is not None
    assert excited[index_of(Emotion.HAPPY)] == 0.5


@given(st.dictionaries(st.sampled_from(EMOTIONS), st.integers(0, 50)))
def test_shares_are_a_distribution_or_nothing(counts: dict[Emotion, int]) -> None:
    heard = shares(dict(counts))
    if sum(counts.values()) == 0:
        assert heard is None
    else:
        assert heard is not None
        assert sum(heard) == pytest.approx(1)
        assert all(0 <= share <= 1 for share in heard)
