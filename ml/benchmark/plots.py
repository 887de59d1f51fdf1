"""The benchmark's pictures: UAR with intervals, confusions, and curves of loss and accuracy."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ml.benchmark.judge import Row
from ml.benchmark.record import FinishedFold
from ml.labels import LABELS
from ml.systems.catalogue import SYSTEMS

INK, ACCENT, QUIET = "#1c2b33", "#2a6f77", "#c9d6d8"

mpl.rcParams |= {"svg.hashsalt": "ser", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False}


def draw_all(rows: Sequence[Row], folds: Sequence[FinishedFold], folder: Path) -> list[Path]:
    """Draw what there is to draw into `folder`; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for protocol in ("speaker", "random"):
        chosen = [
            r for r in rows if (r.task.protocol, r.task.corpus, r.task.seed) == (protocol, "ravdess", 0)
        ]
        if chosen:
            made.append(save(_ranking(chosen), folder / f"ravdess-{protocol}-uar.svg"))
        made += [
            save(confusion(row.confusion), folder / f"{row.task.system}-{protocol}-confusion.svg")
            for row in chosen
            if row.task.system in ("paper", "parallel")
        ]
    curves = [fold for fold in folds if fold.curves and _is_first(fold)]
    if curves:
        made.append(save(_curves(curves), folder / "ravdess-speaker-curves.svg"))
    return made


def _is_first(fold: FinishedFold) -> bool:
    task = fold.task
    return (task.protocol, task.corpus, task.seed, task.fold) == ("speaker", "ravdess", 0, 1)


def save(figure: Figure, file: Path) -> Path:
    """Write an SVG file that is the same whenever it is drawn anew, and return it."""
    figure.savefig(file, format="svg", bbox_inches="tight", metadata={"Date": None})
    return file


def _ranking(rows: Sequence[Row]) -> Figure:
    """Dots with intervals, the best on top."""
    figures = sorted((row.figures() for row in rows), key=lambda f: f["uar"]["value"])
    figure = Figure(figsize=(6.4, 0.3 * len(figures) + 0.9))
    axes = figure.subplots()
    for place, f in enumerate(figures):
        uar = f["uar"]
        axes.plot([100 * uar["low"], 100 * uar["high"]], [place, place], color=QUIET, linewidth=5)
        axes.plot(100 * uar["value"], place, "o", color=ACCENT, markersize=5)
    axes.set_yticks(range(len(figures)), [SYSTEMS[f["system"]].title for f in figures])
    axes.axvline(100 / len(LABELS), color=INK, linewidth=0.8, linestyle=":")
    axes.set_xlabel("UAR, % (bar: 95 % over speakers; dotted: chance)")
    axes.set_xlim(0, 100)
    return figure


def confusion(counts: NDArray[np.generic]) -> Figure:
    """Draw how each acted emotion, a row of `counts` (8, 8), was heard: shares of its clips."""
    shares = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = Figure(figsize=(4.6, 4.4))
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=100)
    for (acted, heard), share in np.ndenumerate(shares):
        axes.text(
            heard, acted, f"{share:.0f}", ha="center", va="center", color="white" if share > 55 else INK
        )
    axes.set_xticks(range(len(LABELS)), LABELS, rotation=45, ha="right")
    axes.set_yticks(range(len(LABELS)), LABELS)
    axes.set_xlabel("heard")
    axes.set_ylabel("acted (% of its clips)")
    return figure


def reliability(bins: Sequence[tuple[float, float, int]]) -> Figure:
    """Draw how often answers of a given sureness were right; `bins` as of `metrics.reliability`."""
    figure = Figure(figsize=(4.2, 4.0))
    axes = figure.subplots()
    axes.plot([0, 100], [0, 100], color=QUIET, linewidth=3)
    sure, right = (100 * np.array([each[part] for each in bins]) for part in (0, 1))
    axes.plot(sure, right, "o-", color=ACCENT, markersize=4, linewidth=1)
    axes.set_xlabel("sureness, %")
    axes.set_ylabel("right, %")
    axes.set_title(f"{sum(count for *_, count in bins):,} answers in {len(bins)} bins", color=INK, fontsize=9)
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 100)
    return figure


def _curves(folds: Sequence[FinishedFold]) -> Figure:
    """Loss and accuracy of training, and of validation where there was one; first fold by speaker."""
    latest = {fold.task.system: fold for fold in folds}
    figure = Figure(figsize=(7.2, 3.0))
    for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        for place, (system, fold) in enumerate(sorted(latest.items())):
            colour = mpl.colormaps["tab20"](place)
            _curve(axes, fold, name, colour, "-", SYSTEMS[system].title)
            _curve(axes, fold, f"validation_{name}", colour, ":", None)
        axes.set_xlabel("share of the epochs, % (dotted: validation)")
        axes.set_ylabel(name)
    figure.legend(
        *axes.get_legend_handles_labels(), loc="center left", bbox_to_anchor=(0.93, 0.5), fontsize=7
    )
    return figure


def _curve(axes: Axes, fold: FinishedFold, name: str, colour: object, style: str, label: str | None) -> None:
    values = [figures[name] for figures in fold.curves if name in figures]
    if values:
        at = 100 * np.arange(1, len(values) + 1) / len(values)
        axes.plot(at, values, style, color=colour, linewidth=1.2, label=label)
