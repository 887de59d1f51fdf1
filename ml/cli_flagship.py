"""The flagship's verbs: every protocol that measures the recipe, and what each part of it is worth."""

import argparse
import os
import sys
import time
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

from ml.benchmark.record import FinishedFold, read_folds
from ml.benchmark.run import run_all
from ml.cli_benchmark import ProgressLines
from ml.cli_corpora import scanned
from ml.cli_faults import plainly
from ml.config import load_config
from ml.corpora.manifest import Utterance
from ml.flagship import ablation
from ml.flagship.page import Known, write_page
from ml.flagship.protocols import INNER, MEASURED, TRIAL
from ml.flagship.report import as_table, emotions_of, sexes_of
from ml.flagship.run import Piece, gate_recipe_of, gated, pieces, run_gate_piece, run_piece, with_scores
from ml.gate_folds import gate_file_of, read_gate_folds

DOCS = Path("docs")
FOLDS = DOCS / "folds"


def add_verbs(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `flagship` and `ablate`."""
    verb = _verb(verbs, "flagship", "measure a network's recipe by every protocol", [0, 1, 2])
    verb.add_argument("--protocols", nargs="+", default=list(MEASURED), choices=MEASURED)
    verb.add_argument(
        "--report", type=Path, metavar="DIR", help="write the page there, with trials and pictures"
    )
    verb.set_defaults(run=plainly(flagship_verb))
    verb = _verb(verbs, "ablate", "measure what each part of the recipe is worth", [0])
    known = tuple(ablation.CHANGES)
    verb.add_argument("--changes", nargs="+", default=list(known), choices=known, metavar="NAME")
    verb.add_argument("--grounds", nargs="+", default=[TRIAL, INNER], choices=(TRIAL, INNER))
    verb.set_defaults(run=plainly(ablate_verb))


def _verb(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, words: str, seeds: list[int]
) -> argparse.ArgumentParser:
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=words)
    verb.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder of the corpora")
    verb.add_argument("--config", default="flagship", help="a named experiment, or a TOML or JSON file")
    verb.add_argument("--seeds", nargs="+", type=int, default=seeds)
    verb.add_argument("--jobs", type=int, default=1, help="folds at a time, one thread each")
    verb.add_argument("--minutes", type=float, help="begin no fold after so many; a later run goes on")
    verb.add_argument("--folds-file", type=Path, default=FOLDS / f"{name}.jsonl", metavar="FILE.jsonl")
    return verb


def flagship_verb(arguments: argparse.Namespace) -> int:
    """Run the folds that are missing, then print the figures of all that is finished, or write the page."""
    started = time.monotonic()
    utterances, cfg = _utterances(arguments.data), load_config(arguments.config)
    name = Path(arguments.config).stem
    wanted = list(pieces(utterances, cfg, name=name, protocols=arguments.protocols, seeds=arguments.seeds))
    folds = _finished(arguments, utterances, wanted)
    if arguments.minutes is not None:
        arguments.minutes = max(0.0, arguments.minutes - (time.monotonic() - started) / 60)
    folds = _scored(arguments, utterances, wanted, folds)
    known = Known(emotions_of(utterances), sexes_of(utterances))
    print(as_table(folds, known.emotions, known.sexes))
    if arguments.report is not None:
        everything = list(pieces(utterances, cfg, name=name, protocols=MEASURED, seeds=arguments.seeds))
        tried = ablation.trials(utterances, cfg, list(ablation.CHANGES), [0])
        write_page(
            _with_gates(arguments, utterances, everything, _among(arguments.folds_file, everything)),
            _among(arguments.folds_file.with_name("ablate.jsonl"), tried),
            known,
            arguments.report,
            cfg.digest,
        )
    return 0


def ablate_verb(arguments: argparse.Namespace) -> int:
    """Run the trials that are missing, then print what each change brings."""
    utterances = _utterances(arguments.data)
    cfg = load_config(arguments.config)
    wanted = list(ablation.trials(utterances, cfg, arguments.changes, arguments.seeds, arguments.grounds))
    finished = _finished(arguments, utterances, wanted)
    for ground in arguments.grounds:
        print(f"{ground}:\n{ablation.as_table(finished, ground)}")
    return 0


def _utterances(data: Path) -> list[Utterance]:
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # for the processes that are started
    return [utterance for scan in scanned(data).values() for utterance in scan.utterances]


def _finished(
    arguments: argparse.Namespace, utterances: Sequence[Utterance], wanted: Sequence[Piece]
) -> list[FinishedFold]:
    """Run what is missing of what is wanted, and return all of it that is finished."""
    file: Path = arguments.folds_file
    finished = {fold.recipe for fold in read_folds(file)}
    missing = [piece for piece in wanted if piece.recipe not in finished]
    report = ProgressLines(len(missing))
    train = partial(run_piece, utterances)
    for fold in run_all(train, missing, file, jobs=arguments.jobs, minutes=arguments.minutes):
        report(fold)
    return _among(file, wanted)


def _scored(
    arguments: argparse.Namespace,
    utterances: Sequence[Utterance],
    wanted: Sequence[Piece],
    folds: Sequence[FinishedFold],
) -> list[FinishedFold]:
    """Run the gates that are missing for what is wanted, and join them to the finished folds."""
    file = gate_file_of(arguments.folds_file)
    there = {gate.recipe for gate in read_gate_folds(file)}
    missing = [piece for piece in gated(wanted) if gate_recipe_of(utterances, piece) not in there]
    train = partial(run_gate_piece, utterances)
    for gate in run_all(train, missing, file, jobs=arguments.jobs, minutes=arguments.minutes):
        words = f"gate: seed {gate.seed} fold {gate.fold}, {gate.seconds:.0f} s of processor time"
        print(words, file=sys.stderr, flush=True)
    return _with_gates(arguments, utterances, wanted, folds)


def _with_gates(
    arguments: argparse.Namespace,
    utterances: Sequence[Utterance],
    wanted: Sequence[Piece],
    folds: Sequence[FinishedFold],
) -> list[FinishedFold]:
    there = {gate.recipe: gate for gate in read_gate_folds(gate_file_of(arguments.folds_file))}
    recipes = {piece.recipe: gate_recipe_of(utterances, piece) for piece in gated(wanted)}
    return with_scores(folds, {own: there[gate] for own, gate in recipes.items() if gate in there})


def _among(file: Path, wanted: Iterable[Piece]) -> list[FinishedFold]:
    """Return the finished folds in `file` that are wanted."""
    recipes = {piece.recipe for piece in wanted}
    return [fold for fold in read_folds(file) if fold.recipe in recipes]
