"""The command line's `card`: what a published model tells of its recipe, brought up to date."""

import argparse
import json
from pathlib import Path

from ml.benchmark.plots import reliability, save
from ml.cards import RecipeFigures, page_of, picture_of
from ml.cli_faults import plainly
from ml.config import ExperimentConfig
from ml.registry import ModelCard, load_card, tell_of_recipe


def add_verb(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `card`; it sets `run`: parsed arguments → exit code."""
    card = verbs.add_parser("card", help="a published model's card as a page, with its recipe's figures")
    card.add_argument("--model", metavar="ID", help="or a name; default: the shipped one")
    card.add_argument("--root", type=Path, metavar="DIR", help="folder of models; default: the shipped ones")
    card.add_argument(
        "--figures",
        type=Path,
        metavar="FILE.json",
        help="of the same recipe, from `python -m ml flagship --report`: tell these from now on",
    )
    card.add_argument("--page", type=Path, metavar="FILE.md", help="write the card as a page")
    card.set_defaults(run=plainly(card_verb))


def card_verb(arguments: argparse.Namespace) -> int:
    """Bring the card up to date, then write its page."""
    card = load_card(arguments.model, *filter(None, [arguments.root]))
    if arguments.figures:
        card = tell_of_recipe(card, recipe_figures_of(arguments.figures, card.config))
    if arguments.page:
        write_page(card, arguments.page)
    print(card.folder)
    return 0


def recipe_figures_of(file: Path, config: ExperimentConfig) -> RecipeFigures:
    """Return the figures of a recipe.

    Raises:
        ValueError: they are another recipe's.
    """
    told = json.loads(file.read_text(encoding="utf-8"))
    if told["recipe"] != config.digest:
        raise ValueError(
            f"{file} holds the figures of another recipe ({told['recipe']}, not {config.digest})"
        )
    return list(told["figures"])


def write_page(card: ModelCard, file: Path) -> None:
    """Write the card as a page, with its picture beside it if the card is not from before there were any."""
    file.write_text(page_of(dict(card.contents)), encoding="utf-8")
    if "reliability" in card.contents:
        save(reliability(card.contents["reliability"]), file.with_name(picture_of(card.contents)))
