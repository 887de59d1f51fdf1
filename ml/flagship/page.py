"""The flagship's page, its pictures and its figures as JSON: all of it recomputed from finished folds."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from ml import calibration, metrics
from ml.benchmark.plots import confusion, reliability, save
from ml.benchmark.record import FinishedFold
from ml.calibration import softmax
from ml.flagship import ablation, ensemble
from ml.flagship.figures import WANTED, Emotions, figures_of
from ml.flagship.hearing import ALTERED, EIGHT_BITS
from ml.flagship.judge import LEFT_OUT, Heard, debiased_error, heard_by, left_out, seeds_of
from ml.flagship.protocols import INNER, TRIAL
from ml.flagship.report import as_table
from ml.flagship.strangeness import SPEECH, confident_shares
from ml.labels import LABELS
from ml.markdown import table

INTRODUCTION = """# The flagship

Written by `python -m ml flagship --data DIR --report docs`, which goes on from the finished folds in
`docs/folds/flagship.jsonl`; every figure here is recomputed from them. Whole clips of speakers whom the
network had never heard, save in the line that says that it leaks. No fold's test clips chose its weights: one
fixed schedule, its last weights; temperature, abstention and sets of a fold come from the other folds'
speakers. The recipe was tried out on nEMO in three folds by speaker (last tables), of which no goal speaks
but that of the corpus left out, in one part of three; and, [as told here](flagship-scouting.md), by networks
that learnt from three folds of RAVDESS and were tested on fold 2 or fold 4; earlier recipes were read on
folds 1 and 2, and given up. These three folds had a say, folds 3 and 5 had not: see the table by fold. The
gate was chosen on two folds of all three corpora by speaker; that its floor may cost a twentieth of the
speech, and not a tenth, was settled after its share of answered speech had been read. UAR is the mean recall
of the emotions; intervals are a bootstrap over speakers (95 %).
"""

OWN_REFERENCE = """## A speaker's own speech as a reference

The third line of the table scales each clip by the mean spectrum of all clips of its speaker, those tested
included; no label is used. A clinic has such speech of each patient. It is not done there, and off by default
here: a reference that follows the patient takes out of each session what has changed for good, and somebody
who slowly falls silent would go on sounding as ever, which is the very thing that is looked for. A reference
frozen at the first sessions would keep that drift and still take out microphone and voice. But the mood of
those first weeks would be the zero of all later ones; it would have to be taken anew with each telephone or
room, and each time the line would break, as it does where the model changes. What it would gain nobody has
measured: the table's actors spoke every emotion alike often, and a patient's first sessions do not.
"""

STRANGE_INTRODUCTION = """Each kind is judged by thresholds that it took no part in. *Answered* means that
the clinic found speech in it, that the network was surer than the threshold of abstention, and that the gate,
a small network of its own (`ml/gate.py`, its folds in `docs/folds/flagship-gate.jsonl`), took it for one
voice; of speech, the clips of unheard speakers. Gates of a fold learnt from the same speakers as the network.
"""

ALTERED_INTRODUCTION = """The same clips of unheard speakers: white noise at 10 dB, a telephone line, a room
of RT60 0.6 s, and a level set 12 dB too high. *Sureness* is the mean probability of the answer; *sure enough*
are those above the threshold of abstention. A recording in such a state also carries a quality code, which
the clinic shows in words (`ml/quality.py`).
"""

EIGHT_BITS_INTRODUCTION = """On a CPU the inner convolutions count in eight bits (`ml/quantisation.py`), which
saves a third of the network's time; on a GPU nothing is rounded, nor is it in any other table here. Each
model's card says by how much its probabilities change; here stand the answers to unheard speakers.
"""

ABLATION_INTRODUCTION = """The recipe with one part changed: the same clips and the same seed in every row
of a table, so that differences are paired. What did not help stands here, too.
"""

GROUNDS: Mapping[str, str] = MappingProxyType(
    {
        TRIAL: "### nEMO, three folds by speaker: {clips} clips\n",
        INNER: "### RAVDESS, inside the training speakers of each fold: {clips} clips\n",
    }
)

Runs = Mapping[int, Sequence[FinishedFold]]


@dataclass(frozen=True)
class Known:
    """What of the corpora the page needs: their emotions, and each speaker's sex."""

    emotions: Emotions
    sexes: Mapping[str, str]


