"""Places on the plane of valence and arousal, with the shares' uncertainty carried through."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.charts import path
from analysis.charts.palette import LIGHT
from analysis.trends.affect import PLANE, REGION, places
from analysis.trends.excerpts import MOST_STOPS, excerpt, places_of
from analysis.wording.captions import path_summary, path_title
from ml.labels import AFFECT, EMOTIONS
from tests.analysis.hearing import mixture
from tests.analysis.trending import heard, trend

SHARES = st.lists(st.floats(0.001, 1), min_size=8, max_size=8)
DRAWS = 4000


def test_the_place_of_one_emotion_is_its_own() -> None:
    shares = np.eye(len(EMOTIONS))
    found = places(shares, shares, shares)
    assert found.means == pytest.approx(np.array([AFFECT[emotion] for emotion in EMOTIONS]))
    assert found.reach == pytest.approx(0)


@given(SHARES, st.floats(0, 0.2))
def test_a_place_lies_among_the_emotions_and_its_covariance_is_one(weights: list[float], half: float) -> None:
    shares = (np.array(weights) / sum(weights))[None]
    found = places(shares, np.clip(shares - half, 0, 1), np.clip(shares + half, 0, 1))
    assert (PLANE.min(0) - 1e-9 <= found.means[0]).all()
    assert (found.means[0] <= PLANE.max(0) + 1e-9).all()
    assert np.linalg.eigvalsh(found.covariances[0]).min() >= -1e-12
    assert found.covariances[0] == pytest.approx(found.covariances[0].T)


@pytest.mark.parametrize("concentration", [30, 200])
@pytest.mark.parametrize("shares", [{"calm": 0.5}, {"sad": 0.35, "angry": 0.3}, {"neutral": 0.85}])
def test_regions_hold_what_they_promise(shares: dict[str, float], concentration: float) -> None:
    """Shares drawn around known ones, with the intervals that such draws have: 95 of 100 regions hold it."""
    true = mixture(**shares).astype(float)
    chance = np.random.default_rng(1)
    drawn = chance.dirichlet(concentration * true, DRAWS)
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    half = np.tile((high - low) / 2, (DRAWS, 1))
    found = places(drawn, drawn - half, drawn + half)
    away = found.means - true @ PLANE
    distance = np.einsum("ni,nij,nj->n", away, np.linalg.inv(found.covariances), away)
    assert 0.92 <= (distance <= REGION**2).mean() <= 0.97
    beside = np.abs(away) <= found.reach
    assert ((beside.mean(0) >= 0.92) & (beside.mean(0) <= 0.975)).all()


def test_wider_shares_have_wider_regions() -> None:
    shares = np.tile(mixture(calm=0.5), (2, 1)).astype(float)
    half = np.array([[0.02], [0.04]])
    found = places(shares, shares - half, shares + half)
    assert found.reach[1] == pytest.approx(2 * found.reach[0])
    corners = found.regions(24)
    spread = np.linalg.norm(corners - found.means[:, None], axis=2).max(1)
    assert spread[1] == pytest.approx(2 * spread[0])
    assert np.allclose(corners[:, 0], corners[:, -1])


def test_the_title_says_no_more_than_the_interval() -> None:
    for shares, half, said in (
        (mixture(sad=0.8), 0.02, "sounds on the unpleasant side and low in arousal"),
        (mixture(happy=0.8), 0.02, "sounds on the pleasant side and high in arousal"),
        (mixture(sad=0.8), 0.9, "to neither side surely"),
        (mixture(), 0.6, "to neither side surely"),
    ):
        chosen = excerpt(trend([heard(shares, half=half)]))
        assert said in path_title(chosen.telling, places_of(chosen), chosen.by)


def test_without_a_result_there_is_no_place() -> None:
    chosen = excerpt(trend([heard(clear_s=3), None]))
    assert len(places_of(chosen)) == 0
    assert path_title(chosen.telling, places_of(chosen), chosen.by) == "No place on the plane yet"
    assert "15 s" in path_summary(chosen.telling, places_of(chosen))
    assert len(path.draw(chosen, places_of(chosen), LIGHT, reference="R-1")["data"]) == 1


def test_a_path_has_a_handful_of_stops_and_one_region_for_each() -> None:
    chosen = excerpt(trend([heard()] * 300, every_days=1), most=MOST_STOPS)
    assert 4 < len(chosen.telling) <= MOST_STOPS
    figure = path.draw(chosen, places_of(chosen), LIGHT, reference="R-1")
    assert len(figure["data"][-1]["customdata"]) == len(chosen.telling)
