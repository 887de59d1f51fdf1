"""``flagship.*`` and ``ood.*``: what the flagship's finished folds say.

The folds took ``python -m ml flagship --data DIR --report docs`` hours; they are kept in ``docs/folds``, and
that command computes ``docs/flagship.json`` from them. A figure whose folds are not all there is not in it.
"""

from __future__ import annotations

import json
from pathlib import Path

from benches.figures import record, this_command

PAGE = Path(__file__).resolve().parent.parent / "docs" / "flagship.json"
COMMAND = "python -m ml flagship --data DIR --report docs"
UNITS = {"flagship.conformal_size": "emotions"}


def main() -> None:
    for figure in json.loads(PAGE.read_text(encoding="utf-8"))["figures"]:
        low, high, seeds = figure["low"], figure["high"], figure["seeds"]
        counted = f", {figure['n']}" if figure["n"] else ""
        record(
            figure["key"],
            figure["value"],
            UNITS.get(figure["key"], "%"),
            interval=None if low is None else (low, high),
            n=seeds,
            note=f"{figure['title']}; {seeds} seeds{counted}",
            command=f"{COMMAND} && {this_command()}",
        )


if __name__ == "__main__":
    main()
