"""Model parallelism: a network's branches on separate devices, or on separate CUDA streams of one.

The branches of a parallel network do not wait for one another, so each may run where it is placed, and what
they heard is joined where the network began. Only the place differs: the numbers are those of one device.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol, cast, runtime_checkable

import torch
from torch import Tensor, nn

from ml.distributed import world


@runtime_checkable
class Branched(Protocol):
    """A network of a stem, branches beside one another, and a join."""

    @property
    def branches(self) -> Mapping[str, nn.Module]:
        """The branches by name, in the order in which `join` wants their outputs."""

    def stem(self, mfcc: Tensor) -> tuple[Tensor, ...]:
        """Return what every branch is given."""

    def join(self, outputs: list[Tensor], shared: tuple[Tensor, ...]) -> Tensor:
        """Return the logits."""


class Placed(nn.Module):
    """A branched network, each branch on the device that `devices` names for it, all else on `home`.

    Branches that it does not name stay at home. If that is a GPU, each branch on one has a stream of its own.

    Raises:
        ValueError: the network has no branches, or not one of that name.
    """

    def __init__(self, network: nn.Module, devices: Mapping[str, str], home: str) -> None:
        super().__init__()
        if not isinstance(network, Branched):
            raise ValueError(f"{type(network).__name__} has no branches to place")
        unknown = sorted(set(devices) - set(network.branches))
        if unknown:
            raise ValueError(f"no branch {', '.join(unknown)}; there are {', '.join(network.branches)}")
        self.network = network.to(home)
        self.home = torch.device(home)
        self.devices = {name: torch.device(devices.get(name, home)) for name in network.branches}
        for name, branch in network.branches.items():
            branch.to(self.devices[name])
        on_gpu = {name: device for name, device in self.devices.items() if device.type == "cuda"}
        if self.home.type != "cuda":  # the CPU would have to wait for each stream
            on_gpu = {}
        self.streams = {name: torch.cuda.Stream(device) for name, device in on_gpu.items()}  # type: ignore[no-untyped-call]

    def forward(self, mfcc: Tensor) -> Tensor:
        """Return the logits, at home."""
        network = cast(Branched, self.network)
        shared = network.stem(mfcc.to(self.home))
        outputs = [self._run(name, branch, shared) for name, branch in network.branches.items()]
        for name, stream in self.streams.items():
            torch.cuda.current_stream(self.home).wait_stream(stream)
            outputs[list(self.devices).index(name)].record_stream(torch.cuda.current_stream(self.home))
        return network.join(outputs, shared)

    def _run(self, name: str, branch: nn.Module, shared: tuple[Tensor, ...]) -> Tensor:
        device, stream = self.devices[name], self.streams.get(name)
        side: AbstractContextManager[object] = nullcontext()
        if stream is not None:
            stream.wait_stream(torch.cuda.current_stream(self.home))
            side = torch.cuda.stream(stream)
        with side:
            output: Tensor = branch(*(_moved(tensor, device) for tensor in shared))
            return _moved(output, self.home)


def _moved(tensor: Tensor, device: torch.device) -> Tensor:
    """Return it on `device`: between GPUs without waiting; the CPU would read what has not arrived."""
    return tensor.to(device, non_blocking=tensor.is_cuda and device.type == "cuda")


HOME = "home"


def usable(name: str) -> torch.device:
    """Return the device of this name.

    Raises:
        ValueError: there is none here, or torch knows no such name.
    """
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).cpu()
    except (RuntimeError, AssertionError) as fault:  # the second where torch was built without CUDA
        there = ["cpu", *(f"cuda:{place}" for place in range(torch.cuda.device_count()))]
        raise ValueError(f"no device {name!r} here; there is {', '.join(there)}") from fault
    return device


def forward_of(network: nn.Module, devices: Mapping[str, str]) -> nn.Module:
    """Return what stands for `network` in training: itself, its branches placed, or its copy among processes.

    `devices` name a device for "home", where inputs and logits are, and for any branch. Without a home, each
    process has its own GPU under NCCL, and the CPU otherwise. A network that does not use all its parameters
    in each step says so by `leaves_out`.

    Raises:
        ValueError: branches are placed and processes train together; a branch that the network does not have,
            or a device that is not here.
    """
    together = world()
    for device in devices.values():
        usable(device)
    home = devices.get(HOME, f"cuda:{torch.cuda.current_device()}" if torch.cuda.is_available() else "cpu")
    branches = {name: device for name, device in devices.items() if name != HOME}
    if branches and together.size > 1:
        raise ValueError("branches are placed within one process, or clips shared among several, not both")
    if branches:
        return Placed(network, branches, home)
    network.to(home)
    if together.size == 1:
        return network
    # Else processes would wait for gradients that never come.
    leaves_out = bool(getattr(network, "leaves_out", False))
    return nn.parallel.DistributedDataParallel(network, find_unused_parameters=leaves_out)


def home_of(forward: nn.Module) -> torch.device:
    """Return the device on which `forward` takes its input."""
    return forward.home if isinstance(forward, Placed) else next(forward.parameters()).device
