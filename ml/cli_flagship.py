"""The command line's flagship verb: every protocol that the shipped recogniser's recipe is measured by."""

import argparse
import os
from functools import partial
from pathlib import Path

from ml.benchmark.record import read_folds
from ml.benchmark.run import run_all
from ml.cli_benchmark import ProgressLines
from ml.cli_faults import plainly
from ml.config import load_config
from ml.corpora.catalogue import scan_folder
from ml.flagship.protocols import PROTOCOLS
from ml.flagship.report import as_table, emotions_of, sexes_of
from ml.flagship.run import pieces, run_piece

FOLDS_FILE = Path("docs") / "folds" / "flagship.jsonl"


def add_verb(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `flagship`."""
    verb = verbs.add_parser("flagship", help="measure a network's recipe by every protocol")
    verb.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder of the corpora")
    verb.add_argument("--config", default="flagship", help="a named experiment, or a TOML or JSON file")
    verb.add_argument("--protocols", nargs="+", default=list(PROTOCOLS), choices=tuple(PROTOCOLS))
    verb.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    verb.add_argument("--jobs", type=int, default=1, help="folds at a time, one thread each")
    verb.add_argument("--minutes", type=float, help="begin no fold after so many; a later run goes on")
    verb.add_argument("--folds-file", type=Path, default=FOLDS_FILE, metavar="FILE.jsonl")
    verb.set_defaults(run=plainly(flagship_verb))


def flagship_verb(arguments: argparse.Namespace) -> int:
    """Run the folds that are missing, then print the figures of all that is finished."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # for the processes that are started
    cfg = load_config(arguments.config)
    utterances = [u for scan in scan_folder(arguments.data).values() for u in scan.utterances]
    wanted = list(
        pieces(
            utterances,
            cfg,
            name=Path(arguments.config).stem,
            protocols=arguments.protocols,
            seeds=arguments.seeds,
        )
    )
    finished = {fold.recipe for fold in read_folds(arguments.folds_file)}
    missing = [piece for piece in wanted if piece.recipe not in finished]
    report = ProgressLines(len(missing))
    train = partial(run_piece, utterances)
    for fold in run_all(train, missing, arguments.folds_file, jobs=arguments.jobs, minutes=arguments.minutes):
        report(fold)
    recipes = {piece.recipe for piece in wanted}
    folds = [fold for fold in read_folds(arguments.folds_file) if fold.recipe in recipes]
    print(as_table(folds, emotions_of(utterances), sexes_of(utterances)))
    return 0
