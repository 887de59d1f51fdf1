"""The command line's training verbs: train, evaluate, corpora."""

import argparse
import csv
import json
import shlex
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import nn

from ml import cli_corpora
from ml.cards import Provenance
from ml.cli_card import recipe_figures_of, write_page
from ml.cli_faults import plainly
from ml.config import load_config
from ml.corpora.catalogue import CORPORA
from ml.corpora.manifest import Scan, Utterance
from ml.curves import ProgressBar, ProgressLine, Report
from ml.distributed import Parted, joined
from ml.evaluate import Judged, judge_folds, judge_model
from ml.experiment import Experiment, Means, with_checkpoint, with_epochs
from ml.folds import read_outcomes
from ml.loop import no_report
from ml.placement import usable
from ml.registry import DEFAULT_ROOT, ModelCard, load_card
from ml.storage import load_network
from ml.train import check_publishable, cross_validate, train_and_publish

FOLDS_FOLDER = Path("docs") / "folds"


def add_verbs(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the training verbs; each sets `run`: parsed arguments → exit code."""
    _add_train(verbs)
    _add_evaluate(verbs)
    _add_corpora(verbs)


def _add_train(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    train = verbs.add_parser("train", help="held-out speaker folds, then a published network")
    train.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder of the corpora")
    train.add_argument("--config", default="parallel", help="name in ml/configs, or a TOML or JSON file")
    train.add_argument("--corpora", nargs="+", default=["ravdess"], choices=tuple(CORPORA))
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--out", type=Path, default=DEFAULT_ROOT, metavar="ROOT", help="where to publish")
    train.add_argument("--name", help="name of the model and of its folds file (default: the config's)")
    train.add_argument("--folds-file", type=Path, metavar="FILE.jsonl")
    train.add_argument("--folds", type=int, default=5, metavar="N", help="run only the first N folds")
    train.add_argument("--only-folds", action="store_true", help="print their figures, publish nothing")
    train.add_argument("--epochs", type=int, help="instead of the config's")
    train.add_argument("--jobs", type=int, default=1, help="folds at a time, one thread each")
    train.add_argument(
        "--states", type=Path, metavar="DIR", help="keep each epoch's state; a kill costs nothing"
    )
    train.add_argument(
        "--curves", type=Path, metavar="DIR", help="live curves for TensorBoard, a folder for each fold"
    )
    train.add_argument(
        "--devices",
        nargs="+",
        type=_named_device,
        default=[],
        metavar="BRANCH=DEVICE",
        help="home=cuda:0 for all, encoder=cuda:1 for a branch",
    )
    train.add_argument(
        "--network",
        metavar="ID",
        help="publish this published network anew, with a gate or another calibration: its folds stay",
    )
    train.add_argument("--wav2vec2", type=Path, metavar="DIR", help="pretrained checkpoint for that system")
    train.add_argument("--note", default="", help="for the card: how this recipe was come by")
    train.add_argument("--page", type=Path, metavar="FILE.md", help="write the card as a page, too")
    train.add_argument(
        "--figures",
        type=Path,
        metavar="FILE.json",
        help="of the same recipe, from `python -m ml flagship --report`: for the card",
    )
    train.set_defaults(run=plainly(train_verb))


def _add_evaluate(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    evaluate = verbs.add_parser("evaluate", help="figures of a model on a corpus, or of finished folds")
    source = evaluate.add_mutually_exclusive_group(required=True)
    source.add_argument("--data", type=Path, metavar="DIR", help="folder of the corpora")
    source.add_argument("--folds-file", type=Path, metavar="FILE.jsonl")
    evaluate.add_argument("--corpora", nargs="+", default=["emodb"], choices=tuple(CORPORA))
    evaluate.add_argument("--model", metavar="ID", help="or a name; default: the shipped one")
    evaluate.add_argument(
        "--root", type=Path, metavar="DIR", help="folder of models; default: the shipped ones"
    )
    evaluate.add_argument("--table", type=Path, metavar="FILE.csv", help="acted and heard, clip by clip")
    evaluate.add_argument("--json", action="store_true")
    evaluate.set_defaults(run=plainly(evaluate_verb))


def _add_corpora(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    corpora = verbs.add_parser("corpora", help="what a folder of corpora holds")
    describe = corpora.add_subparsers(required=True).add_parser("describe")
    cli_corpora.add_arguments(describe)
    describe.set_defaults(run=plainly(cli_corpora.describe_verb))


def _named_device(text: str) -> tuple[str, str]:
    branch, _, device = text.partition("=")
    if not device:
        raise argparse.ArgumentTypeError(f"{text!r} is not BRANCH=DEVICE")
    return branch, device


def _report(arguments: argparse.Namespace) -> Report:
    """A bar for a terminal, lines for a log or several processes."""
    return ProgressLine() if arguments.jobs > 1 or not sys.stderr.isatty() else ProgressBar()


def _utterances(scans: dict[str, Scan]) -> tuple[Utterance, ...]:
    return tuple(u for scan in scans.values() for u in scan.utterances)


def train_verb(arguments: argparse.Namespace) -> int:
    """Run the folds that are missing, train on all speakers, publish; with others under torchrun."""
    with joined() as together, suppress(Parted):
        return _train(arguments, first=together.rank == 0)
    return 0


def _train(arguments: argparse.Namespace, first: bool) -> int:
    experiment = _experiment(arguments)
    if not arguments.only_folds:
        check_publishable(experiment)
    for device in {**experiment.config.placement.devices, **dict(arguments.devices)}.values():
        usable(device)  # now, and not when all features are computed
    recipe_figures = recipe_figures_of(arguments.figures, experiment.config) if arguments.figures else ()
    folds_file = arguments.folds_file or FOLDS_FOLDER / f"{experiment.name}.jsonl"
    report = _report(arguments) if first else no_report
    means = Means(dict(arguments.devices), arguments.states, curves=arguments.curves if first else None)
    if arguments.only_folds:
        with _inputs_folder(arguments.states) as inputs:
            means = replace(means, inputs=inputs)
            outcomes = cross_validate(experiment, folds_file, report, arguments.jobs, means)
        if first:
            _print_figures(judge_folds(outcomes), {})
        return 0
    folder = train_and_publish(
        experiment,
        folds_file=folds_file,
        root=arguments.out,
        provenance=Provenance.now(_command(arguments), arguments.note),
        on_epoch=report,
        jobs=arguments.jobs,
        means=means,
        recipe_figures=recipe_figures,
        trained=_network(arguments.network, arguments.out, experiment) if arguments.network else None,
    )
    if arguments.page:
        write_page(ModelCard.read(folder), arguments.page)
    print(folder)
    return 0


def _experiment(arguments: argparse.Namespace) -> Experiment:
    config = load_config(arguments.config)
    if arguments.wav2vec2 is not None:
        config = with_checkpoint(config, arguments.wav2vec2)
    scans = cli_corpora.scanned(arguments.data, arguments.corpora)
    reserved = {speaker for name in scans for speaker in CORPORA[name].reserved}
    return Experiment(
        name=arguments.name or Path(arguments.config).stem,
        config=config if arguments.epochs is None else with_epochs(config, arguments.epochs),
        utterances=tuple(u for u in _utterances(scans) if u.speaker not in reserved),
        seed=arguments.seed,
        held_out=arguments.folds,
    )


@contextmanager
def _inputs_folder(states: Path | None) -> Iterator[Path]:
    """Where computed inputs are kept: beside the states, or until all folds are done."""
    if states is not None:
        yield states / "inputs"
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)


def _network(model: str, root: Path, experiment: Experiment) -> nn.Module:
    """Return a published network.

    Raises:
        ValueError: it is not this experiment's.
    """
    card = load_card(model, root)
    if card.contents["recipe"] != experiment.recipe:
        raise ValueError(f"{card.id} is of another recipe or other clips: its network is not this one's")
    return load_network(card.weights, card.config)


def _command(arguments: argparse.Namespace) -> str:
    """Return the command that repeats it; where the data lay is nobody else's concern."""
    parts = ["python", "-m", "ml", "train", "--data", "DIR", "--config", Path(arguments.config).stem]
    parts += ["--corpora", *arguments.corpora, "--seed", str(arguments.seed)]
    parts += ["--epochs", str(arguments.epochs)] if arguments.epochs else []
    parts += ["--folds", str(arguments.folds)] if arguments.folds != 5 else []
    parts += ["--name", arguments.name] if arguments.name else []
    return shlex.join(parts)


def _interval(uar: dict[str, Any]) -> str:
    return f"{uar['value']:.3f} (95 % {uar['low']:.3f} to {uar['high']:.3f}, {uar['n']})"


def evaluate_verb(arguments: argparse.Namespace) -> int:
    """Print the figures of finished folds, or of a model on corpora."""
    if arguments.folds_file:
        outcomes = read_outcomes(arguments.folds_file)
        if len({outcome.recipe for outcome in outcomes}) != 1:
            print("the file must hold the folds of one recipe", file=sys.stderr)
            return 2
        return _print_judged(judge_folds(outcomes), {}, arguments)
    card = load_card(arguments.model, *filter(None, [arguments.root]))
    utterances = _utterances(cli_corpora.scanned(arguments.data, arguments.corpora))
    heard = {u.speaker for u in utterances} & set(card.contents["training"]["speakers"])
    if heard:
        print(f"{card.id} was trained on {len(heard)} of these speakers: no measure of use", file=sys.stderr)
    return _print_judged(judge_model(card, utterances), {"model": card.id}, arguments)


def _print_judged(judged: Judged, about: dict[str, Any], arguments: argparse.Namespace) -> int:
    """Print the figures; where it is wanted, write what was heard of each clip."""
    if arguments.table:
        with arguments.table.open("w", encoding="utf-8", newline="") as file:
            rows = list(judged.answers())
            table = csv.DictWriter(file, fieldnames=list(rows[0]))
            table.writeheader()
            table.writerows(rows)
    _print_figures(judged, about, as_json=arguments.json)
    return 0


def _print_figures(judged: Judged, about: dict[str, Any], as_json: bool = False) -> None:
    figures = {**about, **judged.figures(), **judged.by_emotion()}
    if as_json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        if name == "uar":
            value = _interval(value)
        elif name == "uar_by_corpus":
            value = "; ".join(f"{corpus} {_interval(uar)}" for corpus, uar in value.items())
        elif isinstance(value, dict):
            value = ", ".join(f"{key} {share:.3f}" for key, share in value.items())
        elif isinstance(value, float):
            value = f"{value:.3f}"
        if name != "confusion":
            print(f"{name:24} {value}")