def write_page(
    folds: Sequence[FinishedFold], trials: Sequence[FinishedFold], known: Known, folder: Path, recipe: str
) -> None:
    """Write `flagship.md`, `flagship.json` and the pictures in `flagship/` into `folder`.

    The JSON says of which `recipe` its figures are, so that no other network's card takes them for its own.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pictures = draw_all(seeds_of(folds, "ravdess"), folder / "flagship")
    figures = figures_of(folds, known.emotions, known.sexes)
    told = [{"key": key, "title": WANTED[key].title, **asdict(figure)} for key, figure in figures.items()]
    contents = {"recipe": recipe, "figures": told}
    (folder / "flagship.json").write_text(json.dumps(contents, indent=1) + "\n", encoding="utf-8")
    page = as_page(folds, trials, known, pictures)
    (folder / "flagship.md").write_text(page, encoding="utf-8")


def as_page(
    folds: Sequence[FinishedFold],
    trials: Sequence[FinishedFold],
    known: Known,
    pictures: Sequence[Path] = (),
) -> str:
    """Return the page as Markdown; a part whose folds are not all finished is left out."""
    runs = seeds_of(folds, "ravdess")
    parts = [INTRODUCTION, as_table(folds, known.emotions, known.sexes)]
    if runs:
        parts += ["## RAVDESS, unheard speakers: by emotion, by sex and by fold\n"]
        parts += [_by_emotion(runs, known.sexes), _by_fold(runs)]
        parts += [f"![{file.stem}](flagship/{file.name})\n" for file in pictures]
        if told := ensemble.as_table(folds):
            parts += ["## Several networks together\n", ensemble.INTRODUCTION, told]
        parts += ["## Through noise, a telephone, a room\n", ALTERED_INTRODUCTION, _altered(runs)]
        parts += list(_eight_bits(runs))
        if told := _strange(runs):
            parts += ["## What is no voice\n", STRANGE_INTRODUCTION, told]
    if rows := list(_left_out(folds, known.emotions)):
        head = ("corpus", "UAR", "accuracy", "accuracy on the surest half", "ECE over its floor", "seeds")
        parts += [
            "## A corpus left out\n",
            "Among the emotions that the other two taught.\n",
            table(head, rows),
        ]
    parts += [OWN_REFERENCE]
    grounds = {name: run for name in GROUNDS if (run := _some_run(trials, name))}
    if grounds:
        parts += ["## What each part is worth\n", ABLATION_INTRODUCTION]
    for name, run in grounds.items():
        clips = sum(len(fold.targets) for fold in run)
        parts += [GROUNDS[name].format(clips=clips), ablation.as_table(trials, name)]
    return "\n".join(parts)


def _some_run(trials: Sequence[FinishedFold], ground: str) -> Sequence[FinishedFold]:
    """Return the folds of one finished trial; all trials of a ground are tested on the same clips."""
    for name in ablation.CHANGES:
        if runs := seeds_of([fold for fold in trials if fold.task.system == name], ground):
            return _first(runs)
    return ()


def _first(runs: Runs) -> Sequence[FinishedFold]:
    return next(iter(runs.values()), ())


def _by_emotion(runs: Runs, sexes: Mapping[str, str]) -> str:
    heard = [heard_by(run) for run in runs.values()]
    recalls = np.mean([metrics.recalls(metrics.confusion(h.targets, h.answers)) for h in heard], axis=0)
    groups = [metrics.uar_by_group(h.targets, h.answers, [sexes[who] for who in h.speakers]) for h in heard]
    rows = [(f"recall, {label}", f"{100 * share:.1f}") for label, share in zip(LABELS, recalls, strict=True)]
    rows += [
        (f"UAR, {sex} speakers", f"{100 * np.mean([group[sex] for group in groups]):.1f}")
        for sex in groups[0]
    ]
    return table((f"mean of {len(runs)} seeds", "%"), rows)


HAD_A_SAY = frozenset({1, 2, 4})
"""The folds of RAVDESS that recipes were tried out on, or that an earlier recipe was read on and given up."""


def _by_fold(runs: Runs) -> str:
    """Return the mean UAR of each fold, and of those that had and had not a say in the recipe."""
    uars: dict[int, list[float]] = {}
    for fold in (fold for run in runs.values() for fold in run):
        uars.setdefault(fold.task.fold, []).append(metrics.uar(fold.targets, fold.logits.argmax(axis=1)))
    mean = {fold: float(np.mean(own)) for fold, own in uars.items()}
    groups = {
        "mean of those that had a say in the recipe": [mean[fold] for fold in mean if fold in HAD_A_SAY],
        "mean of those that had none": [mean[fold] for fold in mean if fold not in HAD_A_SAY],
    }
    rows = [(f"fold {fold}", f"{100 * uar:.1f}") for fold, uar in mean.items()]
    rows += [(words, f"{100 * np.mean(own):.1f}") for words, own in groups.items() if own]
    return table((f"mean of {len(runs)} seeds", "UAR, %"), rows)


def _altered(runs: Runs) -> str:
    ways = ["", *(way for way in ALTERED if all(way in f.altered for run in runs.values() for f in run))]
    rows = []
    for way in ways:
        heard = [heard_by(run, altered=way) for run in runs.values()]
        uar = np.mean([metrics.uar(one.targets, one.answers) for one in heard])
        sureness = np.mean([one.probabilities.max(axis=1).mean() for one in heard])
        enough = np.mean([_sure_enough(run, way) for run in runs.values()])
        cells = (f"{100 * value:.1f}" for value in (uar, sureness, enough))
        rows.append((way or "as recorded", *cells))
    return table(("heard", "UAR", "sureness", "sure enough"), rows)


def _eight_bits(runs: Runs) -> Iterator[str]:
    """Yield what rounding changes, of the seeds whose folds all tell."""
    told = [run for run in runs.values() if all(EIGHT_BITS in fold.altered for fold in run)]
    if told:
        pairs = [(heard_by(run), heard_by(run, altered=EIGHT_BITS)) for run in told]
        others = [(one.answers != two.answers).mean() for one, two in pairs]
        uars = [[metrics.uar(one.targets, one.answers) for one in pair] for pair in pairs]
        values = (*np.mean(uars, axis=0), np.mean(others))
        head = ("UAR in single precision, %", "UAR in eight bits, %", "other answers, %", "seeds")
        row = (*(f"{100 * value:.1f}" for value in values), str(len(told)))
        yield "## In eight bits\n"
        yield EIGHT_BITS_INTRODUCTION
        yield table(head, [row])


def _sure_enough(run: Sequence[FinishedFold], way: str) -> float:
    """The share of clips that is surer than the threshold which the other folds' speech set."""
    shares = []
    for fold in run:
        others = [other for other in run if other is not fold]
        fitted = calibration.fit(
            np.concatenate([other.logits for other in others]),
            np.concatenate([other.targets for other in others]),
        )
        logits = fold.altered[way] if way else fold.logits
        shares.append((softmax(logits, fitted.temperature).max(axis=1) >= fitted.threshold).mean())
    return float(np.mean(shares))


