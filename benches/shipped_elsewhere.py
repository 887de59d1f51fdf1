"""Accuracy of the shipped weights on corpora that they never heard: other languages, rooms and actors.

``python -m benches.shipped_elsewhere DIR``. Emotions that a corpus lacks are no possible answer, and calm
counts as neutral where it has none; so chance is one in six for both.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benches.figures import record
from ml.corpora.catalogue import scan_folder
from ml.evaluate import judge_model
from ml.registry import load_card

CORPORA = ("emodb", "nemo")


def main(folder: Path) -> None:
    card = load_card()
    for name, scan in scan_folder(folder, CORPORA).items():
        judged = judge_model(card, scan.utterances)
        uar = judged.figures()["uar"]
        record(
            f"shipped.{name}_uar",
            100 * uar["value"],
            "%",
            interval=(100 * uar["low"], 100 * uar["high"]),
            n=len(judged.targets),
            note=f"{card.id}, trained on RAVDESS alone: {uar['n']}, six emotions, bootstrap over speakers",
            command="python -m benches.shipped_elsewhere DIR",
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
