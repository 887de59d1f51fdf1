"""The command line's `corpora describe`: what a folder holds, as text, JSON, or a page with pictures."""

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path

from ml.corpora.catalogue import CORPORA, scan_folder
from ml.corpora.describe import SHOWN_FILES, description, lines
from ml.corpora.manifest import Scan


def add_arguments(describe: argparse.ArgumentParser) -> None:
    """Add the arguments of `corpora describe`."""
    describe.add_argument("folder", type=Path, metavar="DIR", help="a folder of corpora, or a zip")
    describe.add_argument("--corpora", nargs="+", choices=tuple(CORPORA), help="default: all that are there")
    describe.add_argument("--json", action="store_true")
    describe.add_argument(
        "--out", type=Path, metavar="DIR", help="write a page, its pictures and the manifest"
    )
    describe.add_argument(
        "--cache",
        type=Path,
        metavar="DIR",
        help="where zips are unpacked (default: ser-clinic/corpora in ~/.cache)",
    )


def scanned(folder: Path, names: Iterable[str] | None = None, *, others: bool = False) -> dict[str, Scan]:
    """Return what `scan_folder` finds, and name on stderr what should have been clips and was left out.

    For the verbs that learn or judge: their figures are of fewer clips than the folder seems to hold.

    Raises:
        FileNotFoundError: as `scan_folder`.
    """
    scans = scan_folder(folder, names, others=others)
    lost = dict.fromkeys(
        f"{odd.path}: {odd.reason}" for scan in scans.values() for odd in scan.odd if odd.lost
    )
    for line in list(lost)[:SHOWN_FILES]:
        print(f"left out: {line}", file=sys.stderr)
    if len(lost) > SHOWN_FILES:
        print(f"and {len(lost) - SHOWN_FILES} more: see `corpora describe --json`", file=sys.stderr)
    return scans


def describe_verb(arguments: argparse.Namespace) -> int:
    """Print counts, durations, speakers, odd and missing files of each corpus that the folder holds."""
    scans = scan_folder(arguments.folder, arguments.corpora, arguments.cache)
    described = {name: description(scan) for name, scan in scans.items()}
    if arguments.json:
        print(json.dumps(described))
    else:
        print("\n".join(line for name, counts in described.items() for line in lines(name, counts)))
    if arguments.out:
        from ml.exploration.report import write_report  # matplotlib takes a second to load

        page = write_report(scans, arguments.out)
        if not arguments.json:
            print(page)
    return 0
