"""Networks that answer together: of RAVDESS alone and of several corpora, of the seeds that have both."""

from collections.abc import Iterator, Sequence

import numpy as np

from ml import metrics
from ml.benchmark.record import FinishedFold
from ml.flagship.judge import heard_by, mean_uar, seeds_of, together
from ml.markdown import table
from ml.metrics import Interval

Run = Sequence[FinishedFold]

INTRODUCTION = """Clips of RAVDESS's unheard speakers, answered by networks that learnt from RAVDESS alone, by
such that learnt from all corpora (with as many batches, so that each clip was seen less often), and by the
mean probability of several. That the networks of RAVDESS alone belong to the ensemble was decided when one
seed of the others had been read, which alone read less.
"""


def runs_of(folds: Sequence[FinishedFold]) -> tuple[list[Run], list[Run]]:
    """Return the runs of RAVDESS alone and those of several corpora, seed by seed; none where one lacks."""
    own, several = seeds_of(folds, "ravdess"), seeds_of(folds, "ravdess_multi")
    both = sorted(set(own) & set(several))
    return [own[seed] for seed in both], [several[seed] for seed in both]


def uar_together(folds: Sequence[FinishedFold]) -> tuple[Interval, int] | None:
    """Return the UAR of all these networks' mean probability, and of how many seeds they are."""
    own, several = runs_of(folds)
    return (mean_uar([heard_by(together([*own, *several]))]), len(own)) if own else None


def as_table(folds: Sequence[FinishedFold]) -> str:
    """Return the UAR of one network and of several as a Markdown table; empty where nothing is finished."""
    own, several = runs_of(folds)
    return table(("who answers", "networks", "UAR, %"), list(_rows(own, several))) if own else ""


def _rows(own: Sequence[Run], several: Sequence[Run]) -> Iterator[tuple[str, str, str]]:
    for words, runs in (("RAVDESS alone", own), ("all corpora", several)):
        yield f"one of {words}, mean of {len(runs)} seeds", "1", _mean(runs)
    if len(own) > 1:
        for words, runs in (("RAVDESS alone", own), ("all corpora", several)):
            yield f"all of {words}", str(len(runs)), _mean([together(runs)])
    everyone = [*own, *several]
    yield "all of both", str(len(everyone)), _mean([together(everyone)])


def _mean(runs: Sequence[Run]) -> str:
    heard = [heard_by(run) for run in runs]
    return f"{100 * np.mean([metrics.uar(one.targets, one.answers) for one in heard]):.1f}"
