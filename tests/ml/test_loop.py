"""What the loop does besides learning: schedules, the best epoch, patience, half precision, curves."""

import io
from collections.abc import Callable
from contextlib import redirect_stderr
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import nn

from ml.config import ExperimentConfig, TrainConfig
from ml.curves import LiveCurves, ProgressBar, ProgressLine, Together
from ml.dataset import prepare_all
from ml.fitting import fit
from ml.loop import OnEpoch, no_report
from ml.optimisation import Schedule, make_optimiser
from tests.ml.long_run import SMALL
from tests.ml.tiny_corpus import write_tiny_corpus

Fit = Callable[..., nn.Module]


@pytest.fixture(scope="module")
def train(tmp_path_factory: pytest.TempPathFactory) -> Fit:
    clips = write_tiny_corpus(tmp_path_factory.mktemp("corpus"))

    def trained(on_epoch: OnEpoch = no_report, **chosen: object) -> nn.Module:
        cfg: ExperimentConfig = replace(SMALL, train=replace(SMALL.train, **chosen))  # type: ignore[arg-type]
        return fit(prepare_all(clips, cfg, 0, augmented=True), cfg, 7, on_epoch)

    return trained


class Heard(list[dict[str, float]]):
    """The figures of all epochs."""

    def __call__(self, epoch: int, epochs: int, figures: dict[str, float]) -> None:
        self.append(figures)


@pytest.mark.parametrize(
    ("name", "kind"), [("adamw", torch.optim.AdamW), ("adam", torch.optim.Adam), ("sgd", torch.optim.SGD)]
)
def test_each_optimiser_learns(name: str, kind: type[torch.optim.Optimizer], train: Fit) -> None:
    heard = Heard()

    train(heard, optimiser=name, learning_rate=0.02, epochs=8)

    assert type(make_optimiser(nn.Linear(2, 2), TrainConfig(optimiser=name))) is kind
    assert heard[-1]["loss"] < heard[0]["loss"]


def test_norms_and_biases_are_free_of_decay() -> None:
    optimiser = make_optimiser(nn.Linear(3, 2), TrainConfig(weight_decay=0.5))

    assert [(group["weight_decay"], len(group["params"])) for group in optimiser.param_groups] == [
        (0.5, 1),
        (0, 1),
    ]


def test_a_plateau_lowers_the_rate_and_a_cycle_ends_near_nothing() -> None:
    flat = TrainConfig(schedule="plateau", learning_rate=0.1)
    optimiser = make_optimiser(nn.Linear(2, 2), flat)
    schedule = Schedule(optimiser, flat, batches=3)
    for _ in range(6):
        schedule.after_batch()
        schedule.after_epoch(1.0)
    assert optimiser.param_groups[0]["lr"] == pytest.approx(0.05)

    cycle = TrainConfig(schedule="one_cycle", learning_rate=0.1, epochs=2)
    optimiser = make_optimiser(nn.Linear(2, 2), cycle)
    schedule = Schedule(optimiser, cycle, batches=5)
    for _ in range(9):
        optimiser.step()
        schedule.after_batch()
    assert optimiser.param_groups[0]["lr"] < 1e-4


def test_a_cycle_whose_rise_is_one_step_begins_at_the_top() -> None:
    short = TrainConfig(schedule="one_cycle", learning_rate=0.1, epochs=1, warm_up=0.2)
    optimiser = make_optimiser(nn.Linear(2, 2), short)

    Schedule(optimiser, short, batches=5)

    assert optimiser.param_groups[0]["lr"] == pytest.approx(0.1)


def test_the_best_epoch_is_kept_and_patience_ends_the_run(train: Fit) -> None:
    long, short = Heard(), Heard()
    # A rate that wrecks the network makes the first epochs the best ones.
    wild = {"learning_rate": 3.0, "optimiser": "sgd", "schedule": "constant", "gradient_clip": 100.0}

    train(long, epochs=20, patience=4, **wild)
    best = min(range(len(long)), key=lambda epoch: long[epoch]["validation_loss"])
    stopped_there = train(short, epochs=best + 1, **wild)
    kept = train(epochs=20, patience=4, **wild)

    assert len(long) == best + 1 + 4 < 20
    assert all(
        torch.equal(ours, theirs)
        for ours, theirs in zip(kept.state_dict().values(), stopped_there.state_dict().values(), strict=True)
    )


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_half_precision_learns_nearly_the_same(precision: str, train: Fit) -> None:
    whole, half = Heard(), Heard()

    train(whole, epochs=3)
    train(half, epochs=3, precision=precision)

    assert half[-1]["loss"] == pytest.approx(whole[-1]["loss"], rel=0.1)
    assert half[-1]["loss"] != whole[-1]["loss"]


def test_a_run_that_goes_on_does_not_count_the_time_before_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter([50_000.0, 50_060.0])
    monkeypatch.setattr("ml.curves.time.monotonic", lambda: next(clock))
    line = ProgressLine()

    for epoch in (7, 8):
        line(epoch, 10, {"loss": 1.0})

    assert capsys.readouterr().err.splitlines() == [
        "epoch 7/10 loss 1.000",
        "epoch 8/10 loss 1.000, about 2.0 min left",
    ]


def test_curves_are_live_and_lines_and_bars_say_how_far(tmp_path: Path, train: Fit) -> None:
    heard, bar = Heard(), ProgressBar()
    with redirect_stderr(io.StringIO()) as said:
        train(Together((heard, ProgressLine(), bar, LiveCurves(tmp_path))), epochs=3)

    events = EventAccumulator(str(next(tmp_path.iterdir())))
    events.Reload()
    assert [event.step for event in events.Scalars("loss")] == [1, 2, 3]
    assert [event.value for event in events.Scalars("validation_uar")] == pytest.approx(
        [figures["validation_uar"] for figures in heard]
    )
    assert "epoch 3/3" in said.getvalue()
    assert bar.bar.n == bar.bar.total == 3
