"""Networks of RAVDESS alone and of all corpora answer the same clips together, seed by seed."""

from dataclasses import replace

import numpy as np
import pytest

from ml import metrics
from ml.flagship import ensemble, judge
from ml.flagship.figures import figures_of
from tests.ml.test_flagship import folds

KEY = "flagship.ravdess_si_uar_multi"


def test_the_figure_is_of_all_of_them_and_of_whole_seeds_alone() -> None:
    finished = [fold for seed in (0, 1) for fold in folds("ravdess", "ravdess", seed)]
    several = [fold for seed in (0, 1) for fold in folds("ravdess_multi", "ravdess", seed)]
    four = [finished[:4], finished[4:], several[:4], several[4:]]
    joined = judge.heard_by(judge.together(four))

    figure = figures_of([*finished, *several], {}, dict.fromkeys(joined.speakers, "female"))[KEY]
    assert figure.value == pytest.approx(100 * metrics.uar(joined.targets, joined.answers))
    assert figure.seeds == 2
    assert f"| all of both | 4 | {figure.value:.1f} |" in ensemble.as_table([*finished, *several])

    assert ensemble.uar_together(finished) is None
    assert ensemble.as_table(finished) == ""
    (own,), (others,) = ensemble.runs_of([*finished, *several[1:]])  # a fold of the first seed lacks
    assert (own, others) == (finished[4:], several[4:])


def test_other_clips_are_not_taken_for_the_same() -> None:
    own = folds("ravdess", "ravdess", 0)
    shuffled = [replace(fold, targets=np.roll(fold.targets, 1)) for fold in own]
    with pytest.raises(ValueError, match="the same clips"):
        judge.together([own, shuffled])
