"""Data parallelism under `torchrun`: each process learns from its share of the clips, all take one step."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import distributed

T = TypeVar("T")


@dataclass(frozen=True)
class World:
    """How many processes train together, and which of them this is."""

    rank: int = 0
    size: int = 1

    def share(self, clips: Sequence[T]) -> Sequence[T]:
        """Return this process's share: each has the same number, and none has another's."""
        return clips[self.rank :: self.size][: len(clips) // self.size]


def world() -> World:
    """Return the processes that train together now: one, unless `joined` says otherwise."""
    if not distributed.is_initialized():
        return World()
    return World(distributed.get_rank(), distributed.get_world_size())


class Parted(Exception):
    """All that this process was needed for is done; the first goes on alone."""


@contextmanager
def joined() -> Iterator[World]:
    """Join the processes that `torchrun` started, over NCCL with GPUs, over gloo without; else do nothing."""
    if "WORLD_SIZE" not in os.environ:
        yield World()
        return
    on_gpu = torch.cuda.is_available()
    if on_gpu:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    distributed.init_process_group("nccl" if on_gpu else "gloo")
    try:
        yield world()
    finally:
        if distributed.is_initialized():
            distributed.destroy_process_group()


def part() -> None:
    """Leave the others: what follows, the first process does alone, and none waits for it.

    Raises:
        Parted: this is not the first.
    """
    rank = world().rank
    if distributed.is_initialized():
        distributed.destroy_process_group()
    if rank > 0:
        raise Parted


def from_each(value: Any) -> list[Any]:
    """Return every process's `value`, by rank."""
    values = [value] * world().size
    if len(values) > 1:
        distributed.all_gather_object(values, value)
    return values


def from_first(value: Any) -> Any:
    """Return the first process's `value`."""
    box = [value]
    if world().size > 1:
        distributed.broadcast_object_list(box, src=0)
    return box[0]
