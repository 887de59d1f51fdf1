"""Rows of the label files that come with corpora: one that is cut off or of another shape tells nothing."""

import csv
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

Row = Mapping[str, str]
"""Cells by the lower-case names of their columns; a cell that is not there has no name here either."""


def rows(file: Path, delimiter: str = ",") -> Iterator[Row]:
    """Yield the rows of `file` with no more cells than its heading. What cannot be read ends it early."""
    with suppress(OSError, csv.Error), file.open(newline="", encoding="utf-8", errors="replace") as opened:
        for row in csv.DictReader(opened, delimiter=delimiter):
            if None not in row:  # which is where the reader puts cells that are too many
                yield {column.lower(): cell for column, cell in row.items() if cell is not None}
