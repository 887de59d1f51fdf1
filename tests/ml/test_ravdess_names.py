"""A RAVDESS name says what was acted, and any other name says why it is left out."""

from contextlib import suppress
from pathlib import PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.corpora import emodb, nemo, ravdess
from ml.corpora.manifest import Corpus, OddName
from ml.labels import EMOTIONS, Emotion


@given(
    emotion=st.integers(1, 8),
    intensity=st.integers(1, 2),
    statement=st.integers(1, 2),
    repetition=st.integers(1, 2),
    actor=st.integers(1, 24),
    suffix=st.sampled_from([".wav", ".flac", ".WAV"]),
)
def test_seven_codes_are_read(
    emotion: int, intensity: int, statement: int, repetition: int, actor: int, suffix: str
) -> None:
    codes = (3, 1, emotion, intensity, statement, repetition, actor)
    path = PurePath(f"Actor_{actor:02d}") / ("-".join(f"{code:02d}" for code in codes) + suffix)
    if (emotion, intensity) == (1, 2):
        with pytest.raises(OddName, match="no strong"):
            ravdess.read_name(path)
        return

    spoken = ravdess.read_name(path)

    assert spoken.emotion is EMOTIONS[emotion - 1]
    assert spoken.speaker == f"{actor:02d}"
    assert spoken.sex == ("male" if actor % 2 else "female")
    assert spoken.intensity == ("normal", "strong")[intensity - 1]
    assert spoken.statement == ("kids", "dogs")[statement - 1]


@pytest.mark.parametrize(
    "corpus", [ravdess.CORPUS, emodb.CORPUS, nemo.CORPUS], ids=lambda corpus: corpus.name
)
@given(stem=st.text(max_size=24) | st.from_regex(r"[0-9]{2}(-[0-9]{2}){6}|[0-9]{2}[ab][0-9]{2}[A-Z][a-z]"))
def test_no_name_breaks_a_reader(corpus: Corpus, stem: str) -> None:
    spoken = None
    with suppress(OddName):  # anything else that is raised fails the test
        spoken = corpus.read_name(PurePath(stem.replace("/", "") + ".wav"))

    assert spoken is None or spoken.sex in {"female", "male"}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("02-01-06-01-02-01-12", "audio-only"),
        ("03-01-09-01-02-01-12", "emotion '09'"),
        ("03-01-06-01-02-03-12", "repetition '03'"),
        ("03-01-06-01-02-01-25", "actor '25'"),
        ("03-01-06-01-02-01", "not a RAVDESS name"),
        ("03-01-06-01-02-01-1²", "not a RAVDESS name"),
    ],
)
def test_the_reason_is_given(name: str, reason: str) -> None:
    with pytest.raises(OddName, match=reason):
        ravdess.read_name(PurePath(name + ".wav"))


def test_the_complete_corpus_has_1440_names_that_all_read() -> None:
    names = list(ravdess.names())

    assert len(set(names)) == len(names) == ravdess.CORPUS.clips
    assert all(ravdess.read_name(PurePath(name)).emotion for name in names)


def test_boredom_is_kept_without_an_emotion() -> None:
    spoken = emodb.read_name(PurePath("wav/16a05Lb.wav"))

    assert (spoken.label, spoken.emotion, spoken.sex) == ("boredom", None, "female")
    assert emodb.read_name(PurePath("03a01Wa.wav")).emotion is Emotion.ANGRY
