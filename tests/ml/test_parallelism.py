"""Branches on devices of their own, clips shared among processes: the numbers of one device, one network."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ml.config import FeatureConfig, ModelConfig, PlacementConfig, load_config
from ml.distributed import World
from ml.lab import Split, answer
from ml.placement import Branched, Placed, forward_of
from ml.registry import list_models
from ml.systems.catalogue import build
from tests.ml.test_gate import CONFIG
from tests.ml.tiny_corpus import write_tiny_corpus

BRANCHES = {"paper": ("first", "second", "encoder"), "parallel": ("local", "broad", "encoder")}


def network(system: str) -> nn.Module:
    torch.manual_seed(0)
    return build(ModelConfig(system), FeatureConfig())


@pytest.mark.parametrize("system", BRANCHES)
def test_placed_branches_give_the_same_logits_and_gradients(system: str) -> None:
    alone, placed = network(system).eval(), network(system).eval()
    forward = Placed(placed, dict.fromkeys(BRANCHES[system], "cpu:0"), "cpu")
    planes = torch.randn(3, 1, 40, 301)

    alone(planes).square().sum().backward()
    forward(planes).square().sum().backward()

    assert torch.equal(alone(planes), forward(planes))
    for ours, theirs in zip(alone.parameters(), placed.parameters(), strict=True):
        assert ours.grad is not None
        assert torch.equal(ours.grad, theirs.grad if theirs.grad is not None else Tensor())


@pytest.mark.parametrize("system", BRANCHES)
def test_each_branch_is_moved_to_its_own_device(system: str) -> None:
    placed = network(system)
    last = BRANCHES[system][-1]

    forward = Placed(placed, {last: "meta"}, "cpu")

    assert isinstance(placed, Branched)
    assert tuple(placed.branches) == BRANCHES[system]
    devices = {name: {p.device.type for p in branch.parameters()} for name, branch in placed.branches.items()}
    assert devices == {name: {"meta" if name == last else "cpu"} for name in BRANCHES[system]}
    with pytest.raises((NotImplementedError, RuntimeError), match="meta"):  # nothing comes back from there
        forward(torch.randn(1, 1, 40, 301))


def test_training_with_placed_branches_is_training(tmp_path: Path) -> None:
    cfg = load_config("paper")
    alone = replace(cfg, train=replace(cfg.train, epochs=1, batch_size=8))
    placed = replace(alone, placement=PlacementConfig({"home": "cpu", "encoder": "cpu:0"}))
    clips, rows = write_tiny_corpus(tmp_path), np.arange(16)
    split = Split(rows, rows, np.empty(0, np.int64))

    one, other = (answer(clips, cfg, split, seed=1, cache=tmp_path) for cfg in (alone, placed))

    assert np.array_equal(one.logits, other.logits)
    assert placed.to_dict() != alone.to_dict()
    assert placed.deciding() == alone.to_dict()  # the place is no part of a recipe


def test_validation_goes_through_the_placed_branches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network in several places cannot be called itself: what it is judged by takes the same way."""
    cfg = load_config("paper")
    placed = replace(cfg, train=replace(cfg.train, epochs=1, batch_size=8, validation_share=0.5))
    clips, rows = write_tiny_corpus(tmp_path, actors=(1, 2)), np.arange(16)
    ways: list[bool] = []
    honest = Placed.forward

    def watched(self: Placed, planes: Tensor) -> Tensor:
        ways.append(self.network.training)
        return honest(self, planes)

    monkeypatch.setattr(Placed, "forward", watched)
    split = Split(rows[:8], rows[8:], rows[8:])
    answer(clips, placed, split, seed=1, cache=tmp_path, devices={"home": "cpu", "encoder": "cpu:0"})

    assert ways == [True, False]


def test_the_cpu_waits_for_what_is_brought_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy that nobody waits for is read before it has arrived."""
    waited: list[bool] = []
    honest = Tensor.to

    def watched(self: Tensor, *where: object, **how: object) -> Tensor:
        waited.append(not how.get("non_blocking"))
        return honest(self, *where, **how)  # type: ignore[call-overload, no-any-return]

    forward = Placed(network("paper").eval(), {"encoder": "cpu:0"}, "cpu")
    monkeypatch.setattr(Tensor, "to", watched)
    forward(torch.randn(1, 1, 40, 301))

    assert len(waited) > len(BRANCHES["paper"])
    assert all(waited)


def test_what_cannot_be_placed_is_refused() -> None:
    with pytest.raises(ValueError, match="no branch left; there are first, second, encoder"):
        forward_of(network("paper"), {"left": "cpu"})
    with pytest.raises(ValueError, match="has no branches"):
        forward_of(network("gru"), {"left": "cpu"})


def test_shares_are_equal_and_nobody_has_anothers() -> None:
    shares = [World(rank, 3).share(range(11)) for rank in range(3)]

    assert {len(share) for share in shares} == {3}
    assert len({clip for share in shares for clip in share}) == 9


def test_torchrun_trains_one_network_in_two_processes(tmp_path: Path) -> None:
    write_tiny_corpus(tmp_path)
    launched = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]

    subprocess.run(
        [*launched, "-m", "tests.ml.long_run", str(tmp_path), str(tmp_path / "weights.pt")],
        check=True,
        timeout=300,
    )
    first, second = torch.load(tmp_path / "weights.pt", weights_only=True)
    untrained = build(ModelConfig("cnn1d", {"channels": [8, 8, 8], "dense": 8}), FeatureConfig()).state_dict()

    learnt = [name for name, tensor in first.items() if tensor.is_floating_point() and "running" not in name]
    assert all(torch.equal(first[name], second[name]) for name in learnt)
    assert any(not torch.equal(first[name], untrained[name]) for name in learnt)


def test_torchrun_publishes_one_model_with_its_gate(tmp_path: Path) -> None:
    """The gate is trained when the processes have parted: none waits for it, and its states need no other."""
    write_tiny_corpus(tmp_path / "data", actors=(1, 2), seconds=1.6)
    (tmp_path / "tiny.json").write_text(json.dumps(CONFIG.to_dict()))
    launched = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    places = {"--folds-file": "folds.jsonl", "--out": "models", "--states": "states", "--config": "tiny.json"}
    options = [word for option, name in places.items() for word in (option, str(tmp_path / name))]

    subprocess.run(
        [*launched, "-m", "ml", "train", "--data", str(tmp_path / "data"), "--epochs", "1", *options],
        check=True,
        timeout=300,
    )

    (card,) = list_models(tmp_path / "models")
    assert card.voice_floor is not None
    gates = [file for file in (tmp_path / "states").iterdir() if "-gate-" in file.name]
    assert len(gates) == 3  # of two folds, and of all speakers
