"""The command line's benchmark verb: every system under every protocol that the data allow."""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

from ml.benchmark.adopt import adopted
from ml.benchmark.judge import Row, rows_of
from ml.benchmark.plots import draw_all
from ml.benchmark.record import FinishedFold, read_folds
from ml.benchmark.report import as_json, as_page, not_run
from ml.benchmark.run import Material, Piece, pieces, run_all, run_piece
from ml.benchmark.splits import PROTOCOLS
from ml.cli_corpora import scanned
from ml.cli_faults import plainly
from ml.config import ExperimentConfig, load_config
from ml.corpora.catalogue import CORPORA
from ml.experiment import with_checkpoint
from ml.systems.catalogue import SYSTEMS

FOLDS_FILE = Path("docs") / "folds" / "benchmark.jsonl"
REPORT = Path("docs")


def add_verb(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `benchmark`."""
    verb = verbs.add_parser("benchmark", help="every system under every protocol that the data allow")
    verb.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder of the corpora")
    chosen = verb.add_mutually_exclusive_group()
    chosen.add_argument("--systems", nargs="+", default=list(SYSTEMS), choices=tuple(SYSTEMS), metavar="NAME")
    chosen.add_argument(
        "--config",
        nargs="+",
        metavar="FILE",
        help="experiments of your own instead, such as `tune --out` writes: rows by the file's name are "
        "printed, and no page is written; needs --folds-file",
    )
    verb.add_argument("--protocols", nargs="+", default=list(PROTOCOLS), choices=PROTOCOLS)
    verb.add_argument(
        "--corpora", nargs="+", choices=tuple(CORPORA), help="to learn from; default: all there"
    )
    verb.add_argument("--seeds", nargs="+", type=int, default=[0])
    verb.add_argument(
        "--epochs", type=int, help="instead of each config's: other rows, which need a --report of their own"
    )
    verb.add_argument("--jobs", type=int, default=1, help="folds at a time, one thread each")
    verb.add_argument("--minutes", type=float, help="begin no fold after so many; a later run goes on")
    verb.add_argument("--cache", type=Path, metavar="DIR", help="keep computed features here")
    verb.add_argument("--folds-file", type=Path, metavar="FILE.jsonl", help=f"default: {FOLDS_FILE}")
    verb.add_argument("--report", type=Path, metavar="DIR", help=f"for page and pictures; default: {REPORT}")
    verb.add_argument("--wav2vec2", type=Path, metavar="DIR", help="pretrained checkpoint for that system")
    verb.set_defaults(run=plainly(benchmark_verb))


def benchmark_verb(arguments: argparse.Namespace) -> int:
    """Run the folds that are missing, then write page, JSON and pictures of all that is finished.

    Of experiments that a user names, print the rows instead.
    """
    check(arguments)
    file = arguments.folds_file or FOLDS_FILE
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # for the processes that are started
    with ExitStack() as stack:
        cache = arguments.cache or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        material = read_material(arguments.data, cache, arguments.corpora or ())
        wanted = list(
            pieces(
                material,
                configs_of(arguments.config or arguments.systems, arguments.epochs, arguments.wav2vec2),
                protocols=arguments.protocols,
                corpora=arguments.corpora or material.corpora,
                seeds=arguments.seeds,
            )
        )
        finished = {fold.recipe for fold in finished_folds(material, wanted, file)}
        missing = [piece for piece in wanted if piece.recipe not in finished]
        report = ProgressLines(len(missing))
        train = partial(run_piece, material)
        for fold in run_all(train, missing, file, jobs=arguments.jobs, minutes=arguments.minutes):
            report(fold)
        if arguments.config:
            print_rows(rows_in(material, finished_folds(material, wanted, file)))
        else:
            write_report(material, file, arguments)
    return 0


def check(arguments: argparse.Namespace) -> None:
    """See, before hours are spent, that a user's own rows do not take the place of the shipped ones.

    Raises:
        ValueError: they would.
    """
    if not arguments.config:
        if arguments.epochs is not None and arguments.report is None:
            raise ValueError(
                f"--epochs makes other rows than those of {REPORT / 'benchmark.md'}, which would be lost: "
                "name another folder with --report"
            )
        return
    if arguments.folds_file is None:
        raise ValueError(f"--config needs a --folds-file: {FOLDS_FILE} holds the shipped experiments'")
    if arguments.report is not None:
        raise ValueError("--config prints its rows; --report writes the page of the shipped experiments")
    names = [Path(file).stem for file in arguments.config]
    taken = sorted({name for name in names if name in SYSTEMS or names.count(name) > 1})
    if taken:
        raise ValueError(f"rows bear their files' names, and {', '.join(taken)} is taken: rename the file")


def finished_folds(material: Material, wanted: Sequence[Piece], file: Path) -> list[FinishedFold]:
    """Return the finished folds among `wanted`, those of the shipped recogniser's training included."""
    recipes = {piece.recipe for piece in wanted}
    own = [fold for fold in read_folds(file) if fold.recipe in recipes]
    return own + list(adopted(material, wanted, file.parent))


def rows_in(material: Material, folds: Sequence[FinishedFold]) -> list[Row]:
    """Return the table's rows of these finished folds."""
    emotions = {
        corpus: frozenset(u.emotion for u in material.utterances if u.corpus == corpus and u.emotion)
        for corpus in material.corpora
    }
    return list(rows_of(folds, emotions))


def print_rows(rows: Sequence[Row]) -> None:
    """Print a line for each."""
    for row in rows:
        figures, task = row.figures(), row.task
        uar = "{value:.3f} (95 % {low:.3f} to {high:.3f})".format_map(figures["uar"])
        print(
            f"{task.system} {task.protocol}, learnt from {task.corpus}, tested on {row.test}, "
            f"seed {task.seed}, {row.folds} of {task.of} folds: UAR {uar}, accuracy {figures['accuracy']:.3f}"
        )


def write_report(material: Material, file: Path, arguments: argparse.Namespace) -> None:
    """Write `benchmark.md`, `benchmark.json` and pictures about every system, not only the chosen ones."""
    folder = arguments.report or REPORT
    configs = configs_of(list(SYSTEMS), arguments.epochs, arguments.wav2vec2)
    seeds = sorted({0, *arguments.seeds, *(fold.task.seed for fold in read_folds(file))})
    wanted = list(pieces(material, configs, protocols=PROTOCOLS, corpora=material.corpora, seeds=seeds))
    folds = finished_folds(material, wanted, file)
    rows = rows_in(material, folds)
    plots = draw_all(rows, folds, folder / "benchmark")
    gaps = not_run(material.corpora, [piece.task for piece in wanted], [fold.task for fold in folds])
    (folder / "benchmark.json").write_text(as_json(rows, gaps), encoding="utf-8")
    (folder / "benchmark.md").write_text(as_page(rows, gaps, plots), encoding="utf-8")


def read_material(folder: Path, cache: Path, named: Sequence[str] = ()) -> Material:
    """Return the clips in `folder` that have an emotion, of the named corpora and of all others to test on.

    Raises:
        FileNotFoundError: a named corpus is not there, or has no such clip.
    """
    scans = scanned(folder, named, others=True)
    clips = tuple(u for scan in scans.values() for u in scan.utterances if u.emotion is not None)
    material = Material(clips, cache)
    if silent := [name for name in named if name not in material.corpora]:
        raise FileNotFoundError(f"{folder} holds no clip with an emotion of {', '.join(silent)}")
    return material


def configs_of(
    systems: Sequence[str], epochs: int | None = None, checkpoint: Path | None = None
) -> Mapping[str, ExperimentConfig]:
    """Return each system's experiment, or each file's by its name.

    Without a checkpoint there is none of wav2vec2 as it is shipped; a file may name its own.
    """
    made = {}
    for system in systems:
        cfg = load_config(system)
        if cfg.model.system == "wav2vec2":
            if checkpoint is not None:
                cfg = with_checkpoint(cfg, checkpoint)
            elif system == "wav2vec2":
                continue
        made[Path(system).stem] = (
            cfg if epochs is None else replace(cfg, train=replace(cfg.train, epochs=epochs))
        )
    return made


class ProgressLines:
    """One line to stderr for each finished fold."""

    def __init__(self, missing: int) -> None:
        self.missing, self.done, self.started = missing, 0, time.monotonic()

    def __call__(self, fold: FinishedFold) -> None:
        """Print it."""
        self.done += 1
        task, correct = fold.task, float((fold.logits.argmax(axis=1) == fold.targets).mean())
        minutes = (time.monotonic() - self.started) / 60
        print(
            f"{self.done} of {self.missing}, {minutes:.1f} min: {task.system} {task.protocol} {task.corpus} "
            f"seed {task.seed} fold {task.fold}/{task.of}: accuracy {correct:.3f}, "
            f"{fold.seconds:.0f} s of processor time",
            file=sys.stderr,
            flush=True,
        )
