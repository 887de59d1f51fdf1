"""The one manifest: utterances of any corpora as a CSV table, one line each, paths relative to its folder."""

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ml.corpora.manifest import Utterance
from ml.labels import Emotion

COLUMNS = (
    "path",
    "corpus",
    "clip",
    "speaker",
    "sex",
    "label",
    "emotion",
    "intensity",
    "statement",
    "language",
    "duration_s",
    "votes",
)


def write_table(utterances: Iterable[Utterance], file: Path) -> None:
    """Write the manifest; a path outside the folder of `file` stays absolute. Votes are a JSON list."""
    with file.open("w", newline="", encoding="utf-8") as opened:
        table = csv.DictWriter(opened, COLUMNS)
        table.writeheader()
        table.writerows(_cells(utterance, file.parent.resolve()) for utterance in utterances)


def _cells(utterance: Utterance, folder: Path) -> dict[str, Any]:
    path = utterance.path.resolve()
    votes = json.dumps(utterance.votes) if utterance.votes else ""
    inside = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)
    return {**{name: getattr(utterance, name) for name in COLUMNS}, "path": inside, "votes": votes}


def read_table(file: Path) -> tuple[Utterance, ...]:
    """Read what `write_table` wrote, or a table made by hand with its columns.

    Raises:
        ValueError: a column is missing or a cell has no meaning; the line is told.
    """
    with file.open(newline="", encoding="utf-8") as opened:
        table = csv.DictReader(opened)
        missing = set(COLUMNS) - set(table.fieldnames or ())
        if missing:
            raise ValueError(f"{file} lacks the columns {', '.join(sorted(missing))}")
        return tuple(_utterance(row, file, line) for line, row in enumerate(table, start=2))


def _utterance(row: dict[str, str], file: Path, line: int) -> Utterance:
    try:
        return Utterance(
            speaker=row["speaker"],
            sex=row["sex"],
            label=row["label"],
            emotion=Emotion(row["emotion"]) if row["emotion"] else None,
            statement=row["statement"],
            intensity=row["intensity"] or None,
            clip=row["clip"],
            votes=tuple(map(float, json.loads(row["votes"]))) if row["votes"] else None,
            path=file.parent / row["path"],
            corpus=row["corpus"],
            language=row["language"],
            duration_s=float(row["duration_s"]),
        )
    except (ValueError, TypeError) as fault:
        raise ValueError(f"{file}, line {line}: {fault}") from fault
