"""Faults that the user can mend, as the command line tells them."""

import argparse
import sys
from collections.abc import Callable

from ml.registry import UnknownModel

Verb = Callable[[argparse.Namespace], int]


def plainly(verb: Verb) -> Verb:
    """What the user can mend is one line on stderr and exit code 2."""

    def run(arguments: argparse.Namespace) -> int:
        try:
            return verb(arguments)
        except (OSError, ValueError, UnknownModel) as fault:
            print(fault, file=sys.stderr)
            return 2

    return run
