"""The command line's `corpora describe`: what a folder holds, as text, JSON, or a page with pictures."""

import argparse
import json
from pathlib import Path

from ml.corpora.catalogue import CORPORA, scan_folder
from ml.corpora.describe import description, lines


def add_arguments(describe: argparse.ArgumentParser) -> None:
    """Add the arguments of `corpora describe`."""
    describe.add_argument("folder", type=Path, metavar="DIR", help="a folder of corpora, or a zip")
    describe.add_argument("--corpora", nargs="+", choices=tuple(CORPORA), help="default: all that are there")
    describe.add_argument("--json", action="store_true")
    describe.add_argument(
        "--out", type=Path, metavar="DIR", help="write a page, its pictures and the manifest"
    )
    describe.add_argument("--cache", type=Path, metavar="DIR", help="where zips are unpacked")


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
