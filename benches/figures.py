"""The one place where a figure is claimed: ``docs/figures.json``, written by benches, quoted by documents.

A document quotes a figure as a link whose title is its name, and a test holds it to the file:
``[2.1 s](figures.json "start.warm_seconds")``, or with its interval ``[2.1 s (1.9–2.4)](…)``.
"""

from __future__ import annotations

import json
import shlex
import sys
from datetime import date
from pathlib import Path
from typing import NotRequired, TypedDict

FILE = Path(__file__).resolve().parent.parent / "docs" / "figures.json"


class Figure(TypedDict):
    value: float
    unit: str
    interval: tuple[float, float] | None
    n: int
    command: str
    date: str
    note: NotRequired[str]


def read() -> dict[str, Figure]:
    figures: dict[str, Figure] = json.loads(FILE.read_text()) if FILE.exists() else {}
    return figures


def record(
    name: str,
    value: float,
    unit: str,
    *,
    n: int,
    interval: tuple[float, float] | None = None,
    note: str = "",
    command: str | None = None,
) -> Figure:
    """Claim ``name`` and print it; ``n`` runs, clips or speakers bear it, and ``command`` makes it anew."""
    figure: Figure = {
        "value": _rounded(value),
        "unit": unit,
        "interval": None if interval is None else (_rounded(interval[0]), _rounded(interval[1])),
        "n": n,
        "command": command or this_command(),
        "date": date.today().isoformat(),
    }
    if note:
        figure["note"] = note
    figures = read() | {name: figure}
    FILE.write_text(json.dumps(dict(sorted(figures.items())), indent=2, ensure_ascii=False) + "\n")
    spread = "" if interval is None else " ({:g} to {:g})".format(*figure["interval"] or ())
    print(f"{name}: {figure['value']:g} {unit}{spread}, n = {n}")
    return figure


def this_command() -> str:
    """How the running bench was started, without this machine's paths."""
    module = Path(sys.argv[0]).stem
    arguments = [Path(argument).name if argument.startswith("/") else argument for argument in sys.argv[1:]]
    return shlex.join(["python", "-m", f"benches.{module}", *arguments])


def _rounded(value: float) -> float:
    """Four significant digits: more than any of our measurements can bear."""
    return float(f"{value:.4g}")
