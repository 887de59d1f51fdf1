"""The flagship's protocols keep speakers apart, and its figures come from clips that fitted nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml import metrics
from ml.__main__ import main
from ml.benchmark.record import FinishedFold, Task, read_folds
from ml.calibration import softmax
from ml.config import load_config
from ml.conformal import coverage_of, fit_set_threshold, sets_of
from ml.corpora.manifest import Utterance
from ml.flagship import judge
from ml.flagship.figures import WANTED, figures_of
from ml.flagship.hearing import ALTERED, EIGHT_BITS, Listening, by_speaker
from ml.flagship.page import Known, write_page
from ml.flagship.protocols import PROTOCOLS, clips_of, folds_of
from ml.flagship.report import as_table, emotions_of, sexes_of
from ml.labels import EMOTIONS, Emotion
from ml.strange import KINDS
from tests.ml.tiny_corpus import write_tiny_corpus

SIX = (Emotion.NEUTRAL, Emotion.HAPPY, Emotion.SAD, Emotion.ANGRY, Emotion.FEARFUL, Emotion.DISGUST)


def clip(corpus: str, speaker: int, emotion: Emotion | None, label: str = "", number: int = 0) -> Utterance:
    return Utterance(
        speaker=f"{corpus}-{speaker:02d}",
        sex="female" if speaker % 2 else "male",
        label=label or str(emotion),
        emotion=emotion,
        statement="",
        path=Path(f"{speaker}-{label or emotion}-{number}.wav"),
        corpus=corpus,
    )


@pytest.fixture(scope="module")
def utterances() -> tuple[Utterance, ...]:
    """RAVDESS's 24 actors, EMO-DB's ten and nEMO's nine, three clips an emotion at random's service."""
    ravdess = [clip("ravdess", s, e, number=n) for s in range(1, 25) for e in EMOTIONS for n in range(2)]
    emodb = [clip("emodb", s, e) for s in (3, *range(8, 17)) for e in SIX]
    bored = [clip("emodb", s, None, "boredom") for s in (3, *range(8, 17))]
    nemo = [clip("nemo", s, e) for s in range(1, 10) for e in (*SIX[:5], Emotion.SURPRISED)]
    return (*ravdess, *emodb, *bored, *nemo)


@pytest.mark.parametrize("name", [name for name in PROTOCOLS if name != "ravdess_random"])
def test_no_speaker_is_learnt_from_and_tested(name: str, utterances: tuple[Utterance, ...]) -> None:
    clips = clips_of(PROTOCOLS[name], utterances)
    for fold in folds_of(PROTOCOLS[name], clips, seed=0):
        tested, learnt = ({clips[place].speaker for place in part} for part in (fold.test, fold.train))
        assert tested
        assert not tested & learnt


@pytest.mark.parametrize("name", PROTOCOLS)
def test_every_clip_of_the_corpus_is_tested_once_and_of_no_other(
    name: str, utterances: tuple[Utterance, ...]
) -> None:
    clips = clips_of(PROTOCOLS[name], utterances)
    tested = np.concatenate([fold.test for fold in folds_of(PROTOCOLS[name], clips, seed=0)])
    own = [place for place, u in enumerate(clips) if u.corpus == PROTOCOLS[name].corpus]
    assert sorted(tested.tolist()) == own


def test_what_else_is_learnt_from(utterances: tuple[Utterance, ...]) -> None:
    def corpora(name: str) -> set[str]:
        clips = clips_of(PROTOCOLS[name], utterances)
        return {clips[place].corpus for fold in folds_of(PROTOCOLS[name], clips, 0) for place in fold.train}

    assert corpora("ravdess") == {"ravdess"}
    assert corpora("ravdess_multi") == {"ravdess", "emodb", "nemo"}
    assert corpora("without_emodb") == {"ravdess", "nemo"}


def test_emo_db_has_seven_emotions_in_its_own_protocol_alone(utterances: tuple[Utterance, ...]) -> None:
    assert len({u.emotion for u in clips_of(PROTOCOLS["emodb"], utterances)}) == 7
    assert (
        len({u.emotion for u in clips_of(PROTOCOLS["ravdess_multi"], utterances) if u.corpus == "emodb"}) == 6
    )


def test_alone_in_the_folder_a_corpus_cannot_be_left_out(utterances: tuple[Utterance, ...]) -> None:
    only = clips_of(PROTOCOLS["without_nemo"], [u for u in utterances if u.corpus == "nemo"])
    with pytest.raises(ValueError, match="nothing to learn from"):
        list(folds_of(PROTOCOLS["without_nemo"], only, 0))


def test_by_speaker_takes_each_speakers_own_spectrum_away(tmp_path: Path) -> None:
    clips = Listening(load_config("flagship")).testing(write_tiny_corpus(tmp_path, actors=(1, 2)))
    louder = [
        replace(c, planes=tuple(p + 20 for p in c.planes)) if c.utterance.speaker.endswith("02") else c
        for c in clips
    ]
    means: dict[str, list[np.ndarray]] = {}
    for scaled in by_speaker(louder, louder):
        means.setdefault(scaled.utterance.speaker, []).append(scaled.planes[0].mean(axis=0))
    first, second = (np.mean(rows, axis=0) for rows in means.values())
    assert first == pytest.approx(second, abs=1e-3)


def test_altered_clips_are_other_sounds_of_the_same_length(tmp_path: Path) -> None:
    utterances = write_tiny_corpus(tmp_path, actors=(1,))[:1]
    listening = Listening(load_config("flagship"))
    (clean,) = listening.testing(utterances)
    for way in ALTERED:
        (altered,) = listening.testing(utterances, way)
        assert altered.target == clean.target
        assert altered.planes[0].shape[1] == clean.planes[0].shape[1]
        assert altered.planes[0].mean() != pytest.approx(clean.planes[0].mean(), abs=0.1)


def folds(protocol: str, corpus: str, seed: int = 0, sure: float = 4.0, count: int = 4) -> list[FinishedFold]:
    """Folds of a network that is right in about two of three, and says so with the sureness it is given."""
    rng = np.random.default_rng([seed, *protocol.encode()])
    made = []
    for fold in range(1, count + 1):
        targets = np.tile(np.arange(8), 20)
        logits = rng.normal(size=(160, 8)) * 1.5
        logits[np.arange(160), targets] += 2.5
        altered = {way: logits + rng.normal(size=logits.shape) * 3 for way in ALTERED}
        altered[EIGHT_BITS] = logits + rng.normal(size=logits.shape) * 0.3
        made.append(
            FinishedFold(
                task=Task("flagship", protocol, corpus, seed, fold, count), recipe=f"{protocol}{seed}{fold}",
                epochs=1, parameters=10, seconds=1.0,
                speakers=tuple(f"{corpus}-{fold * 2 + half:02d}" for half in (0, 1) for _ in range(80)),
                targets=targets, logits=logits * sure, altered=altered if protocol == "ravdess" else {},
            )
        )  # fmt: skip
    return made


def test_a_fold_is_calibrated_by_the_others_alone() -> None:
    run = folds("ravdess", "ravdess")
    boastful = [replace(run[0], logits=run[0].logits * 10), *run[1:]]
    honest, loud = judge.heard_by(run), judge.heard_by(boastful)
    # What the first fold claims changes how all others are read, and not how it is read itself.
    others = judge.heard_by(run[1:2], run[1:])
    assert loud.probabilities[:160].max() > honest.probabilities[:160].max()
    assert not np.allclose(loud.probabilities[160:], honest.probabilities[160:])
    assert others.probabilities.shape == (160, 8)


def test_overconfidence_is_taken_back() -> None:
    heard = judge.heard_by(folds("ravdess", "ravdess", sure=8.0))
    raw = softmax(np.concatenate([fold.logits for fold in folds("ravdess", "ravdess", sure=8.0)]))
    assert metrics.calibration_error(heard.targets, raw) > 0.15
    assert abs(judge.debiased_error(heard)) < 0.05


def test_mean_of_seeds_has_an_interval_over_the_speakers_they_share() -> None:
    runs = [judge.heard_by(folds("ravdess", "ravdess", seed)) for seed in (0, 1, 2)]
    interval = judge.mean_uar(runs)
    assert interval.value == pytest.approx(np.mean([metrics.uar(r.targets, r.answers) for r in runs]))
    assert interval.low < interval.value < interval.high
    assert interval.n == "640 clips of 8 speakers"


def test_several_networks_answer_with_their_mean() -> None:
    runs = [folds("ravdess_multi", "ravdess", seed) for seed in (0, 1, 2)]
    joined = judge.together(runs)
    expected = np.mean([softmax(run[0].logits) for run in runs], axis=0)
    assert softmax(joined[0].logits) == pytest.approx(expected)
    alone = np.mean([metrics.uar(h.targets, h.answers) for h in map(judge.heard_by, runs)])
    both = judge.heard_by(joined)
    assert metrics.uar(both.targets, both.answers) > alone


def test_sets_hold_the_right_emotion_as_often_as_promised() -> None:
    coverage, size = judge.conformal(folds("ravdess", "ravdess", count=8))
    assert coverage == pytest.approx(0.9, abs=0.04)
    assert 1.0 <= size <= 8.0


def test_set_threshold_is_the_exact_quantile() -> None:
    probabilities = np.tile(np.linspace(0.1, 1.0, 19)[:, None], (1, 8))
    threshold = fit_set_threshold(probabilities, np.zeros(19, np.int64), 0.9)
    assert threshold == pytest.approx(probabilities[1, 0])  # (19 + 1) × 0.1 = 2 misses allowed
    probabilities[:, 1] = 2.0  # the likeliest is another one: it is in every set
    sets = sets_of(probabilities, threshold)
    assert coverage_of(sets, np.zeros(19, np.int64)) == pytest.approx(18 / 19)
    with pytest.raises(ValueError, match="too few"):
        fit_set_threshold(probabilities[:8], np.zeros(8, np.int64), 0.9)


def test_a_corpus_left_out_is_judged_on_what_the_others_taught(utterances: tuple[Utterance, ...]) -> None:
    runs = {name: folds(name, PROTOCOLS[name].corpus, count=1) for name in judge.LEFT_OUT}
    heard = dict(judge.left_out(runs, emotions_of(utterances)))
    possible = {EMOTIONS.index(e) for e in (*SIX, Emotion.SURPRISED)}
    assert set(heard["ravdess"].targets.tolist()) == possible  # nobody taught calm
    assert heard["ravdess"].probabilities[:, EMOTIONS.index(Emotion.CALM)].max() == 0
    assert heard["ravdess"].probabilities.sum(axis=1) == pytest.approx(1.0)


def test_table_names_every_figure_and_says_what_is_missing(utterances: tuple[Utterance, ...]) -> None:
    emotions, sexes = emotions_of(utterances), sexes_of(utterances)
    some = [*folds("ravdess", "ravdess"), *folds("ravdess", "ravdess", seed=1)[:2]]
    figures = figures_of(some, emotions, sexes)
    assert {"flagship.ravdess_si_uar", "flagship.sex_gap", "flagship.loss_phone"} <= set(figures)
    assert figures["flagship.ravdess_si_uar"].seeds == 1  # of the second, folds are missing
    assert "flagship.left_out_corpus_uar" not in figures
    table = as_table(some, emotions, sexes)
    assert table.count("\n") == len(WANTED) + 2
    assert "not measured" in table


def test_page_shows_what_is_finished_and_its_figures_are_those_of_the_table(
    tmp_path: Path, utterances: tuple[Utterance, ...]
) -> None:
    known = Known(emotions_of(utterances), sexes_of(utterances))
    run = [
        replace(fold, strange=strange_sounds(), scores=strange_scores())
        for fold in folds("ravdess", "ravdess")
    ]
    left = [fold for name in judge.LEFT_OUT for fold in folds(name, PROTOCOLS[name].corpus, count=1)]
    write_page([*run, *left], [], known, tmp_path, recipe="f00")

    page = (tmp_path / "flagship.md").read_text()
    told = json.loads((tmp_path / "flagship.json").read_text())
    figures = {figure["key"]: figure for figure in told["figures"]}
    assert told["recipe"] == "f00"
    assert f"| {figures['flagship.ravdess_si_uar']['value']:.1f} |" in page
    assert "| emodb |" in page
    assert "| speech |" in page
    assert "| telephone |" not in page
    assert "| phone |" in page
    single, eight = (figures[f"flagship.{key}"]["value"] for key in ("ravdess_si_uar", "loss_eight_bits"))
    assert f"| {single:.1f} | {single - eight:.1f} |" in page.split("## In eight bits")[1]
    assert "What each part is worth" not in page  # no trial is finished
    for name in ("confusion", "reliability"):
        assert (tmp_path / "flagship" / f"{name}.svg").stat().st_size > 1_000
        assert f"(flagship/{name}.svg)" in page


def strange_sounds() -> dict[str, np.ndarray]:
    return {kind: np.zeros((24, 8)) for kind in KINDS}


def strange_scores() -> dict[str, np.ndarray]:
    return {"": np.full(160, 5.0), **{kind: np.zeros(24) for kind in KINDS}}


def test_one_command_trains_the_missing_folds_and_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_corpus(tmp_path / "data")
    config = tmp_path / "small.toml"
    text = (Path("ml/configs/flagship.toml").read_text()).replace("epochs = 100", "epochs = 1")
    config.write_text(text.replace("[16, 32, 64]", "[2, 2, 2]").replace("[160, 192, 192]", "[4, 4, 4]"))
    file = tmp_path / "folds.jsonl"
    command = [
        "flagship",
        "--data",
        str(tmp_path / "data"),
        "--config",
        str(config),
        "--folds-file",
        str(file),
    ]
    assert main([*command, "--protocols", "ravdess", "--seeds", "0"]) == 0
    first = read_folds(file)
    assert [fold.task.fold for fold in first] == [1, 2, 3]  # the four actors are in three of the folds
    assert all(set(fold.altered) == {*ALTERED, EIGHT_BITS} for fold in first)
    report = tmp_path / "docs"
    more = ["--protocols", "ravdess", "ravdess_by_speaker", "--seeds", "0", "--report", str(report)]
    assert main([*command, *more]) == 0
    assert len(read_folds(file)) == 6
    assert "by emotion, by sex and by fold" in (report / "flagship.md").read_text()
    assert "not measured" in capsys.readouterr().out
