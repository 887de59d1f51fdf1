"""Accuracy of the recipe that made the shipped weights, on each corpus's speakers whom it had not heard.

The folds took the training command hours; what they heard is kept in ``docs/folds``, and the figure is
computed from that anew, so that anyone can check it in a second.
"""

from __future__ import annotations

from pathlib import Path

from benches.figures import record, this_command
from ml.evaluate import judge_folds
from ml.folds import read_outcomes
from ml.registry import load_card

FOLDS = Path(__file__).resolve().parent.parent / "docs" / "folds"


def main() -> None:
    card = load_card()
    outcomes = read_outcomes(FOLDS / f"{card.name}.jsonl", card.contents["recipe"])
    for corpus, uar in judge_folds(outcomes).figures()["uar_by_corpus"].items():
        record(
            f"shipped.{corpus}_si_uar",
            100 * uar["value"],
            "%",
            interval=(100 * uar["low"], 100 * uar["high"]),
            n=sum(key.startswith(f"{corpus}/") for outcome in outcomes for key in outcome.keys),
            note=f"{card.id}: {len(outcomes)} folds by speaker, {uar['n']}, bootstrap over speakers",
            command=f"{card.contents['command']} && {this_command()}",
        )


if __name__ == "__main__":
    main()
