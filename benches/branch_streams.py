"""``parallel.stream_ratio``: time of a training step with one stream over that with a stream for each branch.

The first paper's title, model parallelism, on one GPU; above 1 the streams pay. Without a GPU nothing is
measured.
"""

from __future__ import annotations

import statistics
import time

import torch
from torch import nn

from benches.figures import record
from ml.config import load_config
from ml.placement import HOME, forward_of
from ml.systems.catalogue import build

BATCH, STEPS, ROUNDS = 64, 30, 9


def seconds_a_step(forward: nn.Module, planes: torch.Tensor) -> float:
    """Return the mean time of forward and backward."""
    torch.cuda.synchronize()
    started = time.perf_counter()
    for _ in range(STEPS):
        forward(planes).square().sum().backward()
    torch.cuda.synchronize()
    return (time.perf_counter() - started) / STEPS


def main() -> None:
    if not torch.cuda.is_available():
        print("parallel.stream_ratio: there is no GPU here")
        return
    cfg = load_config("parallel")
    one, many = (build(cfg.model, cfg.features) for _ in range(2))
    alone = forward_of(one, {HOME: "cuda:0"})
    streamed = forward_of(many, {HOME: "cuda:0", "encoder": "cuda:0"})
    planes = torch.randn(BATCH, 1, cfg.features.rows, 301, device="cuda:0")
    for forward in (alone, streamed):  # the first steps choose kernels
        seconds_a_step(forward, planes)
    ratios = [seconds_a_step(alone, planes) / seconds_a_step(streamed, planes) for _ in range(ROUNDS)]
    record(
        "parallel.stream_ratio",
        statistics.median(ratios),
        "times",
        interval=(min(ratios), max(ratios)),
        n=ROUNDS,
        note=torch.cuda.get_device_name(),
    )


if __name__ == "__main__":
    main()
