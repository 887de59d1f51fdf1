"""The benchmark as a page and as JSON: rows that were run, rows that were not and why."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ml.benchmark.judge import Row
from ml.benchmark.record import Task
from ml.benchmark.splits import RANDOM_FOLDS
from ml.config import load_config
from ml.corpora.catalogue import CORPORA
from ml.labels import LABELS
from ml.markdown import table
from ml.systems.catalogue import SYSTEMS

Figures = dict[str, Any]

INTRODUCTION = f"""# Benchmark

Written by `python -m ml benchmark --data DIR`, which goes on from the finished folds in
`docs/folds/benchmark.jsonl`; every figure here is recomputed from them.

**How to read it.** *By speaker*: nobody is both learnt from and tested on (RAVDESS in the five folds of the
published figures, EMO-DB and nEMO leaving out one speaker at a time). *Random* is the papers' protocol
({RANDOM_FOLDS} folds, 80 / 10 / 10 within each emotion): **it leaks**, since the test clips' speakers, and
mostly the very same sentence spoken a second time, were learnt from. *Across corpora*: learnt from one
corpus, tested on the others, on the emotions that both have. UAR is the mean recall of the emotions; its
interval is a bootstrap over speakers (95 %). Precision, recall and F1 are means over the emotions, AUC one
against the rest. Whole test clips, never augmented; answers of all folds are pooled. A clip whose label is
none of the eight emotions (EMO-DB's boredom) takes no part; across corpora, where one has no calm, an answer
"calm" counts as neutral.

**Budgets.** The epochs stated are what a CPU could give in minutes: a baseline with more would do better,
and none is the best that its authors could make of it. A corpus larger than RAVDESS gets as many fewer
epochs, so that its row costs what RAVDESS's does. Nothing was chosen on test clips. By speaker and across
corpora the schedule is fixed and the last weights are taken, save for CNN + LSTM, whose epoch is chosen by
speakers kept out of training. At random, as in the papers, the tenth of the clips that is neither learnt from
nor tested on chooses each network's epoch: the two columns differ in this as well. What each system hears,
and what differs from its paper, stands in `ml/configs/NAME.toml` and at the head of `ml/systems/NAME.py`.
"""

SEEDS: Mapping[str, Sequence[int]] = {"paper": (0, 1, 2)}
"""Of systems that are to be run with several; every other is run with seed 0."""

HEADLINES: Mapping[str, str] = {
    "speaker": "By speaker: unheard people",
    "random": "At random, as the papers: the same people on both sides (leaks)",
    "cross": "Across corpora: unheard people, another language, another studio",
}


@dataclass(frozen=True)
class NotRun:
    """Rows that are missing, and why."""

    what: str
    why: str


def not_run(corpora: Collection[str], wanted: Iterable[Task], finished: Iterable[Task]) -> list[NotRun]:
    """Say which rows are missing, or not complete, and why."""
    gaps = [
        NotRun(f"{CORPORA[name].title}, every system", "the corpus is not in the folder: bring your own copy")
        for name in CORPORA
        if name not in corpora and not CORPORA[name].by_request
    ]
    tasks = list(wanted)
    if "wav2vec2" not in {task.system for task in tasks}:
        gaps.append(
            NotRun(
                "wav2vec2, every corpus", "no pretrained checkpoint: name its folder with `--wav2vec2 DIR`"
            )
        )
    done = Counter(map(_row_of, finished))
    everything = {task.system for task in tasks}
    lacking: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for row, folds in Counter(map(_row_of, tasks)).items():
        system, protocol, corpus, seed = row
        if done[row] < folds and (seed in SEEDS.get(system, (0,)) or done[row]):
            part = [f"seed {seed}"] if seed else []
            part += [f"{done[row]} of {folds} folds"] if done[row] else []
            lacking.setdefault((protocol, corpus), []).append((system, ", ".join(part)))
    for (protocol, corpus), parts in lacking.items():
        which = f"{protocol}, learnt from {_short(corpus)}: {_named(parts, everything)}"
        gaps.append(NotRun(which, "not reached yet; the next run goes on here"))
    return gaps


def _named(parts: Sequence[tuple[str, str]], everything: Collection[str]) -> str:
    """Name systems, each with the part of it that is lacking; without one, all of its first seed is."""
    if {system for system, part in parts if not part} == everything:
        return "every system"
    return ", ".join(f"{system} ({part})" if part else system for system, part in parts)


def _row_of(task: Task) -> tuple[str, str, str, int]:
    return task.system, task.protocol, task.corpus, task.seed


def as_json(rows: Sequence[Row], missing: Sequence[NotRun]) -> str:
    """Return the rows and the missing ones, as JSON."""
    contents = {
        "rows": [row.figures() for row in rows],
        "not_run": [vars(gap) for gap in missing],
    }
    return json.dumps(contents, indent=1, ensure_ascii=False) + "\n"


def as_page(rows: Sequence[Row], missing: Sequence[NotRun], plots: Iterable[Path]) -> str:
    """Return the whole page as Markdown."""
    figures = [row.figures() for row in rows]
    parts = [INTRODUCTION, "## What the papers claim, and what we find on RAVDESS\n", _claims(figures)]
    for protocol, headline in HEADLINES.items():
        chosen = [f for f in figures if f["protocol"] == protocol]
        if chosen:
            parts += [f"## {headline}\n", *_by_corpus(chosen, _corpora_of(protocol))]
    wanted = ("paper", "speaker", "ravdess", 0)
    shown = next((row for row in rows if _row_of(row.task) == wanted), None)
    if shown is not None:
        parts += ["## Ten clips of unheard speakers: acted, and heard by the paper's network\n"]
        parts += ["Drawn by chance.\n", _answers(shown)]
    parts += [f"![{plot.stem.replace('-', ' ')}](benchmark/{plot.name})\n" for plot in plots]
    if missing:
        parts += ["## Not run\n", table(("row", "why"), [(gap.what, gap.why) for gap in missing])]
    return "\n".join(parts)


def _claims(figures: Sequence[Figures]) -> str:
    """One line a system: the claim, our accuracy under the papers' protocol, our UAR by speaker, epochs."""
    lines = []
    for name, system in SYSTEMS.items():
        random = _seed_mean(figures, name, "random", lambda f: f["accuracy"])
        speaker = _seed_mean(figures, name, "speaker", lambda f: f["uar"]["value"])
        if random or speaker or system.claim:
            found = (random or "not run", speaker or "not run")
            lines.append((system.title, system.claim or "–", *found, _epochs(name)))
    head = (
        "system", "its source claims", "ours, random split: accuracy (leaks)", "ours, by speaker: UAR",
        "our epochs",
    )  # fmt: skip
    return table(head, lines)


def _epochs(system: str) -> str:
    """For how long its configuration trains, on a corpus no larger than RAVDESS; "–" if not by epochs."""
    cfg = load_config(system)
    return str(cfg.model.options.get("epochs", "–") if SYSTEMS[system].classical else cfg.train.epochs)


def _seed_mean(
    figures: Sequence[Figures], system: str, protocol: str, value: Callable[[Figures], float]
) -> str:
    rows = [
        f
        for f in figures
        if (f["system"], f["protocol"], f["learnt_from"]) == (system, protocol, "ravdess")
        and f["folds"] == f["of"]
    ]
    if not rows:
        return ""
    values = [value(f) for f in rows]
    seeds = f" (mean of {len(values)} seeds)" if len(values) > 1 else ""
    return f"{_percent(sum(values) / len(values))}{seeds}"


def _corpora_of(protocol: str) -> Callable[[Figures], str]:
    if protocol == "cross":
        return lambda f: f"{_short(f['learnt_from'])} → {_short(f['tested_on'])}"
    return lambda f: _short(f["learnt_from"])


def _short(corpus: str) -> str:
    return {"ravdess": "RAVDESS", "emodb": "EMO-DB", "nemo": "nEMO"}.get(corpus, CORPORA[corpus].title)


def _by_corpus(figures: Sequence[Figures], title: Callable[[Figures], str]) -> list[str]:
    parts = []
    known = list(CORPORA)
    ordered = sorted(figures, key=lambda f: (known.index(f["learnt_from"]), known.index(f["tested_on"])))
    for corpus in dict.fromkeys(map(title, ordered)):
        chosen = sorted((f for f in figures if title(f) == corpus), key=lambda f: -f["uar"]["value"])
        size = f"{_clips(chosen)}, {len(chosen[0]['by_emotion'])} emotions"
        parts += [f"### {corpus} ({size})\n", table(_HEAD, [_line(f) for f in chosen])]
    return parts


def _clips(figures: Sequence[Figures]) -> str:
    """How many were tested; and of how many, where the folder or the labels lack some of the corpus."""
    found = max(f["clips"] for f in figures)
    whole = CORPORA[figures[0]["tested_on"]].clips
    own = figures[0]["learnt_from"] == figures[0]["tested_on"]
    return f"{found:,} of the corpus's {whole:,} clips" if own and found < whole else f"{found:,} clips"


_HEAD = (
    "system", "UAR", "95 %", "accuracy", "precision", "F1", "AUC", "epochs", "parameters", "folds", "seed"
)  # fmt: skip


def _line(f: Figures) -> tuple[str, ...]:
    uar = f["uar"]
    return (
        SYSTEMS[f["system"]].title,
        _percent(uar["value"]),
        f"{100 * uar['low']:.1f} to {100 * uar['high']:.1f}",
        *(_percent(f[name]) for name in ("accuracy", "precision", "f1", "auc")),
        str(f["epochs"] or "–"),
        f"{f['parameters']:,}",
        str(f["folds"]) if f["folds"] == f["of"] else f"**{f['folds']} of {f['of']}**",
        str(f["seed"]),
    )


def _answers(row: Row) -> str:
    """Ten clips of the row: what was acted, what was heard, and how sure."""
    drawn = np.random.default_rng(0).permutation(len(row.targets))[:10]
    answers = row.predictions
    lines = [
        (row.speakers[n], LABELS[row.targets[n]], LABELS[answers[n]], _percent(row.probabilities[n].max()))
        for n in np.sort(drawn)
    ]
    return table(("speaker", "acted", "heard", "probability"), lines)


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"