def _strange(runs: Runs) -> str:
    shares = [confident_shares(run) for run in runs.values() if all(fold.scores for fold in run)]
    if not shares:
        return ""
    mean = {kind: float(np.mean([own[kind] for own in shares])) for kind in shares[0]}
    rows = [
        ("speech" if kind == SPEECH else kind.replace("_", " "), f"{100 * share:.1f}")
        for kind, share in mean.items()
    ]
    return table(("sound", "answered, %"), rows)


def _left_out(folds: Sequence[FinishedFold], emotions: Emotions) -> Iterator[tuple[str, ...]]:
    runs = {protocol: seeds_of(folds, protocol) for protocol in LEFT_OUT}
    seeds = sorted(set.intersection(*(set(by_seed) for by_seed in runs.values())))
    heard: dict[str, list[Heard]] = {}
    for seed in seeds:
        for corpus, one in left_out({name: by_seed[seed] for name, by_seed in runs.items()}, emotions):
            heard.setdefault(corpus, []).append(one)
    for corpus, own in heard.items():
        values = (
            np.mean([metrics.uar(one.targets, one.answers) for one in own]),
            np.mean([metrics.accuracy(one.targets, one.answers) for one in own]),
            np.mean([metrics.selective_accuracy(one.targets, one.probabilities, 0.5) for one in own]),
            np.mean([debiased_error(one) for one in own]),
        )
        yield corpus, *(f"{100 * value:.1f}" for value in values), str(len(seeds))


def draw_all(runs: Runs, folder: Path) -> list[Path]:
    """Draw confusions and reliability of all seeds' answers into `folder`; return the files."""
    if not runs:
        return []
    folder.mkdir(exist_ok=True)
    heard = [heard_by(run) for run in runs.values()]
    counts = np.sum([metrics.confusion(one.targets, one.answers) for one in heard], axis=0)
    bins = metrics.reliability(
        np.concatenate([one.targets for one in heard]), np.concatenate([one.probabilities for one in heard])
    )
    return [
        save(confusion(counts), folder / "confusion.svg"),
        save(reliability(bins), folder / "reliability.svg"),
    ]
