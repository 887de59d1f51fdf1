"""A training that is killed goes on to the very weights that it would have reached."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from benches.resume import largest_difference, weights_after_a_kill, weights_in_one_piece
from ml.config import ExperimentConfig
from ml.dataset import prepare_all
from ml.fitting import fit
from ml.loop import Cancelled, OnEpoch, OtherRun
from tests.ml.long_run import SMALL, schedule
from tests.ml.tiny_corpus import write_tiny_corpus


def test_kill_nine_changes_no_weight(tmp_path: Path) -> None:
    write_tiny_corpus(tmp_path)

    whole, resumed = weights_in_one_piece(tmp_path, tmp_path), weights_after_a_kill(tmp_path, tmp_path)

    assert largest_difference(whole, resumed) == 0


def cancel_after(last: int) -> OnEpoch:
    def cancel(epoch: int, epochs: int, figures: dict[str, float]) -> None:
        if epoch == last:
            raise Cancelled

    return cancel


@pytest.fixture(scope="module")
def train(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., torch.nn.Module]:
    clips = write_tiny_corpus(tmp_path_factory.mktemp("corpus"))

    def trained(cfg: ExperimentConfig, **chosen: object) -> torch.nn.Module:
        return fit(prepare_all(clips, cfg, 0, augmented=True), cfg, 7, **chosen)  # type: ignore[arg-type]

    return trained


@pytest.mark.parametrize("name", ["plateau", "constant"])
def test_any_schedule_goes_on(name: str, train: Callable[..., torch.nn.Module], tmp_path: Path) -> None:
    cfg, state = schedule(name), tmp_path / "state.pt"
    with pytest.raises(Cancelled):
        train(cfg, checkpoint=state, on_epoch=cancel_after(3))

    resumed, whole = train(cfg, checkpoint=state), train(cfg)

    assert largest_difference(whole.state_dict(), resumed.state_dict()) == 0


def test_a_moving_average_goes_on_and_is_what_is_kept(
    train: Callable[..., torch.nn.Module], tmp_path: Path
) -> None:
    plain = replace(SMALL, train=replace(SMALL.train, validation_share=0.0))
    cfg, state = replace(plain, train=replace(plain.train, average=0.9)), tmp_path / "state.pt"
    with pytest.raises(Cancelled):
        train(cfg, checkpoint=state, on_epoch=cancel_after(2))

    resumed, whole, last = train(cfg, checkpoint=state), train(cfg), train(plain)

    assert largest_difference(whole.state_dict(), resumed.state_dict()) == 0
    assert largest_difference(whole.state_dict(), last.state_dict()) > 1e-3


def test_a_state_of_another_run_is_refused(train: Callable[..., torch.nn.Module], tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        train(SMALL, checkpoint=tmp_path / "state.pt", on_epoch=cancel_after(1))

    with pytest.raises(OtherRun, match="another network or schedule"):
        train(schedule("plateau"), checkpoint=tmp_path / "state.pt")
