"""``train.resume_weight_diff``: largest difference of any weight, killed and gone on or run in one piece.

The kill is SIGKILL, in the middle of the schedule, with dropout, noise, one-cycle rate, validation and best
checkpoint at work. It must be 0: not near, the same.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from torch import Tensor

from benches.figures import record
from tests.ml.tiny_corpus import write_tiny_corpus


def start(corpus: Path, weights: Path, *checkpoint: Path) -> subprocess.Popen[bytes]:
    """Start a training in a process of its own."""
    command = [sys.executable, "-m", "tests.ml.long_run", *map(str, (corpus, weights, *checkpoint))]
    return subprocess.Popen(command)


def weights_in_one_piece(corpus: Path, folder: Path) -> dict[str, Tensor]:
    """Train without interruption."""
    return _weights(start(corpus, folder / "whole.pt"), folder / "whole.pt")


def weights_after_a_kill(corpus: Path, folder: Path, seconds: float = 120.0) -> dict[str, Tensor]:
    """Kill the training once it has begun to write its state, then start it again."""
    state, weights = folder / "state.pt", folder / "resumed.pt"
    first = start(corpus, weights, state)
    deadline = time.monotonic() + seconds
    while not state.exists():
        if first.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("the training wrote no state")
        time.sleep(0.02)
    time.sleep(0.4)  # a few epochs on, in the midst of one
    first.send_signal(signal.SIGKILL)
    if first.wait() != -signal.SIGKILL or weights.exists():
        raise RuntimeError("the training had ended before the kill")
    return _weights(start(corpus, weights, state), weights)


def _weights(process: subprocess.Popen[bytes], file: Path) -> dict[str, Tensor]:
    if process.wait():
        raise RuntimeError("the training failed")
    first: dict[str, Tensor] = torch.load(file, weights_only=True)[0]
    return first


def largest_difference(one: dict[str, Tensor], other: dict[str, Tensor]) -> float:
    """Return the largest absolute difference of any number in the two."""
    if one.keys() != other.keys():
        raise ValueError("not the same network")
    return max(float((one[name].double() - other[name].double()).abs().max()) for name in one)


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_tiny_corpus(folder)
        whole = weights_in_one_piece(folder, folder)
        resumed = weights_after_a_kill(folder, folder)
    numbers = sum(tensor.numel() for tensor in whole.values())
    record("train.resume_weight_diff", largest_difference(whole, resumed), "", n=numbers)


if __name__ == "__main__":
    main()
