"""The benchmark as a page and as JSON: rows that were run, rows that were not and why."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml.benchmark.judge import Row
from ml.benchmark.record import Task
from ml.benchmark.splits import RANDOM_FOLDS
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
against the rest. Whole test clips, never augmented; answers of all folds are pooled.

**Budgets.** The epochs stated are what a CPU could give in minutes: a baseline with more would do better,
and none is the best that its authors could make of it. A corpus larger than RAVDESS gets as many fewer
epochs, so that its row costs what RAVDESS's does. Nothing was chosen on test clips: the schedule is
fixed and the last weights are taken, or, for CNN + LSTM, speakers kept out of training choose the epoch
(under the random protocol: clips kept out). What each system hears, and what differs from its paper, stands
in `ml/configs/NAME.toml` and at the head of `ml/systems/NAME.py`.
"""

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
    everything = len({task.system for task in tasks})
    lacking: dict[tuple[str, str], list[str]] = {}
    for row, folds in Counter(map(_row_of, tasks)).items():
        system, protocol, corpus, seed = row
        if done[row] < folds and (seed == 0 or done[row]):
            found = f" ({done[row]} of {folds} folds)" if done[row] else ""
            lacking.setdefault((protocol, corpus), []).append(f"{system}{found}")
    gaps += [
        NotRun(
            f"{protocol}, learnt from {_short(corpus)}: "
            + ("every system" if len(systems) == everything else ", ".join(systems)),
            "not reached yet; the next run goes on here",
        )
        for (protocol, corpus), systems in lacking.items()
    ]
    return gaps


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
    shown = next((row for row in rows if row.task.system == "paper"), None)
    if shown is not None:
        parts += ["## Ten clips of the paper's network: acted and heard\n", _answers(shown)]
    parts += [f"![{plot.stem.replace('-', ' ')}](benchmark/{plot.name})\n" for plot in plots]
    if missing:
        parts += ["## Not run\n", table(("row", "why"), [(gap.what, gap.why) for gap in missing])]
    return "\n".join(parts)


def _claims(figures: Sequence[Figures]) -> str:
    """One line a system: the claim, then our accuracy under the papers' protocol, then our UAR by speaker."""
    lines = []
    for name, system in SYSTEMS.items():
        random = _seed_mean(figures, name, "random", lambda f: f["accuracy"])
        speaker = _seed_mean(figures, name, "speaker", lambda f: f["uar"]["value"])
        if random or speaker:
            lines.append((system.title, system.claim or "–", random or "not run", speaker or "not run"))
    head = ("system", "its source claims", "ours, random split: accuracy (leaks)", "ours, by speaker: UAR")
    return table(head, lines)


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
        clips = f"{max(f['clips'] for f in chosen):,} clips, {len(chosen[0]['by_emotion'])} emotions"
        parts += [f"### {corpus} ({clips})\n", table(_HEAD, [_line(f) for f in chosen])]
    return parts


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
    """Ten clips spread over the row: what was acted, what was heard, and how sure."""
    step = max(1, len(row.targets) // 10)
    lines = [
        (speaker, LABELS[target], LABELS[answer], _percent(float(probabilities.max())))
        for speaker, target, answer, probabilities in list(
            zip(row.speakers, row.targets, row.predictions, row.probabilities, strict=True)
        )[::step][:10]
    ]
    return table(("speaker", "acted", "heard", "probability"), lines)


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"
