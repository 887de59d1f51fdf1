"""The command line's tune verb: hyperparameters chosen inside training folds."""

import argparse
import json
import sys
from pathlib import Path

from ml.cli_corpora import scanned
from ml.cli_faults import plainly
from ml.config import load_config
from ml.corpora.catalogue import CORPORA
from ml.experiment import with_checkpoint, with_epochs
from ml.systems.catalogue import SYSTEMS


def add_verb(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `tune`."""
    verb = verbs.add_parser("tune", help="choose hyperparameters inside training folds, judge once outside")
    verb.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder of the corpora")
    verb.add_argument("--system", default="gru", choices=tuple(SYSTEMS), metavar="NAME")
    verb.add_argument("--corpus", default="ravdess", choices=tuple(CORPORA))
    verb.add_argument("--trials", type=int, default=20)
    verb.add_argument("--folds", nargs="+", type=int, default=[1], metavar="N", help="outer folds, from 1")
    verb.add_argument("--seed", type=int, default=0)
    verb.add_argument("--epochs", type=int, help="instead of the config's")
    verb.add_argument("--study", type=Path, metavar="FILE.db", help="keep trials here; a later run goes on")
    verb.add_argument("--cache", type=Path, metavar="DIR", help="keep computed features here")
    verb.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="write each fold's experiment, for `benchmark --config` and `train --only-folds --config`",
    )
    verb.add_argument("--wav2vec2", type=Path, metavar="DIR", help="pretrained checkpoint for that system")
    verb.set_defaults(run=plainly(tune_verb))


def tune_verb(arguments: argparse.Namespace) -> int:
    """Print one JSON line for each outer fold."""
    try:
        from ml import tune  # late: Optuna is an optional extra
    except ModuleNotFoundError as fault:
        print(f"{fault}; install the extra: pip install 'ser-clinic[tune]'", file=sys.stderr)
        return 2
    cfg = load_config(arguments.system)
    if arguments.wav2vec2 is not None:
        cfg = with_checkpoint(cfg, arguments.wav2vec2)
    if arguments.epochs is not None:
        cfg = with_epochs(cfg, arguments.epochs)
    scan = scanned(arguments.data, [arguments.corpus])[arguments.corpus]
    for fold in arguments.folds:
        tuned = tune.tune(
            [u for u in scan.utterances if u.emotion is not None],
            cfg,
            fold=fold,
            trials=arguments.trials,
            seed=arguments.seed,
            study=arguments.study,
            cache=arguments.cache,
            report=_say,
        )
        print(json.dumps(tune.as_json(tuned)), flush=True)
        if arguments.out:
            arguments.out.mkdir(parents=True, exist_ok=True)
            file = arguments.out / f"{arguments.system}-fold-{fold}.json"
            file.write_text(json.dumps(tuned.config.to_dict(), indent=2) + "\n", encoding="utf-8")
    return 0


def _say(trial: int, uar: float) -> None:
    print(f"trial {trial}: UAR {uar:.3f} on the inner folds", file=sys.stderr, flush=True)
