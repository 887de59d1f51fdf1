"""python -m ml predict | train | card | evaluate | corpora | benchmark | flagship | tune."""

import argparse
import os
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str]) -> int:
    """Parse the command line and run its verb; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m ml", description="Recognise how speech sounds.")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    # Each side is imported only when needed: training loads torch and scipy, which take seconds.
    if arguments[:1] != ["predict"]:
        from ml import cli_benchmark, cli_card, cli_flagship, cli_training, cli_tune

        cli_training.add_verbs(verbs)
        cli_card.add_verb(verbs)
        cli_benchmark.add_verb(verbs)
        cli_flagship.add_verbs(verbs)
        cli_tune.add_verb(verbs)
    if arguments[:1] in (["predict"], [], ["-h"], ["--help"]):
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # starting its threads costs more than they save
        from ml import cli_predict

        cli_predict.add_verb(verbs)
    parsed = parser.parse_args(arguments)
    code: int = parsed.run(parsed)
    return code


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except BrokenPipeError:  # whoever read the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        sys.exit(130)
